"""What becomes of a session: on the calendar, opened, closed, cancelled; who may, who is told, and two at once."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.actions import leave, suspend
from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, ReadingSession, SessionState

from .houses import draft_session, scheduled_session, session_form, session_in


@pytest.fixture
def act(as_user):
    """Presses a button of the session's page."""

    def press(session, name, by, **data):
        address = reverse(f"schedule:{name}", args=[session.reading.group.slug, session.public_id])
        return as_user(by).post(address, data)

    return press


def state_of(session):
    session.refresh_from_db()
    return session.state


def told(kind):
    return {notice.recipient for notice in Notice.objects.filter(kind=f"schedule/{kind}")}


def test_the_members_are_told_once_that_a_session_takes_place(house, act):
    session = draft_session(house)
    for by in (house.organizer, house.organizer, house.owner):
        assert act(session, "put_on_calendar", by).status_code == 302
    assert state_of(session) == SessionState.SCHEDULED
    assert told("scheduled") == {house.owner, house.moderator, house.member, house.other}
    assert Notice.objects.count() == 4


def test_without_a_time_or_after_it_a_session_is_not_put_on_the_calendar(house, act):
    untimed = draft_session(house, date=None, time=None)
    answer = act(untimed, "put_on_calendar", house.organizer)
    assert answer.status_code == 409
    assert "cannot be put on the calendar" in answer.text
    over = draft_session(house)
    past = timezone.now() - timedelta(days=1)
    ReadingSession.objects.filter(pk=over.pk).update(starts_at=past, ends_at=past + timedelta(hours=1))
    answer = act(over, "put_on_calendar", house.organizer)
    assert answer.status_code == 422
    assert "This time is over." in answer.text
    assert state_of(untimed) == state_of(over) == SessionState.DRAFT


def test_a_draft_is_thrown_away_without_a_word(house, act):
    session = draft_session(house)
    assert act(session, "cancel_session", house.organizer).status_code == 302
    assert not ReadingSession.objects.exists()
    assert not Notice.objects.exists()


def test_a_draft_that_was_put_on_the_calendar_meanwhile_is_not_thrown_away(house):
    session = draft_session(house)
    actions.put_on_calendar(session=session, by=house.owner)
    assert not actions.discard(session=session, by=house.organizer)
    assert state_of(session) == SessionState.SCHEDULED


def test_cancelling_asks_why_and_tells_who_meant_to_come(house, act, as_user):
    session = scheduled_session(house)
    for person, answer in ((house.member, Answer.GOING), (house.other, Answer.NOT_GOING), (house.moderator, "maybe")):
        actions.answer(session=session, by=person, answer=answer)
    leave(membership=house.group.memberships.get(user=house.moderator), by=house.moderator)
    refused = act(session, "cancel_session", house.organizer, reason="  ")
    assert refused.status_code == 422
    assert "errorlist" in refused.text
    for _twice in range(2):
        assert act(session, "cancel_session", house.organizer, reason="The quay is under ice.").status_code in {
            302,
            404,
        }
    assert state_of(session) == SessionState.CANCELLED
    assert (session.cancelled_by, session.cancelled_for) == (house.organizer, "The quay is under ice.")
    assert told("cancelled") == {
        house.owner,
        house.organizer,
        house.member,
    }  # all who were invited and have not declined
    page = reverse("schedule:session", args=[house.group.slug, session.public_id])
    assert "The quay is under ice." in as_user(None).get(page).text
    assert "The quay is under ice." in as_user(house.member).get(reverse("inbox")).text


def test_what_has_begun_is_cancelled_no_more(house, act):
    session = actions.open_session(session=session_in(house, timedelta(minutes=5)), by=house.organizer)
    assert act(session, "cancel_session", house.organizer, reason="Ice.").status_code == 409
    assert state_of(session) == SessionState.UNDER_WAY


