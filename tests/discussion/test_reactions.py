"""Marks with a meaning: one of each kind a person, set and taken back by one button, with names."""

import re
from html import unescape
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, Reaction, ReactionKind, State
from readinggroup.discussion.reactions import mark, reaction_bar, reactions_at
from readinggroup.groups.actions import leave
from readinggroup.readings.models import ParagraphActivity

from .. import factories
from .test_comments import HTMX, paragraph_page
from .test_races import SOON, at_once


def press(client, comment, kind, act="set", headers=None):
    address = reverse("discussion:reactions", args=[comment.public_id])
    return client.post(address, {act: kind}, headers=headers or {})


@pytest.fixture
def said(house):
    return factories.create_comment(house.reading, house.member, "Whose sacks were they?")


def page_for(client, house):
    return client.get(paragraph_page(house.reading)).content.decode()


def button(page, kind):
    """The button of this kind, of the first comment that has some."""
    return re.search(rf'<button[^>]*value="{kind}"[^>]*>[^<]*</button>', page)[0]


def test_a_mark_is_set_and_taken_back_and_shown_with_the_name(house, as_user, said):
    client = as_user(house.other)
    assert 'aria-pressed="false"' in button(page_for(client, house), "agree")
    answer = press(client, said, "agree")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("discussion:comment", args=[said.public_id])
    page = page_for(client, house)
    assert 'name="unset"' in button(page, "agree")
    assert 'aria-pressed="true"' in button(page, "agree")
    assert 'aria-label="I agree: 1"' in button(page, "agree")
    assert "I agree: <bdi>Milo</bdi>" in page
    press(client, said, "agree", "unset")
    assert "I agree: <bdi>Milo</bdi>" not in page_for(client, house)
    assert not Reaction.objects.exists()


def test_a_double_click_is_not_set_and_unset(house, as_user, said):
    client = as_user(house.other)
    for _ in range(2):
        press(client, said, "agree")
    assert Reaction.objects.count() == 1
    for _ in range(2):
        press(client, said, "agree", "unset")
    assert Reaction.objects.count() == 0


def test_one_of_each_kind(house, as_user, said):
    client = as_user(house.other)
    for kind in ReactionKind.values:
        press(client, said, kind)
    assert set(said.reactions.values_list("kind", flat=True)) == set(ReactionKind.values)


