"""Filters that every template has (TEMPLATES["OPTIONS"]["builtins"])."""

from datetime import datetime

from django import template

register = template.Library()


@register.filter(expects_localtime=True)
def iso8601(moment) -> str:
    """A moment, or a day, as `<time datetime>` takes it: to the second, for HTML knows three digits of one at most.

    https://html.spec.whatwg.org/multipage/common-microsyntaxes.html#valid-time-string
    """
    if moment is None:
        return ""
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else moment.isoformat()
