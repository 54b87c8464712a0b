"""What came of a ballot, as its page shows it: bars or pairs, the steps in words, the papers."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .counting import AGE, DRAW, NO_QUORUM, NO_VOTE, RANKING, SUPPORTERS
from .models import Method, Option

MOST_PAPERS = 500  # on the page; all stand in the file

TINTS = 3  # how deep a cell of the table of pairs can be tinted
HOW = {
    Method.APPROVAL: gettext_lazy("The papers are counted on which each option is named."),
    Method.CHOICE: gettext_lazy("The papers are counted on which each option is named."),
    Method.RANKING: gettext_lazy(
        "Of each two options it is counted on how many papers the one is above the other. Where these are more than"
        " those the other way round, there is a path of that strength from the one to the other; over several options"
        " it is as strong as its weakest part. One option beats another if the strongest path there is stronger than"
        " the one back (Schulze)."
    ),
}
BY = {
    SUPPORTERS: gettext_lazy("More hands were raised when the ballot opened: %(options)s."),
    AGE: gettext_lazy("The older proposal is first: %(options)s."),
    DRAW: gettext_lazy("What is level still was drawn, as the numbers below say: %(options)s."),
}


@dataclass
class Line:
    """One option in the order of the result: on how many papers it stands, and how long its bar is, in percent."""

    place: int
    option: Option
    papers: int
    share: int
    is_chosen: bool


@dataclass
class Cell:
    """A number of a table of pairs. `tint` says how clear it is where it is more than the one across, else 0."""

    count: int
    tint: int
    is_itself: bool


@dataclass
class Paper:
    """A paper as it lies in the box, in words."""

    receipt: str
    vote: str
    reason: str
    name: str


class ShownResult:
    """The result of a ballot that is closed and counted; its options are there already."""

    def __init__(self, ballot, *, names=None):
        self.ballot, self.result = ballot, ballot.result
        self.options = {option.number: option for option in ballot.options.all()}
        self.names = names or {}

    @property
    def chosen(self) -> list[Option]:
        return [self.options[number] for number in self.result["winners"]]

    @property
    def others(self) -> list[Line]:
        """What was not chosen, in the order of the result."""
        return [line for line in self.lines if not line.is_chosen]

    @property
    def is_ranking(self) -> bool:
        return self.result["method"] == RANKING

    @property
    def lacks_quorum(self) -> bool:
        return self.result["outcome"] == NO_QUORUM

    @property
    def lines(self) -> list[Line]:
        tally, papers = self.result["tally"], self.voting
        return [
            Line(
                place,
                self.options[number],
                tally[str(number)],
                round(100 * tally[str(number)] / max(papers, 1)),
                number in self.result["winners"],
            )
            for place, number in enumerate(self.result["order"], 1)
        ]

    @property
    def voting(self) -> int:
        """How many papers do not abstain."""
        return self.result["papers"] - self.result["abstentions"]

    @property
    def pairs(self) -> list:
        """Each option, in the order of the result, with how many papers have it above each other one."""
        return self.table("pairwise")

    @property
    def paths(self) -> list:
        return self.table("paths")

    def table(self, name) -> list:
        numbers, cells = self.result["numbers"], self.result[name]
        at = {number: numbers.index(number) for number in self.result["order"]}
        most = max((cell for row in cells for cell in row), default=0)

        def cell(one, other):
            count, across = cells[at[one]][at[other]], cells[at[other]][at[one]]
            return Cell(count, -(-TINTS * count // most) if count > across else 0, one == other)

        return [(self.options[one], [cell(one, other) for other in at]) for one in at]

    @property
    def columns(self) -> list[Option]:
        """The options in the order of the result: the heads of the tables of pairs."""
        return [self.options[number] for number in self.result["order"]]

    # --- In words

    @property
    def steps(self) -> list[str]:
        """How it was counted, sentence by sentence."""
        return [
            *self.turnout(),
            str(HOW[self.result["method"]]),
            *(self.beaten() if self.is_ranking else self.levels()),
            *(sentence for tie in self.result["ties"] for sentence in self.tie(tie)),
            self.outcome(),
        ]

    def turnout(self):
        result = self.result
        yield ngettext(
            "%(count)d person could vote; in the box are papers: %(papers)d, of which abstain: %(abstain)d.",
            "%(count)d people could vote; in the box are papers: %(papers)d, of which abstain: %(abstain)d.",
            result["electors"],
        ) % {"count": result["electors"], "papers": result["papers"], "abstain": result["abstentions"]}
        if result["spoilt"]:
            yield _("Papers that are none and count for nothing: %(receipts)s.") % {
                "receipts": ", ".join(result["spoilt"])
            }
        if result["quorum"]:
            facts = {"percent": result["quorum"], "needed": result["needed"]}
            if self.lacks_quorum:
                yield _("The quorum of %(percent)d percent asks for papers: %(needed)d. It is missed.") % facts
            else:
                yield _("The quorum of %(percent)d percent asks for papers: %(needed)d. It is reached.") % facts

    def levels(self):
        """Of an approval and of one choice: who is named as often."""
        for level in self.result["levels"]:
            count = self.result["tally"][str(level[0])]
            yield ngettext("On %(count)d paper: %(options)s.", "On %(count)d papers: %(options)s.", count) % {
                "count": count,
                "options": self.titles(level),
            }

    def beaten(self):
        """Of a ranking: who is beaten by nobody, and by how much the first one beats the others."""
        first, *rest = self.result["levels"]
        yield _("No option beats: %(options)s.") % {"options": self.titles(first)}
        at, paths = self.result["numbers"].index, self.result["paths"]
        for one in first if len(first) == 1 else []:
            for other in (number for level in rest for number in level):
                yield _("%(one)s beats %(other)s: the strongest path there has %(there)d, that back %(back)d.") % {
                    "one": self.titles([one]),
                    "other": self.titles([other]),
                    "there": paths[at(one)][at(other)],
                    "back": paths[at(other)][at(one)],
                }
        for level in rest:
            yield _("Of the rest, no option beats: %(options)s.") % {"options": self.titles(level)}

    def tie(self, tie):
        """What stood level, and what decided."""
        yield _("These stand level: %(options)s.") % {"options": self.titles(tie["options"])}
        for step in tie["steps"]:
            yield BY[step["rule"]] % {"options": self.by(step["rule"], step["groups"])}
        yield _("So their order is: %(options)s.") % {"options": self.titles(tie["order"])}

    def by(self, rule, groups) -> str:
        """The parts into which a rule has parted them, each with what it went by."""
        if rule == DRAW:
            return self.titles([number for group in groups for number in group])
        return "; ".join(f"{self.titles(group)} ({self.measure(rule, group[0])})" for group in groups)

    def measure(self, rule, number) -> str:
        option = self.options[number]
        if rule == SUPPORTERS:
            return str(option.supporters)
        if option.proposed_at is None:
            return _("no proposal")
        return date_format(timezone.localtime(option.proposed_at), "DATETIME_FORMAT")

    def outcome(self) -> str:
        if self.lacks_quorum:
            return _("Nothing is chosen: too few have voted.")
        if self.result["outcome"] == NO_VOTE:
            return _("Nothing is chosen: no paper names anything.")
        return _("Chosen: %(options)s.") % {"options": self.titles(self.result["winners"])}

    def titles(self, numbers) -> str:
        return ", ".join(_("“%(title)s”") % {"title": self.options[number].title} for number in numbers)

    @property
    def draws(self) -> list:
        """Where it was drawn: each option with its number of the draw, the lowest first."""
        drawn = [(number, self.options[int(number)]) for tie in self.result["ties"] for number in tie["draw"]]
        lots = {number: lot for tie in self.result["ties"] for number, lot in tie["draw"].items()}
        return sorted(((lots[number], option) for number, option in drawn), key=lambda one: one[0])

    # --- The papers

    @property
    def papers(self) -> list[Paper]:
        """By their receipts, which are at random: it is no order in which they came. Of very many the first."""
        return [
            Paper(receipt, self.vote(paper), paper.get("reason", ""), self.names.get(str(paper.get("by")), ""))
            for receipt, paper in sorted(self.ballot.box.papers.items())[:MOST_PAPERS]
        ]

    @property
    def more_papers(self) -> int:
        """How many stand in the file alone."""
        return max(len(self.ballot.box.papers) - MOST_PAPERS, 0)

    def vote(self, paper) -> str:
        """What stands on a paper: numbers of options."""
        if paper.get("abstains"):
            return _("abstains")
        if "named" in paper:
            return ", ".join(map(str, sorted(paper["named"])))
        places = {}
        for number, rank in paper.get("ranks", {}).items():
            places.setdefault(rank, []).append(int(number))
        return " > ".join(" = ".join(map(str, sorted(places[rank]))) for rank in sorted(places))
