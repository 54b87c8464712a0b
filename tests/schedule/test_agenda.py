"""The agenda: made of paragraphs, ordered by who leads, overwritten by nobody."""

from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from readinggroup.discussion.models import Comment, QuestionState, Reaction, ReactionKind, State
from readinggroup.schedule import actions
from readinggroup.schedule.models import Agenda, AgendaItem

from .. import factories
from ..discussion.test_races import at_once
from .agenda_steps import address, agenda_form, create_session, put_on_agenda, under_way

pytestmark = pytest.mark.usefixtures("contexts")


def numbers_on(session):
    """What the agenda holds: numbers of paragraphs, or words."""
    versions = session.reading.edition.current.versions
    numbers = dict(versions.values_list("paragraph", "number"))
    return [numbers.get(item.paragraph_id, item.words) for item in session.agenda_items.all()]


def edit(client, session, rows, **more):
    version = more.pop("version", None)
    return client.post(address("schedule:edit_agenda", session), agenda_form(session, rows, version=version) | more)


# --- Proposed from what was said --------------------------------------------------------------------------------------


def ask(house, by, body, number):
    comment = factories.create_comment(house.reading, by, body, number=number)
    Comment.objects.filter(pk=comment.pk).update(
        question=QuestionState.OPEN, question_by=by, question_at=comment.created_at
    )
    return comment


def said_about(house):
    """Paragraph 4 is disputed, 5 is much discussed, 6 asks something, 9 is said of once; 2 is in no passage."""
    disputed = factories.create_comment(house.reading, house.other, "The sacks were theirs.", number=4)
    for person in (house.member, house.organizer, house.moderator):
        Reaction.objects.create(comment=disputed, by=person, kind=ReactionKind.DISAGREE)
    for round_ in range(5):
        factories.create_comment(house.reading, house.member, f"And again, {round_}.", number=5)
    ask(house, house.member, "Whose list was it?", 6)
    factories.create_comment(house.reading, house.member, "Once.", number=9)
    ask(house, house.member, "Who wrote this?", 2)


def proposed(client, session, query=""):
    page = client.get(address("propose_agenda", session) + query)
    assert page.status_code == 200
    return page, [one.address.number for one in page.context["candidates"]]


def test_what_is_open_much_said_or_disputed_is_proposed_in_each_order(house, as_user):
    said_about(house)
    session, client = create_session(house, first=4, last=9), as_user(house.organizer)
    page, numbers = proposed(client, session)
    assert numbers == [4, 5, 6, 9]  # 3 x 2 + 1, 5, 3 + 1, 1
    assert "1 open question" in page.text
    assert "3 disagree" in page.text
    assert proposed(client, session, "?by=questions")[1][0] == 6
    assert proposed(client, session, "?by=comments")[1][0] == 5
    assert proposed(client, session, "?by=disagreements")[1][0] == 4
    assert client.get(address("propose_agenda", session) + "?by=nonsense").status_code == 404


def test_what_the_facilitator_may_not_read_speaks_for_nothing(house, as_user):
    held = factories.create_comment(house.reading, house.other, "Held.", number=4)
    Comment.objects.filter(pk=held.pk).update(state=State.HELD)
    hidden = ask(house, house.other, "Hidden?", 5)
    Comment.objects.filter(pk=hidden.pk).update(state=State.HIDDEN)
    session = create_session(house, facilitator=house.member)
    page, numbers = proposed(as_user(house.member), session)
    assert numbers == []
    assert "Nothing was said yet" in page.text


def test_what_is_chosen_is_on_the_agenda_once_with_its_share_of_the_time(house, as_user):
    said_about(house)
    session, client = create_session(house), as_user(house.organizer)
    page, _numbers = proposed(client, session)
    assert page.context["allotted"] == 20  # 90 minutes among four, in steps of five
    names = [factories.version_of(house.reading, number).paragraph.public_id for number in (6, 4)]
    for _again in range(2):
        answer = client.post(
            address("propose_agenda", session), {"paragraph": [*names, "nonsense"], "allotted": "20"}, follow=True
        )
        assert answer.status_code == 200
    assert numbers_on(session) == [4, 6]
    assert [item.allotted for item in session.agenda_items.all()] == [20, 20]
    assert "on the agenda" in proposed(client, session)[0].text


