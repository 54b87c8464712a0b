"""Threads that grow: many threads, one of two thousand answers, deep ones; each comment on exactly one page."""

import re
import uuid
from html import unescape

import pytest
from django.urls import reverse

from readinggroup.discussion.models import DEEPEST, Comment
from readinggroup.discussion.threads import A_THREAD, DEEPEST_INDENT, ROOTS_A_PAGE

from .. import factories
from .test_comments import HTMX, paragraph_page


def shown(text):
    """The names of the comments on a page, in their order."""
    return re.findall(r'<article class="comment[^"]*" id="c-(\w+)"', text)


def many(reading, author, count, parent=None):
    """So many comments, written in one statement."""
    version = factories.version_of(reading)
    return Comment.objects.bulk_create(
        Comment(
            reading=reading, paragraph_id=version.paragraph_id, version=version, author=author, parent=parent,
            root=parent and (parent.root or parent), depth=parent.depth + 1 if parent else 0, key=uuid.uuid4(),
            body=f"Number {number}.", body_html=f"<p>Number {number}.</p>",
        )
        for number in range(count)
    )  # fmt: skip


@pytest.mark.parametrize("order", ["oldest", "newest", "discussed"])
def test_in_every_order_each_thread_is_on_exactly_one_page(house, as_user, order):
    threads = many(house.reading, house.other, 2 * ROOTS_A_PAGE + 5)
    for thread in threads[:3]:
        factories.create_comment(house.reading, house.member, parent=thread)
    client, page = as_user(None), paragraph_page(house.reading)
    found = []
    for number in (1, 2, 3):
        found += shown(client.get(page, {"order": order, "page": number}).text)
    assert sorted(found) == sorted(Comment.objects.values_list("public_id", flat=True))
    assert shown(client.get(page, {"order": order, "from": 1, "page": 3}).text) == found
    if order == "discussed":
        assert set(shown(client.get(page, {"order": order}).text)[:6]) > {thread.public_id for thread in threads[:3]}


def test_two_thousand_answers_are_read_a_hundred_at_a_time(house, as_user):
    asked = factories.create_comment(house.reading, house.other, "Who counts?")
    answers = many(house.reading, house.other, 2_000, parent=asked)
    client, page = as_user(house.member), paragraph_page(house.reading)
    first = client.get(page).text
    assert len(shown(first)) == A_THREAD
    assert f"Continue this thread: {2_001 - A_THREAD:,} comments".replace(",", "") in first.replace(",", "")
    found = []
    for number in range(1, 2_000 // A_THREAD + 1):
        found += shown(client.get(page, {"thread": asked.public_id, "page": number}).text)[1:]  # below the first
    assert sorted(found) == sorted(answer.public_id for answer in answers)
    # A link to any of them leads to where it is shown.
    for answer in (answers[0], answers[98], answers[99], answers[1_234], answers[-1]):
        where = client.get(reverse("discussion:comment", args=[answer.public_id]))["Location"]
        assert answer.public_id in shown(client.get(where).text)


def test_a_chain_ends_politely_and_every_step_of_it_can_be_reached(house, as_user):
    client, deepest = as_user(house.member), None
    for number in range(DEEPEST + 1):
        deepest = factories.create_comment(house.reading, house.other, f"Step {number}.", parent=deepest)
    answer = client.post(
        reverse("discussion:answer_comment", args=[deepest.public_id]), {"body": "One more.", "key": uuid.uuid4()}
    )
    assert answer.status_code == 409
    assert "One more." in answer.text
    assert "as deep as it can be" in answer.text
    waiting, found = [paragraph_page(house.reading)], set()
    for href in waiting:
        text = client.get(href).text
        found |= set(shown(text))
        waiting += [unescape(link) for link in re.findall(r'class="beyond"><a [^>]*href="([^"]+)"', text)]
    assert len(waiting) == DEEPEST // DEEPEST_INDENT
    assert found == set(Comment.objects.values_list("public_id", flat=True))
    for step in Comment.objects.all():
        where = client.get(reverse("discussion:comment", args=[step.public_id]))["Location"]
        assert step.public_id in shown(client.get(where).text)


def test_who_answers_on_the_page_of_a_thread_is_shown_it(house, as_user):
    deepest = None
    for _ in range(DEEPEST_INDENT + 3):
        deepest = factories.create_comment(house.reading, house.other, parent=deepest)
    answer = as_user(house.member).post(
        reverse("discussion:answer_comment", args=[deepest.public_id]),
        {"body": "So deep down.", "key": uuid.uuid4()},
        headers=HTMX,
    )
    assert answer.status_code == 200
    assert "So deep down." in answer.text


@pytest.mark.parametrize("thread", ["nosuchone", "x" * 21, "<b>", "../..", "\x00"])
def test_a_thread_that_is_not_there_is_not_found(house, as_user, thread):
    factories.create_comment(house.reading, house.other)
    assert as_user(None).get(paragraph_page(house.reading), {"thread": thread}).status_code in {400, 404}


def test_the_thread_of_a_comment_that_one_may_not_read_is_not_found(house, as_user):
    comment = factories.create_comment(house.reading, house.other, "Secret so far.")
    Comment.objects.filter(pk=comment.pk).update(state="held")
    page = paragraph_page(house.reading)
    assert as_user(house.member).get(page, {"thread": comment.public_id}).status_code == 404
    assert as_user(house.moderator).get(page, {"thread": comment.public_id}).status_code == 200


@pytest.mark.parametrize("pages", [{"page": 0}, {"page": "x"}, {"from": 2, "page": 1}, {"from": 1, "page": 51}])
def test_pages_that_nobody_links_to_are_not_found(house, as_user, pages):
    factories.create_comment(house.reading, house.other)
    assert as_user(None).get(paragraph_page(house.reading), pages).status_code == 404
