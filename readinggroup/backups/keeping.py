"""Which backups are kept: the newest of so many days, weeks and months, as `7d,4w,6m` says."""

import re
import time
from datetime import UTC, datetime
from pathlib import Path

NAME = re.compile(r"readinggroup-(\d{8}T\d{6}Z)\.tar(\.age)?")
WRITTEN = "%Y%m%dT%H%M%SZ"
RULE = re.compile(r"(\d{1,4})([dwm])")
PERIODS = {"d": "%Y-%m-%d", "w": "%G-%V", "m": "%Y-%m"}
LEFT_BEHIND = 24 * 60 * 60  # seconds after which an unfinished file was left by a process that is gone


def name_for(moment: datetime, *, encrypted: bool) -> str:
    return f"readinggroup-{moment:{WRITTEN}}.tar{'.age' if encrypted else ''}"


def backups_in(folder: Path) -> dict[Path, datetime]:
    """The backups that are there, newest first, each with when it was made. Other files are not ours."""
    found = {}
    for path in folder.glob("readinggroup-*"):
        if match := NAME.fullmatch(path.name):
            found[path] = datetime.strptime(match[1], WRITTEN).replace(tzinfo=UTC)
    return dict(sorted(found.items(), key=lambda item: item[1], reverse=True))


def read_rules(text: str) -> list[tuple[int, str]]:
    """`7d,4w` as numbers and letters. ValueError for anything else, and for a rule that would keep nothing."""
    rules = [RULE.fullmatch(part.strip()) for part in text.split(",")]
    if not all(rules) or not any(int(rule[1]) for rule in rules):
        raise ValueError(f"“{text}” does not say how many days, weeks and months to keep, as 7d,4w,6m does.")
    return [(int(rule[1]), rule[2]) for rule in rules]


def kept(moments: list[datetime], rules: list[tuple[int, str]]) -> set[datetime]:
    """Of moments, newest first, those that a rule asks for: of each of so many periods that have one, the newest."""
    chosen = set(moments[:1])  # the newest stays, whatever the rules say
    for number, letter in rules:
        newest = {}
        for moment in moments:
            newest.setdefault(moment.strftime(PERIODS[letter]), moment)
        chosen |= set(list(newest.values())[:number])
    return chosen


def tidy(folder: Path, keep: str) -> list[Path]:
    """Remove what no rule asks for, and what a killed process has left; the paths that went."""
    there = backups_in(folder)
    stays = kept(list(there.values()), read_rules(keep))
    gone = [path for path, moment in there.items() if moment not in stays]
    gone += [part for part in folder.glob("readinggroup-*.part") if time.time() - part.stat().st_mtime > LEFT_BEHIND]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone
