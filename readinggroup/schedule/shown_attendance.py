"""Who comes to a session, as its page shows it."""

from typing import NamedTuple

from django.db.models import Count, Q, Sum, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from readinggroup.groups.permissions import Can, may

from . import actions
from .attendance_forms import AttendanceForm
from .models import WAITING, Answer, Attendance, SessionState

# Before, nobody is asked whether they come.
NOT_YET = {SessionState.DRAFT, SessionState.POLL}
MOST_NAMED = 50  # of one answer; the others stand on pages of their own
# Which answers there are, as they are listed, by the names that they bear in addresses.
KINDS = {
    Answer.GOING.value: pgettext_lazy("heading", "Go"),
    WAITING: _("Wait, in this order"),
    Answer.MAYBE.value: _("May come"),
    Answer.NOT_GOING.value: _("Do not come"),
}


class Told(NamedTuple):
    """Those of one answer: how many, with how many guests, and the first of them in their order."""

    number: int = 0
    guests: int = 0
    were_there: int = 0
    first: tuple[Attendance, ...] = ()

    @property
    def are_all_named(self):
        return self.number <= len(self.first)


class WhoComes(NamedTuple):
    """The answers to a session, and the reader's own, if they have given one."""

    going: Told
    waiting: Told
    maybe: Told
    not_going: Told
    mine: Attendance | None
    places: int | None

    @property
    def guests(self):
        """How many come with those who go."""
        return self.going.guests

    @property
    def people(self):
        """How many come in all."""
        return self.going.number + self.guests

    @property
    def free(self):
        """How many places are left; None if they are not counted."""
        return None if self.places is None else max(0, self.places - self.people)

    @property
    def my_place_in_line(self):
        """Which one the reader is of those who wait; 0 if they do not."""
        return self.mine.place if self.mine and self.mine.kind == WAITING else 0

    @property
    def fewer_would_fit(self):
        """Whether the reader is the next, and would have a place with fewer guests."""
        return self.my_place_in_line == 1 and bool(self.free)

    @property
    def were_there(self):
        """Of how many it was noted that they came."""
        return sum(told.were_there for told in (self.going, self.waiting, self.maybe, self.not_going))


def who_comes(session, user_id) -> WhoComes:
    """Two queries, however many have answered; of each answer the first are named."""
    answers = session.attendances.in_line()
    counted = {
        row["kind"]: row
        for row in answers.order_by()
        .values("kind")
        .annotate(number=Count("pk"), with_them=Sum("guests"), there=Count("pk", filter=Q(attended=True)))
    }
    in_order = ["waits_since", "answered_at", "pk"]
    placed = answers.annotate(place=Window(RowNumber(), partition_by=["kind"], order_by=in_order))
    rows = list(placed.filter(Q(place__lte=MOST_NAMED) | Q(user=user_id)).select_related("user").order_by("place"))
    told = {
        kind: Told(
            count["number"],
            count["with_them"],
            count["there"],
            tuple(row for row in rows if row.kind == kind and row.place <= MOST_NAMED),
        )
        for kind, count in counted.items()
    }
    mine = next((row for row in rows if row.user_id == user_id), None)
    return WhoComes(*(told.get(kind, Told()) for kind in KINDS), mine=mine, places=session.places)


def attendance_part(membership, session, form=None) -> dict:
    """What `schedule/_attendance.html` needs; nothing before there is a time to come at."""
    if session.state in NOT_YET:
        return {"who_comes": None}
    shown = who_comes(session, membership.user_id)
    may_answer = session.takes_answers and may(membership, Can.ATTEND)
    mine = shown.mine
    return {
        "who_comes": shown,
        "lists": [(kind, title, told) for (kind, title), told in zip(KINDS.items(), shown, strict=False)],
        "may_see_members": may(membership, Can.SEE_MEMBERS),
        "may_answer": may_answer,
        "may_note": session.has_begun and session.is_run_by(membership),
        "attendance_form": form or (AttendanceForm(instance=mine) if may_answer else None),
        "decline_until": actions.decline_until(session, mine.promoted_at) if mine and mine.promoted_at else None,
    }