def test_paragraphs_outside_the_passages_are_not_put_there_by_a_forged_form(house, as_user):
    session = create_session(house, first=4, last=5)
    outside = factories.version_of(house.reading, 9).paragraph.public_id
    as_user(house.organizer).post(address("propose_agenda", session), {"paragraph": [outside], "allotted": "-3"})
    assert numbers_on(session) == []


# --- Ordering, adding, taking off -------------------------------------------------------------------------------------


def test_the_facilitator_orders_adds_takes_off_and_gives_minutes(house, as_user):
    session = create_session(house, facilitator=house.member)
    four, five = put_on_agenda(house, session, 4, 5)
    client = as_user(house.member)
    rows = [
        {"item": four, "ORDER": 2, "words": "The sacks", "allotted": 25},
        {"item": five, "DELETE": "on"},
        {"number": 7, "allotted": 5, "ORDER": 3},
        {"words": "Welcome", "ORDER": 1, "allotted": 3},
    ]
    assert edit(client, session, rows).status_code == 302
    assert numbers_on(session) == ["Welcome", 4, 7]
    assert [item.allotted for item in session.agenda_items.all()] == [3, 25, 5]
    page = client.get(address("schedule:session", session)).text
    assert "33 minutes in all" in page
    assert "The sacks" in page


