"""Reading sessions, who comes to them, what they go through, and what came of it."""

from .agenda import Agenda, AgendaItem
from .attendance import Answer, Attendance
from .minutes import Minutes, MinutesEntry, Outcome, OutcomeKind
from .sessions import DATED, Passage, ReadingSession, Series, SessionState

__all__ = [
    "DATED",
    "Agenda",
    "AgendaItem",
    "Answer",
    "Attendance",
    "Minutes",
    "MinutesEntry",
    "Outcome",
    "OutcomeKind",
    "Passage",
    "ReadingSession",
    "Series",
    "SessionState",
]
