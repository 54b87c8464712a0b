"""Reading groups: what they are, who belongs, how one comes in, and what becomes of them."""

from .coming_in import EmailInvitation, Invitation, JoinRequest
from .feeds import FeedAddress
from .groups import Group, Visibility
from .letters import Letter
from .life import ChangeKind, GroupChange, GroupExport, Handover, Rule, RuleSet
from .memberships import STANDING, Membership, RenamedUser, Role, standing_columns, standing_from

__all__ = [
    "STANDING",
    "ChangeKind",
    "EmailInvitation",
    "FeedAddress",
    "Group",
    "GroupChange",
    "GroupExport",
    "Handover",
    "Invitation",
    "JoinRequest",
    "Letter",
    "Membership",
    "RenamedUser",
    "Role",
    "Rule",
    "RuleSet",
    "Visibility",
    "standing_columns",
    "standing_from",
]
