"""What is held before others see it: whose words, which words, and what their author is told."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions, holding, moderating
from readinggroup.discussion.models import Comment, HeldFor, State
from readinggroup.groups.models import Group, Rule
from readinggroup.groups.settling import change_rules
from readinggroup.lib.markup import render_markdown
from readinggroup.notifications.models import Notice

from .. import conftest, factories
from .test_races import assert_counters_are_true, at_once, paragraph_page
from .test_unread import unread_of

HTMX = {"HX-Request": "true"}
LINKS = " ".join(f"[there](https://example.org/{number})" for number in range(10))


def settle(house, **fields):
    Group.objects.filter(pk=house.group.pk).update(**fields)


def say(house, by, body="I read this twice.", **more):
    comment = factories.create_comment(house.reading, by, body, **more)
    return comment.state, comment.held_for


@transaction.atomic
def decide(decision, comment, **more):
    decision(comment=actions.held([comment.pk])[comment.pk], **more)


def at_home(house, by):
    """Somebody who has said enough that all can see."""
    for number in range(holding.AT_HOME):
        factories.create_comment(house.reading, by, f"Remark {number}.")


HELD = {reason: (State.HELD, reason) for reason in HeldFor}
SHOWN = (State.VISIBLE, "")


# --- Why --------------------------------------------------------------------------------------------------------------


def test_usually_nothing_is_held(house):
    assert say(house, house.member) == SHOWN


def test_a_newcomers_first_comments_are_held_until_so_many_are_shown(house):
    settle(house, hold_first=2)
    for _ in range(3):
        assert say(house, house.member) == HELD["newcomer"]
    first, second, _third = Comment.objects.order_by("pk")
    decide(moderating.approve, first)
    assert say(house, house.member) == HELD["newcomer"]
    decide(moderating.approve, second)
    assert say(house, house.member) == SHOWN
    assert say(house, house.other) == HELD["newcomer"]  # each for themselves


def test_comments_in_another_group_make_nobody_at_home_here(house):
    elsewhere = factories.create_reading(factories.create_group("Quay readers"))
    factories.take_in(group=elsewhere.group, user=house.member)
    for _ in range(3):
        factories.create_comment(elsewhere, house.member)
    settle(house, hold_first=1)
    assert say(house, house.member) == HELD["newcomer"]


@pytest.mark.parametrize("role", ["owner", "moderator"])
def test_who_moderates_is_never_held(house, role, monkeypatch):
    monkeypatch.setattr(holding, "FLOOD", 0)
    settle(house, hold_first=20, hold_links=0)
    for _ in range(2):
        assert say(house, getattr(house, role), LINKS) == SHOWN


def test_who_organizes_is_held_as_any_member(house):
    settle(house, hold_first=1)
    assert say(house, house.organizer) == HELD["newcomer"]


def test_more_links_than_the_group_wants_are_held(house):
    settle(house, hold_links=2)
    at_home(house, house.member)
    assert say(house, house.member, "[a](http://a.example) and [b](http://b.example)") == SHOWN
    assert say(house, house.member, "[a](http://a.example), <http://b.example>, http://c.example/?d") == HELD["links"]


def test_a_newcomer_sets_one_link(house):
    assert say(house, house.member, "[one](http://a.example)") == SHOWN
    assert say(house, house.member, "[one](http://a.example), [two](http://b.example)") == HELD["links"]
    at_home(house, house.member)
    assert say(house, house.member, "[1](http://a.example) [2](http://b.example)") == SHOWN


@pytest.mark.parametrize(
    ("words", "links"),
    [
        ("none at all", 0),
        ("<https://a.example> http://b.example www.c.example", 3),
        ("[www.a.example](http://a.example)", 1),
        ("`http://a.example` and\n\n    http://b.example", 2),
        ("<script src=http://a.example>", 1),
        ("write to <somebody@a.example>", 1),
        ("https:// and wwwhat", 0),
        ("http://a.example,http://b.example,www.c.example", 3),
    ],
)
def test_links_are_counted_once_each_typed_or_set(words, links):
    assert holding.links_in(render_markdown(words)).total() == links


@pytest.mark.parametrize("words", ["<a " * 6_000, "[a](" * 5_000, "http://" * 2_800, "[x](http://a.example)" * 900])
def test_counting_links_takes_no_time_for_hostile_words(words):
    html = render_markdown(words)
    begun = timezone.now()
    holding.links_in(html)
    assert timezone.now() - begun < timedelta(seconds=1)


def test_a_flood_is_held_and_ends_with_its_minutes(house, monkeypatch):
    monkeypatch.setattr(holding, "FLOOD", conftest.FLOOD)
    said = [say(house, house.member, f"Remark {number}.") for number in range(conftest.FLOOD + 2)]
    assert said == [SHOWN] * conftest.FLOOD + [HELD["flood"]] * 2
    assert say(house, house.other) == SHOWN
    Comment.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert say(house, house.member) == SHOWN


def test_the_same_words_again_within_a_day_are_held(house):
    words = "Whose were the sacks, does anybody know?"
    assert say(house, house.member, words) == SHOWN
    assert say(house, house.other, words) == SHOWN
    assert say(house, house.member, words.upper().replace(" ", "\n "), number=5) == HELD["repeated"]
    assert say(house, house.member, "Yes, I think so.") == SHOWN
    assert say(house, house.member, "Yes, I think so.", number=5) == SHOWN  # too short to be a repetition
    Comment.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    assert say(house, house.member, words) == SHOWN


def test_what_was_withdrawn_may_be_said_where_it_belongs(house):
    words = "Whose were the sacks, does anybody know?"
    actions.withdraw(comment=factories.create_comment(house.reading, house.member, words), by=house.member)
    assert say(house, house.member, words, number=5) == SHOWN


def test_what_was_hidden_is_not_said_again_unseen(house):
    words = "Whose were the sacks, does anybody know?"
    decide(moderating.hide, factories.create_comment(house.reading, house.member, words), rule=None)
    assert say(house, house.member, words, number=5) == HELD["repeated"]


def test_a_place_where_all_is_looked_at_first(house, monkeypatch):
    asked = []
    monkeypatch.setattr(holding, "held_first_at", lambda **place: asked.append(place) or True)
    root = factories.create_comment(house.reading, house.member)
    decide(moderating.approve, root)
    assert say(house, house.other, parent=root) == HELD["place"]
    place = {"reading": house.reading, "paragraph": root.paragraph_id}
    assert asked == [{**place, "thread": None}, {**place, "thread": root.pk}]


def test_why_costs_two_queries_however_much_was_said(house):
    def queries(by):
        actions.post(  # what is asked once a process is asked
            reading=house.reading, version=version, body="Remark.", key=uuid.uuid4(), by=by
        )
        with CaptureQueriesContext(connection) as captured:
            actions.post(reading=house.reading, version=version, body="Remark.", key=uuid.uuid4(), by=by)
        return len(captured)

    version = factories.version_of(house.reading)
    of_moderator, one = queries(house.moderator), queries(house.member)
    at_home(house, house.member)
    assert one == of_moderator + 2 == queries(house.member)


# --- Other words ------------------------------------------------------------------------------------------------------


def reword(comment, body, **more):
    comment.refresh_from_db()
    comment = actions.reword(comment=comment, body=body, wording=comment.wording, by=comment.author, **more)
    return comment.state, comment.held_for


def test_an_edit_that_brings_links_is_held_and_one_that_takes_some_away_is_not(house):
    settle(house, hold_links=2)
    at_home(house, house.member)
    comment = factories.create_comment(house.reading, house.member)
    assert reword(comment, "I read this three times.") == SHOWN
    assert reword(comment, LINKS) == HELD["links"]
    assert reword(comment, f"{LINKS} [x](http://x.example)") == HELD["links"]  # and stays so
    decide(moderating.approve, comment)
    assert reword(comment, LINKS.removesuffix("[there](https://example.org/9)")) == SHOWN
    assert reword(comment, f"See: {LINKS[:60]}") == SHOWN


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (LINKS, LINKS.replace("example.org", "trade.example")),
        ("http://a.example, http://b.example www.c.example", "http://x.example, http://y.example www.z.example"),
        (f"{LINKS} www.a.example", f"{LINKS} www.b.example"),
    ],
)
def test_links_that_were_approved_are_not_exchanged_for_others(house, first, then):
    settle(house, hold_links=2)
    at_home(house, house.member)
    comment = factories.create_comment(house.reading, house.member)
    assert reword(comment, first) == HELD["links"]
    decide(moderating.approve, comment)
    assert reword(comment, f"So: {first}.") == SHOWN
    assert reword(comment, then) == HELD["links"]


def test_of_newcomers_an_edit_is_looked_at_as_their_comments_are(house):
    settle(house, hold_first=2)
    comment = factories.create_comment(house.reading, house.member)
    decide(moderating.approve, comment)
    assert reword(comment, "Other words.") == HELD["newcomer"]


def test_in_a_place_where_all_is_looked_at_an_edit_is_as_well(house, monkeypatch):
    comment = factories.create_comment(house.reading, house.member)
    monkeypatch.setattr(holding, "held_first_at", lambda **place: True)
    assert reword(comment, "Other words.") == HELD["place"]


def test_an_ordinary_edit_asks_nothing_more(house):
    comment = factories.create_comment(house.reading, house.member)
    with CaptureQueriesContext(connection) as captured:
        reword(comment, "Other words.")
    assert "regexp_replace" not in str(captured.captured_queries)


def test_a_moderator_who_edits_is_not_held(house):
    comment = factories.create_comment(house.reading, house.moderator)
    assert reword(comment, LINKS) == SHOWN


# --- Who sees what ----------------------------------------------------------------------------------------------------


@pytest.fixture
def held(house):
    """Somebody's first comment, which is held."""
    settle(house, hold_first=1, hold_takes=timedelta(hours=2, minutes=10))
    return factories.create_comment(house.reading, house.member, "Canary of a newcomer.")


