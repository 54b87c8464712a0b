"""Reading sessions and who comes to them.

pghistory puts MinutesWording, the earlier wordings of minutes, in here too.
"""

from .agenda import Agenda, AgendaItem
from .attendance import WAITING, Answer, Attendance
from .calendar_addresses import CalendarAddress
from .minutes import Minutes, MinutesEntry, Outcome, OutcomeKind
from .polls import Availability, DatePoll, PollReply, ProposedTime, TimeAnswer
from .reminders import LENGTHS, Before, RemindedSession, Reminder
from .series import Series
from .sessions import DATED, Passage, ReadingSession, SessionState

__all__ = [
    "DATED",
    "LENGTHS",
    "WAITING",
    "Agenda",
    "AgendaItem",
    "Answer",
    "Attendance",
    "Availability",
    "Before",
    "CalendarAddress",
    "DatePoll",
    "Minutes",
    "MinutesEntry",
    "Outcome",
    "OutcomeKind",
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
