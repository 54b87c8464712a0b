"""What clocks on the wall show, and the instants that they mean: twelve places, on the nights that go wrong."""

from datetime import UTC, datetime, time, timedelta

import pytest

from readinggroup.lib.wall_time import (
    NoSuchTime,
    TwiceThatTime,
    day_begins,
    instant_of,
    instants_of,
    standing_wall,
    wall_of,
)
from readinggroup.schedule.actions.scheduling import set_instants
from readinggroup.schedule.actions.series import place_in_time
from readinggroup.schedule.models import ReadingSession, Series
from readinggroup.schedule.recurrence import Every, rule_of, walls_of

from .time_cases import A_MINUTE, PLACES, in_utc

NAMES = {"ids": lambda value: getattr(value, "zone", None)}


def by_place(*more, places=PLACES):
    """Each place, with each of these."""
    cases = [(place, *one) for place in places for one in more]
    return [pytest.param(*case, id="-".join([case[0].zone, *map(str, case[1:])])) for case in cases]


# --- The gap: a time that is not there ----------------------------------------------------------------------------

IN_THE_GAP = [("first",), ("middle",), ("last",)]


def in_between(change, where):
    last = change.end - A_MINUTE
    return {"first": change.first, "middle": change.first + change.jumps / 2, "last": last}[where]


@pytest.mark.parametrize(("place", "where"), by_place(*IN_THE_GAP))
def test_a_time_that_the_clocks_jump_over_is_refused_with_a_suggestion(place, where):
    wall = in_between(place.gap, where)
    assert instants_of(wall, place.info) == []
    with pytest.raises(NoSuchTime) as refusal:
        instant_of(wall, place.info)
    assert refusal.value.suggestion == wall + place.gap.jumps
    assert instant_of(refusal.value.suggestion, place.info) == in_utc(wall, place.gap.before)


@pytest.mark.parametrize(("place", "where"), by_place(("before",), ("after",)))
def test_beside_the_gap_each_time_is_there_once(place, where):
    wall, offset = {
        "before": (place.gap.first - A_MINUTE, place.gap.before),
        "after": (place.gap.end, place.gap.after),
    }[where]
    assert instants_of(wall, place.info) == [in_utc(wall, offset)]
    assert instant_of(wall, place.info, second=True) == in_utc(wall, offset)
    assert wall_of(in_utc(wall, offset), place.info) == wall


# --- The fold: a time that is there twice -------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "where"), by_place(*IN_THE_GAP))
def test_a_time_that_is_there_twice_is_asked(place, where):
    wall = in_between(place.fold, where)
    both = [in_utc(wall, place.fold.before), in_utc(wall, place.fold.after)]
    with pytest.raises(TwiceThatTime) as asked:
        instant_of(wall, place.info)
    assert [asked.value.first, asked.value.second] == both
    assert [instant_of(wall, place.info, second=second) for second in (False, True)] == both
    assert {wall_of(instant, place.info) for instant in both} == {wall}


@pytest.mark.parametrize(("place", "where"), by_place(("before",), ("after",)))
def test_beside_the_fold_each_time_is_there_once(place, where):
    wall, offset = {
        "before": (place.fold.first - A_MINUTE, place.fold.before),
        "after": (place.fold.end, place.fold.after),
    }[where]
    assert instants_of(wall, place.info) == [in_utc(wall, offset)]


# --- The year's end, and changes of the rules -----------------------------------------------------------------------


@pytest.mark.parametrize(("place", "minutes"), by_place((-1,), (0,), (1,)))
def test_the_years_end(place, minutes):
    wall = datetime(place.year + 1, 1, 1) + minutes * A_MINUTE  # noqa: DTZ001 - a wall time
    assert instant_of(wall, place.info) == in_utc(wall, place.at_years_end)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.zone)
def test_ninety_minutes_over_the_years_end(place):
    session = a_session(place.zone, datetime(place.year, 12, 31, 23, 30))  # noqa: DTZ001 - as above
    assert session.ends_at - session.starts_at == timedelta(minutes=90)
    assert wall_of(session.ends_at, place.info) == datetime(place.year + 1, 1, 1, 1)  # noqa: DTZ001 - as above


