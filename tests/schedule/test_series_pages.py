"""The pages of a series: the dates are shown before anything is done, and nothing typed is lost."""

import uuid
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, ReadingSession, Series, SessionState

from .test_series import BERLIN, FIRST, make, sessions_of, wall, walls

pytestmark = pytest.mark.usefixtures("contexts")

TYPED = {
    "title": "Thursdays",
    "first_date": FIRST.isoformat(),
    "first_time": "19:00",
    "minutes": "90",
    "zone": BERLIN,
    "interval": "1",
    "every": "week",
    "ends": "count",
    "count": "4",
}


def address(name, house, *more):
    return reverse(f"schedule:{name}", args=[house.group.slug, *more])


def new(house, **more):
    return {**TYPED, "reading": house.reading.slug, "key": uuid.uuid4(), **more}


def with_dates(page, typed, **more):
    """What is sent of the dates as the page shows them."""
    form = page.context["form"]
    ticked = [date.recurrence for date in form.dates if date.takes_place]
    return {**typed, "shown": form.shown, "takes_place": ticked, "make": "1", **more}


def make_by_page(client, house, **more):
    typed = new(house, **more)
    page = client.post(address("make_series", house), typed)
    return client.post(address("make_series", house), with_dates(page, typed))


# --- Making -------------------------------------------------------------------------------------------------------


def test_the_dates_are_shown_before_anything_is_made(house, as_user):
    client, typed = as_user(house.organizer), new(house)
    assert client.get(address("make_series", house)).status_code == 200
    page = client.post(address("make_series", house), {**typed, "make": "1"})
    assert page.status_code == 200
    assert [date.wall for date in page.context["form"].dates] == [wall(week) for week in range(4)]
    assert not Series.objects.exists()
    # Other dates than those that were shown are shown first, too.
    other = client.post(address("make_series", house), with_dates(page, {**typed, "interval": "2"}))
    assert other.status_code == 200
    assert not Series.objects.exists()
    third = page.context["form"].dates[2].recurrence
    ticked = [date.recurrence for date in page.context["form"].dates if date.recurrence != third]
    made = client.post(address("make_series", house), with_dates(page, typed, takes_place=ticked))
    series = Series.objects.get()
    assert made["Location"] == address("series", house, series.public_id)
    assert walls(series, state=SessionState.DRAFT) == [wall(0), wall(1), wall(3)]
    assert series.left_out == [third]


