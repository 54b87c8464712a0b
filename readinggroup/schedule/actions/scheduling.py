"""A session's life: planned, put on the calendar, changed, opened, closed, cancelled."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.lib.wall_time import instant_of
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import DATED, Answer, Passage, ReadingSession, SessionState
from .attending import promote_waiting
from .refusals import NotPossible, StaleSession
from .veiling import keep_veil

# What of a session a calendar knows: who changes it raises the sequence.
CALENDAR_KNOWS = {"title", "words", "date", "time", "second", "all_day", "length", "zone", "where", "link"}
A_DAY = timedelta(days=1)


@transaction.atomic
def create(*, reading, by, passages=(), **details) -> ReadingSession:
    """A session as a draft. `passages` are pairs of paragraphs; `details` are fields of the model.

    NoSuchTime, TwiceThatTime if the wall time does not exist in that zone, or exists twice.
    """
    session = ReadingSession(reading=reading, created_by=by, **details)
    session.uid = f"{session.public_id}@{urlsplit(settings.SITE_URL).hostname}"
    set_instants(session)
    session.save()
    set_passages(session, passages)
    return session


def set_instants(session) -> None:
    """Take the instants from the wall time and the zone."""
    if session.date is None:
        session.starts_at = session.ends_at = None
        return
    zone = ZoneInfo(session.zone)
    if session.all_day:
        session.time = None
        days = max(1, -(-session.length // A_DAY))
        session.starts_at = instant_of(session.wall, zone, second=False)
        session.ends_at = instant_of(session.wall + days * A_DAY, zone, second=False)
        return
    if session.time is None:
        session.starts_at = session.ends_at = None
        return
    session.starts_at = instant_of(session.wall, zone, second=session.second or None)
    session.ends_at = session.starts_at + session.length


def set_passages(session, passages) -> None:
    """These ranges, in order, instead of those before."""
    session.passages.all().delete()
    Passage.objects.bulk_create(
        Passage(session=session, position=position, first=first, last=last)
        for position, (first, last) in enumerate(passages)
    )


def held(session) -> ReadingSession:
    """The session as it stands, held until this transaction ends."""
    return ReadingSession.objects.select_for_update(of=("self",), no_key=True).get(pk=session.pk)


@transaction.atomic
def change(*, session, version, by, passages=None, **details) -> ReadingSession:
    """Change what the session is. StaleSession if `version` is not the one that stands.

    Who goes, or may go, is told when the time or the place changed; more places let in who waits.
    """
    standing = held(session)
    if standing.version != version:
        raise StaleSession(standing)
    if standing.state in {SessionState.CANCELLED, SessionState.HELD}:
        raise NotPossible
    changed = {name for name, value in details.items() if getattr(standing, name) != value}
    before = standing.starts_at, standing.where, standing.link
    for name in changed:
        setattr(standing, name, details[name])
    set_instants(standing)
    if standing.state in DATED and standing.starts_at is None:
        raise NotPossible
    standing.version += 1
    standing.sequence += bool(changed & CALENDAR_KNOWS)
    standing.changed_at = timezone.now()
    standing.save()
    if passages is not None:
        set_passages(standing, passages)
    keep_veil(standing)
    if "places" in changed:
        promote_waiting(standing)
    if standing.state in DATED and before != (standing.starts_at, standing.where, standing.link):
        tell_attending(standing, "schedule/changed", f"changed-{standing.version}")
    return standing


@transaction.atomic
def put_on_calendar(*, session, by) -> ReadingSession:
    """The session takes place, and the group is told. The same again is nothing new."""
    standing = held(session)
    if standing.state == SessionState.SCHEDULED:
        return standing
    if standing.state not in {SessionState.DRAFT, SessionState.POLL} or standing.starts_at is None:
        raise NotPossible
    move_on(standing, SessionState.SCHEDULED)
    tell_members(standing, "schedule/scheduled", by=by)
    return standing


@transaction.atomic
def cancel(*, session, reason, by) -> ReadingSession:
    """The session does not take place, and whoever meant to come is told why."""
    standing = held(session)
    if standing.state == SessionState.CANCELLED:
        return standing
    if standing.state in {SessionState.HELD, SessionState.UNDER_WAY}:
        raise NotPossible
    was_known = standing.state != SessionState.DRAFT
    now = timezone.now()
    move_on(standing, SessionState.CANCELLED, cancelled_at=now, cancelled_by=by, cancelled_for=reason)
    if was_known:
        tell_attending(standing, "schedule/cancelled", "cancelled", reason=reason)
    return standing


@transaction.atomic
def open_session(*, session, by) -> ReadingSession:
    """The group has met. The same again is nothing new."""
    standing = held(session)
    if standing.state == SessionState.UNDER_WAY:
        return standing
    if standing.state != SessionState.SCHEDULED:
        raise NotPossible
    move_on(standing, SessionState.UNDER_WAY, opened_at=timezone.now())
    return standing


@transaction.atomic
def close_session(*, session, by) -> ReadingSession:
    """The meeting is over."""
    standing = held(session)
    if standing.state == SessionState.HELD:
        return standing
    if standing.state != SessionState.UNDER_WAY:
        raise NotPossible
    move_on(standing, SessionState.HELD, closed_at=timezone.now())
    return standing


def move_on(session, state, **fields) -> None:
    """Into another state: a calendar is to know."""
    session.state = state
    session.version += 1
    session.sequence += 1
    session.changed_at = timezone.now()
    for name, value in fields.items():
        setattr(session, name, value)
    session.save()
    keep_veil(session)


def tell_attending(session, kind, what, **facts) -> None:
    """Tell those who go, wait or may come."""
    people = session.attendances.exclude(answer=Answer.NOT_GOING).values_list("user", flat=True)
    tell_of(session, kind, what, people, **facts)


def tell_members(session, kind, *, by) -> None:
    """Tell everybody else who belongs."""
    members = session.reading.group.memberships.active().exclude(user=by)
    tell_of(session, kind, kind.partition("/")[2], members.values_list("user", flat=True))


def tell_of(session, kind, what, people, **facts) -> None:
    group = session.reading.group
    tell(
        recipients=people,
        kind=kind,
        category=Category.SESSION,
        event=f"session-{session.public_id}-{what}",
        group=group.pk,
        address=reverse("schedule:session", args=[group.slug, session.public_id]),
        thread=f"session-{session.public_id}",
        facts={"group": group.name, "title": session.title, "starts_at": iso(session.starts_at), **facts},
    )


def iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
