"""What is done with reading sessions: scheduling, changing, cancelling, attending."""

from .attending import answer, decline_until, keep_places, note_who_was_there, promote_waiting
from .calendar_addresses import make_calendar_address, revoke_calendar_address
from .changing_series import change_series
from .planning import make_plan
from .polling import (
    answer_poll,
    change_deadline,
    nudge_due,
    open_poll,
    pick_time,
    propose,
    silent,
    tell_polls_over,
    withdraw_time,
)
from .refusals import (
    NoneLeft,
    NoPlaceForGuests,
    NotPossible,
    PlannedAlready,
    PollIsOver,
    ProposedAlready,
    StaleSeries,
    StaleSession,
    TooFewDates,
    TooMany,
    TooManyTimes,
)
from .reminding import remind_due
from .scheduling import cancel, change, close_session, create, discard, open_session, put_on_calendar
from .series import When, cancel_series, keep_ahead, make_series, put_series_on_calendar
from .zone_rules import retake_instants

__all__ = [
    "NoPlaceForGuests",
    "NoneLeft",
    "NotPossible",
    "PlannedAlready",
    "PollIsOver",
    "ProposedAlready",
    "StaleSeries",
    "StaleSession",
    "TooFewDates",
    "TooMany",
    "TooManyTimes",
    "When",
    "answer",
    "answer_poll",
    "cancel",
    "cancel_series",
    "change",
    "change_deadline",
    "change_series",
    "close_session",
    "create",
    "decline_until",
    "discard",
    "keep_ahead",
    "keep_places",
    "make_calendar_address",
    "make_plan",
    "make_series",
    "note_who_was_there",
    "nudge_due",
    "open_poll",
    "open_session",
    "pick_time",
    "promote_waiting",
    "propose",
    "put_on_calendar",
    "put_series_on_calendar",
    "remind_due",
    "retake_instants",
    "revoke_calendar_address",
    "silent",
    "tell_polls_over",
    "withdraw_time",
]
