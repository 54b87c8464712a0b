"""Founding a group, taking people in, letting them go, handing out roles, suspending."""

from .belonging import (
    change_membership,
    change_name_here,
    hand_out_roles,
    leave,
    lift,
    put_welcome_away,
    remove,
    show_as,
    suspend,
)
from .coming_in import (
    accept,
    answer_join_request,
    ask_to_join,
    found_group,
    free_slug,
    invitation_of,
    invite,
    regenerate,
    revoke,
    take_in,
)
from .feeds import make_feed_address, revoke_feed_address
from .refusals import AskedAlready, Barred, LastOwner, NameTaken, NotForYou, Suspended
from .reviews import answer_review, ask_for_review, support_no_more, support_review, take_review_back
from .terms import elect_moderators, end_terms, remind_of_terms

__all__ = [
    "AskedAlready",
    "Barred",
    "LastOwner",
    "NameTaken",
    "NotForYou",
    "Suspended",
    "accept",
    "answer_join_request",
    "answer_review",
    "ask_for_review",
    "ask_to_join",
    "change_membership",
    "change_name_here",
    "elect_moderators",
    "end_terms",
    "found_group",
    "free_slug",
    "hand_out_roles",
    "invitation_of",
    "invite",
    "leave",
    "lift",
    "make_feed_address",
    "put_welcome_away",
    "regenerate",
    "remind_of_terms",
    "remove",
    "revoke",
    "revoke_feed_address",
    "show_as",
    "support_no_more",
    "support_review",
    "suspend",
    "take_in",
    "take_review_back",
]