@pytest.mark.parametrize(("place", "number"), by_place((0,), (1,), (2,)))
def test_a_change_of_the_rules(place, number):
    wall, offset = place.rules[number]
    assert instant_of(wall, place.info) == in_utc(wall, offset)


def test_apia_has_no_30th_of_december_2011():
    apia = next(place for place in PLACES if place.zone == "Pacific/Apia")
    wall = datetime(2011, 12, 30, 19)  # noqa: DTZ001 - as above
    with pytest.raises(NoSuchTime) as refusal:
        instant_of(wall, apia.info)
    assert refusal.value.suggestion == datetime(2011, 12, 31, 19)  # noqa: DTZ001 - as above
    with pytest.raises(NoSuchTime):
        a_session(apia.zone, datetime(2011, 12, 30), all_day=True)  # noqa: DTZ001 - as above
    before = a_session(apia.zone, datetime(2011, 12, 29), all_day=True)  # noqa: DTZ001 - as above
    assert before.ends_at - before.starts_at == timedelta(days=1)


# --- Who reads it elsewhere ---------------------------------------------------------------------------------------

PAIRS = [(one, other) for one in PLACES for other in PLACES if one != other]


@pytest.mark.parametrize(("organizer", "reader"), PAIRS, ids=[f"{one.zone}-for-{other.zone}" for one, other in PAIRS])
def test_a_reader_elsewhere_reads_their_own_clock(organizer, reader):
    for day, season in (("2024-12-31", "winter"), ("2024-06-15", "summer")):
        session = a_session(organizer.zone, datetime.fromisoformat(f"{day}T19:00"))
        expected = session.wall - getattr(organizer, season) + getattr(reader, season)
        assert wall_of(session.starts_at, reader.info) == expected
        assert session.starts_at == in_utc(session.wall, getattr(organizer, season))


# --- A whole day --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "night"), by_place(("gap",), ("fold",)))
def test_a_whole_day_begins_and_ends_with_it(place, night):
    """On the day of the change, and where that is at midnight on the day after it, too."""
    changes = getattr(place, night)
    for day in {changes.first.date(), changes.end.date()}:
        session = a_session(place.zone, datetime.combine(day, time()), all_day=True)
        begins, ends = wall_of(session.starts_at, place.info), wall_of(session.ends_at, place.info)
        assert begins.date() == day
        assert wall_of(session.starts_at - A_MINUTE, place.info).date() < day or night == "fold"
        assert wall_of(session.ends_at - A_MINUTE, place.info).date() == day or night == "fold"
        assert ends.date() == day + timedelta(days=1)
        expected = timedelta(days=1)
        if begins.date() <= changes.first.date() < ends.date() and changes.end.date() == day:
            expected += changes.jumps * (1 if night == "fold" else -1)
            assert session.ends_at - session.starts_at == expected


@pytest.mark.parametrize("place", [place for place in PLACES if place.gap.first.time() == time()], ids=lambda p: p.zone)
def test_a_day_without_midnight_begins_when_the_clocks_have_jumped(place):
    assert day_begins(place.gap.first, place.info) == place.gap.at


def test_where_the_clocks_jump_from_before_midnight_the_day_begins_with_the_jump():
    """Pyongyang went from 23:30 to midnight: the fifth of May began with that."""
    pyongyang = next(place for place in PLACES if place.zone == "Asia/Pyongyang")
    assert day_begins(datetime(2018, 5, 5), pyongyang.info) == datetime(2018, 5, 4, 15, tzinfo=UTC)  # noqa: DTZ001


# --- Recurring over each ------------------------------------------------------------------------------------------


def a_session(zone, wall, *, all_day=False, second=False, length=timedelta(minutes=90)):
    hour = None if all_day else wall.time()
    session = ReadingSession(zone=zone, date=wall.date(), time=hour, all_day=all_day, second=second, length=length)
    set_instants(session)
    return session


