"""What is done in moderation: reporting, claiming a case, deciding, appealing, reversing, writing about a decision."""

from .answering import decide_appeal
from .appealing import appeal
from .claiming import claim, release
from .deciding import Seen, Verdict, decide
from .jury import agree, decline, see_to, vote
from .keeping_up import keep_hold_takes, tell_of_what_waits
from .members import decide_about_member, last_about
from .places import decide_about_place, lock_at
from .refusals import (
    AppealedBefore,
    Claimed,
    Decided,
    ForOwners,
    Impossible,
    NotYours,
    ReversedBefore,
    Stale,
    TooLate,
    TooMany,
)
from .reporting import Silenced, report, tell_moderators
from .reversing import reverse
from .stating import write_statement

__all__ = [
    "AppealedBefore",
    "Claimed",
    "Decided",
    "ForOwners",
    "Impossible",
    "NotYours",
    "ReversedBefore",
    "Seen",
    "Silenced",
    "Stale",
    "TooLate",
    "TooMany",
    "Verdict",
    "agree",
    "appeal",
    "claim",
    "decide",
    "decide_about_member",
    "decide_about_place",
    "decide_appeal",
    "decline",
    "keep_hold_takes",
    "last_about",
    "lock_at",
    "release",
    "report",
    "reverse",
    "see_to",
    "tell_moderators",
    "tell_of_what_waits",
    "vote",
    "write_statement",
]
