"""A series is changed, from one of its sessions on or all that is to come.

Its sessions stay the rows that they are, with their answers: each gets the turn in the new rule that it had in the old.
"""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from ..models import ReadingSession, Series
from ..recurrence import continued, ended_before, same_rhythm, wall_from
from .refusals import NoneLeft
from .scheduling import change
from .series import (
    IN_COMMON,
    ahead_of,
    call_off,
    check_number,
    coming_from,
    held_series,
    iso,
    make_ahead,
    place_in_time,
    set_when,
)
from .telling_of_series import tell_of_series, who_was_invited

# Who was invited is told if one of these changes, or the time.
TOLD_OF = {"length", "where", "link"}


@dataclass
class Outcome:
    """What became of a series: sessions by what was done to them."""

    series: Series
    made: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    moved: list = field(default_factory=list)  # those of the changed that begin at another time
    called_off: list = field(default_factory=list)
    kept: list = field(default_factory=list)  # moved on their own before, so left where they are


@transaction.atomic
def change_series(*, series, version, by, since=None, when=None, **details) -> Outcome:
    """Change what is still to come of a series: from one of its sessions on, or all of it.

    What already was stays in the series as it was; the rest goes on as one of its own (the Outcome's). `when` moves
    the sessions: if they come as often as before, each to its turn in the new rule; else those whose date stays are
    kept, the others are called off, and what is missing is made. Whoever was invited to one that is moved or called
    off is told, once. StaleSeries, NotPossible, NoneLeft, TooMany.
    """
    standing = held_series(series, by=by, version=version)
    rows = list(coming_from(standing, since))
    if not rows:
        raise NoneLeft
    outcome = Outcome(from_here_on(standing, rows[0], by=by))
    target, before = outcome.series, {name: getattr(standing, name) for name in IN_COMMON}
    news = {name: value for name, value in details.items() if before[name] != value}
    for name, value in news.items():
        setattr(target, name, value)
    moves = move(target, when, rows, outcome, by=by) if when else {}
    target.version += 1
    target.save()
    for row in rows:
        if row not in outcome.called_off:
            own = {name: value for name, value in news.items() if getattr(row, name) == before[name]}
            change_one(row, own | moves.get(row.pk, {}), outcome, by=by)
    if when:
        outcome.made = make_ahead(target, by=by, second=when.second)
    if when or news.keys() & TOLD_OF:
        tell_of_change(outcome, by=by)
    return outcome


def change_one(row, news, outcome, *, by) -> None:
    """One session as the others; those who were invited are told of all at once."""
    differs = {name: value for name, value in news.items() if getattr(row, name) != value}
    if not differs:
        return
    if "second" in news:
        differs["second"] = news["second"]  # which of two equal hours: it is not asked again
    changed = change(session=row, version=row.version, by=by, telling=False, **differs)
    outcome.changed.append(changed)
    if changed.starts_at != row.starts_at:
        outcome.moved.append(changed)


def tell_of_change(outcome, *, by) -> None:
    """Whoever was invited to one that was changed or called off; if there are new ones, all members."""
    touched = [*outcome.changed, *outcome.called_off]
    new = [session for session in outcome.made if session.is_on_the_calendar]
    people = who_was_invited(outcome.series.reading.group, touched)
    if new or people:
        sessions = outcome.changed or new or outcome.called_off
        about = [*new, *touched]
        tell_of_series(outcome.series, "changed", sessions=sessions, about=about, by=by, people=None if new else people)


def from_here_on(series, row, *, by) -> Series:
    """The series that begins with this session: the same, if nothing comes before it; else a new one with the rest."""
    wall = wall_from(row.recurrence)
    rule, left_out = continued(series.rule, series.first, wall), series.left_out
    if not series.sessions.filter(recurrence__lt=row.recurrence).exists():
        series.rule, series.first_date = rule, wall.date()
        series.left_out = [one for one in left_out if one > row.recurrence]
        return series
    common = {name: getattr(series, name) for name in (*IN_COMMON, "zone", "first_time", "on_calendar", "made_until")}
    rest = Series.objects.create(
        reading=series.reading,
        created_by=by,
        rule=rule,
        first_date=wall.date(),
        left_out=[one for one in left_out if one > row.recurrence],
        version=series.version + 1,
        **common,
    )
    series.sessions.filter(recurrence__gte=row.recurrence).update(series=rest)
    series.rule = ended_before(series.rule, wall)
    series.left_out = [one for one in left_out if one < row.recurrence]
    series.version += 1
    series.save()
    return rest


def move(series, when, rows, outcome, *, by) -> dict:
    """Give the sessions their turns in another rule: by their keys what changes of date and time.

    What was left out before, or discarded, has its turn too, and is not made; unless `when` says what is left out.
    """
    old = [wall for wall in ahead_of(series.rule, series.first, series.zone_info) if iso(wall) <= series.made_until]
    sessions = {session.recurrence: session for session in series.sessions.all()}
    follow = {row.pk for row in rows if follows(series, row)}
    in_order = same_rhythm(series.rule, when.rule)
    set_when(series, when)
    new = ahead_of(series.rule, series.first, series.zone_info)
    turns = turns_of(old, new, in_order=in_order)
    if when.left_out is None:
        series.left_out = sorted(iso(turns[wall]) for wall in old if wall in turns and iso(wall) not in sessions)
    check_number([wall for wall in new if iso(wall) not in series.left_out])
    series.made_until = ""
    moves, coming = {}, {row.pk for row in rows}
    for recurrence, turn in rekey(series, sessions, turns).items():
        session = sessions[recurrence]
        if session.pk not in coming:
            continue
        if turn is None or iso(turn) in series.left_out:
            part_with(session, outcome, by=by)
        elif session.pk in follow:
            moves[session.pk] = place_in_time(series, turn, second=iso(turn) in when.second) | {"zone": series.zone}
        else:
            outcome.kept.append(session)
    return moves


def follows(series, session) -> bool:
    """Whether a session is when its series says: nobody has moved it on its own."""
    said = place_in_time(series, wall_from(session.recurrence), second=session.second)
    return session.zone == series.zone and all(getattr(session, name) == value for name, value in said.items())


def turns_of(old, new, *, in_order) -> dict:
    """For each wall time of the old rule the one that takes its place in the new, if any."""
    if in_order:
        return dict(zip(old, new, strict=False))
    by_date = {wall.date(): wall for wall in new}
    return {wall: by_date[wall.date()] for wall in old if wall.date() in by_date}


def rekey(series, sessions, turns) -> dict:
    """Note of each session which wall time of the new rule it is; one that is none leaves the series."""
    rows, turned = series.sessions.all(), {recurrence: turns.get(wall_from(recurrence)) for recurrence in sessions}
    # In two steps: a wall time may still be another session's.
    for step in (lambda session, _turn: f"~{session.pk}", lambda _session, turn: iso(turn)):
        for recurrence, turn in turned.items():
            session = sessions[recurrence]
            if turn is not None:
                rows.filter(pk=session.pk).update(recurrence=step(session, turn))
    gone = [sessions[recurrence].pk for recurrence, turn in turned.items() if turn is None]
    rows.filter(pk__in=gone).update(series=None, recurrence="")
    return turned


def part_with(session, outcome, *, by) -> None:
    """A session for which there is no turn any more."""
    ReadingSession.objects.filter(pk=session.pk).update(series=None, recurrence="")
    call_off(session, reason=_("The sessions of this series are at other times now."), by=by)
    outcome.called_off.append(session)
