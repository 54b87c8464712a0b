"""Reports, cases, decisions, appeals, and the log."""

from .appeals import Appeal
from .cases import Case, Kind, LookedAtComment, LookingMembership
from .decisions import RESTRICTIVE, Action, As, Decision, Ground, Part, Reason
from .log import GENESIS, LogEntry
from .reports import Outcome, Report

__all__ = [
    "GENESIS",
    "RESTRICTIVE",
    "Action",
    "Appeal",
    "As",
    "Case",
    "Decision",
    "Ground",
    "Kind",
    "LogEntry",
    "LookedAtComment",
    "LookingMembership",
    "Outcome",
    "Part",
    "Reason",
    "Report",
]