def test_a_form_that_is_sent_twice_is_one_series(house, as_user):
    client, typed = as_user(house.organizer), new(house)
    page = client.post(address("make_series", house), typed)
    answers = [client.post(address("make_series", house), with_dates(page, typed)) for _again in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert ReadingSession.objects.count() == 4


HOSTILE = '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    "typed",
    [
        {"title": ""}, {"title": "x" * 201}, {"title": "a\x00b"}, {"words": "x" * 2_001},
        {"first_date": ""}, {"first_date": "1999-01-01"}, {"first_date": "9999-12-31"}, {"first_date": HOSTILE},
        {"first_time": ""}, {"first_time": "25:00"}, {"minutes": "0"}, {"minutes": "9" * 30}, {"minutes": ""},
        {"zone": "Mars/Olympus"}, {"zone": "../../etc/passwd"}, {"interval": "0"}, {"interval": "13"},
        {"every": "moon"},
        {"weekdays": ["9"]}, {"ends": ""}, {"count": "0"}, {"count": "61"}, {"count": ""},
        {"ends": "until", "until": ""}, {"ends": "until", "until": "1999-01-01"},
        {"ends": "until", "until": (FIRST + timedelta(days=2_000)).isoformat()},
        {"link": "javascript:alert(1)"}, {"places": "0"}, {"places": "-1"}, {"places": "99999999999"},
        {"reading": "nowhere"}, {"key": "x"}, {"where": "x" * 501},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_asked_again_and_what_was_typed_is_kept(house, as_user, typed):
    answer = as_user(house.organizer).post(address("make_series", house), new(house, title="Ferry nights") | typed)
    assert answer.status_code == 422
    assert "title" in typed or 'value="Ferry nights"' in answer.text
    assert "<script>alert" not in answer.text
    assert not Series.objects.exists()


def test_too_many_dates_at_once_are_refused(house, as_user):
    client, typed = as_user(house.organizer), new(house, every="day", ends="never")
    page = client.post(address("make_series", house), typed)
    answer = client.post(address("make_series", house), with_dates(page, typed))
    assert answer.status_code == 422
    assert "more sessions than are made at once" in answer.text


def nights(zone_change):
    """The first night from FIRST on in which the clocks of Berlin go forward, or back."""

    zone = ZoneInfo(BERLIN)
    for number in range(370):
        day = FIRST + timedelta(days=number)
        at = [datetime.combine(day, time(hour), zone).utcoffset() for hour in (0, 4)]
        if at[0] != at[1] and (at[0] < at[1]) == (zone_change == "forward"):
            return day
    raise AssertionError(zone_change)


def test_a_date_on_which_the_time_is_missing_says_what_it_begins_at_instead(house, as_user):
    night = nights("forward")
    client, typed = as_user(house.organizer), new(house, first_date=night.isoformat(), first_time="02:30", count="2")
    page = client.post(address("make_series", house), typed)
    assert "the clocks jump over this time" in page.text
    client.post(address("make_series", house), with_dates(page, typed))
    times = [session.time.isoformat("minutes") for session in sessions_of(Series.objects.get())]
    assert times == ["03:30", "02:30"]


def test_a_date_on_which_the_time_is_there_twice_is_asked(house, as_user):
    night = nights("back")
    client, typed = as_user(house.organizer), new(house, first_date=night.isoformat(), first_time="02:30", count="2")
    page = client.post(address("make_series", house), typed)
    unasked = client.post(address("make_series", house), with_dates(page, typed))
    assert unasked.status_code == 422
    assert "shows this time twice" in unasked.text or "show this time twice" in unasked.text
    which = f"which-{night.isoformat()}T02:30"
    client.post(address("make_series", house), with_dates(page, typed, **{which: "second"}))
    first, second = sessions_of(Series.objects.get())
    assert (first.second, second.second) == (True, False)
    assert f"{first.starts_at:%H:%M}" == "01:30"


def test_whole_days_and_no_end(house, as_user):
    client = as_user(house.organizer)
    assert make_by_page(client, house, all_day="on", first_time="", minutes="", ends="never").status_code == 302
    series = Series.objects.get()
    assert series.all_day
    assert 26 <= series.sessions.count() <= 27
    assert all(session.all_day and session.time is None for session in sessions_of(series))


# --- Its page -----------------------------------------------------------------------------------------------------


def test_members_see_no_drafts_and_what_is_on_the_calendar(house, as_user):
    series = make(house, on_calendar=False)
    page = address("series", house, series.public_id)
    assert as_user(house.member).get(page).status_code == 404
    assert as_user(house.organizer).get(page).status_code == 200
    answer = as_user(house.organizer).post(address("put_series_on_calendar", house, series.public_id))
    assert answer.status_code == 302
    for person in (house.member, None):
        shown = as_user(person).get(page)
        assert shown.text.count("/sessions/") >= 4
        assert "Change all" not in shown.text
    assert "Change all" in as_user(house.owner).get(page).text


def test_a_series_of_a_text_for_members_is_theirs(house, as_user):
    series = make(house)
    type(house.reading).objects.update(for_members=True)
    page = address("series", house, series.public_id)
    assert [as_user(person).get(page).status_code for person in (None, house.outsider, house.member)] == [404, 404, 200]


def test_a_series_of_another_group_is_not_here(house, closed_house, as_user):
    series = make(closed_house)
    for name in ("series", "change_series", "cancel_series"):
        assert as_user(house.owner).get(address(name, house, series.public_id)).status_code == 404
    session = sessions_of(series)[0]
    mine = make(house)
    page = address("change_series", house, mine.public_id)
    assert as_user(house.owner).get(f"{page}?since={session.public_id}").status_code == 404


def test_a_sessions_page_leads_to_its_series(house, as_user):
    series = make(house)
    page = address("session", house, sessions_of(series)[1].public_id)
    assert "every week on Thursday, 4 times" in as_user(house.member).get(page).text
    assert "Change this and all later ones" not in as_user(house.member).get(page).text
    assert "Change this and all later ones" in as_user(house.organizer).get(page).text


def test_its_page_asks_as_much_for_one_session_as_for_three(house, as_user):
    counts = []
    for count in (1, 3):
        page = address("series", house, make(house, count=count).public_id)
        client = as_user(house.organizer)
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# --- Changing -----------------------------------------------------------------------------------------------------


def as_shown(page, **more):
    """The form of a page as it stands there."""
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False)}
    return data | more


