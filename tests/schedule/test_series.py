"""Sessions that recur: each wall time once, exceptions stay, a change reaches what it should and nothing else."""

import uuid
from datetime import date, datetime, time, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.actions.series import keep_one_ahead
from readinggroup.schedule.models import Answer, Attendance, ReadingSession, Series, SessionState
from readinggroup.schedule.recurrence import Every, choices_of, in_words, rule_of, walls_of

from ..discussion.test_races import at_once

BERLIN = "Europe/Berlin"
# Thursdays of a year that is to come, in winter, so that no change of clocks is in the way.
FIRST = next(date(year, 1, 1) + timedelta(days=(3 - date(year, 1, 1).weekday()) % 7)
             for year in [timezone.now().year + 1])  # fmt: skip
A_WEEK = timedelta(weeks=1)


def wall(weeks=0, hour=19):
    return datetime.combine(FIRST + weeks * A_WEEK, time(hour))


def when(*, count=4, interval=1, first=None, zone=BERLIN, every=Every.WEEK, until=None, weekdays=(), **more):
    first = first or wall()
    rule = rule_of(every=every, interval=interval, first=first.date(), count=count, until=until, weekdays=weekdays)
    return actions.When(rule, first, zone, **more)


def make(house, *, on_calendar=True, title="Thursdays", key=None, **asked):
    series = actions.make_series(
        reading=house.reading, by=house.organizer, key=key or uuid.uuid4(), when=when(**asked), title=title
    )
    return actions.put_series_on_calendar(series=series, by=house.organizer) if on_calendar else series


def sessions_of(series):
    return list(series.sessions.order_by("starts_at"))


def walls(series, **narrowed):
    return [session.wall for session in series.sessions.filter(**narrowed).order_by("starts_at")]


def change(series, house, **asked):
    series.refresh_from_db()
    return actions.change_series(series=series, version=series.version, by=house.organizer, **asked)


# --- The rules ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "rule", "dates"),
    [
        ({"every": Every.WEEK, "interval": 2, "count": 3}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;COUNT=3",
         ["2027-05-13", "2027-05-27", "2027-06-10"]),
        ({"every": Every.WEEK, "interval": 1, "weekdays": [0], "until": date(2027, 5, 24)},
         "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TH;UNTIL=20270524T235959",
         ["2027-05-13", "2027-05-17", "2027-05-20", "2027-05-24"]),
        ({"every": Every.WEEKDAY_OF_MONTH, "interval": 1, "count": 3}, "FREQ=MONTHLY;INTERVAL=1;BYDAY=2TH;COUNT=3",
         ["2027-05-13", "2027-06-10", "2027-07-08"]),
        ({"every": Every.LAST_WEEKDAY, "interval": 1, "count": 3, "first": date(2027, 5, 27)},
         "FREQ=MONTHLY;INTERVAL=1;BYDAY=-1TH;COUNT=3", ["2027-05-27", "2027-06-24", "2027-07-29"]),
        # Months without a 31st have none.
        ({"every": Every.DAY_OF_MONTH, "interval": 1, "count": 3, "first": date(2027, 5, 31)},
         "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=31;COUNT=3", ["2027-05-31", "2027-07-31", "2027-08-31"]),
        ({"every": Every.DAY, "interval": 3, "count": 3}, "FREQ=DAILY;INTERVAL=3;COUNT=3",
         ["2027-05-13", "2027-05-16", "2027-05-19"]),
    ],
)  # fmt: skip
def test_a_rule_gives_the_dates_that_it_says(asked, rule, dates):
    first = asked.pop("first", date(2027, 5, 13))
    made = rule_of(first=first, **asked)
    assert made == rule
    begins = datetime.combine(first, time(19))
    assert [f"{one:%Y-%m-%d}" for one in walls_of(made, begins, most=9)] == dates
    said = choices_of(made, begins)
    assert rule_of(first=first, **said) == rule
    assert in_words(made, begins)


def test_a_rule_is_said_in_words():
    begins = datetime(2027, 5, 13, 19)  # noqa: DTZ001 - a wall time
    assert in_words("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;COUNT=3", begins) == "every 2 weeks on Thursday, 3 times"
    assert in_words("FREQ=MONTHLY;INTERVAL=1;BYDAY=-1TH", begins) == "every month on the last Thursday"


# --- Made once ----------------------------------------------------------------------------------------------------


