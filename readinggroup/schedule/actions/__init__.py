"""What is done with reading sessions: scheduling, changing, cancelling, attending."""

from .attending import answer, promote_waiting
from .changing_series import change_series
from .planning import make_plan
from .refusals import (
    NoneLeft,
    NoPlaceForGuests,
    NotPossible,
    PlannedAlready,
    StaleSeries,
    StaleSession,
    TooFewDates,
    TooMany,
)
from .scheduling import cancel, change, close_session, create, discard, lead_no_more, open_session, put_on_calendar
from .series import When, cancel_series, keep_ahead, make_series, put_series_on_calendar
from .zone_rules import retake_instants

__all__ = [
    "NoPlaceForGuests",
    "NoneLeft",
    "NotPossible",
    "PlannedAlready",
    "StaleSeries",
    "StaleSession",
    "TooFewDates",
    "TooMany",
    "When",
    "answer",
    "cancel",
    "cancel_series",
    "change",
    "change_series",
    "close_session",
    "create",
    "discard",
    "keep_ahead",
    "lead_no_more",
    "make_plan",
    "make_series",
    "open_session",
    "promote_waiting",
    "put_on_calendar",
    "put_series_on_calendar",
    "retake_instants",
]
