"""What is done in moderation: reporting, claiming a case, deciding."""

from .claiming import claim, release
from .deciding import Seen, Verdict, decide
from .keeping_up import keep_hold_takes, tell_of_what_waits
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
    "keep_hold_takes",
    "release",
    "report",
    "tell_moderators",
    "tell_of_what_waits",
]