def test_htmx_gets_the_bar_alone(house, as_user, said):
    answer = press(as_user(house.other), said, "well_found", headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.startswith('<div class="marks">')
    assert 'aria-pressed="true"' in button(answer.text, "well_found")
    assert "<article" not in answer.text


def test_everybody_sees_how_many_and_whose_and_only_members_have_buttons(house, as_user, said):
    press(as_user(house.other), said, "disagree")
    press(as_user(house.owner), said, "disagree")
    for who in (None, house.outsider):
        page = page_for(as_user(who), house)
        assert "I disagree: <bdi>Milo</bdi>, <bdi>Olga</bdi>" in page
        assert 'value="disagree"' not in page
    assert 'aria-label="I disagree: 2"' in button(page_for(as_user(house.moderator), house), "disagree")


def test_ones_own_comment_is_marked_by_others(house, as_user, said):
    client = as_user(house.member)
    assert 'value="agree"' not in page_for(client, house)
    answer = client.post(reverse("discussion:reactions", args=[said.public_id]), {"set": "agree"}, follow=True)
    assert "Marks are for what others have written." in unescape(answer.text)
    assert "Marks are for what others have written." in press(client, said, "agree", headers=HTMX).text
    assert not Reaction.objects.exists()


@pytest.mark.parametrize(
    "data", [{}, {"set": ""}, {"set": "love"}, {"unset": "x"}, {"set": "agree\x00"}, {"kind": "agree"}]
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_mark_that_there_is_not_is_refused_in_words(house, as_user, said, data, headers):
    answer = as_user(house.other).post(reverse("discussion:reactions", args=[said.public_id]), data, headers=headers)
    assert answer.status_code == 400
    assert "There is no such mark." in answer.text
    assert not Reaction.objects.exists()


@pytest.mark.parametrize("state", [State.HIDDEN, State.WITHDRAWN, State.HELD])
def test_what_is_not_visible_cannot_be_marked_and_shows_no_marks(house, as_user, said, state):
    factories.create_comment(house.reading, house.other, "An answer keeps the stub.", parent=said)
    press(as_user(house.other), said, "question")
    if state == State.WITHDRAWN:
        actions.withdraw(comment=said, by=house.member)
    else:
        Comment.objects.filter(pk=said.pk).update(state=state)
    for who in (None, house.member, house.other, house.moderator):
        assert "I have a question: " not in page_for(as_user(who), house)
    for who in (house.other, house.moderator):
        press(as_user(who), said, "agree")
    assert said.reactions.count() == 1
    assert (
        "taken back, hidden or held" in press(as_user(house.owner), said, "agree", headers=HTMX).text or state == "held"
    )
    Comment.objects.filter(pk=said.pk).update(state=State.VISIBLE, withdrawn_at=None, withdrawn_from="")
    assert "I have a question: <bdi>Milo</bdi>" in page_for(as_user(None), house)


def test_names_are_the_groups_own(house, as_user, said):
    house.group.memberships.filter(user=house.other).update(name_here="The <miller>")
    press(as_user(house.other), said, "agree")
    page = page_for(as_user(None), house)
    assert "<bdi>The &lt;miller&gt;</bdi>" in page
    assert "<bdi>Milo</bdi>" not in page
    part = press(as_user(house.owner), said, "agree", headers=HTMX).text
    assert "<bdi>The &lt;miller&gt;</bdi>, <bdi>Olga</bdi>" in part


def test_who_left_under_a_pseudonym_appears_so(house, as_user, said):
    press(as_user(house.other), said, "agree")
    assert "<bdi>Milo</bdi>" in page_for(as_user(None), house)
    theirs = house.group.memberships.get(user=house.other)
    leave(membership=theirs, by=house.other, under_pseudonym=True)
    theirs.refresh_from_db()
    page = page_for(as_user(None), house)
    assert "Milo" not in page
    assert f"<bdi>{theirs.name_here}</bdi>" in page


def test_the_database_keeps_one_of_each_kind(house, said):
    Reaction.objects.bulk_create([Reaction(comment=said, by=house.other, kind="agree")] * 3, ignore_conflicts=True)
    assert Reaction.objects.count() == 1


def test_marks_are_asked_in_one_question_in_their_order(house, said, django_assert_num_queries):
    other = factories.create_comment(house.reading, house.member, "And the lists?")
    for by in (house.owner, house.other):
        mark(comment=said, kind="agree", by=by, is_set=True)
    mark(comment=other, kind="question", by=house.other, is_set=True)
    with django_assert_num_queries(1):
        given = reactions_at([said.pk, other.pk])
    assert given == {
        said.pk: {"agree": [house.owner.pk, house.other.pk]},
        other.pk: {"question": [house.other.pk]},
    }


def test_a_comment_without_marks_costs_a_constant_string():
    reaction_bar("abc", {}, 1, {}, may_react=True)
    assert reaction_bar("abc", {}, 1, {}, may_react=False) == ""
    assert reaction_bar("abc", {}, 1, {}, may_react=True).replace("abc", "xyz") == reaction_bar(
        "xyz", {}, 2, {}, may_react=True
    )


def test_one_mark_or_three_cost_the_page_the_same_queries(house, as_user, said):
    client = as_user(house.moderator)

    def queries():
        ParagraphActivity.objects.update(changes=1_000_000 + ParagraphActivity.objects.get().changes)  # made anew
        with CaptureQueriesContext(connection) as captured:
            page_for(client, house)
        return len(captured)

    mark(comment=said, kind="agree", by=house.other, is_set=True)
    queries()
    one = queries()
    mark(comment=said, kind="agree", by=house.owner, is_set=True)
    mark(comment=said, kind="question", by=house.other, is_set=True)
    assert queries() == one


# --- Races ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_mark_set_by_many_requests_at_once_is_one_mark(house, as_user, said):
    clients = [as_user(house.other) for _ in range(32)]
    answers = at_once(*(lambda client=client: press(client, said, "agree") for client in clients))
    assert [answer.status_code for answer in answers] == [302] * 32
    assert Reaction.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_marks_of_many_people_at_once_are_all_there(house, as_user, said):
    people = [factories.create_member(house.group) for _ in range(16)]
    clients = [as_user(person) for person in people]
    answers = at_once(
        *(
            lambda client=client, kind=kind: press(client, said, kind)
            for client in clients
            for kind in ("agree", "question")
        )
    )
    assert [answer.status_code for answer in answers] == [302] * 32
    given = reactions_at([said.pk])[said.pk]
    assert {kind: sorted(by) for kind, by in given.items()} == {
        kind: sorted(person.pk for person in people) for kind in ("agree", "question")
    }


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_try_to_set_it_twice(house, said):
    """The control: who looks whether the mark is there, and sets it if not, is refused by the database."""
    looked = Barrier(8)

    def set_carelessly():
        is_new = not Reaction.objects.filter(comment=said, by=house.other, kind="agree").exists()
        looked.wait(SOON)
        if not is_new:
            return "there already"
        try:
            Reaction.objects.create(comment=said, by=house.other, kind="agree")
        except Exception as refusal:
            return type(refusal).__name__
        return "set"

    answers = at_once(*[set_carelessly] * 8)
    assert sorted(answers) == ["IntegrityError"] * 7 + ["set"]


@pytest.mark.django_db(transaction=True)
def test_marking_and_withdrawing_at_once_leaves_no_error(house, as_user, said):
    clients = [as_user(house.other) for _ in range(6)]
    author = as_user(house.member)
    names = ["withdraw_comment", "put_back_comment"] * 3
    acts = [lambda client=client: press(client, said, "agree").status_code for client in clients]
    acts += [
        lambda name=name: author.post(reverse(f"discussion:{name}", args=[said.public_id])).status_code
        for name in names
    ]
    assert set(at_once(*acts)) == {302}
    assert Reaction.objects.count() <= 1
