"""What is done in moderation: reporting, claiming a case, deciding."""

from .claiming import claim, release
from .deciding import Seen, Verdict, decide
from .members import decide_about_member, last_about
from .places import decide_about_place, lock_at
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
    "decide_about_place",
    "last_about",
    "lock_at",
    "release",
    "report",
    "tell_moderators",
]
