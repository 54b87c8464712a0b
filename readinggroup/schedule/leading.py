"""Who writes a session's minutes, and when: the group's table, and whom the session names."""

from django.utils import timezone

from readinggroup.groups.permissions import Can, may

from .models import Answer, SessionState


def may_write_minutes(membership, session) -> bool:
    """Write minutes: organizers and whom the session names; until they are published also everybody who comes."""
    if may(membership, Can.SCHEDULE):
        return True
    if not may(membership, Can.ATTEND):
        return False
    if membership.user_id in {session.facilitator_id, session.minute_taker_id}:
        return True
    return (
        not is_published(session) and session.attendances.filter(user=membership.user_id, answer=Answer.GOING).exists()
    )


def has_minutes(session) -> bool:
    """Whether there is something to take minutes of: it has begun, or its time has come."""
    if session.state in {SessionState.UNDER_WAY, SessionState.HELD}:
        return True
    return session.state == SessionState.SCHEDULED and session.starts_at <= timezone.now()


def is_over(session) -> bool:
    """Whether the group has parted: somebody said so, or the time is over and nobody did."""
    if session.state == SessionState.HELD:
        return True
    is_on = session.state in {SessionState.SCHEDULED, SessionState.UNDER_WAY}
    return is_on and session.ends_at <= timezone.now()


def is_published(session) -> bool:
    """Whether its minutes are there for all members to read."""
    minutes = getattr(session, "minutes", None)
    return minutes is not None and minutes.published_at is not None
