"""The page from which a session is run: one place for all, cheap to ask, and of two who go on one does."""

from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readinggroup.discussion.models import Comment, MutedPerson, QuestionState, State
from readinggroup.schedule import actions
from readinggroup.schedule.models import Agenda, Outcome, ReadingSession, SessionState

from .. import factories
from ..discussion.test_races import at_once
from .agenda_steps import address, begin, create_session, ended, put_on_agenda, under_way
from .test_agenda import ask

PART = {"HX-Request": "true"}


def step(client, session, to, *, version=None, part=False):
    version = Agenda.objects.get(session=session).version if version is None else version
    to = getattr(to, "public_id", to)
    headers = PART if part else {}
    return client.post(address("step_session", session), {"to": to, "version": version}, headers=headers)


def here(session):
    return Agenda.objects.get(session=session).current


# --- Going through it -------------------------------------------------------------------------------------------------


def test_the_facilitator_begins_goes_on_goes_back_and_ends(house, as_user, contexts):
    session = create_session(house, facilitator=house.member)
    four, five = put_on_agenda(house, session, 4, 5, allotted=15)
    client = as_user(house.member)
    page = client.get(address("run_session", session))
    assert "The session has not begun." in page.text
    assert step(client, session, four).status_code == 302
    session.refresh_from_db()
    assert (session.state, here(session)) == (SessionState.UNDER_WAY, four)
    page = client.get(address("run_session", session))
    text = factories.version_of(house.reading, 4).text
    assert text in page.text
    assert "Item 1 of 2" in page.text
    assert (page.context["until"] - page.context["agenda"].since).total_seconds() == 15 * 60
    step(client, session, five)
    assert here(session) == five
    assert "Item 2 of 2" in client.get(address("run_session", session)).text
    step(client, session, four)
    assert here(session) == four
    step(client, session, "end")
    session.refresh_from_db()
    assert (session.state, here(session)) == (SessionState.HELD, None)
    assert "The session is over." in client.get(address("run_session", session)).text
    assert step(client, session, four).status_code == 409


def test_only_who_leads_goes_on(house, as_user):
    it = under_way(house)
    for who, status in (("other", 403), ("moderator", 403), ("outsider", 403), ("organizer", 302), ("owner", 302)):
        assert step(as_user(getattr(house, who)), it.session, it.items[1]).status_code == status, who
    assert 'name="to"' not in as_user(house.other).get(address("run_session", it.session)).text
    assert 'name="to"' in as_user(house.member).get(address("run_session", it.session)).text


def test_nonsense_moves_nothing(house, as_user):
    it = under_way(house)
    client = as_user(house.member)
    theirs = put_on_agenda(house, create_session(house), 6)[0]
    for data, status in (
        ({}, 422),
        ({"to": "x" * 300, "version": 1}, 422),
        ({"to": "nothing", "version": 2}, 409),
        ({"to": theirs.public_id, "version": 2}, 409),
        ({"to": "a\x00b", "version": 2}, 422),
        ({"to": it.items[1].public_id, "version": "9" * 30}, 422),
    ):
        assert client.post(address("step_session", it.session), data).status_code == status, data
    assert here(it.session) == it.items[0]


def test_a_cancelled_session_is_not_run(house, as_user):
    session = create_session(house)
    (four,) = put_on_agenda(house, session, 4)
    actions.cancel(session=session, reason="Storm.", by=house.organizer)
    answer = step(as_user(house.organizer), session, four)
    assert answer.status_code == 409
    assert here(session) is None


def test_an_item_that_is_taken_off_while_it_is_discussed_is_nowhere_and_no_page_breaks(house, as_user):
    it = under_way(house)
    it.items[0].delete()
    page = as_user(house.member).get(address("run_session", it.session))
    assert page.status_code == 200
    assert "The session is under way." in page.text


def test_a_paragraph_that_is_no_longer_in_the_text_is_said_to_be_gone(house, as_user):
    it = under_way(house)
    actions.write_minutes(session=it.session, item=it.items[0], version=0, body="Said.", by=house.other)
    factories.version_of(house.reading, 4).delete()
    for name in ("run_session", "schedule:session", "schedule:minutes", "schedule:edit_agenda"):
        page = as_user(house.organizer).get(address(name, it.session))
        assert page.status_code == 200, name
        assert "no longer in the text" in page.text or name == "schedule:minutes"


# --- It keeps up ------------------------------------------------------------------------------------------------------


