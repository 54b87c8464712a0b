"""Sessions that recur: made ahead, put on the calendar together, changed from one of them on, called off.

Whoever changes a series holds their membership, then the series, then one session after the other. A session that was
cancelled or changed on its own stays an exception, and no wall time of the rule is ever made twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from readinggroup.groups.permissions import Can, may, may_still
from readinggroup.lib.wall_time import standing_wall, wall_of

from ..models import ReadingSession, Series, SessionState
from ..recurrence import ended_before, is_endless, wall_from, walls_of
from .refusals import NoneLeft, NotPossible, StaleSeries, TooMany
from .scheduling import cancel, create, put_on_calendar
from .telling_of_series import tell_of_series, who_was_invited

# Of a series without an end, sessions are made for so long ahead.
AHEAD = timedelta(weeks=26)
CHANGEABLE = {SessionState.DRAFT, SessionState.SCHEDULED}
# What a series and its sessions have in common, by the same names.
IN_COMMON = ("title", "words", "length", "where", "link", "places", "read_first")


@dataclass(frozen=True)
class When:
    """A rule with what it begins with. Wall times in ISO 8601 are `left_out`, or (of two equal ones) the `second`."""

    rule: str
    first: datetime  # a wall time
    zone: str
    all_day: bool = False
    left_out: frozenset | None = None
    second: frozenset = frozenset()


def iso(wall) -> str:
    """How a wall time is kept."""
    return wall.isoformat(timespec="minutes")


def ahead_of(rule, first, zone) -> list:
    """The wall times that are to have a session by now: all of them, or of a rule without an end the next half year's.

    TooMany, or NoneLeft if there is none.
    """
    until = max(wall_of(timezone.now(), zone), first) + AHEAD if is_endless(rule) else None
    # Of one that has gone on for years all are counted, but it ends somewhere.
    walls = walls_of(rule, first, most=5_000, until=until)
    if not walls:
        raise NoneLeft
    return walls


def check_number(walls) -> None:
    if len(walls) > Series.MOST:
        raise TooMany(Series.MOST)
    if not walls:
        raise NoneLeft


@transaction.atomic
def make_series(*, reading, by, key, when, **details) -> Series:
    """Sessions by a rule, as drafts. The same key again is the same series.

    NotPossible if they may not (any more); TooMany, NoneLeft by the number of wall times that are not left out.
    """
    if not may_still(by, Can.SCHEDULE, group=reading.group_id):
        raise NotPossible
    made = Series.objects.filter(created_by=by, key=key).first()
    if made is not None:
        return made
    series = Series(reading=reading, created_by=by, key=key, **details)
    set_when(series, when)
    walls = ahead_of(series.rule, series.first, series.zone_info)
    check_number([wall for wall in walls if iso(wall) not in series.left_out])
    series.save()
    make_ahead(series, by=by, second=when.second)
    return series


def set_when(series, when) -> None:
    series.rule, series.zone = when.rule, when.zone
    series.first_date, series.first_time = when.first.date(), None if when.all_day else when.first.time()
    series.left_out = sorted(when.left_out or ())


def make_ahead(series, *, by, second=()) -> list:
    """Make the sessions that are to be there by now and were never made; the series is held, or new."""
    made = []
    taken = {*series.left_out, *series.sessions.values_list("recurrence", flat=True)}
    walls = ahead_of(series.rule, series.first, series.zone_info)
    for wall in walls:
        recurrence = iso(wall)
        if recurrence <= series.made_until or recurrence in taken:
            continue
        made.append(make_one(series, wall, by=by, second=recurrence in second))
    series.made_until = max(series.made_until, iso(walls[-1]))
    series.save(update_fields=["made_until"])
    return made


def make_one(series, wall, *, by, second) -> ReadingSession:
    """The session of one wall time of the rule, as a draft, or on the calendar as the others are."""
    session = create(
        reading=series.reading,
        by=by,
        series=series,
        recurrence=iso(wall),
        zone=series.zone,
        **place_in_time(series, wall, second=second),
        **{name: getattr(series, name) for name in IN_COMMON},
    )
    return put_on_calendar(session=session, by=by, telling=False) if series.on_calendar else session


def place_in_time(series, wall, *, second=False) -> dict:
    """Date and time of a wall time of the rule. One that the clocks jump over is taken as RFC 5545 (3.3.5) says."""
    stands = standing_wall(wall, series.zone_info)
    hour = None if series.all_day else stands.time()
    day = wall.date() if series.all_day and stands.date() == wall.date() else stands.date()
    return {"date": day, "time": hour, "all_day": series.all_day, "second": second}


def held_series(series, *, by, version=None) -> Series:
    """The series as it stands, held until this transaction ends, by who may schedule. NotPossible; StaleSeries."""
    if not may_still(by, Can.SCHEDULE, group=series.reading.group_id):
        raise NotPossible
    standing = Series.objects.select_for_update(of=("self",), no_key=True).get(pk=series.pk)
    if version is not None and standing.version != version:
        raise StaleSeries(standing)
    return standing


def coming_from(series, since=None):
    """The sessions of the series that can still be changed, from this one on, in the order of the rule."""
    rows = series.sessions.filter(state__in=CHANGEABLE, starts_at__gt=timezone.now())
    if since is not None:
        rows = rows.filter(recurrence__gte=since.recurrence)
    return rows.order_by("recurrence")


@transaction.atomic
def put_series_on_calendar(*, series, by) -> Series:
    """Its sessions take place, those that are made later too, and the group is told once. Again is nothing new."""
    standing = held_series(series, by=by)
    drafts = [session for session in coming_from(standing) if session.state == SessionState.DRAFT]
    if standing.on_calendar and not drafts:
        return standing
    if not drafts:
        raise NoneLeft
    for session in drafts:
        put_on_calendar(session=session, by=by, telling=False)
    standing.on_calendar = True
    standing.version += 1
    standing.save()
    tell_of_series(standing, "scheduled", sessions=drafts, by=by)
    return standing


@transaction.atomic
def cancel_series(*, series, version, by, reason, since=None) -> list:
    """Call off what is still to come of a series, from one of its sessions on; it ends before that. Drafts go.

    Whoever was invited to one of them is told why, once. StaleSeries, NotPossible, NoneLeft.
    """
    standing = held_series(series, by=by, version=version)
    rows = list(coming_from(standing, since))
    if not rows:
        raise NoneLeft
    standing.rule = ended_before(standing.rule, wall_from(rows[0].recurrence))
    standing.version += 1
    standing.save()
    cancelled = [session for session in rows if call_off(session, reason=reason, by=by)]
    if cancelled:
        people = who_was_invited(standing.reading.group, cancelled)
        tell_of_series(standing, "cancelled", sessions=cancelled, by=by, people=people, reason=reason)
    return cancelled


def call_off(session, *, reason, by) -> bool:
    """Cancel a session, to be told with others; a draft, which nobody knows, is deleted, and the answer False."""
    if session.state == SessionState.DRAFT:
        ReadingSession.objects.filter(pk=session.pk).delete()
        return False
    cancel(session=session, reason=reason, by=by, telling=False)
    return True


def keep_ahead() -> int:
    """Make what is to be there by now of all series without an end; the answer is how many sessions.

    In the name of who made the series, or, where they may no more, of somebody who may; in a closed group nothing.
    """
    endless = Series.objects.filter(on_calendar=True).exclude(rule__contains="COUNT=").exclude(rule__contains="UNTIL=")
    made = 0
    for series in endless.select_related("reading__group"):
        by = who_may_schedule(series)
        if by is not None:
            made += len(keep_one_ahead(series=series, by=by))
    return made


@transaction.atomic
def keep_one_ahead(*, series, by) -> list:
    try:
        standing = held_series(series, by=by)
        return make_ahead(standing, by=by) if standing.on_calendar and is_endless(standing.rule) else []
    except NotPossible:
        return []  # their role was taken at this moment: another night, another's name


def who_may_schedule(series):
    """Who made the series, or an organizer or owner of its group; None in a closed group."""
    members = series.reading.group.memberships.active().select_related("user", "group").order_by("pk")
    able = [member.user for member in members if may(member, Can.SCHEDULE)]
    return next((user for user in able if user.pk == series.created_by_id), able[0] if able else None)
