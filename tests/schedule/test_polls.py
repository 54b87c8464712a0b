"""Date polls: proposed times, the members' answers, a reminder, and the time that is picked."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.groups.actions import leave, suspend
from readinggroup.groups.models import Membership, Role
from readinggroup.groups.settling import archive
from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.ahead import ahead_for
from readinggroup.schedule.models import (
    Attendance,
    DatePoll,
    PollReply,
    ProposedTime,
    ReadingSession,
    SessionState,
    TimeAnswer,
)
from readinggroup.schedule.tasks import mind_polls

from .. import factories
from .sessions import a_day, address, asked_when, draft, scheduled, times_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def session(house):
    return asked_when(house)


def says(session, person, *answers, words=""):
    said = dict(zip(times_of(session), answers, strict=False))
    return actions.answer_poll(session=session, answers=said, words=words, by=person)


def told(person, kind):
    return Notice.objects.filter(recipient=person, kind=f"schedule/{kind}").count()


def let_hours_pass(session, hours):
    """As if the poll had been opened so much earlier."""
    poll = DatePoll.objects.get(session=session)
    moved = timedelta(hours=hours)
    DatePoll.objects.filter(pk=poll.pk).update(opened_at=poll.opened_at - moved, closes_at=poll.closes_at - moved)


def last_sunday(month):
    """The next day in this month on which Berlin's clocks are changed."""
    today = timezone.localdate()
    days = [date(year, month, day) for year in (today.year, today.year + 1) for day in range(25, 32)]
    return next(day for day in days if day > today and day.weekday() == 6)


# --- Asking -----------------------------------------------------------------------------------------------------------


def form_of(*times, until=5):
    rows = {"until": a_day(until).isoformat(), "times-TOTAL_FORMS": "4", "times-INITIAL_FORMS": "0"}
    for number, (day, clock) in enumerate(times):
        rows |= {f"times-{number}-date": day.isoformat(), f"times-{number}-time": clock}
    return rows


def test_a_poll_is_opened_with_several_times_and_the_members_are_asked(house, as_user):
    session = draft(house, date=None, time=None, zone="Europe/Berlin")
    client = as_user(house.organizer)
    assert "Proposed time 4" in client.get(address("open_poll", session)).text
    answer = client.post(address("open_poll", session), form_of((a_day(10), "19:00"), (a_day(11), "19:30")))
    assert answer["Location"] == address("poll", session)
    session.refresh_from_db()
    assert session.state == SessionState.POLL
    expected = [datetime.combine(a_day(10), time(19), ZoneInfo("Europe/Berlin")),
                datetime.combine(a_day(11), time(19, 30), ZoneInfo("Europe/Berlin"))]  # fmt: skip
    assert [proposed.starts_at for proposed in session.poll.times.all()] == expected
    end_of_day = datetime.combine(a_day(5), time(23, 59), ZoneInfo("Europe/Berlin"))
    assert session.poll.closes_at == end_of_day
    assert "When can you? The first ferry" in as_user(house.member).get("/inbox/").text
    assert told(house.organizer, "poll") == 0
    again = client.post(address("open_poll", session), form_of((a_day(12), "19:00")))
    assert again["Location"] == address("poll", session)
    assert session.poll.times.count() == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "Propose at least one time."),
        ({"times-0-date": "yesterday"}, "Enter a valid date."),
        ({"times-0-date": "2020-01-01", "times-0-time": "19:00"}, "This time is over."),
        ({"times-0-date": a_day(10).isoformat()}, "This field is required."),
        ({"times-0-date": a_day(10).isoformat(), "times-0-time": "25:00"}, "Enter a valid time."),
        ({"times-0-date": a_day(10).isoformat(), "times-0-time": "19:00", "until": "2020-01-01"}, "This day is over."),
        ({"times-0-date": a_day(10).isoformat(), "times-0-time": "19:00", "until": "0000-00-00"}, "valid date"),
        ({"times-TOTAL_FORMS": "many"}, "Propose at least one time."),
        ({"times-0-date": "9999-12-31", "times-0-time": "23:59", "until": "9999-12-31"}, None),
        ({f"times-{n}-{field}": value for n in (0, 1) for field, value in
          (("date", a_day(10).isoformat()), ("time", "19:00"))}, "One time stands there twice."),
    ],
)  # fmt: skip
def test_a_poll_that_makes_no_sense_is_refused(house, as_user, wrong, said):
    session = draft(house, zone="Europe/Berlin")
    answer = as_user(house.organizer).post(address("open_poll", session), form_of() | wrong)
    if said is None:
        assert answer.status_code == 302  # far away, and no 500
        return
    assert answer.status_code == 422
    assert said in answer.text
    assert not DatePoll.objects.exists()


