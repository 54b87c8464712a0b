"""Who is in the invented group, and what they say: the people here, their words in talk.txt beside this file.

Nothing of the text that is read stands there. Where a comment quotes, `{first}`, `{last}` and `{run}` are filled in
from the paragraph that it lands on: its first or last sentence as a quotation, or some words for the inside of a line.
The talk follows The Latest Deception, and suits whatever speaks of the same things, such as the reader's guide.

A line in talk.txt that begins with

- `#` opens the talk about one paragraph: its number in The Latest Deception, when the talk began, what it is about;
- `@` opens a comment, `@@` an answer to the one above with one sign less, and so on: who, when, what became of it;
- `~` opens what that comment said at first, or what was said when it was reported.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from readinggroup.groups.models import Role

DOMAIN = "demo.localhost"
WITHDRAWN, HELD, HIDDEN = "withdrawn", "held", "hidden"
AMONG = 211  # the paragraphs of The Latest Deception


@dataclass(frozen=True)
class Person:
    """An invented member; `share` is how much of the text they have read, None where it is not known."""

    key: str
    name: str
    roles: tuple
    share: float | None

    @property
    def email(self):
        return f"{self.key}@{DOMAIN}"


PEOPLE = [
    Person("ines", "Inés Carrasco Vidal", (Role.OWNER,), 0.92),
    Person("tomasz", "Tomasz Wierzbicki", (Role.ORGANIZER, Role.MODERATOR), 0.97),
    Person("adaeze", "Adaeze Nwankpa", (Role.ORGANIZER,), 0.72),
    Person("samira", "سميرة حداد", (Role.MODERATOR,), 0.71),
    Person("lidia", "Лидия Саввина", (), 1.0),
    Person("geraint", "Geraint Pugh", (), 0.605),
    Person("kenji", "Kenji Morisaki", (), 1.0),
    Person("beatriz", "Beatriz Falcão", (), 0.86),
    Person("wolf", "Wolf-Dieter Krahn", (), 0.87),
    Person("priya", "Priya Raghunathan", (), 0.79),
    Person("hemi", "Hemi Parata", (), 0.97),
    Person("clemence", "Clémence Aubriot", (), None),
]


@dataclass(eq=False)
class Said:
    """One comment with what was answered to it.

    `after` is how many hours it came after what it answers, `days` how many days ago it was said; with neither, it came
    after a while. `fate` is WITHDRAWN, HELD for a moderator to look at, HIDDEN by one, or nothing. `at_first` is an
    earlier wording, `reported` who reported it with their words.
    """

    by: str
    after: float | None = None
    days: float | None = None
    fate: str = ""
    words: str = ""
    at_first: str = ""
    reported: tuple = ()
    answers: list = field(default_factory=list)


@dataclass(eq=False)
class Talk:
    """What is said about one paragraph, begun `days` ago. `at` is its number among AMONG, `about` words it may hold."""

    at: int
    days: float
    about: set
    threads: list = field(default_factory=list)


TALK_LINE = re.compile(r"# (\d+), ([\d.]+) days ago: (.+)")
SAID_LINE = re.compile(r"(@+) (\w+)(?:, ([\d.]+) hours? later)?(?:, ([\d.]+) days ago)?(?:, (withdrawn|held|hidden))?")
ASIDE_LINE = re.compile(r"~ (?:at first|reported by (\w+))")
OPENS = re.compile(r"^(?=[#@~])", re.MULTILINE)


def read_talk(source: str) -> list[Talk]:
    """The talk as it is written down in talk.txt."""
    talks, branch = [], []  # the branch: the comments from the thread's first one to the one above
    for piece in filter(None, OPENS.split(source)):
        line, _, words = piece.partition("\n")
        words = words.strip()
        if opened := TALK_LINE.fullmatch(line):
            number, days, about = opened.groups()
            talks.append(Talk(int(number), float(days), set(about.split())))
        elif opened := SAID_LINE.fullmatch(line):
            signs, by, after, days, fate = opened.groups()
            said = Said(by, after and float(after), days and float(days), fate or "", words)
            del branch[len(signs) - 1 :]
            (branch[-1].answers if branch else talks[-1].threads).append(said)
            branch.append(said)
        elif opened := ASIDE_LINE.fullmatch(line):
            if opened[1]:
                branch[-1].reported = (opened[1], words)
            else:
                branch[-1].at_first = words
        else:
            raise ValueError(f"talk.txt: what is {line!r}?")
    return talks


THE_TALK = read_talk(Path(__file__).with_name("talk.txt").read_text(encoding="utf-8"))
