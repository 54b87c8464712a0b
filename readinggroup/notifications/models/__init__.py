"""What people are told, how each wants to be told, and the mail that goes out."""

from .digests import Digest
from .notices import WAITING, Delivery, Notice
from .wishes import DEFAULTS, AtOnceBy, Category, MailSettings, MailWish, When

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
    "When",
]