def test_a_time_that_the_clocks_jump_over_is_refused_with_a_suggestion_as_a_button(house, as_user):
    session, day = draft(house, zone="Europe/Berlin"), last_sunday(3)
    client = as_user(house.organizer)
    answer = client.post(address("open_poll", session), form_of((day, "02:30")))
    assert answer.status_code == 422
    assert "The clocks are put forward that day" in answer.text
    assert f'name="times-0-take" value="{day.isoformat()}T03:30"' in answer.text
    taken = form_of((day, "02:30")) | {"times-0-take": f"{day.isoformat()}T03:30"}
    assert client.post(address("open_poll", session), taken).status_code == 302
    assert ProposedTime.objects.get().time == time(3, 30)


def test_of_a_time_that_is_there_twice_it_is_asked_which(house, as_user):
    session, day = draft(house, zone="Europe/Berlin"), last_sunday(10)
    client = as_user(house.organizer)
    answer = client.post(address("open_poll", session), form_of((day, "02:30")))
    assert answer.status_code == 422
    assert "the second (UTC+0100)" in answer.text
    which = form_of((day, "02:30")) | {"times-0-second": "second"}
    assert client.post(address("open_poll", session), which).status_code == 302
    assert ProposedTime.objects.get().starts_at == datetime.combine(day, time(1, 30), UTC)


def test_days_can_be_proposed_without_an_hour(house, as_user):
    session = draft(house, time=None, date=None, all_day=True, zone="Europe/Berlin")
    client = as_user(house.organizer)
    rows = form_of() | {"times-0-date": a_day(10).isoformat(), "times-1-date": a_day(11).isoformat()}
    assert client.post(address("open_poll", session), rows).status_code == 302
    says(session := ReadingSession.objects.get(), house.member, "yes")
    assert "all day" in as_user(house.member).get(address("poll", session)).text
    picked = actions.pick_time(session=session, time=times_of(session)[0], by=house.organizer)
    assert (picked.all_day, picked.date, picked.ends_at - picked.starts_at >= timedelta(hours=23)) == (
        True, a_day(10), True,
    )  # fmt: skip


# --- Answering --------------------------------------------------------------------------------------------------------


def test_members_say_when_they_can_in_their_own_zone(house, as_user):
    session = asked_when(house, zone="Asia/Kathmandu")
    User.objects.filter(pk=house.member.pk).update(time_zone="America/New_York")
    client = as_user(User.objects.get(pk=house.member.pk))
    here = datetime.combine(a_day(10), time(19), ZoneInfo("Asia/Kathmandu")).astimezone(ZoneInfo("America/New_York"))
    page = client.get(address("session", session)).text
    assert f'datetime="{here.isoformat()}"' in page
    assert "your time zone, America/New_York" in page
    assert "Asia/Kathmandu)" in page
    first, second, third = times_of(session)
    sent = {f"time-{first}": "yes", f"time-{second}": "if_need_be", "words": "Not <i>after</i> nine."}
    answer = client.post(address("answer_poll", session), sent)
    assert answer["Location"] == f"{address('session', session)}#poll"
    page = as_user(house.other).get(address("poll", session)).text
    assert "1 member has answered" in page
    assert "Not &lt;i&gt;after&lt;/i&gt; nine." in page
    assert "most can" in page
    part = client.post(address("answer_poll", session), {f"time-{third}": "no"}, headers=HTMX)
    assert part.text.strip().startswith('<section class="stack" id="poll"')
    assert "Your answers are kept." in part.text
    said = dict(TimeAnswer.objects.values_list("time", "answer"))
    assert said == {first: "yes", second: "if_need_be", third: "no"}


