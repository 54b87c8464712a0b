"""Addresses at which mail comes back to the site: an answer to what was told, and what could not be delivered.

Each names what it is about and is signed, so that nobody can make one. Lower-case letters and digits only, since relays
change case, and no part before the @ is longer than the 64 characters of RFC 5321, 4.5.3.1.1.
"""

import re
from base64 import b32encode
from typing import NamedTuple

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

REPLY, STATEMENT, BOUNCE, ATTENDANCE = "reply", "say", "bounce", "come"
_SALT = "readinggroup.notifications.mail_addresses"
_MAC_BYTES = 15  # 120 bits, 24 letters and digits
_ID = "[2-9a-z]{10}"
_ADDRESS = re.compile(
    rf"(?<![\w.+-])(?:({REPLY})\+({_ID}-{_ID})|({STATEMENT})\+({_ID}-{_ID}-{_ID})|({BOUNCE})\+({_ID})"
    rf"|({ATTENDANCE})\+({_ID}-{_ID}))"
    r"-([2-7a-z]{24})@([\w.-]{1,253})",
    re.IGNORECASE,
)


class Signed(NamedTuple):
    """What a signed address says: what it is for, and the public ids that it names."""

    purpose: str
    ids: tuple


def reply_address(person, comment) -> str:
    """Where this person answers the comment of that public id by mail; "" where the site takes no mail."""
    return _signed(REPLY, f"{person.public_id}-{comment}")


def statement_address(person, decision, concerned) -> str:
    """Where this person writes about the decision of that public id, in the conversation with whom it concerns."""
    return _signed(STATEMENT, f"{person.public_id}-{decision}-{concerned}")


def attendance_address(person, session) -> str:
    """Where this person's mail program answers the invitation to the session of that public id."""
    return _signed(ATTENDANCE, f"{person.public_id}-{session}")


def bounce_address(notice) -> str:
    """The envelope's sender for the mail of the notice of that public id (VERP); "" where the site takes no mail."""
    return _signed(BOUNCE, notice)


def read_address(text) -> Signed | None:
    """The first address in the text that we have signed; None if there is none, or it was forged or cut."""
    for match in _ADDRESS.finditer(text.lower()):
        purpose, named = next((match[at], match[at + 1]) for at in (1, 3, 5, 7) if match[at])
        mac, domain = match[9], match[10]
        # A key that was replaced is good for a while, if it is listed: mails wait long for their answer.
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        if is_our_domain(domain) and any(constant_time_compare(mac, _mac(purpose, named, key)) for key in keys):
            return Signed(purpose, tuple(named.split("-")))
    return None


def names_ours(text) -> bool:
    """Whether the text holds an address of this form, signed by us or not."""
    return any(is_our_domain(match[10]) for match in _ADDRESS.finditer(text.lower()))


def is_our_domain(domain) -> bool:
    return settings.INBOUND_MAIL_DOMAIN != "" and domain.rstrip(".") == settings.INBOUND_MAIL_DOMAIN.lower()


def _signed(purpose, named) -> str:
    if not settings.INBOUND_MAIL_DOMAIN:
        return ""
    return f"{purpose}+{named}-{_mac(purpose, named, settings.SECRET_KEY)}@{settings.INBOUND_MAIL_DOMAIN}"


def _mac(purpose, named, key) -> str:
    digest = salted_hmac(f"{_SALT}.{purpose}", named, secret=key, algorithm="sha256").digest()
    return b32encode(digest[:_MAC_BYTES]).decode().lower()
