"""What is done with reading sessions: scheduling, changing, cancelling, attending."""

from .attending import answer, promote_waiting
from .refusals import NoPlaceForGuests, NotPossible, StaleSession
from .scheduling import cancel, change, close_session, create, open_session, put_on_calendar
from .veiling import keep_veils

__all__ = [
    "NoPlaceForGuests",
    "NotPossible",
    "StaleSession",
    "answer",
    "cancel",
    "change",
    "close_session",
    "create",
    "keep_veils",
    "open_session",
    "promote_waiting",
    "put_on_calendar",
]
