"""A session's life: planned, put on the calendar, changed, opened, closed, cancelled."""

from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may_still
from readinggroup.lib.wall_time import NoSuchTime, day_begins, instant_of, instants_of, wall_of
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import DATED, Answer, Passage, PollReply, ReadingSession, SessionState
from .attending import promote_waiting
from .refusals import NotPossible, StaleSession
from .telling import facts_of
from .veiling import keep_veil

# What of a session a calendar knows: who changes it raises the sequence.
CALENDAR_KNOWS = {"title", "words", "date", "time", "second", "all_day", "length", "zone", "where", "link"}
# What of it decides when it is.
DECIDES_WHEN = {"date", "time", "all_day", "zone"}
A_DAY = timedelta(days=1)


@transaction.atomic
def create(*, reading, by, passages=(), public_id=None, second=None, **details) -> ReadingSession:
    """A session as a draft. `passages` are pairs of paragraphs, or of their keys; `details` are fields of the model.

    Whoever sends the same `public_id` again gets the session of the first time. NoSuchTime, TwiceThatTime if the wall
    time does not exist in that zone, or exists twice and `second` does not say which is meant; NotPossible if they may
    not.
    """
    if not may_still(by, Can.SCHEDULE, group=reading.group_id):
        raise NotPossible
    if public_id:
        # Their membership is held, so of two that come at once the second finds the first.
        made = ReadingSession.objects.filter(public_id=public_id, reading__group=reading.group_id, created_by=by)
        if session := made.first():
            return session
        details["public_id"] = public_id
    session = ReadingSession(reading=reading, created_by=by, **details)
    session.uid = f"{session.public_id}@{urlsplit(settings.SITE_URL).hostname}"
    say_which(session, second)
    set_instants(session)
    session.save()
    set_passages(session, passages)
    return session


def say_which(session, second) -> None:
    """Note which of two equal wall times is meant, where there are two. TwiceThatTime if nobody has said it."""
    session.second = False
    if session.date is None or session.time is None or session.all_day:
        return
    zone = ZoneInfo(session.zone)
    if second is None:
        instant_of(session.wall, zone)
    session.second = bool(second) and len(instants_of(session.wall, zone)) == 2


