"""A session is planned and changed: wrong times, hostile words, two organizers at once, a form sent twice."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, ReadingSession, SessionState

from .. import factories
from .houses import draft_session, scheduled_session, session_form


@pytest.fixture
def plan(house, as_user):
    """Sends the form for a new session, as the organizer."""

    def send(by=None, **changes):
        client = as_user(by or house.organizer)
        form = session_form(reading=house.reading.slug) | changes
        return client.post(reverse("schedule:new_session", args=[house.group.slug]), form)

    return send


@pytest.fixture
def change(house, as_user):
    """Sends the form of a session that is there."""

    def send(session, by=None, **changes):
        form = session_form(version=session.version, revision=house.reading.edition.current_id) | changes
        address = reverse("schedule:change_session", args=[house.group.slug, session.public_id])
        return as_user(by or house.organizer).post(address, form)

    return send


def test_what_was_typed_is_kept_as_a_draft(house, plan):
    answer = plan(facilitator=house.member.public_id, read_first="on")
    session = ReadingSession.objects.get()
    assert answer.headers["Location"] == reverse("schedule:session", args=[house.group.slug, session.public_id])
    assert session.state == SessionState.DRAFT
    assert (session.title, session.where, session.places) == ("The first ferry", "The quay, third door", 12)
    assert session.starts_at == datetime(2027, 5, 6, 17, tzinfo=UTC)
    assert session.ends_at - session.starts_at == timedelta(minutes=90)
    assert session.facilitator == house.member
    assert session.read_first
    numbers = {factories.version_of(house.reading, number).paragraph_id: number for number in (4, 6, 9)}
    assert [(numbers[one.first_id], numbers[one.last_id]) for one in session.passages.all()] == [(4, 6), (9, 9)]
    assert Notice.objects.count() == 0


def test_a_form_sent_twice_makes_one_session(house, plan):
    first, second = plan(), plan()
    assert first.headers["Location"] == second.headers["Location"]
    plan(by=house.owner)
    plan(key="1" * 32)
    assert ReadingSession.objects.count() == 3


@pytest.mark.parametrize(
    ("zone", "day", "at", "offered"),
    [
        ("Europe/Berlin", "2027-03-28", "02:30", "03:30"),
        ("America/New_York", "2027-03-14", "02:00", "03:00"),
        ("Australia/Lord_Howe", "2027-10-03", "02:10", "02:40"),
    ],
)
def test_a_time_that_does_not_exist_is_refused_with_a_suggestion(plan, zone, day, at, offered):
    answer = plan(zone=zone, date=day, time=at)
    assert answer.status_code == 422
    assert f'name="take" value="{day}T{offered}"' in answer.text
    assert "The quay, third door" in answer.text
    assert not ReadingSession.objects.exists()
    assert plan(zone=zone, date=day, time=at, take=f"{day}T{offered}").status_code == 302
    assert ReadingSession.objects.get().wall == datetime.fromisoformat(f"{day}T{offered}")


def test_a_time_that_comes_twice_is_asked_about(plan):
    asked = {"date": "2027-10-31", "time": "02:30"}
    answer = plan(**asked)
    assert answer.status_code == 422
    assert re.findall(r'name="second" value="(\w+)">[^<]*(UTC[+:\d]+)', answer.text) == [
        ("first", "UTC+02:00"),
        ("second", "UTC+01:00"),
    ]
    plan(**asked, second="first")
    plan(**asked, second="second", key="1" * 32)
    starts = ReadingSession.objects.order_by("starts_at").values_list("starts_at", flat=True)
    assert [start.isoformat() for start in starts] == ["2027-10-31T00:30:00+00:00", "2027-10-31T01:30:00+00:00"]


def test_which_of_two_is_not_asked_again_where_the_time_stays(house, plan, change):
    plan(date="2027-10-31", time="02:30", second="second")
    session = ReadingSession.objects.get()
    assert change(session, date="2027-10-31", time="02:30", title="Otherwise").status_code == 302
    session.refresh_from_db()
    assert (session.title, session.second, session.starts_at.hour) == ("Otherwise", True, 1)
    assert change(session, date="2027-10-30", time="02:30").status_code == 302
    session.refresh_from_db()
    assert not session.second


def test_a_day_on_which_midnight_is_missing_begins_when_the_clocks_have_jumped(plan):
    assert plan(zone="Africa/Cairo", date="2027-04-30", time="", all_day="on", days="2").status_code == 302
    session = ReadingSession.objects.get()
    assert session.starts_at == datetime(2027, 4, 29, 22, tzinfo=UTC)
    assert session.ends_at == datetime(2027, 5, 1, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "   "),
        ("title", "x" * 201),
        ("title", "a\x00b"),
        ("words", "x" * 2_001),
        ("words", "a\x00b"),
        ("where", "x" * 501),
        ("date", "2027-02-30"),
        ("date", "9999-12-31"),
        ("date", "0001-01-01"),
        ("date", ""),
        ("time", "25:00"),
        ("time", ""),
        ("minutes", "0"),
        ("minutes", "10081"),
        ("minutes", "9" * 400),
        ("minutes", ""),
        ("zone", "Mars/Olympus"),
        ("zone", "../../etc/passwd"),
        ("zone", ""),
        ("link", "javascript:alert(1)"),
        ("link", "ftp://example.org/"),
        ("link", "https://example.org/" + "x" * 500),
        ("places", "0"),
        ("places", "-1"),
        ("places", "99999999999"),
        ("facilitator", "nobody"),
        ("reading", "another"),
        ("passages", "4-"),
        ("passages", "0"),
        ("passages", "4-999"),
        ("passages", "<script>"),
        ("passages", "4" * 900),
    ],
)
def test_what_cannot_be_is_refused_and_kept(house, plan, field, value):
    answer = plan(**{field: value})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text or "errorlist" in answer.text
    assert "Bring the list." in answer.text or field == "words"
    assert "<script>" not in answer.text.replace('<script src="', "")
    assert not ReadingSession.objects.exists()


@pytest.mark.parametrize("take", ["", "soon", "2027-03-28T03:30+99:99", "\u0660", "0001-01-01T00:00"])
def test_a_suggestion_that_nobody_made_is_no_way_around(plan, take):
    assert plan(date="2027-03-28", time="02:30", take=take).status_code == 422


def test_hostile_words_are_words(house, plan, as_user):
    words = "</title><script>alert(1)</script>\u202e<img src=x onerror=alert(1)> {{ 7 }}"
    plan(title=words, words=words, where=words)
    session = ReadingSession.objects.get()
    actions.put_on_calendar(session=session, by=house.organizer)
    pages = [
        reverse("schedule:session", args=[house.group.slug, session.public_id]),
        reverse("schedule:change_session", args=[house.group.slug, session.public_id]),
        reverse("schedule:sessions", args=[house.group.slug]),
        reverse("schedule:month", args=[house.group.slug, 2027, 5]),
        reverse("group", args=[house.group.slug]),
        reverse("inbox"),
    ]
    for page in pages:
        answer = as_user(house.owner).get(page)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text


def test_a_guest_of_the_form_may_not_lead(house, plan):
    assert plan(facilitator=house.outsider.public_id).status_code == 422


def test_passages_that_overlap_are_one_and_stand_in_the_order_of_the_text(house, plan):
    plan(passages="9, 6-4; 5–7")
    page = ReadingSession.objects.get()
    numbers = dict(house.reading.edition.current.versions.values_list("paragraph_id", "number"))
    assert [(numbers[one.first_id], numbers[one.last_id]) for one in page.passages.all()] == [(4, 7), (9, 9)]


def test_of_two_organizers_the_second_sees_both_and_loses_nothing(house, change, as_user):
    session = draft_session(house, words="Bring the list.", where="The quay")
    assert change(session, by=house.owner, title="The second ferry").status_code == 302
    answer = change(session, title="The last ferry", words="Bring nothing.")
    assert answer.status_code == 409
    assert "The second ferry" in answer.text
    assert 'value="The last ferry"' in answer.text
    assert "Bring nothing." in answer.text
    assert re.findall(r'<th scope="row">(.+?)</th>', answer.text) == ["Title", "What it is about"]
    session.refresh_from_db()
    assert session.title == "The second ferry"
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    assert change(session, title="The last ferry", version=version).status_code == 302
    session.refresh_from_db()
    assert session.title == "The last ferry"


def test_what_is_cancelled_is_changed_no_more_and_the_words_stay(house, change, as_user):
    session = scheduled_session(house)
    standing = actions.cancel(session=session, reason="Ice.", by=house.owner)
    address = reverse("schedule:change_session", args=[house.group.slug, session.public_id])
    assert as_user(house.organizer).get(address).status_code == 404
    answer = change(standing, title="The last ferry")
    assert answer.status_code == 409
    assert 'value="The last ferry"' in answer.text


def test_on_the_calendar_a_session_keeps_a_time(house, change):
    assert change(scheduled_session(house), date="", time="").status_code == 422
    assert change(draft_session(house, title="Another"), date="", time="").status_code == 302


def test_who_meant_to_come_is_told_of_another_time_or_place_and_of_nothing_else(house, change):
    session = scheduled_session(house, where="The quay", words="Bring the list.", link="https://meet.example.org/quay")
    for person, answer in ((house.member, Answer.GOING), (house.other, Answer.NOT_GOING)):
        actions.answer(session=session, by=person, answer=answer)
    same = {"passages": "", "where": "The quay", "places": ""}
    told = Notice.objects.filter(kind="schedule/changed")
    change(session, **same, title="Otherwise called")
    assert not told.exists()
    session.refresh_from_db()
    before = session.sequence
    assert change(session, **same, time="20:00").status_code == 302
    invited = {house.owner, house.organizer, house.moderator, house.member}
    assert {notice.recipient for notice in told} == invited
    session.refresh_from_db()
    assert session.sequence == before + 1
    assert change(session, **same | {"where": "The shed"}, time="20:00").status_code == 302
    assert told.all().count() == 2 * len(invited)


def test_passages_that_the_text_has_no_more_are_left_alone_by_who_changes_the_title(house, change):
    elsewhere = factories.create_reading(house.group, factories.long_text(3), filename="other.txt", title="Other")
    gone = factories.version_of(elsewhere, 2).paragraph
    session = draft_session(house, passages=[(gone, gone)])
    assert change(session, title="Otherwise", passages="").status_code == 302
    assert session.passages.get().first == gone
    session.refresh_from_db()
    change(session, passages="4")
    assert session.passages.get().first == factories.version_of(house.reading, 4).paragraph


def test_a_group_without_a_text_is_asked_to_bring_one(house, as_user):
    empty = factories.create_group()
    owner = factories.create_member(empty, roles=["owner"])
    answer = as_user(owner).get(reverse("schedule:new_session", args=[empty.slug]))
    assert answer.status_code == 200
    assert reverse("readings:import_text", args=[empty.slug]) in answer.text