def recurring(place, first, *, every, count, second=()):
    """The sessions of a rule from this wall time on, as they would be made."""
    series = Series(
        zone=place.zone,
        first_date=first.date(),
        first_time=first.time(),
        rule=rule_of(every=every, interval=1, first=first.date(), count=count),
    )
    for wall in walls_of(series.rule, series.first, most=count):
        session = ReadingSession(zone=place.zone, **place_in_time(series, wall, second=wall in second))
        set_instants(session)
        yield wall, session


STEPS = {Every.DAY: timedelta(days=1), Every.WEEK: timedelta(weeks=1)}
TIMES = [(when, every) for when in ("gap", "fold", "year", "rules") for every in STEPS]


@pytest.mark.parametrize(("place", "when", "every"), by_place(*TIMES))
def test_recurring_over_each_keeps_the_wall_time(place, when, every):
    """Five of them, the third on the day: each at the same wall time, whatever the offset is."""
    third = {
        "gap": datetime.combine(place.gap.end.date(), time(19)),
        "fold": datetime.combine(place.fold.end.date(), time(19)),
        "year": datetime(place.year + 1, 1, 1, 19),  # noqa: DTZ001 - a wall time
        "rules": place.rules[1][0],
    }[when]
    made = list(recurring(place, third - 2 * STEPS[every], every=every, count=5))
    missing_day = {wall for wall, _session in made if not instants_of(wall, place.info)}
    assert len(made) == 5
    assert [wall for wall, _session in made] == [third + step * STEPS[every] for step in range(-2, 3)]
    for wall, session in made:
        if wall not in missing_day:
            assert session.wall == wall_of(session.starts_at, place.info) == wall
    # Apia's left-out day alone, and the hour that a rule of one in the morning meets in Cairo's or Lord Howe's night:
    assert all(place.zone == "Pacific/Apia" for _wall in missing_day)
    changes = {"gap": place.gap, "fold": place.fold}.get(when)
    if changes is not None:
        offsets = [in_utc(wall, timedelta()) - session.starts_at for wall, session in made]
        assert offsets == [changes.before] * 2 + [changes.after] * 3


@pytest.mark.parametrize(("place", "every"), by_place(*[(every,) for every in STEPS]))
def test_recurring_into_the_gap_is_taken_as_rfc_5545_says(place, every):
    """With the offset of before; the others keep their wall time."""
    wall = place.gap.first
    for turn, session in recurring(place, wall - 2 * STEPS[every], every=every, count=4):
        expected = wall + place.gap.jumps if turn == wall else turn
        assert session.wall == expected == wall_of(session.starts_at, place.info)
        assert session.starts_at == in_utc(turn, place.gap.before if turn <= wall else place.gap.after)
        assert standing_wall(turn, place.info) == expected


@pytest.mark.parametrize(("place", "second"), by_place((False,), (True,)))
def test_recurring_into_the_fold_is_the_one_that_was_chosen(place, second):
    wall = place.fold.first.replace(second=0) + (A_MINUTE if place.fold.first.second else timedelta())
    chosen = {wall} if second else ()
    for turn, session in recurring(place, wall - timedelta(weeks=1), every=Every.WEEK, count=3, second=chosen):
        after = turn > wall or (turn == wall and second)
        assert session.starts_at == in_utc(turn, place.fold.after if after else place.fold.before)
        assert session.wall == turn


def test_there_are_as_many_cases_as_were_asked_for():
    beside = 2 * (len(IN_THE_GAP) + 2) + 3 + 1 + 3 + 2 + len(TIMES) + len(STEPS) + 2
    assert len(PLACES) * beside + 2 * len(PAIRS) >= 600


def test_the_table_is_what_the_tz_database_says():
    """A table with a slip of the pen would prove nothing: its changes are changes."""
    for place in PLACES:
        for changes in (place.gap, place.fold):
            offsets = [
                (changes.at + step).astimezone(place.info).utcoffset() for step in (-timedelta(seconds=1), timedelta())
            ]
            assert offsets == [changes.before, changes.after], place.zone
        assert place.gap.before < place.gap.after
        assert place.fold.before > place.fold.after
