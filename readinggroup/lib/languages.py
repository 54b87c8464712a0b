"""Language tags (BCP 47): whether one is well formed, and what its language is called."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info, get_supported_language_variant
from django.utils.translation import gettext_lazy as _

LONGEST_TAG = 35
# language, script, region, variants: what a text needs. No extensions, no private use.
_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*", re.ASCII | re.IGNORECASE
)


def validate_language_tag(tag: str) -> None:
    """Refuse what is not a language tag."""
    if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag):
        raise ValidationError(_("Write a language tag such as en, de or pt-BR."), code="language")


def spelled_as_usual(tag: str) -> str:
    """The tag in its usual spelling: pt-BR, sr-Latn."""
    language, *rest = tag.split("-")
    spelled = {4: str.title, 2: str.upper}
    return "-".join([language.lower(), *(spelled.get(len(part), str.lower)(part) for part in rest)])


def spoken_for(tag: str) -> str:
    """The language in which the site speaks to readers of this one: the same, a near one, or its own."""
    try:
        return get_supported_language_variant(tag)
    except LookupError:
        return settings.LANGUAGE_CODE


def name_of(tag: str) -> str:
    """What the language is called, in the active language; the tag itself where that is not known."""
    known = dict(settings.LANGUAGES)
    if tag in known:
        return str(known[tag])
    try:
        return str(get_language_info(tag.lower())["name_translated"])
    except KeyError:
        return tag