def test_a_session_is_opened_and_closed_by_who_leads_it(house, act):
    session = session_in(house, timedelta(minutes=5), facilitator=house.other)
    for person, status in ((house.member, 404), (house.moderator, 404), (house.outsider, 403)):
        assert act(session, "open_session", person).status_code == status
        assert act(session, "close_session", person).status_code == status
    assert act(session, "close_session", house.other).status_code == 409
    assert act(session, "open_session", house.other).status_code == 302
    assert state_of(session) == SessionState.UNDER_WAY
    assert act(session, "open_session", house.organizer).status_code == 302
    assert act(session, "close_session", house.other).status_code == 302
    assert state_of(session) == SessionState.HELD
    assert session.opened_at <= session.closed_at
    assert act(session, "open_session", house.organizer).status_code == 409


def test_long_before_its_time_a_session_is_opened_only_by_who_says_so_twice(house, act):
    session = session_in(house, timedelta(days=2), read_first=True)
    answer = act(session, "open_session", house.organizer)
    assert answer.status_code == 200
    assert "what waited to be shown is shown to all" in answer.text
    assert state_of(session) == SessionState.SCHEDULED
    act(session, "open_session", house.organizer, confirmed="1")
    assert state_of(session) == SessionState.UNDER_WAY


@pytest.mark.parametrize("name", ["put_on_calendar", "open_session", "close_session", "cancel_session"])
def test_a_link_changes_nothing(house, as_user, name):
    session = scheduled_session(house)
    address = reverse(f"schedule:{name}", args=[house.group.slug, session.public_id])
    as_user(house.organizer).get(address)
    assert state_of(session) == SessionState.SCHEDULED


def test_whoever_was_suspended_a_moment_ago_does_nothing_more(house):
    session = draft_session(house)
    theirs = house.group.memberships.get(user=house.organizer)
    suspend(membership=theirs, until=theirs.FOR_GOOD, reason="Rest a while.", by=house.owner)
    asked = {"session": session, "by": house.organizer}
    for refused in (
        lambda: actions.change(**asked, version=session.version, title="Mine"),
        lambda: actions.put_on_calendar(**asked),
        lambda: actions.cancel(**asked, reason="So."),
        lambda: actions.discard(**asked),
        lambda: actions.open_session(**asked),
        lambda: draft_session(house),
    ):
        with pytest.raises(actions.NotPossible):
            refused()
    assert state_of(session) == SessionState.DRAFT


def test_whoever_loses_the_right_while_the_form_is_under_way_keeps_their_words(house, as_user, monkeypatch):
    """Their request was let in; the act itself finds that they may no more. As a moment later, it is no error."""

    def too_late(**_details):
        raise actions.NotPossible

    session = draft_session(house)
    for name in ("create", "change", "discard"):
        monkeypatch.setattr(actions, name, too_late)
    client, group = as_user(house.organizer), house.group.slug
    for address, status in [
        (reverse("schedule:new_session", args=[group]), 422),
        (reverse("schedule:change_session", args=[group, session.public_id]), 409),
        (reverse("schedule:choose_passages", args=[group, session.public_id]), 409),
        (reverse("schedule:cancel_session", args=[group, session.public_id]), 409),
    ]:
        form = session_form(reading=house.reading.slug, version=session.version)
        answer = client.post(address, form)
        assert answer.status_code == status
        if address.endswith(("/new/", "/change/")):
            assert "Bring the list." in answer.text


def test_a_page_offers_only_what_can_be_done(house, as_user):
    session = draft_session(house, facilitator=house.other)
    page = reverse("schedule:session", args=[house.group.slug, session.public_id])
    offered = {
        "Put it on the calendar": set(),
        "Open the session": set(),
        "Close the session": set(),
        "Cancel": set(),
        "Throw the draft away": set(),
    }
    steps = [
        ("draft", lambda: None),
        ("scheduled", lambda: actions.put_on_calendar(session=session, by=house.organizer)),
        ("under way", lambda: actions.open_session(session=session, by=house.organizer)),
        ("held", lambda: actions.close_session(session=session, by=house.organizer)),
    ]
    for state, step in steps:
        step()
        shown = as_user(house.organizer).get(page).text
        for words, states in offered.items():
            if f">{words}<" in shown:
                states.add(state)
        assert "Organizing" not in as_user(house.member).get(page).text
    assert offered == {
        "Put it on the calendar": {"draft"},
        "Open the session": {"scheduled"},
        "Close the session": {"under way"},
        "Cancel": {"scheduled"},
        "Throw the draft away": {"draft"},
    }
    assert "Organizing" not in as_user(None).get(page).text
