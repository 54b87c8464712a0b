"""Sessions of one's groups: those that one planned, leads, writes the minutes of, or has cancelled."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from readinggroup.schedule.models import ReadingSession

from .part import Part, each, on_this_site


def sessions(user):
    """What I had to do with it, when it was, and what I wrote about it if I planned it."""
    theirs = Q(created_by=user) | Q(facilitator=user) | Q(minute_taker=user) | Q(cancelled_by=user)
    for session in each(ReadingSession.objects.filter(theirs).select_related("reading__group", "reading__edition")):
        planned = session.created_by_id == user.pk
        yield {
            "group": session.reading.group.name,
            "text": session.reading.edition.title,
            "address": on_this_site("schedule:session", session.reading.group.slug, session.public_id),
            "title": session.title,
            "words": session.words if planned else "",
            "where": session.where if planned else "",
            "link": session.link if planned else "",
            "state": session.state,
            "starts_at": session.starts_at,
            "zone": session.zone,
            "planned_at": session.created_at if planned else None,
            "i_lead": session.facilitator_id == user.pk,
            "i_write_the_minutes": session.minute_taker_id == user.pk,
            "i_cancelled_for": session.cancelled_for if session.cancelled_by_id == user.pk else "",
        }


_FIELDS = ("created_by", "facilitator", "minute_taker", "cancelled_by")
PARTS = [
    Part(
        "sessions",
        _("Sessions that I planned or lead"),
        tuple(f"schedule.ReadingSession.{field}" for field in _FIELDS),
        sessions,
    ),
]