def test_the_sessions_are_drafts_until_they_are_put_on_the_calendar_and_told_of_once(house):
    series = make(house, on_calendar=False, count=6, left_out=frozenset({wall(2).isoformat(timespec="minutes")}))
    assert walls(series, state=SessionState.DRAFT) == [wall(week) for week in (0, 1, 3, 4, 5)]
    assert not Notice.objects.filter(recipient=house.member).exists()
    for _again in range(2):
        actions.put_series_on_calendar(series=series, by=house.organizer)
    assert walls(series, state=SessionState.SCHEDULED) == [wall(week) for week in (0, 1, 3, 4, 5)]
    told = Notice.objects.filter(recipient=house.member)
    assert [(notice.kind, notice.facts["sessions"]) for notice in told] == [("schedule/series_scheduled", 5)]
    assert not Notice.objects.filter(recipient=house.organizer).exists()
    assert len({session.uid for session in sessions_of(series)}) == 5


def test_the_same_form_twice_is_one_series(house):
    key = uuid.uuid4()
    assert make(house, key=key, on_calendar=False) == make(house, key=key, on_calendar=False)
    assert ReadingSession.objects.count() == 4


def test_no_wall_time_is_made_twice_whatever_became_of_its_session(house):
    series = make(house, count=None)
    cancelled, discarded, *_rest = made = sessions_of(series)
    actions.cancel(session=cancelled, reason="Ill.", by=house.organizer)
    ReadingSession.objects.filter(pk=discarded.pk).delete()
    assert keep_one_ahead(series=series, by=house.organizer) == []
    assert series.sessions.count() == len(made) - 1
    with pytest.raises(IntegrityError, match="session_of_series_once"), transaction.atomic():
        ReadingSession.objects.filter(pk=made[3].pk).update(recurrence=made[2].recurrence)


def test_one_without_an_end_is_made_half_a_year_ahead_and_no_further(house, monkeypatch):
    series = make(house, count=None)
    before = walls(series)
    assert before[-1] <= wall(26) < before[-1] + A_WEEK
    monkeypatch.setattr(
        "django.utils.timezone.now", lambda: datetime.combine(FIRST, time(20), ZoneInfo(BERLIN)) + A_WEEK * 3
    )
    assert actions.keep_ahead() == 3
    assert actions.keep_ahead() == 0
    assert walls(series) == [wall(week) for week in range(len(before) + 3)]
    assert {session.state for session in sessions_of(series)} == {SessionState.SCHEDULED}


def test_one_without_an_end_goes_on_when_who_made_it_may_no_more(house, monkeypatch):
    series = make(house, count=None)
    Membership.objects.filter(user=house.organizer).update(roles=[])
    later = datetime.combine(FIRST, time(20), ZoneInfo(BERLIN)) + A_WEEK
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert actions.keep_ahead() == 1
    assert series.sessions.latest("recurrence").created_by == house.owner
    house.group.archived_at = later
    house.group.save()
    monkeypatch.setattr("django.utils.timezone.now", lambda: later + A_WEEK)
    assert actions.keep_ahead() == 0


def test_more_than_can_be_made_at_once_are_refused(house):
    with pytest.raises(actions.TooMany):
        make(house, every=Every.DAY, count=61)
    with pytest.raises(actions.TooMany):
        make(house, every=Every.DAY, count=None)
    assert Series.objects.count() == 0


# --- This one, this and later ones, all ---------------------------------------------------------------------------


def test_this_one_alone_is_changed_and_stays_so(house):
    series = make(house)
    second = sessions_of(series)[1]
    actions.change(session=second, version=second.version, by=house.organizer, time=time(20), where="The tower")
    change(series, house, where="The mill", when=when(first=wall(hour=18)))
    assert walls(series) == [wall(0, 18), wall(1, 20), wall(2, 18), wall(3, 18)]
    assert [session.where for session in sessions_of(series)] == ["The mill", "The tower", "The mill", "The mill"]


def test_this_and_later_ones_go_on_as_a_series_of_their_own_with_their_answers(house):
    series = make(house)
    first, second, third, fourth = sessions_of(series)
    for session in (first, third):
        actions.answer(session=session, by=house.member, answer=Answer.GOING)
    outcome = change(series, house, since=third, when=when(count=2, first=wall(2, 20) - timedelta(days=1)))
    rest = outcome.series
    assert rest != series
    assert sessions_of(series) == [first, second]
    assert sessions_of(rest) == [third, fourth]
    assert walls(rest) == [wall(2, 20) - timedelta(days=1), wall(3, 20) - timedelta(days=1)]
    third.refresh_from_db()
    assert third.sequence > 1
    assert Attendance.objects.get(session=third).user == house.member
    assert sessions_of(series)[0].version == first.version
    told = Notice.objects.filter(kind="schedule/series_changed")
    everybody_else = {house.owner, house.moderator, house.member, house.other}
    assert {notice.recipient for notice in told} == everybody_else
    assert keep_one_ahead(series=series, by=house.organizer) == []


