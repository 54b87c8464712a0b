"""Numbers of lists in a DOCX, counted as a word processor counts them: start, restart, continuation, override."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from .docx_package import W, child, number, value

LEVELS = 9
PLAIN = re.compile(r"[(\[]?%\d[)\].:]{0,2}")  # a number with the usual signs; anything more is text
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
ROMAN += ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
SIGNS = "*†‡§"


@dataclass
class Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""
    restart: int | None = None
    style: str = ""
    legal: bool = False


@dataclass
class Label:
    """What a list puts before its paragraph. `number` is None for a bullet; `words` is what must stay as text."""

    number: int | None
    words: str = ""


class Numbering:
    def __init__(self, root: etree._Element | None) -> None:
        self.abstract: dict[str, dict[int, Level]] = {}
        self.linked: dict[str, str] = {}  # a list that borrows another's levels by the name of a style
        self.named: dict[str, str] = {}
        self.lists: dict[str, tuple[str, dict[int, Level], dict[int, int]]] = {}
        self.counters: dict[str, list[int | None]] = {}
        self.used: set[tuple[str, int]] = set()
        for element in root if root is not None else ():
            if element.tag == f"{W}abstractNum":
                self._abstract(element)
            elif element.tag == f"{W}num":
                self._list(element)

    def _abstract(self, element: etree._Element) -> None:
        identifier = value(element, "abstractNumId")
        self.abstract[identifier] = _levels(element)
        self.linked[identifier] = value(child(element, "numStyleLink"))
        name = value(child(element, "styleLink"))
        if name:
            self.named[name] = identifier

    def _list(self, element: etree._Element) -> None:
        levels, starts = {}, {}
        for override in element.iterfind(f"{W}lvlOverride"):
            at = number(value(override, "ilvl"), 0)
            levels.update(_levels(override))
            start = child(override, "startOverride")
            if start is not None:
                starts[at] = number(value(start), 1)
        self.lists[value(element, "numId")] = (value(child(element, "abstractNumId")), levels, starts)

    def level_of_style(self, list_id: str, style: str) -> int:
        """At which level of the list paragraphs of a style stand."""
        if list_id in self.lists:
            for at in range(LEVELS):
                if self._level(list_id, at).style == style:
                    return at
        return 0

    def _level(self, list_id: str, at: int) -> Level:
        identifier, overrides, _starts = self.lists[list_id]
        if at in overrides:
            return overrides[at]
        identifier = self.named.get(self.linked.get(identifier, ""), identifier)
        return self.abstract.get(identifier, {}).get(at) or Level(text=f"%{at + 1}.")

    def next(self, list_id: str, at: int) -> Label | None:
        """Counts one further in a list. None where the file does not know the list, or it shows nothing."""
        if list_id not in self.lists:
            return None
        at = max(0, min(at, LEVELS - 1))
        level, (identifier, _overrides, starts) = self._level(list_id, at), self.lists[list_id]
        counters = self.counters.setdefault(identifier, [None] * LEVELS)
        if at in starts and (list_id, at) not in self.used:
            counters[at] = starts[at]
        else:
            counters[at] = level.start if counters[at] is None else counters[at] + 1
        self.used.add((list_id, at))
        for deeper in range(at + 1, LEVELS):
            restart = self._level(list_id, deeper).restart
            if restart is None or (restart != 0 and at < restart):
                counters[deeper] = None
        if level.form == "bullet":
            return Label(None)
        if level.form == "none" and "%" not in level.text:
            return Label(None, level.text.strip()) if level.text.strip() else None
        return self._label(list_id, at, level, counters)

    def _label(self, list_id: str, at: int, level: Level, counters: list[int | None]) -> Label | None:
        if PLAIN.fullmatch(level.text.strip()) and level.text.strip().strip("([).:]") == f"%{at + 1}":
            return Label(counters[at])

        def shown(match: re.Match) -> str:
            which = int(match[1]) - 1
            if not 0 <= which < LEVELS:
                return ""
            other = self._level(list_id, which)
            count = counters[which] if counters[which] is not None else other.start
            return formatted(count, "decimal" if level.legal else other.form)

        words = re.sub(r"%(\d)", shown, level.text).strip()
        return Label(counters[at], words) if words else None


def _levels(element: etree._Element) -> dict[int, Level]:
    found = {}
    for level in element.iterfind(f"{W}lvl"):
        at = number(value(level, "ilvl"), 0)
        restart = child(level, "lvlRestart")
        form = child(level, "numFmt")
        if form is None:  # newer Word hides it where older programs need not see it
            form = next(level.iter(f"{W}numFmt"), None)
        found[at] = Level(
            start=number(value(child(level, "start")), 1),
            form=value(form, default="decimal"),
            text=value(child(level, "lvlText"), default=f"%{at + 1}."),
            restart=None if restart is None else number(value(restart), 0),
            style=value(child(level, "pStyle")),
            legal=child(level, "isLgl") is not None,
        )
    return found


def formatted(count: int, form: str) -> str:
    """A number as a list or a note shows it."""
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        shown = roman(count)
        return shown.upper() if form == "upperRoman" else shown
    if form in ("lowerLetter", "upperLetter") and 0 < count <= 260:
        shown = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return shown.upper() if form == "upperLetter" else shown
    if form == "chicago" and count > 0:
        return SIGNS[(count - 1) % 4] * min((count - 1) // 4 + 1, 10)
    if form == "decimalZero":
        return f"{count:02}"
    return "" if form == "none" else str(count)


def roman(count: int) -> str:
    written = ""
    for size, sign in ROMAN:
        written += sign * (count // size)
        count %= size
    return written