def test_its_author_sees_it_with_why_and_how_long_and_others_see_nothing(house, held, as_user):
    mine = as_user(house.member).get(paragraph_page(house.reading)).text
    assert "Canary of a newcomer." in mine
    assert "Held: a moderator looks at it before others see it. The first comments of newcomers are looked at" in mine
    assert "It is usually looked at within about 3 hours." in mine
    for other in (None, house.other, house.organizer):
        page = as_user(other).get(paragraph_page(house.reading)).text
        assert "Canary" not in page
        assert "Held" not in page
        assert "looked at" not in page
    assert "The first comments of newcomers" in as_user(house.moderator).get(paragraph_page(house.reading)).text


@pytest.mark.parametrize(
    ("takes", "said"),
    [
        (None, ""),
        (timedelta(0), "within an hour"),
        (timedelta(minutes=59), "within an hour"),
        (timedelta(hours=1, seconds=1), "within about 2 hours"),
        (timedelta(hours=48), "within about 48 hours"),
        (timedelta(hours=48, minutes=1), "within about 3 days"),
        (timedelta(days=20), "within about 20 days"),
    ],
)
def test_how_long_it_takes_is_rounded_up_and_unsaid_while_nobody_knows(house, held, as_user, takes, said):
    settle(house, hold_takes=takes)
    page = as_user(house.member).get(paragraph_page(house.reading)).text
    assert said in page
    assert ("usually looked at" in page) == bool(said)


