"""Which names may be shown: no control, bidirectional or invisible characters, and something to see."""

import secrets
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 60

# Cc control, Cf format (bidirectional marks, zero width), Cs surrogate, Co private use, Zl and Zp line separators.
REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
VISIBLE_CATEGORIES = ("L", "N", "S", "P")


def validate_display_name(name: str) -> None:
    """Refuse a name that cannot be seen, or that would change the text around it."""
    if any(unicodedata.category(character) in REFUSED_CATEGORIES for character in name):
        raise ValidationError(_("A name may not hold invisible or control characters."), code="invisible")
    if not any(unicodedata.category(character).startswith(VISIBLE_CATEGORIES) for character in name):
        raise ValidationError(_("A name needs at least one letter, digit or sign."), code="blank")


def new_pseudonym() -> str:
    """A name that tells nothing about anybody: "Reader K7Q2XM"."""
    return "Reader " + "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(6))
