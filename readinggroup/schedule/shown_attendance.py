"""Who comes to a session, as its page shows it."""

from typing import NamedTuple

from readinggroup.groups.permissions import Can, may

from . import actions
from .attendance_forms import AttendanceForm
from .models import Answer, Attendance, SessionState

# Before, nobody is asked whether they come.
NOT_YET = {SessionState.DRAFT, SessionState.POLL}


class WhoComes(NamedTuple):
    """The answers to a session, and the reader's own, if they have given one."""

    going: list
    waiting: list
    maybe: list
    not_going: list
    mine: Attendance | None
    places: int | None

    @property
    def guests(self):
        """How many come with those who go."""
        return sum(attendance.guests for attendance in self.going)

    @property
    def people(self):
        """How many come in all."""
        return len(self.going) + self.guests

    @property
    def free(self):
        """How many places are left; None if they are not counted."""
        return None if self.places is None else max(0, self.places - self.people)

    @property
    def my_place_in_line(self):
        """Which one the reader is of those who wait; 0 if they do not."""
        return next((number for number, one in enumerate(self.waiting, 1) if one == self.mine), 0)

    @property
    def fewer_would_fit(self):
        """Whether the reader is the next, and would have a place with fewer guests."""
        return self.my_place_in_line == 1 and bool(self.free)

    @property
    def were_there(self):
        """Of how many it was noted that they came."""
        return sum(bool(one.attended) for one in [*self.going, *self.waiting, *self.maybe, *self.not_going])


def who_comes(session, user_id) -> WhoComes:
    """One query, however many have answered."""
    rows = list(session.attendances.select_related("user").order_by("waits_since", "answered_at", "pk"))
    told = {answer: [row for row in rows if row.answer == answer and row.waits_since is None] for answer in Answer}
    return WhoComes(
        going=told[Answer.GOING],
        waiting=[row for row in rows if row.waits_since],
        maybe=told[Answer.MAYBE],
        not_going=told[Answer.NOT_GOING],
        mine=next((row for row in rows if row.user_id == user_id), None),
        places=session.places,
    )


def attendance_part(membership, session, form=None) -> dict:
    """What `schedule/_attendance.html` needs; nothing before there is a time to come at."""
    if session.state in NOT_YET:
        return {"who_comes": None}
    shown = who_comes(session, membership.user_id)
    may_answer = session.takes_answers and may(membership, Can.ATTEND)
    mine = shown.mine
    return {
        "who_comes": shown,
        "may_see_members": may(membership, Can.SEE_MEMBERS),
        "may_answer": may_answer,
        "may_note": session.has_begun and may_note(membership, session),
        "attendance_form": form or (AttendanceForm(instance=mine) if may_answer else None),
        "decline_until": actions.decline_until(session, mine.promoted_at) if mine and mine.promoted_at else None,
    }


def may_note(membership, session) -> bool:
    """Whether they note who was there: organizers, and who leads this session."""
    leads = session.facilitator_id is not None and session.facilitator_id == membership.user_id
    return may(membership, Can.SCHEDULE) or (leads and may(membership, Can.ATTEND))
