"""Reading sessions and who comes to them."""

from .attendance import Answer, Attendance
from .calendar_addresses import CalendarAddress
from .polls import Availability, DatePoll, PollReply, ProposedTime, TimeAnswer
from .reminders import LENGTHS, Before, RemindedSession, Reminder
from .series import Series
from .sessions import DATED, Passage, ReadingSession, SessionState

__all__ = [
    "DATED",
    "LENGTHS",
    "Answer",
    "Attendance",
    "Availability",
    "Before",
    "CalendarAddress",
    "DatePoll",
    "Passage",
    "PollReply",
    "ProposedTime",
    "ReadingSession",
    "RemindedSession",
    "Reminder",
    "Series",
    "SessionState",
    "TimeAnswer",
]
