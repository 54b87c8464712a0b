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
from .refusals import Barred, LastOwner, NameTaken, NotForYou, Suspended

__all__ = [
    "Barred",
    "LastOwner",
    "NameTaken",
    "NotForYou",
    "Suspended",
    "accept",
    "answer_join_request",
    "ask_to_join",
    "change_membership",
    "change_name_here",
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
    "remove",
    "revoke",
    "revoke_feed_address",
    "show_as",
    "suspend",
    "take_in",
]