def set_instants(session) -> None:
    """Take the instants from the wall time and the zone."""
    zone = ZoneInfo(session.zone)
    if session.all_day:
        session.time, session.second = None, False
    if session.date is None or (session.time is None and not session.all_day):
        session.starts_at = session.ends_at = None
    elif session.all_day:
        days = max(1, -(-session.length // A_DAY))
        session.starts_at = day_begins(session.wall, zone)
        session.ends_at = day_begins(session.wall + days * A_DAY, zone)
        if wall_of(session.starts_at, zone).date() != session.date:
            raise NoSuchTime(wall_of(session.starts_at, zone))
    else:
        session.starts_at = instant_of(session.wall, zone, second=session.second)
        session.ends_at = session.starts_at + session.length


def set_passages(session, passages) -> None:
    """These ranges, in order, instead of those before."""
    session.passages.all().delete()
    Passage.objects.bulk_create(
        Passage(
            session=session, position=position, first_id=getattr(first, "pk", first), last_id=getattr(last, "pk", last)
        )
        for position, (first, last) in enumerate(passages)
    )


def held(session) -> ReadingSession:
    """The session as it stands, held until this transaction ends."""
    return ReadingSession.objects.hold(session.pk)


def held_to_schedule(session, by) -> ReadingSession:
    """The same, by who may schedule: their membership is held first. NotPossible if they may not (any more)."""
    if not may_still(by, Can.SCHEDULE, group=session.reading.group_id):
        raise NotPossible
    return held(session)


def held_to_run(session, by) -> ReadingSession:
    """The same, by who runs it: its facilitator, or an organizer."""
    membership = Membership.objects.hold(group=session.reading.group_id, user=by)
    standing = held(session)
    if membership is None or not standing.is_run_by(membership):
        raise NotPossible
    return standing


@transaction.atomic
def change(*, session, version, by, passages=None, second=None, telling=True, **details) -> ReadingSession:
    """Change what the session is. StaleSession if `version` is not the one that stands; else as in `create`.

    Who goes, or may go, is told when the time or the place changed, unless that is told otherwise (not `telling`); more
    places let in who waits.
    """
    standing = held_to_schedule(session, by)
    if standing.version != version:
        raise StaleSession(standing)
    if not standing.can_change:
        raise NotPossible
    changed = {name for name, value in details.items() if getattr(standing, name) != value}
    before = standing.starts_at, standing.ends_at, standing.where, standing.link
    for name in changed:
        setattr(standing, name, details[name])
    if changed & DECIDES_WHEN or second is not None:
        say_which(standing, second)
    set_instants(standing)
    if standing.state in DATED and standing.starts_at is None:
        raise NotPossible
    after = standing.starts_at, standing.ends_at, standing.where, standing.link
    standing.version += 1
    standing.sequence += bool(changed & CALENDAR_KNOWS) or before != after
    standing.changed_at = timezone.now()
    standing.save()
    if passages is not None:
        set_passages(standing, passages)
    keep_veil(standing)
    if "places" in changed:
        promote_waiting(standing)
    if telling and standing.state in DATED and before != after:
        tell_attending(standing, "schedule/changed", f"changed-{standing.version}")
    return standing


@transaction.atomic
def discard(*, session, by) -> bool:
    """Throw a draft away, of which nobody was told. False if it is one no more."""
    standing = held_to_schedule(session, by)
    if standing.state != SessionState.DRAFT:
        return False
    standing.delete()
    return True


@transaction.atomic
def put_on_calendar(*, session, by, telling=True) -> ReadingSession:
    """The session takes place, and the group is told. The same again is nothing new."""
    standing = held_to_schedule(session, by)
    if standing.state == SessionState.SCHEDULED:
        return standing
    if standing.state not in {SessionState.DRAFT, SessionState.POLL} or standing.starts_at is None:
        raise NotPossible
    move_on(standing, SessionState.SCHEDULED, announced_at=timezone.now())
    if telling:
        tell_members(standing, "schedule/scheduled", by=by)
    return standing


@transaction.atomic
def cancel(*, session, reason, by, telling=True) -> ReadingSession:
    """The session does not take place, and whoever meant to come is told why."""
    standing = held_to_schedule(session, by)
    if standing.state == SessionState.CANCELLED:
        return standing
    if not standing.can_cancel:
        raise NotPossible
    was = standing.state
    now = timezone.now()
    move_on(standing, SessionState.CANCELLED, cancelled_at=now, cancelled_by=by, cancelled_for=reason)
    if not telling or was == SessionState.DRAFT:
        return standing
    if was == SessionState.POLL:
        tell_of(standing, "schedule/cancelled", "cancelled", who_replied(standing), reason=reason)
    else:
        tell_attending(standing, "schedule/cancelled", "cancelled", reason=reason)
    return standing


@transaction.atomic
def open_session(*, session, by) -> ReadingSession:
    """The group has met. The same again is nothing new."""
    standing = held_to_run(session, by)
    if standing.state == SessionState.UNDER_WAY:
        return standing
    if standing.state != SessionState.SCHEDULED:
        raise NotPossible
    move_on(standing, SessionState.UNDER_WAY, opened_at=timezone.now())
    return standing


@transaction.atomic
def close_session(*, session, by) -> ReadingSession:
    """The meeting is over."""
    standing = held_to_run(session, by)
    if standing.state == SessionState.HELD:
        return standing
    if standing.state != SessionState.UNDER_WAY:
        raise NotPossible
    move_on(standing, SessionState.HELD, closed_at=timezone.now())
    return standing


@transaction.atomic
def lead_no_more(*, user) -> None:
    """Somebody who is here no more leads no session that is to come, and writes no minutes of one."""
    ahead = ReadingSession.objects.exclude(state__in=[SessionState.HELD, SessionState.CANCELLED])
    for role in ("facilitator", "minute_taker"):
        ahead.filter(**{role: user}).update(**{role: None}, version=F("version") + 1)


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
    """Tell those who go, wait, may come, or have not said: all who were invited and did not decline."""
    declined = session.attendances.filter(answer=Answer.NOT_GOING).values("user")
    members = session.reading.group.memberships.active().exclude(user__in=declined)
    tell_of(session, kind, what, members.values_list("user", flat=True), **facts)


def who_replied(session):
    """Those who have said when they can."""
    return PollReply.objects.filter(poll__session=session).by_members().values_list("user", flat=True)


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
        facts={**facts_of(session), **facts},
    )
