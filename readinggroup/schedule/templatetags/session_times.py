"""A session's time, for pages and for notices."""

from datetime import datetime

from django import template
from django.utils import timezone

from readinggroup.lib.time_zones import zone_called

from ..times import time_of

register = template.Library()


@register.inclusion_tag("schedule/_time.html", takes_context=True)
def session_time(context, session):
    """When it is, in the reader's zone, with the session's own beside it where they differ."""
    user = context.get("user")
    reader = zone_called(user.time_zone) if user and user.is_authenticated else None
    shown = None
    if session.starts_at:
        shown = time_of(
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            zone=session.zone,
            all_day=session.all_day,
            reader=reader,
        )
    return {"time": shown, "all_day": session.all_day}


@register.inclusion_tag("schedule/notices/_when.txt", takes_context=True)
def told_time(context):
    """The same from the facts of a notice, in the zone of whom it tells."""
    facts = context.flatten()
    if not facts.get("starts_at"):
        return {"time": None}
    shown = time_of(
        starts_at=datetime.fromisoformat(facts["starts_at"]),
        ends_at=datetime.fromisoformat(facts["ends_at"]),
        zone=facts["zone"],
        all_day=facts["all_day"],
        reader=timezone.get_current_timezone(),
    )
    return {"time": shown, "all_day": facts["all_day"]}
