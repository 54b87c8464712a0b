"""What is done with reading sessions: scheduling, changing, cancelling, attending."""

from .attending import answer, promote_waiting
from .calendar_addresses import make_calendar_address, revoke_calendar_address
from .refusals import NoPlaceForGuests, NotPossible, StaleSession
from .scheduling import cancel, change, close_session, create, open_session, put_on_calendar

__all__ = [
    "NoPlaceForGuests",
    "NotPossible",
    "StaleSession",
    "answer",
    "cancel",
    "change",
    "close_session",
    "create",
    "make_calendar_address",
    "open_session",
    "promote_waiting",
    "put_on_calendar",
    "revoke_calendar_address",
]