def test_who_may_not_answer_sees_what_they_may(house, as_user):
    session = asked_when(house)
    says(session, house.member, "yes", words="Mara's word.")
    suspend(
        membership=house.group.memberships.get(user=house.other), until=Membership.FOR_GOOD, reason="Rest.",
        by=house.owner,
    )  # fmt: skip
    client = as_user(house.other)
    assert "Mara&#x27;s word." in client.get(address("poll", session)).text
    sent = {f"time-{times_of(session)[0]}": "yes"}
    assert client.post(address("answer_poll", session), sent).status_code == 403
    for person in (None, house.outsider):
        assert as_user(person).get(address("poll", session)).status_code in {302, 403}
        page = as_user(person).get(address("session", session))
        assert page.status_code == 200
        assert "Mara" not in page.text
        assert 'id="poll"' not in page.text


@pytest.mark.parametrize(
    "wrong", [{}, {"time": "perhaps"}, {"words": "w" * 501}, {"words": "a\x00b"}, {"time": "yes" * 1000}]
)
def test_an_answer_that_makes_no_sense_is_refused_with_what_was_said(house, session, as_user, wrong):
    first, second, _third = times_of(session)
    sent = {f"time-{first}": wrong.get("time", ""), f"time-{second}": "yes" if wrong else "", **wrong}
    answer = as_user(house.member).post(address("answer_poll", session), sent)
    assert answer.status_code == 422
    assert "errorlist" in answer.text
    assert not wrong or 'value="yes"' in answer.text.replace(" checked", "")
    assert not wrong or "checked" in answer.text
    assert not PollReply.objects.exists()


def test_an_answer_is_changed_and_others_stay(house, session):
    says(session, house.member, "yes", "no", "no")
    says(session, house.member, "no", words="Sorry.")
    assert [one.answer for one in TimeAnswer.objects.order_by("time")] == ["no", "no", "no"]
    assert PollReply.objects.get().words == "Sorry."


def test_a_time_that_is_added_or_withdrawn_leaves_the_answers_to_the_others(house, session, as_user):
    says(session, house.member, "yes", "if_need_be", "no")
    client = as_user(house.organizer)
    first, second, third = times_of(session)
    client.post(address("withdraw_time", session, second))
    answer = client.post(address("propose_time", session), {"date": a_day(13).isoformat(), "time": "18:00"})
    assert answer["Location"] == address("poll", session)
    assert dict(TimeAnswer.objects.values_list("time", "answer")) == {first: "yes", second: "if_need_be", third: "no"}
    assert len(times_of(session)) == 3
    assert told(house.member, "poll_times") == 1
    assert told(house.other, "poll_times") == 0  # who has not answered yet sees all
    page = as_user(house.member).get(address("poll", session)).text
    assert f'name="time-{second}"' not in page
    client.post(address("withdraw_time", session, second), {"act": "again"})
    assert dict(TimeAnswer.objects.values_list("time", "answer"))[second] == "if_need_be"
    assert f'name="time-{second}"' in as_user(house.member).get(address("poll", session)).text


def test_an_answer_to_a_time_that_was_withdrawn_meanwhile_is_no_error(house, session, as_user):
    first, second, _third = times_of(session)
    actions.withdraw_time(session=session, time=second, by=house.organizer)
    sent = {f"time-{first}": "yes", f"time-{second}": "yes"}
    assert as_user(house.member).post(address("answer_poll", session), sent).status_code == 302
    assert TimeAnswer.objects.count() == 2