def test_all_is_all_that_is_to_come(house):
    series = make(house)
    first = sessions_of(series)[0]
    past = timezone.now() - A_WEEK
    ReadingSession.objects.filter(pk=first.pk).update(
        starts_at=past, ends_at=past + timedelta(hours=1), state=SessionState.HELD
    )
    outcome = change(series, house, title="Ferries")
    assert [session.title for session in sessions_of(outcome.series)] == ["Ferries"] * 3
    first.refresh_from_db()
    assert (first.title, first.series) == ("Thursdays", series)


def test_a_cancelled_one_stays_an_exception(house):
    series = make(house)
    second = sessions_of(series)[1]
    actions.cancel(session=second, reason="Ill.", by=house.organizer)
    change(series, house, when=when(first=wall(hour=20)))
    assert walls(series, state=SessionState.SCHEDULED) == [wall(0, 20), wall(2, 20), wall(3, 20)]
    second.refresh_from_db()
    assert (second.state, second.wall) == (SessionState.CANCELLED, wall(1))
    change(series, house, when=when(first=wall(hour=20), count=6))
    assert walls(series, state=SessionState.SCHEDULED) == [wall(week, 20) for week in (0, 2, 3, 4, 5)]


def test_what_was_left_out_stays_so_and_can_be_taken_in_again(house):
    series = make(house, left_out=frozenset({wall(1).isoformat(timespec="minutes")}))
    change(series, house, when=when(first=wall(hour=20)))
    assert walls(series) == [wall(0, 20), wall(2, 20), wall(3, 20)]
    outcome = change(series, house, when=when(first=wall(hour=20), left_out=frozenset()))
    assert [session.wall for session in outcome.made] == [wall(1, 20)]
    assert outcome.changed == []


def test_in_another_rhythm_those_stay_whose_date_stays(house):
    series = make(house, count=5)
    before = sessions_of(series)
    for session in before[:2]:
        actions.answer(session=session, by=house.member, answer=Answer.GOING)
    outcome = change(series, house, when=when(interval=2, count=4))
    assert walls(series) == [wall(0), wall(2), wall(4), wall(6)]
    assert sessions_of(series)[:3] == [before[0], before[2], before[4]]
    assert {session.pk for session in outcome.called_off} == {before[1].pk, before[3].pk}
    assert {ReadingSession.objects.get(pk=one.pk).state for one in outcome.called_off} == {SessionState.CANCELLED}
    # There is a new one, so all are told: once.
    assert Notice.objects.filter(recipient=house.member, kind="schedule/series_changed").count() == 1
    assert Notice.objects.filter(recipient=house.other, kind="schedule/series_changed").count() == 1
    assert not Notice.objects.filter(kind__in=["schedule/changed", "schedule/cancelled"]).exists()


def test_fewer_and_more_of_them(house):
    series = make(house)
    change(series, house, when=when(count=2))
    assert walls(series) == [wall(0), wall(1)]
    assert ReadingSession.objects.filter(state=SessionState.CANCELLED, series=None).count() == 2
    change(series, house, when=when(count=3))
    assert walls(series) == [wall(0), wall(1), wall(2)]


def test_another_zone_keeps_the_wall_time(house):
    series = make(house)
    outcome = change(series, house, when=when(zone="Asia/Kathmandu"))
    assert len(outcome.moved) == 4
    for session in sessions_of(series):
        assert session.starts_at.astimezone(ZoneInfo("Asia/Kathmandu")).replace(tzinfo=None) == session.wall
        assert session.wall.hour == 19


def test_what_nobody_needs_to_be_told_is_told_nobody(house):
    series = make(house)
    actions.answer(session=sessions_of(series)[0], by=house.member, answer=Answer.GOING)
    change(series, house, title="Ferries", words="On ferries.")
    change(series, house, when=when())
    assert not Notice.objects.filter(kind="schedule/series_changed").exists()
    for session in sessions_of(series):
        actions.answer(session=session, by=house.other, answer=Answer.NOT_GOING)
    change(series, house, where="The mill")
    told = Notice.objects.filter(kind="schedule/series_changed")
    assert {notice.recipient for notice in told} == {house.owner, house.moderator, house.member}
    draft = make(house, on_calendar=False)
    change(draft, house, where="The mill")
    assert told.count() == 3


def test_more_places_let_in_who_waits(house):
    series = make(house)
    change(series, house, places=1)
    first = sessions_of(series)[0]
    for person in (house.member, house.other):
        actions.answer(session=first, by=person, answer=Answer.GOING)
    assert Attendance.objects.waiting().count() == 1
    change(series, house, places=2)
    assert Attendance.objects.waiting().count() == 0


