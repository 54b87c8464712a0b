"""What is done with reading sessions: scheduling, changing, cancelling, attending; agenda and minutes."""

from .agenda import add_items, change_agenda, end_session, go_to
from .attending import answer, promote_waiting
from .minutes import (
    note_answer,
    note_decision,
    publish_minutes,
    remind_of_minutes,
    renew_marks,
    take_outcome_back,
    waive_minutes,
    write_minutes,
)
from .refusals import (
    HasMinutes,
    NoPlaceForGuests,
    NotPossible,
    StaleAgenda,
    StaleMinutes,
    StaleSession,
    TooManyOutcomes,
)
from .scheduling import cancel, change, close_session, create, open_session, put_on_calendar

__all__ = [
    "HasMinutes",
    "NoPlaceForGuests",
    "NotPossible",
    "StaleAgenda",
    "StaleMinutes",
    "StaleSession",
    "TooManyOutcomes",
    "add_items",
    "answer",
    "cancel",
    "change",
    "change_agenda",
    "close_session",
    "create",
    "end_session",
    "go_to",
    "note_answer",
    "note_decision",
    "open_session",
    "promote_waiting",
    "publish_minutes",
    "put_on_calendar",
    "remind_of_minutes",
    "renew_marks",
    "take_outcome_back",
    "waive_minutes",
    "write_minutes",
]