def test_what_a_change_does_is_shown_before_it_is_done(house, as_user):
    series = make(house)
    third = sessions_of(series)[2]
    actions.answer(session=third, by=house.member, answer=Answer.GOING)
    client = as_user(house.organizer)
    page = client.get(f"{address('change_series', house, series.public_id)}?since={third.public_id}")
    assert page.context["form"]["count"].value() == 2
    typed = as_shown(page, since=third.public_id, first_time="20:00", count="3")
    shown = client.post(address("change_series", house, series.public_id), typed)
    assert shown.status_code == 200
    assert "2 sessions move to another time" in shown.text
    assert "1 session is new" in shown.text
    assert Series.objects.count() == 1
    assert walls(series) == [wall(week) for week in range(4)]
    done = client.post(address("change_series", house, series.public_id), with_dates(shown, typed))
    rest = Series.objects.latest("pk")
    assert done["Location"] == address("series", house, rest.public_id)
    assert walls(rest) == [wall(2, 20), wall(3, 20), wall(4, 20)]
    assert walls(series) == [wall(0), wall(1)]


def test_a_date_that_is_left_out_is_called_off_and_a_cancelled_one_cannot_be_ticked(house, as_user):
    series = make(house)
    second = sessions_of(series)[1]
    actions.cancel(session=second, reason="Ill.", by=house.organizer)
    client, page_of = as_user(house.organizer), address("change_series", house, series.public_id)
    typed = as_shown(client.get(page_of))
    shown = client.post(page_of, typed)
    form = shown.context["form"]
    assert [date.can_take_place for date in form.dates] == [True, False, True, True]
    ticked = [form.dates[number].recurrence for number in (0, 1, 2)]  # the cancelled one by force
    client.post(page_of, with_dates(shown, typed, takes_place=ticked))
    assert walls(series, state=SessionState.SCHEDULED) == [wall(0), wall(2)]
    assert ReadingSession.objects.filter(state=SessionState.CANCELLED).count() == 2


def test_somebody_elses_change_is_shown_and_nothing_typed_is_lost(house, as_user):
    series = make(house)
    mine, theirs = as_user(house.organizer), as_user(house.owner)
    page_of = address("change_series", house, series.public_id)
    typed = as_shown(mine.get(page_of), title="Ferry nights")
    other = as_shown(theirs.get(page_of), where="The mill")
    theirs.post(page_of, with_dates(theirs.post(page_of, other), other))
    refused = mine.post(page_of, typed)
    assert refused.status_code == 409
    assert "Ferry nights" in refused.text
    assert "The mill" in refused.text
    assert {session.title for session in sessions_of(series)} == {"Thursdays"}
    series.refresh_from_db()
    again = typed | {"version": series.version}
    assert f'name="version" value="{series.version}"' in refused.text
    mine.post(page_of, with_dates(mine.post(page_of, again), again))
    assert {session.title for session in sessions_of(series)} == {"Ferry nights"}


def test_where_another_has_parted_the_series_the_later_part_is_changed(house, as_user):
    series = make(house)
    third = sessions_of(series)[2]
    client, page_of = as_user(house.organizer), address("change_series", house, series.public_id)
    typed = as_shown(client.get(f"{page_of}?since={third.public_id}"), since=third.public_id, title="Ferry nights")
    actions.change_series(series=series, version=series.version, since=third, by=house.owner, where="The mill")
    refused = client.post(page_of, typed)
    assert refused.status_code == 409
    assert "Ferry nights" in refused.text
    assert "The mill" in refused.text


def test_calling_off_asks_for_a_reason(house, as_user):
    series = make(house)
    third, client = sessions_of(series)[2], as_user(house.organizer)
    page_of = address("cancel_series", house, series.public_id)
    page = client.get(f"{page_of}?since={third.public_id}")
    assert len(page.context["coming"]) == 2
    typed = {"since": third.public_id, "version": series.version, "reason": ""}
    assert client.post(page_of, typed).status_code == 422
    assert client.post(page_of, typed | {"reason": "a\x00b"}).status_code == 422
    assert client.post(page_of, typed | {"reason": "Ill.", "version": 99}).status_code == 409
    assert client.post(page_of, typed | {"reason": "Ill."}).status_code == 302
    assert walls(series, state=SessionState.SCHEDULED) == [wall(0), wall(1)]
    again = client.post(page_of, typed | {"reason": "Ill."})
    assert again.status_code == 302  # nothing of it is to come


@pytest.mark.parametrize("name", ["make_series", "change_series", "cancel_series", "put_series_on_calendar"])
def test_only_who_schedules_does(house, as_user, name):
    series = make(house)
    more = [] if name == "make_series" else [series.public_id]
    for person in (house.member, house.moderator, house.outsider):
        assert as_user(person).post(address(name, house, *more)).status_code == 403