def asked(client, session, tag="", query=""):
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address("run_session", session) + query, headers=PART | {"If-None-Match": tag})
    return answer, len(captured)


def test_a_page_that_is_up_to_date_costs_two_queries_and_says_nothing(house, as_user):
    it = under_way(house)
    client = as_user(house.other)
    first, _queries = asked(client, it.session)
    assert first.status_code == 200
    assert f'data-tag="{first["ETag"].replace(chr(34), "&quot;")}"' in first.text
    again, queries = asked(client, it.session, first["ETag"])
    assert (again.status_code, again.content, queries) == (304, b"", 2)
    assert "no-store" in again["Cache-Control"]


def test_whatever_changes_is_there_with_the_next_question(house, as_user):
    it = under_way(house)
    client = as_user(house.other)
    comment = factories.create_comment(house.reading, house.member, "First said.")
    changes = [
        lambda: begin(it.session, it.items[1], by=house.member),
        lambda: begin(it.session, it.items[0], by=house.member),
        lambda: factories.create_comment(house.reading, house.member, "Just said."),
        lambda: Comment.objects.filter(pk=comment.pk).update(state=State.HIDDEN),
        lambda: actions.note_decision(
            session=it.session, item=it.items[0], words="We stay.", key="5" * 32, by=house.other
        ),
        lambda: put_on_agenda(house, it.session, 8),
        lambda: actions.end_session(
            session=it.session, version=Agenda.objects.get(session=it.session).version, by=house.member
        ),
    ]
    tag, seen = asked(client, it.session)[0]["ETag"], []
    for number, change in enumerate(changes):
        change()
        answer, _queries = asked(client, it.session, tag)
        assert answer.status_code == 200, number
        assert answer["ETag"] != tag
        tag = answer["ETag"]
        seen.append(answer.text)
    assert "Item 2 of 2" in seen[0]
    assert "Just said." in seen[2]
    assert "First said." not in seen[3]
    assert "We stay." in seen[4]
    assert "We stay." not in as_user(house.moderator).get(address("run_session", it.session)).text  # not yet theirs


def test_two_people_do_not_share_a_tag(house, as_user):
    it = under_way(house)
    tags = {asked(as_user(who), it.session)[0]["ETag"] for who in (house.member, house.other, house.moderator)}
    assert len(tags) == 3


def test_queries_do_not_grow_with_comments_or_items(house, as_user):
    it = under_way(house, 4)
    factories.create_comment(house.reading, house.member, "One.")
    client = as_user(house.other)
    asked(client, it.session)
    _page, few = asked(client, it.session)
    for number in range(3):
        factories.create_comment(house.reading, house.other, f"More, {number}.")
    put_on_agenda(house, it.session, 5, 6, 7)
    _page, many = asked(client, it.session)
    assert few == many < 25


def test_the_forms_for_minutes_follow_only_when_they_are_asked_for(house, as_user):
    it = under_way(house)
    four, five = it.items
    client = as_user(house.other)
    begin(it.session, five, by=house.member)
    with_forms, _queries = asked(client, it.session, query=f"?taking={four.public_id}")
    assert 'hx-target="#taking"' in with_forms.text
    assert f"minutes-form-{five.public_id}" in with_forms.text
    for query in ("", f"?taking={five.public_id}"):
        assert 'hx-target="#taking"' not in asked(client, it.session, query=query)[0].text


# --- What is shown of the discussion ----------------------------------------------------------------------------------


def test_nobody_reads_there_what_they_may_not_read(house, as_user):
    it = under_way(house)
    held = factories.create_comment(house.reading, house.other, "Held back.")
    Comment.objects.filter(pk=held.pk).update(state=State.HELD)
    gone = ask(house, house.other, "Hidden away?", 4)
    Comment.objects.filter(pk=gone.pk).update(state=State.HIDDEN)
    factories.create_comment(house.reading, house.moderator, "Plain to see.")
    page = as_user(house.member).get(address("run_session", it.session)).text
    assert "Plain to see." in page
    assert "Held back." not in page
    assert "Hidden away?" not in page
    assert "Held back." in as_user(house.moderator).get(address("run_session", it.session)).text


def test_whom_one_has_muted_is_folded_there_too(house, as_user):
    it = under_way(house)
    factories.create_comment(house.reading, house.other, "Loud words.")
    MutedPerson.objects.create(group=house.group, by=house.member, person=house.other)
    page = as_user(house.member).get(address("run_session", it.session)).text
    assert '<details class="muted"' in page


