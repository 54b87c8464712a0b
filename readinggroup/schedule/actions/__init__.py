"""What is done with reading sessions: scheduling, changing, cancelling, asking when, attending."""

from .attending import answer, decline_until, keep_places, note_who_was_there, promote_waiting
from .polling import (
    answer_poll,
    change_deadline,
    nudge_due,
    open_poll,
    pick_time,
    propose,
    retake_times,
    silent,
    tell_polls_over,
    withdraw_time,
)
from .refusals import NoPlaceForGuests, NotPossible, PollIsOver, ProposedAlready, StaleSession, TooManyTimes
from .scheduling import cancel, change, close_session, create, open_session, put_on_calendar

__all__ = [
    "NoPlaceForGuests",
    "NotPossible",
    "PollIsOver",
    "ProposedAlready",
    "StaleSession",
    "TooManyTimes",
    "answer",
    "answer_poll",
    "cancel",
    "change",
    "change_deadline",
    "close_session",
    "create",
    "decline_until",
    "keep_places",
    "note_who_was_there",
    "nudge_due",
    "open_poll",
    "open_session",
    "pick_time",
    "promote_waiting",
    "propose",
    "put_on_calendar",
    "retake_times",
    "silent",
    "tell_polls_over",
    "withdraw_time",
]
