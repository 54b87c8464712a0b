"""Reading sessions and who comes to them."""

from .attendance import Answer, Attendance
from .sessions import DATED, Passage, ReadingSession, Series, SessionState

__all__ = ["DATED", "Answer", "Attendance", "Passage", "ReadingSession", "Series", "SessionState"]
