"""Open questions: who marks a thread so, what others see of it, the list of a reading, and two people at once."""

import re
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, QuestionState, State
from readinggroup.discussion.question_views import A_PAGE
from readinggroup.discussion.questions import settle_question, standing_of
from readinggroup.groups.models import Membership

from .. import factories
from .test_comments import HTMX, paragraph_page
from .test_races import at_once

OPEN, ANSWERED = QuestionState.OPEN, QuestionState.ANSWERED


@pytest.fixture
def asked(house):
    return factories.create_comment(house.reading, house.member, "Whose sacks were they?")


def settle(client, comment, question, was=None, headers=None):
    """Send the form of the comment, as it would be shown now, or as it was."""
    root = Comment.objects.get(pk=comment.root_id or comment.pk)
    data = {"question": question, "was": standing_of(root) if was is None else was}
    return client.post(reverse("discussion:question", args=[comment.public_id]), data, headers=headers or {})


def list_of(house, show=""):
    return reverse("discussion:questions", args=[house.group.slug, house.reading.slug]) + (show and f"?show={show}")


def header_of(page, comment):
    article = page[page.index(f'id="c-{comment.public_id}"') :]
    return article[: article.index("</header>")]


def open_it(comment, by=None):
    by = by or comment.author
    settle_question(root=comment, question=OPEN, by=by, was=standing_of(comment))
    comment.refresh_from_db()


# --- Marking ----------------------------------------------------------------------------------------------------------


def test_from_no_question_to_an_open_one_to_an_answered_one_and_back(house, as_user, asked):
    author = as_user(house.member)
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=asked)
    said = settle(author, asked, OPEN)
    assert said["Location"] == reverse("discussion:comment", args=[asked.public_id])
    page = as_user(None).get(paragraph_page(house.reading)).text
    assert "open question" in header_of(page, asked)
    assert "open question" not in header_of(page, answer)
    settle(author, answer, ANSWERED)
    page = as_user(None).get(paragraph_page(house.reading)).text
    assert f'href="/c/{answer.public_id}/">answered</a>' in header_of(page, asked)
    asked.refresh_from_db()
    assert (asked.question, asked.answered_in, asked.question_by) == (ANSWERED, answer, house.member)
    settle(author, asked, OPEN)
    settle(author, asked, "")
    asked.refresh_from_db()
    assert (asked.question, asked.answered_in, asked.question_by, asked.question_at) == ("", None, None, None)
    assert "asks" not in header_of(as_user(None).get(paragraph_page(house.reading)).text, asked)


def test_answered_needs_no_place(house, as_user, asked):
    open_it(asked)
    settle(as_user(house.member), asked, ANSWERED)
    page = as_user(None).get(paragraph_page(house.reading)).text
    assert '<span class="asks">answered</span>' in header_of(page, asked)


@pytest.mark.parametrize(
    ("who", "status"),
    [("member", 302), ("organizer", 302), ("moderator", 302), ("owner", 302), ("other", 404), ("outsider", 403)],
)
def test_the_author_and_whom_the_table_grants_it(house, as_user, asked, who, status):
    client = as_user(getattr(house, who))
    assert settle(client, asked, OPEN).status_code == status
    asked.refresh_from_db()
    assert (asked.question == OPEN) == (status == 302)
    offered = (
        f'href="{reverse("discussion:question", args=[asked.public_id])}"'
        in client.get(paragraph_page(house.reading)).text
    )
    assert offered == (status == 302)


def test_at_each_answer_of_a_question_it_is_offered_to_say_that_it_answers(house, as_user, asked):
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=asked)
    link = f'href="{reverse("discussion:question", args=[answer.public_id])}"'

    def offered_to(who):
        return link in as_user(who).get(paragraph_page(house.reading)).text

    assert not offered_to(house.member)
    open_it(asked)
    assert [offered_to(who) for who in (house.member, house.moderator, house.other, None)] == [True, True, False, False]
    assert settle(as_user(house.other), answer, ANSWERED).status_code == 404


def test_the_form_opens_in_place_and_without_scripts(house, as_user, asked):
    client = as_user(house.member)
    where = reverse("discussion:question", args=[asked.public_id])
    part, page = client.get(where, headers=HTMX).text, client.get(where).text
    assert part.lstrip().startswith("<form")
    assert f'id="question-{asked.public_id}"' in page
    assert "<html" in page
    changed = settle(client, asked, OPEN, headers=HTMX)
    assert changed.status_code == 200
    assert f'data-focus="c-{asked.public_id}"' in changed.text
    assert "open question" in changed.text


