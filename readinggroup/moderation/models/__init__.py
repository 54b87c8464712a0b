"""Reports, cases, decisions, appeals, and the log."""

from .appeals import Appeal, Juror, Service, Statement, Vote
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
    "Juror",
    "Kind",
    "LogEntry",
    "LookedAtComment",
    "LookingMembership",
    "Outcome",
    "Part",
    "Reason",
    "Report",
    "Service",
    "Statement",
    "Vote",
]
