"""What a reminder says at the moment when it is mailed: the session as it is then, and what is still to be read."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from readinggroup.groups.permissions import Can, may

from .models import Answer, ReadingSession, SessionState
from .preparing import to_read, wall_there

REMINDER = "schedule/reminder"


def facts_now(notice) -> dict | None:
    """The facts for its template; None if the session has moved, begun or been cancelled, or they do not go (any more).

    It is asked in the reader's language and zone.
    """
    starts_at = datetime.fromisoformat(notice.facts["starts_at"])
    session = (
        ReadingSession.objects.select_related("reading__edition__current", "reading__group")
        .filter(public_id=notice.facts["session"], state=SessionState.SCHEDULED, starts_at=starts_at)
        .filter(starts_at__gt=timezone.now())
        .first()
    )
    if session is None:
        return None
    membership = session.reading.group.memberships.active().filter(user=notice.recipient).first()
    attendance = session.attendances.filter(user=notice.recipient).first()
    if membership is None or (attendance and attendance.answer == Answer.NOT_GOING):
        return None
    membership.group = session.reading.group
    if not may(membership, Can.ATTEND):
        return None
    shows_where = session.shows_where_to(membership, attendance)
    ahead = to_read(session, notice.recipient_id)
    return notice.facts | {
        "group": session.reading.group.name,
        "title": session.title,
        "there": None if session.all_day else wall_there(session),
        "zone": session.zone,
        "where": session.where if shows_where else "",
        "link": session.link if shows_where else "",
        "has_not_answered": attendance is None,
        "waits": attendance is not None and attendance.waits_since is not None,
        "text": session.reading.edition.title,
        "to_read": ahead,
        "way_in": f"{settings.SITE_URL}{ahead.way_in}" if ahead else "",
    }