@pytest.mark.parametrize("question", ["maybe", "open\x00", "x" * 5_000])
def test_what_is_none_of_it_is_refused_in_words(house, as_user, asked, question):
    for headers in ({}, HTMX):
        answer = settle(as_user(house.member), asked, question, headers=headers)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    asked.refresh_from_db()
    assert asked.question == ""


def test_an_answer_in_another_thread_is_no_answer(house, asked):
    elsewhere = factories.create_comment(house.reading, house.other, "Another thread.")
    open_it(asked)
    with pytest.raises(ValueError, match="another thread"):
        settle_question(root=asked, question=ANSWERED, by=house.member, was=standing_of(asked), answered_in=elsewhere)


def test_the_database_keeps_questions_to_threads_that_say_who_and_when(house, asked):
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=asked)
    for pk, fields in (
        (answer.pk, {"question": OPEN, "question_by": house.member, "question_at": "2026-01-01T00:00Z"}),
        (asked.pk, {"question": OPEN}),
        (asked.pk, {"answered_in": answer}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Comment.objects.filter(pk=pk).update(**fields)


# --- Two people, stale forms, what is gone ----------------------------------------------------------------------------


def test_a_form_that_is_overtaken_changes_nothing_and_says_how_it_stands(house, as_user, asked):
    open_it(asked)
    was = standing_of(asked)
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=asked)
    settle(as_user(house.moderator), answer, ANSWERED)
    for headers in ({}, HTMX):
        late = settle(as_user(house.member), asked, "", was=was, headers=headers)
        assert late.status_code == 409
        told = unescape(late.text)
        assert "This was settled in the meantime" in told
        assert "The question of this thread is answered." in told
    asked.refresh_from_db()
    assert asked.answered_in == answer
    assert settle(as_user(house.member), asked, "").status_code == 302


def test_wishing_what_stands_already_is_no_conflict(house, as_user, asked):
    open_it(asked)
    assert settle(as_user(house.member), asked, OPEN, was=":").status_code == 302


def test_an_answer_that_was_taken_back_meanwhile_answers_nothing(house, as_user, asked):
    open_it(asked)
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=asked)
    actions.withdraw(comment=answer, by=house.other)
    assert settle(as_user(house.member), answer, ANSWERED).status_code == 404
    asked.refresh_from_db()
    assert asked.question == OPEN


def test_an_answer_that_is_withdrawn_later_is_linked_no_more(house, as_user, asked):
    open_it(asked)
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=asked)
    settle(as_user(house.member), answer, ANSWERED)
    actions.withdraw(comment=answer, by=house.other)
    page = as_user(None).get(paragraph_page(house.reading)).text
    assert '<span class="asks">answered</span>' in header_of(page, asked)
    assert answer.public_id not in as_user(None).get(list_of(house, "answered")).text


