"""Who comes, on the session's page: one's answer, the waiting list and one's place in it, who was there."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readinggroup.groups.actions import leave, lift, suspend
from readinggroup.groups.models import Membership
from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, Attendance, ReadingSession
from readinggroup.schedule.tasks import keep_places

from .. import factories
from .sessions import address, asked_when, begun, draft, scheduled

HTMX = {"HX-Request": "true"}


def goes(session, *people, **more):
    return [actions.answer(session=session, by=person, answer=Answer.GOING, **more) for person in people]


@pytest.fixture
def session(house):
    return scheduled(house, places=2)


# --- One's own answer -------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_and_shown_with_its_word_and_guests(house, session, as_user):
    client = as_user(house.member)
    sent = {"answer": "going", "guests": "1", "words": "I bring <b>tea</b>."}
    answer = client.post(address("attend", session), sent)
    assert answer["Location"] == f"{address('session', session)}#attendance"
    page = client.get(address("session", session)).text
    assert "2 people go" in page
    assert "(1 guest among them)" in page
    assert "I bring &lt;b&gt;tea&lt;/b&gt;." in page
    assert "2 places" in page
    assert "0 free" in page


def test_a_part_for_htmx_and_a_page_of_its_own_without(house, session, as_user):
    client = as_user(house.member)
    part = client.post(address("attend", session), {"answer": "maybe"}, headers=HTMX)
    assert part.status_code == 200
    assert part.text.strip().startswith('<section class="stack" id="attendance"')
    assert "Your answer is kept." in part.text
    page = client.get(address("attend", session))
    assert "<h1>The first ferry</h1>" in page.text
    assert "1 may come" in page.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer": "perhaps"},
        {"answer": ""},
        {"answer": "going", "guests": "6"},
        {"answer": "going", "guests": "-1"},
        {"answer": "going", "guests": "9" * 400},
        {"answer": "going", "words": "w" * 501},
        {"answer": "going", "words": "nothing \x00 here"},
        {"answer": "going", "guests": SimpleUploadedFile("guests.txt", b"1")},
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_typed(house, session, as_user, wrong):
    answer = as_user(house.member).post(address("attend", session), {"words": "Typed words."} | wrong)
    if wrong.get("guests") and not isinstance(wrong["guests"], str):
        assert answer.status_code == 302  # a file is no number: as if nothing stood there
        return
    assert answer.status_code == 422
    assert 'class="errorlist"' in answer.text
    assert "words" in wrong or "Typed words." in answer.text
    assert not Attendance.objects.exists()


def test_hostile_words_are_only_words(house, session, as_user):
    words = "<script>alert(1)</script> ‮ {{ title }}"
    as_user(house.member).post(address("attend", session), {"answer": "going", "words": words})
    page = as_user(house.other).get(address("session", session)).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; ‮ {{ title }}" in page


def test_only_members_answer_and_only_they_see_who_comes(house, session, as_user):
    goes(session, house.member)
    assert as_user(house.outsider).post(address("attend", session), {"answer": "going"}).status_code == 403
    suspend(
        membership=house.group.memberships.get(user=house.other), until=Membership.FOR_GOOD, reason="Rest.",
        by=house.owner,
    )  # fmt: skip
    assert as_user(house.other).post(address("attend", session), {"answer": "going"}).status_code == 403
    for person in (None, house.outsider):
        page = as_user(person).get(address("session", session)).text
        assert "1 person goes" in page
        assert "Mara" not in page
        assert "attendance-form" not in page
    page = as_user(house.other).get(address("session", session)).text
    assert "Mara" in page
    assert "attendance-form" not in page


@pytest.mark.parametrize("over", ["cancelled", "ended", "draft", "poll"])
def test_nobody_answers_what_does_not_take_place_or_is_over(house, as_user, over):
    session = {"draft": draft, "poll": asked_when}.get(over, scheduled)(house)
    if over == "cancelled":
        actions.cancel(session=session, reason="Storm.", by=house.organizer)
    if over == "ended":
        ReadingSession.objects.update(ends_at=timezone.now(), starts_at=timezone.now() - timedelta(hours=1))
    answer = as_user(house.member).post(address("attend", session), {"answer": "going", "words": "My words."})
    assert answer.status_code == (404 if over == "draft" else 409)
    assert over in {"draft", "poll"} or "My words." in answer.text
    assert not Attendance.objects.exists()


def test_an_answer_is_changed_not_added(house, session, as_user):
    client = as_user(house.member)
    for answer in ("going", "maybe", "not_going", "going"):
        client.post(address("attend", session), {"answer": answer, "guests": "1"})
    mine = Attendance.objects.get()
    assert (mine.answer, mine.guests, mine.is_seated) == ("going", 1, True)


# --- Places -----------------------------------------------------------------------------------------------------------


def test_one_sees_ones_place_in_the_line(house, session, as_user):
    goes(session, house.owner, house.moderator, house.member, house.other)
    assert "You are number 1 on the waiting list" in as_user(house.member).get(address("session", session)).text
    page = as_user(house.other).get(address("session", session)).text
    assert "You are number 2 on the waiting list" in page
    assert "2 wait for a place" in page


def test_who_got_a_place_is_told_has_time_to_decline_and_the_next_one_gets_it(house, session, as_user):
    goes(session, house.owner, house.moderator, house.member, house.other)
    as_user(house.owner).post(address("attend", session), {"answer": "not_going"})
    client = as_user(house.member)
    assert "There is a place for you: The first ferry" in client.get("/inbox/").text
    page = client.get(address("session", session)).text
    assert "have a place now" in page
    assert "I cannot come" in page
    assert client.post(address("attend", session), {"answer": "not_going", "words": ""}).status_code == 302
    assert Attendance.objects.get(user=house.other).is_seated
    assert not Notice.objects.filter(kind="schedule/promoted", recipient=house.owner).exists()
    assert "have a place now" not in client.get(address("session", session)).text


def test_who_is_promoted_a_second_time_is_told_again(house, session):
    goes(session, house.moderator)
    for times in (1, 2):
        goes(session, house.owner, house.member)
        actions.answer(session=session, by=house.owner, answer=Answer.NOT_GOING)
        assert Notice.objects.filter(kind="schedule/promoted", recipient=house.member).count() == times
        actions.answer(session=session, by=house.member, answer=Answer.NOT_GOING)


def test_nobody_overtakes_who_waits_with_guests(house, session):
    goes(session, house.owner)
    goes(session, house.member, guests=1)
    goes(session, house.other)
    assert [one.user for one in Attendance.objects.waiting()] == [house.member, house.other]


def test_who_is_next_and_brings_fewer_has_the_place(house, session, as_user):
    goes(session, house.owner)
    goes(session, house.member, guests=1)
    client = as_user(house.member)
    assert "with fewer guests you could have it now" in client.get(address("session", session)).text
    client.post(address("attend", session), {"answer": "going", "guests": "0"})
    assert Attendance.objects.get(user=house.member).is_seated
    assert not Notice.objects.filter(kind="schedule/promoted").exists()  # their own act; they see it


def test_more_guests_than_places_are_refused_in_words(house, session, as_user):
    client = as_user(house.member)
    answer = client.post(address("attend", session), {"answer": "going", "guests": "2", "words": "We three."})
    assert answer.status_code == 409
    assert "There is a place for 1 guest." in answer.text
    assert "We three." in answer.text
    goes(session, house.member, house.other)
    answer = client.post(address("attend", session), {"answer": "going", "guests": "1"})
    assert "There is no place left for guests." in answer.text
    assert Attendance.objects.get(user=house.member).guests == 0


def test_a_party_too_large_for_fewer_places_keeps_nobody_waiting(house, session):
    session = actions.change(session=session, version=session.version, places=3, by=house.organizer)
    goes(session, house.owner, house.moderator, house.organizer)
    goes(session, house.member, guests=2)
    goes(session, house.other)
    actions.change(session=session, version=session.version, places=2, by=house.organizer)
    for person in (house.owner, house.moderator):
        actions.answer(session=session, by=person, answer=Answer.NOT_GOING)
    assert Attendance.objects.get(user=house.other).is_seated
    assert not Attendance.objects.get(user=house.member).is_seated


def test_without_a_number_of_places_all_who_wait_come(house, session):
    goes(session, house.owner, house.moderator, house.member, house.other)
    actions.change(session=session, version=session.version, places=None, by=house.organizer)
    assert Attendance.objects.seated().count() == 4


def test_clocks_that_go_back_change_nothing_in_the_line(house, session, monkeypatch):
    goes(session, house.owner, house.moderator, house.member)
    earlier = timezone.now() - timedelta(hours=3)
    monkeypatch.setattr("readinggroup.schedule.actions.attending.timezone.now", lambda: earlier)
    goes(session, house.other, house.organizer)
    assert [one.user for one in Attendance.objects.waiting()] == [house.member, house.other, house.organizer]


def test_who_leaves_the_group_frees_a_place_and_is_not_promoted(house, session):
    goes(session, house.owner, house.moderator, house.member, house.other)
    leave(membership=house.group.memberships.get(user=house.member), by=house.member)
    leave(membership=house.group.memberships.get(user=house.moderator), by=house.moderator)
    keep_places(timestamp=0)
    assert {one.user for one in Attendance.objects.seated()} == {house.owner, house.other}
    assert Notice.objects.filter(kind="schedule/promoted", recipient=house.other).exists()
    assert not Notice.objects.filter(kind="schedule/promoted", recipient=house.member).exists()
    assert actions.keep_places() == 0


def test_who_is_suspended_until_after_it_begins_gives_the_place_up_and_gets_it_back(house, session):
    goes(session, house.moderator, house.member, house.other)
    theirs = house.group.memberships.get(user=house.member)
    before, after = session.starts_at - timedelta(hours=1), session.ends_at
    suspend(membership=theirs, until=before, reason="Rest.", by=house.owner)
    assert actions.keep_places() == 0  # by then they may come
    suspend(membership=theirs, until=after, reason="Rest.", by=house.owner)
    assert actions.keep_places() == 1
    assert {one.user for one in Attendance.objects.seated()} == {house.moderator, house.other}
    assert Notice.objects.filter(kind="schedule/promoted", recipient=house.other).exists()
    actions.answer(session=session, by=house.moderator, answer=Answer.NOT_GOING)
    assert actions.keep_places() == 0
    assert {one.user for one in Attendance.objects.seated()} == {house.other}  # a place is free, and not for them
    goes(session, house.organizer, house.owner)
    lift(membership=theirs, by=house.owner)
    actions.answer(session=session, by=house.other, answer=Answer.NOT_GOING)
    seated = {one.user for one in Attendance.objects.seated()}
    assert seated == {house.organizer, house.member}  # who had said so before the owner did


def test_who_is_suspended_is_not_shown_where_a_session_is_that_they_cannot_come_to(house, as_user):
    session = scheduled(house, link="https://meet.example.org/quay")
    goes(session, house.member)
    page = address("session", session)
    assert "meet.example.org" in as_user(house.member).get(page).text
    theirs = house.group.memberships.get(user=house.member)
    suspend(membership=theirs, until=session.ends_at, reason="Rest.", by=house.owner)
    actions.keep_places()
    assert "meet.example.org" not in as_user(house.member).get(page).text
    assert Attendance.objects.get().is_seated  # where places are not counted there is nothing to give up


def test_a_place_given_late_has_no_time_to_decline(house, session, as_user):
    goes(session, house.owner, house.moderator, house.member)
    session = begun(session)
    actions.answer(session=session, by=house.owner, answer=Answer.NOT_GOING)
    assert Notice.objects.get(kind="schedule/promoted").facts["decline_by"] == ""
    assert "give it back" not in as_user(house.member).get("/inbox/").text


# --- Who was there ----------------------------------------------------------------------------------------------------


def field(person):
    return f"person-{person.public_id}"


def test_an_organizer_or_who_leads_notes_who_was_there(house, as_user):
    session = begun(scheduled(house, facilitator=house.other))
    goes(session, house.member, house.owner)
    page = address("note_who_was_there", session)
    assert as_user(house.member).get(page).status_code == 403
    for who, said, shown in ((house.other, "yes", True), (house.organizer, "no", False), (house.organizer, "", None)):
        initial = {"yes": "", "no": "yes", "": "no"}[said]
        data = {field(house.member): said, f"initial-{field(house.member)}": initial}
        assert as_user(who).post(page, data).status_code == 302
        assert Attendance.objects.get(user=house.member).attended is shown
    assert Attendance.objects.get(user=house.owner).attended is None


def test_two_who_note_at_once_do_not_undo_one_another(house, as_user):
    """Each sends the whole form as it was shown to them; what one has not touched stays as the other noted it."""
    session = begun(scheduled(house))
    goes(session, house.member, house.other)
    names = [field(house.member), field(house.other)]
    shown = {f"initial-{name}": "" for name in names}
    page = address("note_who_was_there", session)
    as_user(house.organizer).post(page, shown | {names[0]: "yes", names[1]: ""})
    as_user(house.owner).post(page, shown | {names[0]: "", names[1]: "no"})
    assert [one.attended for one in Attendance.objects.order_by("pk")] == [True, False]
    assert "1 was there" in as_user(house.member).get(address("session", session)).text


def test_who_came_without_having_said_so_is_added_by_their_name(house, as_user):
    session = begun(scheduled(house, places=1))
    goes(session, house.member)
    client, page = as_user(house.organizer), address("note_who_was_there", session)
    for name in ("Otto", "Mil", "nobody \x00", "n" * 201):
        answer = client.post(page, {"else_there": name})
        assert answer.status_code == 422
        assert "errorlist" in answer.text
    assert client.post(page, {"else_there": "milo"}).status_code == 302
    assert client.post(page, {"else_there": "Mara"}).status_code == 302
    came = {one.user: (one.answer, one.attended) for one in Attendance.objects.all()}
    assert came == {house.member: ("going", True), house.other: ("maybe", True)}
    assert "2 were there" in as_user(house.other).get(address("session", session)).text


def test_nobody_was_there_before_it_began(house, session, as_user):
    goes(session, house.member)
    data = {field(house.member): "yes", f"initial-{field(house.member)}": ""}
    answer = as_user(house.organizer).post(address("note_who_was_there", session), data)
    assert answer.status_code == 409
    assert "has not begun yet" in answer.text
    answer = as_user(house.organizer).post(address("note_who_was_there", session), data | {field(house.member): "x"})
    assert answer.status_code == 422
    assert Attendance.objects.get().attended is None


# --- Size -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["session", "attend"])
def test_as_many_questions_for_three_as_for_one(house, as_user, name):
    session = scheduled(house, places=4)

    def count():
        client = as_user(house.organizer)
        client.get(address(name, session))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name, session)).status_code == 200
        return len(captured)

    goes(session, house.member)
    with_one = count()
    goes(session, house.other, house.owner)
    goes(session, *(factories.create_member(house.group) for _ in range(3)), guests=1)
    assert count() == with_one
