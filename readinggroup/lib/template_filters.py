"""Filters and tags that every template has (TEMPLATES["OPTIONS"]["builtins"])."""

from datetime import datetime

from django import template
from django.conf import settings
from django.utils.safestring import mark_safe

register = template.Library()


@register.filter(expects_localtime=True)
def iso8601(moment) -> str:
    """A moment, or a day, as `<time datetime>` takes it: to the second, for HTML knows three digits of one at most.

    https://html.spec.whatwg.org/multipage/common-microsyntaxes.html#valid-time-string
    """
    if moment is None:
        return ""
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else moment.isoformat()


@register.simple_tag
def inline_sheet():
    """The sheet of the site as a part of the page. The policy knows it by its hash: it stands there as it is."""
    return mark_safe(f"<style>{settings.INLINE_SHEET}</style>")  # noqa: S308 - our own file
