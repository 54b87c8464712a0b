"""The page of one case: what it shows of it, to whom, and who has it before them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions as discussion
from readinggroup.discussion.models import Comment, State
from readinggroup.groups.models import Membership, Role
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.actions import report
from readinggroup.moderation.models import Case, Decision

from .. import factories
from .steps import WORDS, case_of, decide, decide_about, page_of, queue_of


@pytest.fixture
def comment(house):
    """An answer between two others, whose words were changed once."""
    first = factories.create_comment(house.reading, house.owner, "Whose boats are these?")
    factories.create_comment(house.reading, house.other, "Not mine.", parent=first)
    comment = factories.create_comment(house.reading, house.member, "Mine, and cheap.", parent=first)
    factories.create_comment(house.reading, house.organizer, "Let us go on.", parent=first)
    discussion.reword(comment=comment, body="Mine, and very dear.", wording=1, by=house.member)
    report(comment=comment, words=WORDS, by=house.other)
    comment.refresh_from_db()
    return comment


@pytest.fixture
def case(comment):
    return case_of(comment)


def test_it_shows_the_comment_in_its_place_with_all_that_is_known(house, as_user, comment, case):
    page = as_user(house.moderator).get(page_of(house, case)).text
    assert "Nothing came of it that winter." not in page  # another paragraph
    paragraph = factories.version_of(house.reading).html
    assert paragraph[:30] in page
    for words in (
        "Whose boats are these?",
        "Not mine.",
        "very dear",
        "Let us go on.",
        "<del>",
        WORDS,
        "Milo",
        "counts 100",
    ):
        assert words in page, words
    order = [page.index(words) for words in ("Whose boats", "Not mine.", "Mine, and very dear.</p>", "Let us go on.")]
    assert order == sorted(order)


def test_what_stands_beside_it_and_was_hidden_is_not_shown(house, as_user, case):
    Comment.objects.filter(author=house.organizer).update(state=State.HIDDEN)
    page = as_user(house.moderator).get(page_of(house, case)).text
    assert "Let us go on." not in page
    assert "Hidden by the moderators." in page
    rule = change_rules(group=house.group, rules=[("No trade", "")], by=house.owner).rules.get()
    Comment.objects.filter(author=house.organizer).update(hidden_under=rule)
    page = as_user(house.moderator).get(page_of(house, case)).text
    rules = reverse("groups:rules_version", args=[house.group.slug, rule.rule_set.number])
    assert f'Hidden by the moderators: <a href="{rules}">rule 1, No trade</a>.' in page


def test_what_its_author_has_withdrawn_shows_no_words(house, as_user, comment, case):
    discussion.withdraw(comment=comment, by=house.member)
    page = as_user(house.moderator).get(page_of(house, case)).text
    assert "very dear" not in page
    assert "and cheap" not in page
    assert 'id="decide"' not in page
    assert "Mine, and" not in as_user(house.moderator).get(queue_of(house)).text


def test_the_record_counts_what_was_decided_and_not_what_was_reversed(house, as_user, case):
    client = as_user(house.moderator)
    assert "Nothing was decided against them here." in client.get(page_of(house, case)).text
    decide_about(client, house, house.member, "warn")
    page = client.get(page_of(house, case)).text
    assert "Nothing was decided against them here." not in page
    assert ">warned</a>" in page
    decide_about(client, house, house.other, "warn")
    assert client.get(page_of(house, case)).text.count(">warned</a>") == 2  # on the record, and as similar


def test_only_moderators_see_it(house, as_user, case):
    Membership.objects.filter(user=house.moderator).update(
        suspended_until=Membership.FOR_GOOD, suspended_by=house.owner, suspended_for="x"
    )
    for who, status in ((None, 302), (house.outsider, 403), (house.member, 403), (house.organizer, 403),
                        (house.moderator, 403), (house.owner, 200)):  # fmt: skip
        answer = as_user(who).get(page_of(house, case))
        assert answer.status_code == status
        assert (WORDS in answer.text) == (status == 200)


def test_hostile_words_are_text(house, as_user):
    villain = factories.create_member(house.group, "<b>Vil</b>")
    comment = factories.create_comment(house.reading, villain, "<script>alert(1)</script> {{ 7|add:7 }}")
    report(comment=comment, words="</textarea><img src=x onerror=alert(2)>", by=house.other)
    page = as_user(house.moderator).get(page_of(house, case_of(comment))).text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>Vil" not in page
    assert "{{ 7|add:7 }}" in page


def test_one_report_or_three_cost_the_same(house, as_user, comment, case):
    client = as_user(house.moderator)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page_of(house, case)).status_code == 200
        return len(captured)

    decide_about(client, house, house.member, "warn")
    queries()
    one = queries()
    for who in (house.owner, house.organizer):
        report(comment=comment, words="And again.", by=who)
        decide_about(client, house, house.member, "warn", words="Again.")
    discussion.reword(comment=comment, body="Mine, and so on.", wording=2, by=house.member)
    assert queries() == one <= 10


# --- Who has it before them -------------------------------------------------------------------------------------------


def test_one_has_it_for_ten_minutes_and_the_other_is_told(house, as_user, case):
    moderator, owner = as_user(house.moderator), as_user(house.owner)
    assert moderator.post(page_of(house, case, "claim_case")).status_code == 302
    assert "You have it before you" in moderator.get(page_of(house, case)).text
    assert "<bdi>Mona</bdi> is looking at it" in owner.get(page_of(house, case)).text
    refused = owner.post(page_of(house, case, "claim_case"), headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert "<bdi>Mona</bdi> is looking at it" in refused.text
    case.refresh_from_db()
    assert timedelta(minutes=9) < case.claimed_until - timezone.now() <= timedelta(minutes=10)
    Case.objects.update(claimed_until=timezone.now())
    assert owner.post(page_of(house, case, "claim_case"), headers={"HX-Request": "true"}).status_code == 200


def test_it_is_let_go_by_who_has_it_alone(house, as_user, case):
    as_user(house.moderator).post(page_of(house, case, "claim_case"))
    as_user(house.owner).post(page_of(house, case, "release_case"))
    case.refresh_from_db()
    assert case.claimed_by == house.moderator
    answer = as_user(house.moderator).post(page_of(house, case, "release_case"), {"then": "x" * 30})
    assert answer["Location"] == queue_of(house)
    case.refresh_from_db()
    assert case.claimed_by is None


def test_deciding_lets_it_go_and_leads_to_the_next(house, as_user, case):
    another = factories.create_comment(house.reading, house.other, "Boats, too.")
    report(comment=another, words=WORDS, by=house.owner)
    client = as_user(house.moderator)
    client.post(page_of(house, case, "claim_case"))
    answer = decide(client, house, case, action="leave")
    assert answer["Location"] == page_of(house, case_of(another))
    case.refresh_from_db()
    assert case.claimed_until is None
    assert decide(client, house, case_of(another), action="leave")["Location"] == queue_of(house)


# --- Nobody decides on what is their own ------------------------------------------------------------------------------


def test_where_nobody_else_can_decide_the_site_says_so(house, as_user):
    Membership.objects.filter(user=house.moderator).update(roles=[])
    own = factories.create_comment(house.reading, house.owner, "Whatever I like.")
    report(comment=own, words=WORDS, by=house.other)
    case = case_of(own)
    client = as_user(house.owner)
    assert "nobody else in this group can decide it" in client.get(page_of(house, case)).text
    refused = decide(client, house, case, action="leave")
    assert refused.status_code == 409
    assert "Somebody else has to decide this" in refused.text
    assert not Decision.objects.exists()
    Membership.objects.filter(user=house.moderator).update(roles=[Role.MODERATOR])
    assert "nobody else" not in client.get(page_of(house, case)).text
    assert decide(as_user(house.moderator), house, case, action="leave").status_code == 302


# --- By which rules ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)  # rules hold from their transaction on
def test_it_is_judged_by_the_rules_of_its_day(house, as_user, case, comment):
    """A rule that came later is not offered, one that was worded otherwise is offered as it was worded."""
    client = as_user(house.moderator)
    change_rules(group=house.group, rules=[("No boats", "")], by=house.owner)
    page = client.get(page_of(house, case)).text
    assert "No boats" not in page
    assert "The group had no rules when this was written" in page
    discussion.reword(comment=comment, body="Still mine.", wording=2, by=house.member)
    assert "1. No boats" in client.get(page_of(house, case)).text
    change_rules(group=house.group, rules=[("Be kind", ""), ("No ships", "")], by=house.owner, based_on=1)
    page = client.get(page_of(house, case)).text
    assert "1. No boats" in page
    assert "No ships" not in page
    later = house.group.current_rules.rules.get(number=2)
    answer = decide(client, house, case, action="hide", on=f"rule-{later.pk}", words="Boats.")
    assert answer.status_code == 422
    assert not Decision.objects.exists()


def test_whom_it_concerns_keeps_nobody_from_it(house, as_user):
    mine = factories.create_comment(house.reading, house.moderator, "Buy my boats.")
    report(comment=mine, words=WORDS, by=house.other)
    own = case_of(mine)
    as_user(house.moderator).post(page_of(house, own, "claim_case"))
    own.refresh_from_db()
    assert own.claimed_by is None
    assert decide(as_user(house.owner), house, own, action="leave").status_code == 302
