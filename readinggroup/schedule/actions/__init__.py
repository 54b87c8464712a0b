"""What is done with reading sessions: scheduling, changing, cancelling, attending, reminding."""

from .attending import answer, promote_waiting
from .refusals import NoPlaceForGuests, NotPossible, StaleSession
from .reminding import remind_due
from .scheduling import cancel, change, close_session, create, discard, lead_no_more, open_session, put_on_calendar

__all__ = [
    "NoPlaceForGuests",
    "NotPossible",
    "StaleSession",
    "answer",
    "cancel",
    "change",
    "close_session",
    "create",
    "discard",
    "lead_no_more",
    "open_session",
    "promote_waiting",
    "put_on_calendar",
    "remind_due",
]
