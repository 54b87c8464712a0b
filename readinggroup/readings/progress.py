"""How far a group is in a text: numbers of people, and names of those alone who chose that theirs be seen."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery

from .models import Place
from .pages import outline_of

FEWEST = 3  # of fewer people with a place nothing is said: a number would be a name


@dataclass(frozen=True)
class HowFar:
    """Of the members of a group: how many there are, and where those are who have a place in the text.

    `at` counts them by the number of the paragraph where they stopped.
    """

    members: int
    at: Counter

    @property
    def begun(self) -> int:
        return self.at.total()

    @property
    def is_told(self) -> bool:
        return self.begun >= FEWEST

    def between(self, first, last) -> int:
        """How many stopped at one of these paragraphs."""
        return sum(people for number, people in self.at.items() if first <= number <= last)


def how_far(reading, revision_id) -> HowFar:
    """How far the members of the reading's group are: one query."""
    theirs = Place.objects.filter(reading=reading, user=OuterRef("user"))
    members = reading.group.memberships.active().annotate(at=Subquery(theirs.values("paragraph")[:1]))
    outline, at, count = outline_of(revision_id), Counter(), 0
    for paragraph, people in members.values_list("at").annotate(people=Count("pk")).order_by():
        count += people
        if there := outline.near(paragraph):
            at[there.number] += people
    return HowFar(count, at)


def named_places(reading, revision_id) -> list:
    """Those who chose to be seen: (number, name), who is furthest first. One query."""
    outline = outline_of(revision_id)
    members = (
        reading.group.memberships.active()
        .with_names()
        .filter(user__places__reading=reading, user__places__shows_name=True)
    )
    rows = members.values_list("user__places__paragraph", "shown_name")
    there = [(place.number, name) for at, name in rows if (place := outline.near(at))]
    return sorted(there, key=lambda place: (-place[0], place[1].casefold()))