# --- Open questions ---------------------------------------------------------------------------------------------------


def answered(client, session, item, comment, **more):
    data = {"item": item.public_id, "question": comment.public_id, "was": "open:", "key": "4" * 32}
    return client.post(address("answered_in_session", session), data | more)


def test_an_open_question_is_answered_at_its_item(house, as_user):
    it = under_way(house)
    question = ask(house, house.moderator, "Whose sacks?", 4)
    client = as_user(house.organizer)
    assert "Answered here" in client.get(address("run_session", it.session)).text
    for _twice in range(2):
        assert answered(client, it.session, it.items[0], question, words="The clerk's.").status_code == 302
    question.refresh_from_db()
    assert (question.question, question.question_by) == (QuestionState.ANSWERED, house.organizer)
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.question, outcome.words) == ("answered", question.public_id, "The clerk's.")
    page = client.get(address("run_session", it.session)).text
    assert "Answered here" not in page
    assert "A question was answered" in page


def test_who_may_not_settle_a_question_does_not_do_it_from_here(house, as_user):
    it = under_way(house)
    question = ask(house, house.moderator, "Whose sacks?", 4)
    assert "Answered here" not in as_user(house.other).get(address("run_session", it.session)).text
    assert answered(as_user(house.other), it.session, it.items[0], question).status_code == 403
    theirs = ask(house, house.other, "Mine?", 4)
    assert answered(as_user(house.other), it.session, it.items[0], theirs).status_code == 302
    assert answered(as_user(house.moderator), it.session, it.items[0], question).status_code == 403  # writes no minutes
    question.refresh_from_db()
    assert question.question == QuestionState.OPEN


def test_a_question_that_was_settled_meanwhile_is_not_noted(house, as_user):
    it = under_way(house)
    question = ask(house, house.moderator, "Whose sacks?", 4)
    Comment.objects.filter(pk=question.pk).update(question="", question_by=None, question_at=None)
    answer = answered(as_user(house.organizer), it.session, it.items[0], question)
    assert answer.status_code == 409
    assert "a moment earlier" in answer.text
    assert not Outcome.objects.exists()


@pytest.mark.parametrize("state", [State.HELD, State.HIDDEN, State.WITHDRAWN])
def test_a_question_that_is_not_there_to_be_read_is_not_answered(house, as_user, state):
    it = under_way(house)
    question = ask(house, house.other, "Whose sacks?", 4)
    gone = {"withdrawn_from": State.VISIBLE, "withdrawn_at": question.created_at} if state == State.WITHDRAWN else {}
    Comment.objects.filter(pk=question.pk).update(state=state, **gone)
    assert answered(as_user(house.organizer), it.session, it.items[0], question).status_code == 404
    elsewhere = ask(house, house.other, "And here?", 6)
    assert answered(as_user(house.organizer), it.session, it.items[0], elsewhere).status_code == 404


# --- Two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_next_at_once_one_goes_on(house, as_user):
    it = under_way(house, 4, 5, 6, 7)
    clients = [as_user(house.member), as_user(house.organizer), as_user(house.owner)]
    for item in it.items[1:]:
        version = Agenda.objects.get(session=it.session).version
        answers = at_once(*(partial(step, client, it.session, item, version=version) for client in clients))
        assert sorted(answer.status_code for answer in answers) == [302, 409, 409]
        assert Agenda.objects.get(session=it.session).version == version + 1
    assert here(it.session) == it.items[-1]


@pytest.mark.django_db(transaction=True)
def test_going_on_from_where_one_looked_would_skip_an_item(house):
    """The control: whoever reads where the session is and then writes the next, without the version."""
    it = under_way(house, 4, 5, 6, 7)
    looked = Barrier(2)
    order = [item.pk for item in it.items]
    stepped = []

    def go_on_carelessly():
        agenda = Agenda.objects.get(session=it.session)
        looked.wait(30)
        stepped.append(order[order.index(agenda.current_id) + 1])
        Agenda.objects.filter(pk=agenda.pk).update(current=stepped[-1])

    at_once(go_on_carelessly, go_on_carelessly)
    assert len(stepped) == 2
    assert len(set(stepped)) == 1  # both went on, and neither knows of the other


def test_a_session_that_nobody_closed_is_over_when_its_time_is(house, as_user):
    it = under_way(house)
    ended(it.session)
    assert ReadingSession.objects.get().state == SessionState.UNDER_WAY
    assert "Write and publish" in as_user(house.organizer).get(address("schedule:session", it.session)).text