def test_one_time_is_proposed_once_and_not_without_end(house, session, as_user, monkeypatch):
    client = as_user(house.organizer)
    sent = {"date": a_day(10).isoformat(), "time": "19:00"}
    answer = client.post(address("propose_time", session), sent)
    assert answer.status_code == 409
    assert "proposed already" in answer.text
    monkeypatch.setattr(DatePoll, "MOST_TIMES", 3)
    answer = client.post(address("propose_time", session), sent | {"time": "20:00"})
    assert answer.status_code == 409
    assert "too many times" in answer.text
    assert len(times_of(session)) == 3


def test_a_time_of_another_poll_is_not_there(house, session, as_user):
    elsewhere = asked_when(house, days=(20,))
    theirs = times_of(elsewhere)[0]
    client = as_user(house.organizer)
    assert client.get(address("pick_time", session, theirs)).status_code == 404
    assert client.post(address("pick_time", session, theirs)).status_code == 404
    assert client.post(address("withdraw_time", session, theirs)).status_code == 404
    as_user(house.member).post(address("answer_poll", session), {f"time-{theirs}": "yes", "words": "Hm."})
    assert not TimeAnswer.objects.exists()


def test_after_the_last_day_nothing_is_taken_unless_it_is_put_off(house, session, as_user):
    let_hours_pass(session, 24 * 5)
    client = as_user(house.member)
    sent = {f"time-{times_of(session)[0]}": "yes", "words": "Too late?"}
    answer = client.post(address("answer_poll", session), sent)
    assert answer.status_code == 409
    assert "Too late?" in answer.text
    assert "The poll is over" in answer.text
    organizer = as_user(house.organizer)
    assert organizer.post(address("change_deadline", session), {"until": "2020-01-01"}).status_code == 422
    assert organizer.post(address("change_deadline", session), {"until": a_day(2).isoformat()}).status_code == 302
    assert client.post(address("answer_poll", session), sent).status_code == 302


# --- Reminding --------------------------------------------------------------------------------------------------------


def test_who_has_not_answered_is_reminded_once(house, session):
    says(session, house.member, "yes")
    left = factories.create_member(house.group, "Lena")
    leave(membership=house.group.memberships.get(user=left), by=left)
    mind_polls(timestamp=0)
    assert told(house.other, "poll_nudge") == 0  # five days before the end
    let_hours_pass(session, 75)
    for _again in range(2):
        mind_polls(timestamp=0)
    assert [told(person, "poll_nudge") for person in (house.member, house.other, left)] == [0, 1, 0]
    actions.change_deadline(session=session, closes_at=timezone.now() + timedelta(days=9), by=house.organizer)
    let_hours_pass(session, 24 * 8)
    mind_polls(timestamp=0)
    assert told(house.other, "poll_nudge") == 1


def test_nobody_is_reminded_where_nobody_can_answer(house, session):
    archive(group=house.group, by=house.owner)
    let_hours_pass(session, 75)
    mind_polls(timestamp=0)
    let_hours_pass(session, 75)
    mind_polls(timestamp=0)
    assert [told(house.other, "poll_nudge"), told(house.organizer, "poll_over")] == [0, 0]


def test_a_short_poll_reminds_when_half_of_it_is_over(house):
    session = asked_when(house, closes=1)
    mind_polls(timestamp=0)
    assert told(house.member, "poll_nudge") == 0
    let_hours_pass(session, 13)
    mind_polls(timestamp=0)
    assert told(house.member, "poll_nudge") == 1


def test_its_organizer_is_told_once_that_it_is_over(house, session):
    let_hours_pass(session, 24 * 5)
    for _again in range(2):
        mind_polls(timestamp=0)
    assert [told(person, "poll_over") for person in (house.organizer, house.owner, house.member)] == [1, 0, 0]
    assert told(house.member, "poll_nudge") == 0  # too late for that