def test_where_it_is_answered_others_see_that_something_waits(house, held, as_user):
    factories.create_comment(house.reading, house.moderator, "Welcome!", parent=held)
    page = as_user(house.other).get(paragraph_page(house.reading)).text
    assert "A moderator looks at it before others see it." in page
    assert "Canary" not in page
    assert "newcomers" not in page


def test_who_posts_is_told_so_at_once(house, as_user):
    settle(house, hold_first=1)
    client, address = as_user(house.member), f"{paragraph_page(house.reading)}comment/"
    page = client.post(address, {"body": "One.", "key": uuid.uuid4()}, follow=True).text
    assert "Your comment is held: a moderator looks at it before others see it." in page
    part = client.post(address, {"body": "Two.", "key": uuid.uuid4()}, headers=HTMX)
    comment = Comment.objects.get(body="Two.")
    assert f'data-focus="c-{comment.public_id}"' in part.text
    assert part.text.count("The first comments of newcomers are looked at before others see them.") == 2
    assert "Your comment is held" not in as_user(house.moderator).post(address, {"body": "3", "key": uuid.uuid4()}).text


def test_who_edits_what_is_held_by_that_is_told_so(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    address = reverse("discussion:edit_comment", args=[comment.public_id])
    page = as_user(house.member).post(address, {"body": LINKS, "wording": 1}, follow=True).text
    assert "Your comment is held" in page
    assert "It holds more links than is usual here." in page


def test_nobody_is_told_before_it_is_approved_and_then_once(house):
    asked = factories.create_comment(house.reading, house.other)
    settle(house, hold_first=1)
    answer = factories.create_comment(house.reading, house.member, "@Mona, look.", parent=asked)
    assert not Notice.objects.filter(about=answer.public_id).exists()
    decide(moderating.approve, answer)
    told = Notice.objects.filter(about=answer.public_id).values_list("recipient", flat=True)
    assert sorted(told) == sorted([house.other.pk, house.moderator.pk])
    decide(moderating.hide, answer, rule=None)
    decide(moderating.show_again, answer)
    assert Notice.objects.filter(about=answer.public_id).count() == 2


def test_what_is_approved_later_is_unread_for_those_who_were_there_meanwhile(house, held, as_user):
    late = factories.create_comment(house.reading, house.owner, "Later.")
    for reader in (house.other, house.moderator):
        client = as_user(reader)
        client.post(
            reverse("discussion:mark_seen", args=paragraph_page(house.reading).strip("/").split("/")[1::2]),
            {"until": late.sequence},
        )
        assert unread_of(house.reading, reader) == {}
    decide(moderating.approve, held)
    assert unread_of(house.reading, house.other) == unread_of(house.reading, house.moderator) == {4: 1}
    assert unread_of(house.reading, house.member) == {4: 1}  # what the owner said, not their own
    page = as_user(house.other).get(paragraph_page(house.reading)).text
    assert f'class="comment new" id="c-{held.public_id}"' in page
    assert_counters_are_true(house.reading)


def test_a_moderator_who_has_read_it_while_it_was_held_has_read_it(house, held, as_user):
    place = paragraph_page(house.reading)
    as_user(house.moderator).post(f"{place}seen/", {"comment": held.public_id})
    decide(moderating.approve, held)
    assert unread_of(house.reading, house.moderator) == {}
    assert unread_of(house.reading, house.other) == {4: 1}


def test_what_is_withdrawn_while_held_comes_back_held_for_the_same_reason(house, held, as_user):
    actions.withdraw(comment=held, by=house.member)
    assert Comment.objects.get().held_for == "newcomer"
    actions.put_back(comment=held, by=house.member)
    assert (Comment.objects.get().state, Comment.objects.get().held_for) == HELD["newcomer"]


# --- Hidden, and handed in again --------------------------------------------------------------------------------------


@pytest.fixture
def hidden(house):
    """A comment that is hidden under the group's second rule."""
    rules = [("Be brief", ""), ("Be <kind>", "To everybody.")]
    change_rules(group=house.group, rules=rules, by=house.owner)
    comment = factories.create_comment(house.reading, house.member, "A canary, unkind.")
    decide(moderating.hide, comment, rule=Rule.objects.get(number=2))
    comment.refresh_from_db()
    return comment


def edit_address(comment):
    return reverse("discussion:edit_comment", args=[comment.public_id])


def test_the_stub_names_the_rule_for_everybody_whether_answered_or_not(house, hidden, as_user):
    change_rules(group=house.group, rules=[("Anything goes", "")], by=house.owner, based_on=1)
    rule = f'<a href="/g/{house.group.slug}/rules/1/">rule 2, Be &lt;kind&gt;</a>'
    whole = reverse("discussion:whole", args=[house.group.slug, house.reading.slug])
    for reader in (None, house.outsider, house.other, house.member, house.moderator):
        for address in (paragraph_page(house.reading), whole):
            page = as_user(reader).get(address).text
            assert f"Hidden by the moderators: {rule}." in page
            assert "canary" not in page
    assert "Be &lt;kind&gt;" in as_user(None).get(f"/g/{house.group.slug}/rules/1/").text


def test_without_a_rule_it_says_that_it_is_hidden(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "A canary.")
    decide(moderating.hide, comment, rule=None)
    page = as_user(None).get(paragraph_page(house.reading)).text
    assert '<p class="stub">Hidden by the moderators.' in page


def test_only_its_author_is_offered_to_hand_it_in_again(house, hidden, as_user):
    offer = "Change it and hand it in again"
    assert offer in as_user(house.member).get(paragraph_page(house.reading)).text
    for other in (None, house.other, house.moderator, house.owner):
        assert offer not in as_user(other).get(paragraph_page(house.reading)).text
        assert as_user(other).get(edit_address(hidden)).status_code in {302, 404}
    form = as_user(house.member).get(edit_address(hidden)).text
    assert "A canary, unkind." in form
    assert "Hand it in again" in form
    mine = reverse("discussion:contributions", args=[house.group.slug, house.member.public_id])
    assert offer in as_user(house.member).get(mine).text
    assert offer in as_user(house.member).get(reverse("discussion:my_contributions")).text


def test_changed_words_are_held_and_nobody_is_told(house, hidden, as_user):
    notices = Notice.objects.count()
    sent = {"body": "@Mona: a kind canary.", "wording": 1, "hands_in": "True"}
    page = as_user(house.member).post(edit_address(hidden), sent, follow=True).text
    assert "It was hidden, and its author has changed it and handed it in again." in page
    hidden.refresh_from_db()
    assert (hidden.state, hidden.held_for, hidden.hidden_under) == (State.HELD, "handed_in", None)
    assert Notice.objects.count() == notices
    assert "canary" not in as_user(house.other).get(paragraph_page(house.reading)).text
    # Sent twice is handed in once.
    assert as_user(house.member).post(edit_address(hidden), sent).status_code == 302
    assert Comment.objects.get().wording == 2
    decide(moderating.approve, hidden)
    assert "a kind canary" in as_user(house.other).get(paragraph_page(house.reading)).text


@pytest.mark.parametrize("words", ["A canary, unkind.", "  A canary,\n unkind. "])
def test_the_same_words_are_not_handed_in_again(house, hidden, as_user, words):
    sent = {"body": words, "wording": 1, "hands_in": "True"}
    for headers in ({}, HTMX):
        answer = as_user(house.member).post(edit_address(hidden), sent, headers=headers)
        assert answer.status_code == 422
        assert "These are the words that were hidden." in answer.text
        assert words.strip() in answer.text
    hidden.refresh_from_db()
    assert (hidden.state, hidden.wording) == (State.HIDDEN, 1)


def test_who_was_editing_while_it_was_hidden_is_told_and_nothing_is_handed_in_unknowingly(house, hidden, as_user):
    client = as_user(house.member)
    answer = client.post(edit_address(hidden), {"body": "A better canary.", "wording": 1})
    assert answer.status_code == 409
    assert "A moderator has hidden this comment while you wrote." in answer.text
    assert "A better canary." in answer.text
    assert 'name="hands_in" value="on"' in answer.text
    hidden.refresh_from_db()
    assert (hidden.state, hidden.wording) == (State.HIDDEN, 1)
    sent = {"body": "A better canary.", "wording": 1, "hands_in": "on"}
    assert client.post(edit_address(hidden), sent).status_code == 302
    hidden.refresh_from_db()
    assert hidden.state == State.HELD


def test_a_draft_of_it_goes_on_and_is_let_go(house, hidden, as_user):
    client = as_user(house.member)
    draft = {"body": "A bett", "sequence": 0, "wording": 1}
    client.post(reverse("discussion:draft_edit", args=[hidden.public_id]), draft, headers=HTMX)
    assert "A bett" in client.get(edit_address(hidden)).text
    assert edit_address(hidden) in client.get(reverse("discussion:my_drafts")).text
    client.post(edit_address(hidden), {"body": "A better one.", "wording": 1, "hands_in": "True", "sequence": 1})
    assert not house.member.drafts.exists()


def test_a_hidden_comment_is_not_withdrawn_answered_or_put_back(house, hidden, as_user):
    client = as_user(house.member)
    for act in ("withdraw_comment", "put_back_comment"):
        client.post(reverse(f"discussion:{act}", args=[hidden.public_id]))
    hidden.refresh_from_db()
    assert hidden.state == State.HIDDEN
    assert client.get(reverse("discussion:answer_comment", args=[hidden.public_id])).status_code == 404


@pytest.mark.parametrize(
    "row",
    [
        {"held_for": "links"},
        {"state": State.HELD, "held_for": "whim"},
        {"state": State.HIDDEN, "held_for": "links"},
        {"state": State.VISIBLE, "hidden_under": True},
        {"state": State.HELD, "hidden_under": True},
    ],
)
def test_the_database_keeps_state_and_reason_together(house, hidden, row):
    decide(moderating.show_again, hidden)
    if row.get("hidden_under"):
        row = {**row, "hidden_under": Rule.objects.first()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.update(**row)


@pytest.mark.parametrize(
    "decision", [moderating.approve, moderating.show_again, lambda comment: moderating.hide(comment=comment, rule=None)]
)
def test_a_decision_about_a_comment_in_another_state_is_a_mistake(house, decision):
    comment = factories.create_comment(house.reading, house.member)
    actions.withdraw(comment=comment, by=house.member)
    with pytest.raises(ValueError, match="withdrawn"):
        decide(decision, comment)
    assert Comment.objects.get().state == State.WITHDRAWN


# --- At the same moment -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_newcomers_comments_at_once_none_slips_through_and_of_repeated_words_one_is_first(house):
    words = "Whose were the sacks, does anybody know?"
    states = at_once(*[lambda: say(house, house.member, words)] * 4)
    assert sorted(states) == sorted([SHOWN] + [HELD["repeated"]] * 3)


@pytest.mark.django_db(transaction=True)
def test_hiding_and_an_edit_at_the_same_moment_lose_no_wording(house, as_user):
    for _round in range(5):
        comment = factories.create_comment(house.reading, house.member, f"Before. {uuid.uuid4()}")
        client, data = as_user(house.member), {"body": f"After. {uuid.uuid4()}", "wording": 1}

        def hide(comment=comment):
            decide(moderating.hide, comment, rule=None)

        _hidden, answer = at_once(hide, lambda c=comment, d=data, to=client: to.post(edit_address(c), d))
        comment.refresh_from_db()
        assert comment.state == State.HIDDEN
        if answer.status_code == 409:
            assert data["body"] in answer.text
            assert comment.wording == 1
        else:
            assert (answer.status_code, comment.body) == (302, data["body"])
    assert_counters_are_true(house.reading)
