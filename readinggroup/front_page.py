"""What a group's front page asks: the shelf, and in one question all that is counted, or that may be there."""

from typing import NamedTuple

from django.db.models import Count, DateTimeField, Exists, IntegerField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from readinggroup.groups.models import Group, JoinRequest, Membership
from readinggroup.groups.permissions import Can, may
from readinggroup.lib.prepared import Parameter, prepared
from readinggroup.moderation.models import Case
from readinggroup.proposals.actions.bringing import to_be_brought
from readinggroup.proposals.models import Ballot
from readinggroup.readings.models import ParagraphActivity, Place, Reading, ReadingState
from readinggroup.readings.views import address_of, page_at
from readinggroup.schedule.ahead import coming, polls


class Now(NamedTuple):
    """What is counted, and whether there is what the page would have to ask for. In most groups there is little."""

    members: int
    waiting: int = 0  # cases, for moderators
    asking: int = 0  # to join, for who takes people in
    any_session: bool = False
    any_poll: bool = False
    any_ballot: bool = False
    any_to_bring: bool = False


# Whom it concerns, in the order of Now; the first two are what sessions they see.
_VERBS = (Can.SCHEDULE, Can.READ_ALL, Can.MODERATE, Can.INVITE, Can.READ, Can.ATTEND, Can.KEEP_TEXTS)


def now_in(membership) -> Now:
    """How the group stands at this moment, for this member or visitor: one query."""
    question = _now(*(may(membership, verb) for verb in _VERBS))
    values = {"group": membership.group.pk, "user": membership.user_id, "now": timezone.now()}
    return Now(*question.rows(**values)[0])


@prepared
def _now(schedules, reads_all, moderates, invites, reads, attends, keeps_texts):
    here, moment = {"group": Parameter("group")}, Parameter("now", DateTimeField())
    nothing, no = Value(0), Value(False)
    ballots = Ballot.objects.taking_votes().filter(**here)
    return Group.objects.filter(pk=Parameter("group")).values_list(
        number_of(Membership.objects.active().filter(**here)),
        number_of(Case.objects.filter(**here).waiting(moment)) if moderates else nothing,
        number_of(JoinRequest.objects.filter(**here, answered_at=None)) if invites else nothing,
        Exists(coming(schedules, reads_all)) if reads else no,
        Exists(polls()) if reads and attends else no,
        Exists(ballots) if reads else no,
        Exists(to_be_brought(Parameter("group"))) if keeps_texts else no,
    )


def number_of(rows):
    """How many there are, as a part of a question."""
    counted = rows.order_by().annotate(of_all=Value(1)).values("of_all").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def to_bring(membership) -> list:
    """What was chosen and has to be brought by an organizer."""
    return _to_bring().objects(group=membership.group.pk)


@prepared
def _to_bring():
    return to_be_brought(Parameter("group"))


def shelf_for(membership) -> list:
    """What the group reads, has read and means to read, each with how much was `said`: one query.

    Those of now say where this person goes on: at their place, or at the beginning.
    """
    readings = _shelf().objects(group=membership.group.pk, user=membership.user_id)
    for reading in readings:
        reading.group = membership.group
        if reading.state == ReadingState.CURRENT and reading.edition.current_id:
            address = address_of(reading.edition.current_id, reading.place) if reading.place else None
            reading.way_in, reading.go_on_at = page_at(reading, address), address and address.number
    return readings


@prepared
def _shelf():
    said = ParagraphActivity.objects.filter(reading=OuterRef("pk")).order_by().values("reading")
    mine = Place.objects.filter(reading=OuterRef("pk"), user=Parameter("user"))
    readings = Reading.objects.filter(group=Parameter("group")).on_the_shelf().with_text()
    return readings.annotate(
        said=Coalesce(Subquery(said.annotate(n=Sum("comments")).values("n"), output_field=IntegerField()), 0),
        place=Subquery(mine.values("paragraph")[:1]),
    ).order_by("-created_at")