def test_if_its_organizer_has_gone_the_others_are_told(house, session):
    leave(membership=house.group.memberships.get(user=house.organizer), by=house.organizer)
    let_hours_pass(session, 24 * 5)
    mind_polls(timestamp=0)
    assert told(house.owner, "poll_over") == 1


def test_nobody_is_reminded_of_a_poll_that_was_cancelled_and_who_answered_is_told(house, session):
    says(session, house.member, "yes")
    actions.cancel(session=session, reason="Storm.", by=house.organizer)
    let_hours_pass(session, 75)
    mind_polls(timestamp=0)
    assert told(house.other, "poll_nudge") == 0
    assert [told(person, "cancelled") for person in (house.member, house.other)] == [1, 0]


# --- Picking ----------------------------------------------------------------------------------------------------------


def test_the_answers_to_the_picked_time_become_the_sessions(house, as_user):
    session = asked_when(house, places=1)
    says(session, house.member, "no", "yes", words="Gladly.")
    says(session, house.other, "no", "yes")
    says(session, house.moderator, "yes", "if_need_be")
    says(session, house.owner, "yes", "no")
    left = factories.create_member(house.group, "Lena")
    says(session, left, "yes", "yes")
    leave(membership=house.group.memberships.get(user=left), by=left)
    second = times_of(session)[1]
    client = as_user(house.organizer)
    assert "There is 1 place" in client.get(address("pick_time", session, second)).text
    answer = client.post(address("pick_time", session, second))
    assert answer["Location"] == address("session", session)
    session.refresh_from_db()
    assert (session.state, session.date, session.time) == (SessionState.SCHEDULED, a_day(11), time(19))
    stands = {one.user: (one.answer, one.is_seated) for one in Attendance.objects.all()}
    assert stands == {
        house.member: ("going", True),  # answered first
        house.other: ("going", False),
        house.moderator: ("maybe", False),
        house.owner: ("not_going", False),
    }
    assert "You said that you can, so you are down as going." in as_user(house.member).get("/inbox/").text
    assert "you are on the waiting list" in as_user(house.other).get("/inbox/").text
    assert "if need be, so you are down" in as_user(house.moderator).get("/inbox/").text
    assert "you are down as not coming" in as_user(house.owner).get("/inbox/").text
    silent = factories.create_member(house.group, "Sina")
    assert [told(person, "scheduled") for person in (house.member, house.other, silent)] == [0, 0, 0]
    page = as_user(house.member).get(address("session", session)).text
    assert "What the date poll said" in page
    assert "picked" in page
    assert "Gladly." in page


def test_who_has_not_answered_is_told_that_it_is_scheduled(house, session):
    says(session, house.member, "yes")
    actions.pick_time(session=session, time=times_of(session)[0], by=house.organizer)
    assert [told(house.other, kind) for kind in ("scheduled", "picked")] == [1, 0]
    assert [told(house.member, kind) for kind in ("scheduled", "picked")] == [0, 1]


@pytest.mark.parametrize("why", ["withdrawn", "over", "picked", "cancelled"])
def test_what_cannot_be_picked_any_more_is_said(house, session, as_user, why):
    first, second, _third = times_of(session)
    if why == "withdrawn":
        actions.withdraw_time(session=session, time=first, by=house.owner)
    if why == "over":
        ProposedTime.objects.filter(pk=first).update(starts_at=timezone.now())
    if why == "picked":
        actions.pick_time(session=session, time=second, by=house.owner)
    if why == "cancelled":
        actions.cancel(session=session, reason="Storm.", by=house.owner)
    answer = as_user(house.organizer).post(address("pick_time", session, first))
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert not ProposedTime.objects.filter(pk=first, picked_at__isnull=False).exists()
    for name, data in (("withdraw_time", {}), ("withdraw_time", {"act": "again"})):
        if why in {"picked", "cancelled"}:
            as_user(house.organizer).post(address(name, session, first), data)
            assert ProposedTime.objects.get(pk=first).withdrawn_at is None