@pytest.mark.parametrize(
    ("button", "expected"),
    [({"up": "3"}, [4, 6, 5]), ({"down": "1"}, [5, 4, 6]), ({"up": "1"}, [4, 5, 6]), ({"down": "x"}, [4, 5, 6])],
)
def test_a_button_moves_one_item(house, as_user, button, expected):
    session = create_session(house)
    items = put_on_agenda(house, session, 4, 5, 6)
    rows = [{"item": item} for item in items] + [{}]
    assert edit(as_user(house.organizer), session, rows, **button).status_code == 302
    assert numbers_on(session) == expected


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"number": 999}, "The text has"),
        ({"number": 4, "allotted": 0}, "greater than or equal to 1"),
        ({"number": 4, "allotted": 9999}, "less than or equal to 480"),
        ({"words": "x" * 201}, "at most 200 characters"),
        ({"words": "a\x00b"}, "Null characters"),
        ({"words": "kept", "allotted": "ten"}, "whole number"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_is_kept(house, as_user, row, words):
    session = create_session(house)
    (four,) = put_on_agenda(house, session, 4)
    answer = edit(as_user(house.organizer), session, [{"item": four, "words": "Typed before"}, row])
    assert answer.status_code == 422
    assert words in answer.text
    assert "Typed before" in answer.text
    assert numbers_on(session) == [4]


def test_one_paragraph_stands_there_once(house, as_user):
    session = create_session(house)
    (four,) = put_on_agenda(house, session, 4)
    answer = edit(as_user(house.organizer), session, [{"item": four}, {"number": 4}])
    assert answer.status_code == 422
    assert "stands on the agenda once" in answer.text
    with pytest.raises(IntegrityError, match="agenda_paragraph_once"), transaction.atomic():
        AgendaItem.objects.create(session=session, position=9, paragraph=four.paragraph)


def test_hostile_words_are_words(house, as_user):
    session = create_session(house)
    edit(as_user(house.organizer), session, [{"words": "<script>alert(1)</script>"}])
    for name in ("schedule:session", "schedule:edit_agenda", "run_session"):
        page = as_user(house.organizer).get(address(name, session)).text
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_a_form_without_its_management_part_is_no_error_of_ours(house, as_user):
    session = create_session(house)
    for data in ({}, {"form-TOTAL_FORMS": "x", "version": "y"}, {"form-TOTAL_FORMS": "9" * 9, "version": "0"}):
        assert as_user(house.organizer).post(address("schedule:edit_agenda", session), data).status_code == 422


def test_whoever_is_overtaken_sees_both_and_loses_nothing(house, as_user):
    session = create_session(house)
    four, five = put_on_agenda(house, session, 4, 5)
    client = as_user(house.organizer)
    late = agenda_form(session, [{"item": four, "words": "Mine"}, {"item": five}, {"words": "A word of mine"}])
    edit(as_user(house.owner), session, [{"item": four, "words": "Theirs"}, {"number": 8}])  # takes 5 off, adds 8
    answer = client.post(address("schedule:edit_agenda", session), late)
    assert answer.status_code == 409
    for words in ("Theirs", "Mine", "A word of mine", "Somebody else has changed the agenda"):
        assert words in answer.text
    assert numbers_on(session) == [4, 8]
    # What the form holds now is saved over it: theirs that was new has come along.
    kept = {
        form.add_prefix(name): form[name].value() or ""
        for form in answer.context["forms"]
        for name in ("item", "words", "allotted", "ORDER")
    }
    total = {"form-TOTAL_FORMS": len(answer.context["forms"].forms), "form-INITIAL_FORMS": 2}
    kept |= total | {"version": answer.context["version"]["version"].value()}
    assert client.post(address("schedule:edit_agenda", session), kept).status_code == 302
    assert numbers_on(session) == [4, "A word of mine", 8]
    assert session.agenda_items.first().words == "Mine"


def test_an_item_of_another_session_is_not_taken_over(house, as_user):
    theirs = put_on_agenda(house, create_session(house), 4)[0]
    session = create_session(house)
    put_on_agenda(house, session, 5)
    assert edit(as_user(house.organizer), session, [{"item": theirs, "words": "Mine"}]).status_code == 409
    theirs.refresh_from_db()
    assert theirs.words == ""


def test_what_has_minutes_stays_on_the_agenda(house, as_user):
    it = under_way(house)
    actions.write_minutes(session=it.session, item=it.items[0], version=0, body="Said.", by=house.other)
    answer = edit(as_user(house.organizer), it.session, [{"item": it.items[0], "DELETE": "on"}, {"item": it.items[1]}])
    assert answer.status_code == 409
    assert "Minutes are written about an item" in answer.text
    assert numbers_on(it.session) == [4, 5]


# --- Who may ----------------------------------------------------------------------------------------------------------


def test_only_who_leads_makes_the_agenda(house, as_user):
    session = create_session(house, facilitator=house.member)
    put_on_agenda(house, session, 4)
    pages = [address(name, session) for name in ("schedule:edit_agenda", "propose_agenda")]
    for who, status in (("other", 403), ("moderator", 403), ("outsider", 403), ("member", 200), ("owner", 200)):
        for page in pages:
            assert as_user(getattr(house, who)).get(page).status_code == status, (who, page)
    assert "Make the agenda" not in as_user(house.other).get(address("schedule:session", session)).text
    theirs = house.group.memberships.get(user=house.member)
    theirs.left_at = theirs.joined_at
    theirs.save(update_fields=["left_at"])
    with pytest.raises(actions.NotPossible):
        actions.add_items(session=session, paragraphs=[], allotted=5, by=house.member)


def test_a_draft_has_no_page_for_who_does_not_organize(house, as_user):
    session = actions.create(reading=house.reading, by=house.organizer, title="Not yet", zone="UTC")
    for name in ("schedule:edit_agenda", "propose_agenda", "run_session", "schedule:minutes"):
        assert as_user(house.member).get(address(name, session)).status_code == 404
    assert as_user(house.organizer).get(address("schedule:edit_agenda", session)).status_code == 200


# --- Costs, and two at once -------------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_items(house, as_user):
    def cost(session, name):
        client = as_user(house.organizer)
        client.get(address(name, session))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name, session)).status_code == 200
        return len(captured)

    said_about(house)
    short, long = create_session(house, first=9, last=9), create_session(house)
    put_on_agenda(house, short, 9)
    put_on_agenda(house, long, 4, 6, 9)
    for name in ("schedule:session", "schedule:edit_agenda", "propose_agenda"):
        assert cost(short, name) == cost(long, name), name


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told_of_the_other(house, as_user):
    session = create_session(house)
    (four,) = put_on_agenda(house, session, 4)
    forms = [agenda_form(session, [{"item": four, "words": f"By {who}"}]) for who in ("Olga", "Omar")]
    clients = [as_user(house.owner), as_user(house.organizer)]
    page = address("schedule:edit_agenda", session)
    answers = at_once(*(lambda c=c, f=f: c.post(page, f) for c, f in zip(clients, forms, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [302, 409]


@pytest.mark.django_db(transaction=True)
def test_looking_at_the_version_first_would_let_both_through(house):
    """The control: the version is read, and then written without a lock between."""
    session = create_session(house)
    put_on_agenda(house, session, 4)
    looked = Barrier(2)

    def save_carelessly():
        version = Agenda.objects.get(session=session).version
        looked.wait(30)
        return Agenda.objects.filter(session=session).update(version=version + 1)

    assert at_once(save_carelessly, save_carelessly) == [1, 1]
