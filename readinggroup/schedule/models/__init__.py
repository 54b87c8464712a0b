"""Reading sessions and who comes to them."""

from .attendance import Answer, Attendance
from .series import Series
from .sessions import DATED, Passage, ReadingSession, SessionState

__all__ = ["DATED", "Answer", "Attendance", "Passage", "ReadingSession", "Series", "SessionState"]