@pytest.mark.django_db(transaction=True)
def test_of_two_who_settle_it_at_once_one_does_and_the_other_is_told(house, as_user, asked):
    open_it(asked)
    was = standing_of(asked)
    answers = [factories.create_comment(house.reading, house.other, f"Answer {n}.", parent=asked) for n in range(8)]
    clients = [as_user(user) for user in (house.member, house.moderator) * 4]
    told = at_once(
        *(
            lambda client=client, answer=answer: settle(client, answer, ANSWERED, was=was)
            for client, answer in zip(clients, answers, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in told) == [302] + [409] * 7
    asked.refresh_from_db()
    [winner] = [answer for answer, said in zip(answers, told, strict=True) if said.status_code == 302]
    assert asked.answered_in == winner


@pytest.mark.django_db(transaction=True)
def test_without_saying_how_it_was_the_last_would_overwrite_the_others(house, asked):
    """The control: each says where it is answered, as if nobody else did."""
    open_it(asked)
    answers = [factories.create_comment(house.reading, house.other, f"Answer {n}.", parent=asked) for n in range(8)]

    def overwrite(answer):
        return lambda: Comment.objects.filter(pk=asked.pk).update(question=ANSWERED, answered_in=answer)

    assert at_once(*map(overwrite, answers)) == [1] * 8  # all believe that theirs stands


# --- The list of a reading --------------------------------------------------------------------------------------------


def words_on(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_the_list_says_what_is_open_where_by_whom_and_how_much_was_said(house, as_user, asked):
    house.group.memberships.filter(user=house.member).update(name_here="The miller")
    factories.create_comment(house.reading, house.other, "Mine.", parent=asked)
    gone = factories.create_comment(house.reading, house.other, "Theirs.", parent=asked)
    actions.withdraw(comment=gone, by=house.other)
    open_it(asked)
    done = factories.create_comment(house.reading, house.other, "What is a **quay**?", number=5)
    open_it(done)
    settle_question(root=done, question=ANSWERED, by=house.other, was=standing_of(done))
    told = words_on(as_user(None).get(list_of(house)))
    assert "Whose sacks were they?" in told
    assert "The miller" in told
    assert "Mara" not in told
    assert "paragraph 4" in told
    assert "1 answer" in told
    assert "quay" not in told
    told = words_on(as_user(None).get(list_of(house, "answered")))
    assert "What is a quay?" in told
    assert "paragraph 5" in told
    assert "Whose sacks" not in told


def test_the_reading_and_the_group_lead_to_the_list(house, as_user):
    page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    for address in (page, reverse("group", args=[house.group.slug])):
        assert f'href="{list_of(house)}"' in as_user(None).get(address).text


def test_what_is_not_there_to_be_read_is_not_in_the_list(house, as_user, asked):
    open_it(asked)
    everyone = (None, "outsider", "member", "other", "organizer", "moderator", "owner")

    def listed_for():
        pages = {who: as_user(who and getattr(house, who)).get(list_of(house)).text for who in everyone}
        assert all(("Whose sacks" in page) == (asked.public_id in page) for page in pages.values())
        return [who for who, page in pages.items() if "Whose sacks" in page]

    assert listed_for() == list(everyone)
    Comment.objects.filter(pk=asked.pk).update(state=State.HELD)
    assert listed_for() == ["member", "moderator", "owner"]
    Comment.objects.filter(pk=asked.pk).update(state=State.HIDDEN)
    assert listed_for() == []
    Comment.objects.filter(pk=asked.pk).update(state=State.VISIBLE)
    actions.withdraw(comment=asked, by=house.member)
    assert listed_for() == []


def test_an_organizer_settles_no_question_that_they_may_not_read(house, as_user, asked):
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=asked)
    Comment.objects.filter(pk=asked.pk).update(state=State.HELD)
    assert settle(as_user(house.organizer), answer, ANSWERED).status_code == 404
    assert settle(as_user(house.moderator), answer, ANSWERED).status_code == 302


@pytest.mark.parametrize("query", ["show=x", "show=", "show=open%27", "page=0", "page=²", "show=open&page=2"])
def test_a_list_that_there_is_not_is_not_there(house, as_user, query):
    assert as_user(None).get(f"{list_of(house)}?{query}").status_code == 404


def test_many_questions_come_in_pages(house, as_user):
    for number in range(A_PAGE + 1):
        open_it(factories.create_comment(house.reading, house.member, f"Question {number:02}?"))
    first, second = (as_user(None).get(f"{list_of(house)}?page={page}").text for page in (1, 2))
    assert first.count("<article") == A_PAGE
    assert "?show=open&amp;page=2" in first
    assert "Question 00?" in second
    assert second.count("<article") == 1


def test_one_question_or_three_cost_the_same_queries(house, as_user):
    client = as_user(house.member)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(list_of(house)).status_code == 200
        return len(captured)

    open_it(factories.create_comment(house.reading, house.member, "One?"))
    queries()
    one = queries()
    for by in (house.other, house.moderator):
        comment = factories.create_comment(house.reading, by, "Another?", number=5)
        factories.create_comment(house.reading, house.member, "Said.", number=5, parent=comment)
        open_it(comment)
    assert queries() == one


def test_who_is_suspended_settles_nothing(house, as_user, asked):
    Membership.objects.filter(user=house.member).update(
        suspended_until=Membership.FOR_GOOD, suspended_by=house.owner, suspended_for="Too loud."
    )
    assert settle(as_user(house.member), asked, OPEN).status_code == 403
    assert settle(as_user(house.moderator), asked, OPEN).status_code == 302


def test_what_is_kept_for_one_is_not_what_another_may_do(house, as_user):
    """The page is kept for all who may do the same: an organizer's acts do not come out for a member."""
    factories.create_comment(house.reading, house.other)
    paragraph = factories.version_of(house.reading).paragraph.public_id
    page = reverse("discussion:paragraph", args=[house.group.slug, house.reading.slug, paragraph])
    people = [house.member, house.organizer, house.moderator, None, house.other, house.outsider]
    offered = [("Mark as a question" in as_user(who).get(page).text) for who in people * 2]
    assert offered == [False, True, True, False, True, False] * 2
