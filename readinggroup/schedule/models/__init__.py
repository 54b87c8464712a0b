"""Reading sessions and who comes to them."""

from .attendance import Answer, Attendance
from .calendar_addresses import CalendarAddress
from .sessions import DATED, Passage, ReadingSession, Series, SessionState

__all__ = ["DATED", "Answer", "Attendance", "CalendarAddress", "Passage", "ReadingSession", "Series", "SessionState"]
