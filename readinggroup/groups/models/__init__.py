"""Reading groups: what they are, who belongs, how one comes in, and what becomes of them."""

from .coming_in import EmailInvitation, Invitation, JoinRequest
from .feeds import FeedAddress
from .groups import Group, Visibility
from .letters import Letter
from .life import OF_A_MODERATOR, ChangeKind, GroupChange, GroupExport, Handover, Rule, RuleSet
from .memberships import DECIDING, STANDING, Membership, RenamedUser, Role, standing_columns, standing_from
from .reviews import RulesReview, RulesReviewSupport
from .terms import CameBy, ModeratingMembership, Term

__all__ = [
    "DECIDING",
    "OF_A_MODERATOR",
    "STANDING",
    "CameBy",
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
    "ModeratingMembership",
    "RenamedUser",
    "Role",
    "Rule",
    "RuleSet",
    "RulesReview",
    "RulesReviewSupport",
    "Term",
    "Visibility",
    "standing_columns",
    "standing_from",
]
