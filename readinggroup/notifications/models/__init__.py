"""What people are told, how each wants to be told, by mail and on their devices, and what goes out."""

from .devices import PushSubscription
from .digests import Digest
from .notices import WAITING, Delivery, Notice
from .restored import RestoredCopy
from .wishes import DEFAULTS, AtOnceBy, Category, MailSettings, MailWish, ReaddressedUser, When

__all__ = [
    "DEFAULTS",
    "WAITING",
    "AtOnceBy",
    "Category",
    "Delivery",
    "Digest",
    "MailSettings",
    "MailWish",
    "Notice",
    "PushSubscription",
    "ReaddressedUser",
    "RestoredCopy",
    "When",
]