def test_a_stale_series_is_not_overwritten(house):
    series = make(house)
    change(series, house, where="The mill")
    with pytest.raises(actions.StaleSeries) as refusal:
        actions.change_series(series=series, version=series.version, by=house.owner, where="The tower")
    assert refusal.value.series.where == "The mill"
    with pytest.raises(actions.StaleSeries):
        actions.cancel_series(series=series, version=series.version, reason="No.", by=house.owner)


def test_who_may_not_schedule_any_more_changes_nothing(house):
    series = make(house)
    Membership.objects.filter(user=house.organizer).update(roles=[])
    with pytest.raises(actions.NotPossible):
        change(series, house, where="The mill")
    with pytest.raises(actions.NotPossible):
        actions.cancel_series(series=series, version=series.version, reason="No.", by=house.organizer)
    with pytest.raises(actions.NotPossible):
        make(house)


# --- Called off ---------------------------------------------------------------------------------------------------


def test_calling_off_this_and_later_ones_tells_each_once_and_ends_the_series(house):
    series = make(house, count=None)
    second, third = sessions_of(series)[1:3]
    for session in (second, third):
        actions.answer(session=session, by=house.member, answer=Answer.MAYBE)
    for session in sessions_of(series):
        actions.answer(session=session, by=house.other, answer=Answer.NOT_GOING)
    actions.cancel_series(
        series=series, version=series.version, since=second, reason="The mill is closed.", by=house.organizer
    )
    assert walls(series, state=SessionState.SCHEDULED) == [wall(0)]
    told = Notice.objects.filter(kind="schedule/series_cancelled")
    assert {notice.recipient for notice in told} == {house.owner, house.moderator, house.member}
    assert {notice.facts["reason"] for notice in told} == {"The mill is closed."}
    assert actions.keep_ahead() == 0
    assert not Notice.objects.filter(kind="schedule/cancelled").exists()


def test_calling_off_drafts_takes_them_away(house):
    series = make(house, on_calendar=False)
    actions.cancel_series(series=series, version=series.version, reason="No.", by=house.organizer)
    assert ReadingSession.objects.count() == 0
    with pytest.raises(actions.NoneLeft):
        change(series, house, title="Ferries")


# --- Twice at once ------------------------------------------------------------------------------------------------


def race(acts):
    """What each act answered, or the refusal that it raised."""

    def guarded(act):
        try:
            return act()
        except (actions.StaleSeries, actions.NoneLeft, actions.PlannedAlready, IntegrityError) as refusal:
            return type(refusal)

    return at_once(*[lambda act=act: guarded(act) for act in acts])


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_many_times_at_once_is_one_series_and_each_wall_time_is_there_once(house):
    for _round in range(3):
        key = uuid.uuid4()
        made = race([lambda key=key: make(house, key=key, count=3)] * 6)
        assert len(set(made)) == 1
        assert walls(made[0]) == [wall(week) for week in range(3)]
        assert Notice.objects.filter(recipient=house.member, thread=f"series-{made[0].public_id}").count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_make_each_session_once(house, monkeypatch):
    series = make(house, count=None)
    before = series.sessions.count()
    later = datetime.combine(FIRST, time(20), ZoneInfo(BERLIN)) + A_WEEK * 2
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert sum(race([actions.keep_ahead] * 6)) == 2
    assert walls(series) == [wall(week) for week in range(before + 2)]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_a_series_at_once_one_is_refused(house):
    for _round in range(3):
        series = make(house, count=3)
        asked = {"series": series, "version": series.version}
        acts = [
            lambda asked=asked: actions.change_series(
                **asked, by=house.organizer, when=when(count=3, first=wall(hour=20))
            ),
            lambda asked=asked: actions.change_series(**asked, by=house.owner, where="The mill"),
            lambda asked=asked: actions.cancel_series(**asked, by=house.owner, reason="Ill."),
        ]
        assert race(acts).count(actions.StaleSeries) == 2
        assert series.sessions.count() == 3


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_make_sessions_twice(house):
    """The control: without the series held, and without the constraint, two workers make the same sessions."""
    series, looked = make(house, count=1), Barrier(4)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX session_of_series_once")

    def make_carelessly():
        is_new = not series.sessions.filter(recurrence="2030-01-03T19:00").exists()
        looked.wait(30)
        if is_new:
            actions.create(
                reading=house.reading, by=house.organizer, title="Twice", zone=BERLIN, series=series,
                recurrence="2030-01-03T19:00", date=date(2030, 1, 3), time=time(19),
            )  # fmt: skip

    try:
        at_once(*[make_carelessly] * 4)
        assert series.sessions.filter(recurrence="2030-01-03T19:00").count() > 1
    finally:
        ReadingSession.objects.filter(recurrence="2030-01-03T19:00").delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX session_of_series_once ON schedule_readingsession (series_id, recurrence)"
                " WHERE series_id IS NOT NULL"
            )
