"""Quoting at the same moment: one form is one comment with its quotes once; no circle of waiting; no error shown."""

import uuid

import pytest

from readinggroup.discussion.models import Comment, Quote

from .. import factories
from .test_quoting import of_comment, of_text
from .test_races import ROUNDS, acts_on, at_once, paragraph_page, sends

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_form_with_quotes_sent_many_times_at_once_is_one_comment_with_its_quotes_once(house, as_user):
    clients = [as_user(house.member) for _ in range(8)]
    quotes = [of_text(house.reading), of_text(house.reading, "The ferry left")]
    for number in range(ROUNDS):
        data = {"body": f"Only once, {number}.", "key": uuid.uuid4(), "quote": quotes}
        address = f"{paragraph_page(house.reading, 3)}comment/"
        answers = at_once(*(sends(client, address, **data) for client in clients))
        assert {answer.status_code for answer in answers} == {302}
        assert Comment.objects.get(body=data["body"]).quotes.count() == 2
    assert Quote.objects.count() == 2 * ROUNDS


def test_one_form_with_other_quotes_at_once_is_one_comment_and_a_refusal(house, as_user):
    key, address = uuid.uuid4(), f"{paragraph_page(house.reading, 3)}comment/"
    acts = [
        sends(as_user(house.member), address, body="Once.", key=key, quote=of_text(house.reading, words))
        for words in ("The ferry left", "counted the sacks")
    ]
    assert sorted(answer.status_code for answer in at_once(*acts)) == [302, 409]
    assert Quote.objects.count() == 1


def test_answers_that_quote_what_the_other_answers_do_not_wait_in_a_circle(house, as_user):
    one, two = (factories.create_comment(house.reading, house.owner, f"Said {n} times.", number=3) for n in "ab")
    for number in range(ROUNDS):
        acts = [
            acts_on(
                as_user(who),
                asked,
                "answer_comment",
                body=f"{number}",
                key=uuid.uuid4(),
                quote=of_comment(quoted, "Said"),
            )
            for who, asked, quoted in ((house.member, one, two), (house.other, two, one)) * 3
        ]
        assert {answer.status_code for answer in at_once(*acts)} == {302}
    assert Quote.objects.count() == 6 * ROUNDS


def test_what_is_quoted_while_it_is_withdrawn_is_quoted_before_or_refused(house, as_user):
    for number in range(ROUNDS):
        said = factories.create_comment(house.reading, house.other, "Quite secret words.", number=3)
        address = f"{paragraph_page(house.reading, 3)}comment/"
        quoting = sends(
            as_user(house.member), address, body=f"{number}", key=uuid.uuid4(), quote=of_comment(said, "secret words")
        )
        withdrawing = acts_on(as_user(house.other), said, "withdraw_comment")
        quoted, withdrawn = at_once(quoting, withdrawing)
        assert quoted.status_code in {302, 409, 422}
        assert withdrawn.status_code == 302
        assert Comment.objects.filter(body=f"{number}").exists() == (quoted.status_code == 302)
        assert "secret" not in as_user(house.member).get(paragraph_page(house.reading, 3)).text
