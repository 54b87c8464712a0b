"""Reading sessions, who comes to them, and reminders of them."""

from .attendance import Answer, Attendance
from .reminders import LENGTHS, Before, RemindedSession, Reminder
from .sessions import DATED, Passage, ReadingSession, Series, SessionState

__all__ = [
    "DATED",
    "LENGTHS",
    "Answer",
    "Attendance",
    "Before",
    "Passage",
    "ReadingSession",
    "RemindedSession",
    "Reminder",
    "Series",
    "SessionState",
]
