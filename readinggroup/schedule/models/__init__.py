"""Reading sessions, who comes to them, and when they could be."""

from .attendance import Answer, Attendance
from .polls import Availability, DatePoll, PollReply, ProposedTime, TimeAnswer
from .sessions import DATED, Passage, ReadingSession, Series, SessionState

__all__ = [
    "DATED",
    "Answer",
    "Attendance",
    "Availability",
    "DatePoll",
    "Passage",
    "PollReply",
    "ProposedTime",
    "ReadingSession",
    "Series",
    "SessionState",
    "TimeAnswer",
]
