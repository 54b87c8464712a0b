"""Moderation in numbers, month by month in the group's time zone: from what stands in the tables now."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Aggregate, Count, DurationField, Exists, F, OuterRef, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone

from readinggroup.lib.lengths import in_words

from .models import Action, Appeal, Decision, Ground, Kind, Part, Report

HEIGHT, STEP, BAR = 100, 10, 4  # of the plot, of a month in it, of a bar; in units of its own


class Median(Aggregate):
    """The value in the middle (between the two, where there is an even number)."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass
class Month:
    """One month. `actions` counts decisions that did it, `rules` decisions on a rule of that title."""

    first: date
    reports: int = 0
    decisions: int = 0
    median: timedelta | None = None
    appeals: int = 0
    reversals: int = 0
    actions: Counter = field(default_factory=Counter)
    grounds: Counter = field(default_factory=Counter)

    @property
    def median_in_words(self):
        return in_words(self.median) if self.median is not None else ""


@dataclass
class Numbers:
    """All months from the first in which something was reported or decided, oldest first."""

    months: list
    actions: list  # (value, words) of those that occur
    grounds: list  # (value, words): the rules by their titles, then those without one

    @property
    def newest_first(self):
        return self.months[::-1]

    @property
    def most(self):
        """The highest bar."""
        return max((max(month.reports, month.decisions) for month in self.months), default=0)

    @property
    def width(self):
        """Room for a year at least, so that the first months are no walls."""
        return STEP * max(12, len(self.months))

    @property
    def bars(self):
        """Of the plot: a month's reports and its decisions, as (x, y, height) each."""
        scale = HEIGHT / max(self.most, 1)

        def bar(x, count):
            height = round(count * scale)
            return x, HEIGHT - height, height

        return [
            (bar(STEP * at, month.reports), bar(STEP * at + BAR, month.decisions))
            for at, month in enumerate(self.months)
        ]

    @property
    def by_action(self):
        return [(month, [month.actions[value] for value, _words in self.actions]) for month in self.newest_first]

    @property
    def by_ground(self):
        return [(month, [month.grounds[value] for value, _words in self.grounds]) for month in self.newest_first]

    def as_rows(self):
        """The table for a spreadsheet. No cell begins with a sign that one would take for a formula."""
        head = ["month", "reports", "decisions", "median_hours", "appeals", "reversals"]
        yield [
            *head,
            *(f"action: {value}" for value, _words in self.actions),
            *(f"on: {value}" for value, _words in self.grounds),
        ]
        for month in self.months:
            median = "" if month.median is None else round(month.median.total_seconds() / 3_600, 1)
            yield [
                f"{month.first:%Y-%m}", month.reports, month.decisions, median, month.appeals, month.reversals,
                *(month.actions[value] for value, _words in self.actions),
                *(month.grounds[value] for value, _words in self.grounds),
            ]  # fmt: skip


def numbers_of(group) -> Numbers:
    """Five queries, however many months there are."""
    zone, months = group.zone, {}

    def by_month(rows, moment):
        return rows.annotate(month=TruncMonth(moment, tzinfo=zone)).order_by().values("month")

    def month_of(row):
        first = row["month"].date()
        return months.setdefault(first, Month(first))

    for row in by_month(Report.objects.filter(case__group=group), "created_at").annotate(n=Count("pk")):
        month_of(row).reports = row["n"]
    for row in by_month(Appeal.objects.filter(decision__group=group), "created_at").annotate(n=Count("pk")):
        month_of(row).appeals = row["n"]
    decisions = by_month(Decision.objects.filter(group=group), "decided_at")
    reversals = Count("pk", filter=Q(reverses__isnull=False))
    for row in decisions.values("month", "ground", "rule__title").annotate(n=Count("pk"), reversals=reversals):
        month = month_of(row)
        month.decisions += row["n"]
        month.reversals += row["reversals"]
        month.grounds[row["rule__title"] or f"({row['ground']})"] += row["n"]
    parts = by_month(Part.objects.filter(decision__group=group), "decision__decided_at")
    for row in parts.values("month", "action").annotate(n=Count("decision", distinct=True)):
        month_of(row).actions[row["action"]] = row["n"]
    for row in first_decided(by_month(Part.objects.filter(decision__group=group), "decision__decided_at")):
        month_of(row).median = row["median"]
    return Numbers(without_gaps(months, zone), *what_occurs(months.values()))


def first_decided(parts):
    """How long it took from opening a case to the first decision about it. Of reports and what is held, not appeals."""
    earlier = Part.objects.filter(case=OuterRef("case"), pk__lt=OuterRef("pk"))
    parts = parts.filter(~Exists(earlier), case__kind__in=[Kind.COMMENT, Kind.NAME])
    return parts.annotate(median=Median(F("decision__decided_at") - F("case__opened_at")))


def without_gaps(months, zone) -> list:
    """The months from the first to this one, also those in which nothing was."""
    if not months:
        return []
    last = max(*months, timezone.now().astimezone(zone).date().replace(day=1))
    found, first = [], min(months)
    while first <= last:
        found.append(months.get(first) or Month(first))
        first = (first + timedelta(days=31)).replace(day=1)
    return found


def what_occurs(months) -> tuple:
    """The actions and the grounds that are counted anywhere, each with its words."""
    actions = {value for month in months for value in month.actions}
    grounds = {value for month in months for value in month.grounds}
    without_rule = [(f"({ground})", ground.label) for ground in (Ground.LAW, Ground.NONE)]
    nameless = [choice for choice in without_rule if choice[0] in grounds]
    titles = sorted(grounds - {value for value, _words in without_rule})
    return (
        [choice for choice in Action.choices if choice[0] in actions],
        [*((title, title) for title in titles), *nameless],
    )