def test_an_answer_after_the_picking_is_refused_with_its_words(house, session, as_user):
    actions.pick_time(session=session, time=times_of(session)[0], by=house.organizer)
    sent = {f"time-{times_of(session)[1]}": "yes", "words": "I could on Friday."}
    answer = as_user(house.member).post(address("answer_poll", session), sent)
    assert answer.status_code == 409
    assert "I could on Friday." in answer.text
    assert not PollReply.objects.exists()


def test_a_picked_time_that_the_rules_of_its_zone_have_taken_away_is_refused(house, session, as_user):
    first = times_of(session)[0]
    ProposedTime.objects.filter(pk=first).update(zone="Europe/Berlin", date=last_sunday(3), time=time(2, 30))
    assert as_user(house.organizer).post(address("pick_time", session, first)).status_code == 409
    session.refresh_from_db()
    assert session.state == SessionState.POLL


def test_a_change_of_the_zones_rules_keeps_what_the_clocks_show(house):
    session = asked_when(house, zone="Europe/Berlin")
    first, second, _third = times_of(session)
    right = ProposedTime.objects.get(pk=first).starts_at
    ProposedTime.objects.filter(pk=first).update(starts_at=right + timedelta(hours=1))
    ProposedTime.objects.filter(pk=second).update(time=time(2, 30), date=last_sunday(3))  # not there any more: it stays
    stays = ProposedTime.objects.get(pk=second).starts_at
    mind_polls(timestamp=0)
    assert ProposedTime.objects.get(pk=first).starts_at == right
    assert ProposedTime.objects.get(pk=second).starts_at == stays


def test_only_organizers_propose_withdraw_and_pick(house, session, as_user):
    client, first = as_user(house.member), times_of(session)[0]
    for name, more in (("pick_time", [first]), ("withdraw_time", [first]), ("propose_time", []),
                       ("change_deadline", [])):  # fmt: skip
        assert client.post(address(name, session, *more)).status_code == 403
    assert client.get(address("open_poll", session)).status_code == 403
    assert "For organizers" not in client.get(address("poll", session)).text
    assert "For organizers" in as_user(house.organizer).get(address("poll", session)).text


def test_a_session_on_the_calendar_is_not_polled_about(house, as_user):
    session = scheduled(house)
    answer = as_user(house.organizer).post(address("open_poll", session), form_of((a_day(10), "19:00")))
    assert answer.status_code == 409
    assert not DatePoll.objects.exists()
    assert as_user(house.member).get(address("poll", session)).status_code == 404


# --- Size, and the polls that wait ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["session", "poll"])
def test_as_many_questions_for_three_as_for_one(house, as_user, name):
    session = asked_when(house, days=(10,))

    def count():
        client = as_user(house.organizer)
        client.get(address(name, session))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name, session)).status_code == 200
        return len(captured)

    says(session, house.member, "yes", words="One.")
    with_one = count()
    walls = [(a_day(day), time(19), False) for day in (13, 14)]
    actions.propose(session=session, walls=walls, by=house.organizer)
    for person in (house.other, house.owner, factories.create_member(house.group)):
        says(session, person, "yes", "no", "if_need_be", words="More.")
    actions.withdraw_time(session=session, time=times_of(session)[2], by=house.organizer)
    assert count() == with_one


def test_polls_wait_for_those_who_have_not_answered(house, session):
    mine = house.group.memberships.get(user=house.member)
    assert ahead_for(mine)["polls"] == [session]
    says(session, house.member, "yes")
    assert ahead_for(mine)["polls"] == []
    other = house.group.memberships.get(user=house.other)
    suspend(membership=other, until=Membership.FOR_GOOD, reason="Rest.", by=house.owner)
    assert ahead_for(Membership.objects.get(pk=other.pk))["polls"] == []
    let_hours_pass(session, 24 * 5)
    assert ahead_for(house.group.memberships.get(user=house.owner))["polls"] == []
    assert Role.OWNER in house.group.memberships.get(user=house.owner).roles
