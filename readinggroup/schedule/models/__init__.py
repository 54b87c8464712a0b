"""Reading sessions and who comes to them."""

from .attendance import Answer, Attendance
from .calendar_addresses import CalendarAddress
from .polls import Availability, DatePoll, PollReply, ProposedTime, TimeAnswer
from .series import Series
from .sessions import DATED, Passage, ReadingSession, SessionState

__all__ = [
    "DATED",
    "Answer",
    "Attendance",
    "Availability",
    "CalendarAddress",
    "DatePoll",
    "Passage",
    "PollReply",
    "ProposedTime",
    "ReadingSession",
    "Series",
    "SessionState",
    "TimeAnswer",
]
