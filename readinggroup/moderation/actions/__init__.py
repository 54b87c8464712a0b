"""What is done in moderation: reporting, claiming a case, deciding."""

from .claiming import claim, release
from .deciding import Seen, Verdict, decide
from .members import decide_about_member
from .refusals import Claimed, Impossible, NotYours, Stale
from .reporting import Silenced, report, tell_moderators

__all__ = [
    "Claimed",
    "Impossible",
    "NotYours",
    "Seen",
    "Silenced",
    "Stale",
    "Verdict",
    "claim",
    "decide",
    "decide_about_member",
    "release",
    "report",
    "tell_moderators",
]
