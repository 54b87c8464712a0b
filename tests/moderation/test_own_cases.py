"""One's own cases: everybody looks up whole what was decided about them, and sees nothing of others'."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion.models import Comment, State
from readinggroup.groups import actions
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.actions import Seen, Verdict, decide, decide_about_member, report
from readinggroup.moderation.actions.entering import enter
from readinggroup.moderation.models import Action, Appeal, As, Case, Decision, Ground, Part

from .. import factories

CASES, REPORTS = "/me/cases/", "/me/cases/reports/"


@pytest.fixture
def rule(house):
    return change_rules(group=house.group, rules=[("Be kind", ""), ("No trade", "")], by=house.owner).rules.get(
        number=2
    )


def hide(house, rule, author=None, words="Buy my boats.", reporter=None, report_words="It is trade."):
    author, reporter = author or house.member, reporter or house.other
    comment = factories.create_comment(house.reading, author, words)
    report(comment=comment, words=report_words, rule=rule, by=reporter)
    case = Case.objects.get(comment=comment)
    verdict = Verdict(action=Action.HIDE, ground=Ground.RULE, rule=rule, words="Three times the same.")
    seen = [Seen(case.pk, State.VISIBLE, comment.wording)]
    return decide(group=house.group, seen=seen, verdict=verdict, by=house.moderator)


def reverse_of(decision, house):
    """What another moderator decides instead, as an appeal does it."""
    back = Decision.objects.create(
        group=house.group, ground=Ground.NONE, by=house.owner, decided_as=As.OWNER, reverses=decision
    )
    part = decision.parts.first()
    row = {"comment": part.comment, "wording": part.wording, "person": part.person}
    enter(back, [Part(decision=back, action=Action.SHOW, **row)])
    return back


def test_what_was_decided_about_me_stands_there_with_its_rule_and_the_way_to_it(house, as_user, rule):
    decision = hide(house, rule)
    page = as_user(house.member).get(CASES).text
    for said in ("Hidden", "Harbour readers", "2. No trade", "Buy my boats.", "you can appeal"):
        assert said in page, said
    address = reverse("moderation:decision", args=[decision.public_id])
    assert f'href="{address}"' in page
    assert as_user(house.member).get(address).status_code == 200
    assert CASES in as_user(house.member).get("/me/").text


def test_of_others_cases_nothing_is_there(house, as_user, rule):
    hide(house, rule)
    for who in (house.other, house.moderator, house.owner, house.outsider):
        page = as_user(who).get(CASES).text
        assert "Nothing was decided about you." in page
        assert "Buy my boats." not in page
    assert as_user(None).get(CASES).headers["Location"].startswith("/accounts/login/")


def test_a_decision_about_several_shows_each_their_own_part(house, as_user, rule):
    cases = []
    for person, words in ((house.member, "Mara sells."), (house.organizer, "Omar sells.")):
        comment = factories.create_comment(house.reading, person, words)
        report(comment=comment, words="Trade.", by=house.other)
        cases.append(Seen(Case.objects.get(comment=comment).pk, State.VISIBLE, 1))
    verdict = Verdict(action=Action.HIDE, ground=Ground.RULE, rule=rule, words="Trade.")
    decide(group=house.group, seen=cases, verdict=verdict, by=house.moderator)
    page = as_user(house.member).get(CASES).text
    assert "Mara sells." in page
    assert "Omar sells." not in page


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("appealed", "nobody has decided about that yet"),
        ("upheld", "the decision was upheld"),
        ("reversed", "What was decided instead"),
        ("too late", None),
    ],
)
def test_how_it_stands_is_said(house, as_user, rule, state, said):
    decision = hide(house, rule)
    if state in {"appealed", "upheld"}:
        done = {"decided_at": timezone.now(), "reversed": False} if state == "upheld" else {}
        Appeal.objects.create(decision=decision, by=house.member, words="It is no trade.", **done)
    if state == "reversed":
        reverse_of(decision, house)
    if state == "too late":
        # A decision is never changed: the clock of the page is.
        Decision.APPEAL_WITHIN, within = timedelta(seconds=-1), Decision.APPEAL_WITHIN
    try:
        page = as_user(house.member).get(CASES).text
    finally:
        if state == "too late":
            Decision.APPEAL_WITHIN = within
    assert "you can appeal" not in page
    assert said is None or said in page


def test_what_restricts_nobody_cannot_be_appealed(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    report(comment=comment, words="Look.", by=house.other)
    seen = [Seen(Case.objects.get().pk, State.VISIBLE, 1)]
    decide(group=house.group, seen=seen, verdict=Verdict(action=Action.LEAVE), by=house.moderator)
    page = as_user(house.member).get(CASES).text
    assert "Left as it is" in page
    assert "you can appeal" not in page


def test_also_of_a_group_that_i_have_left_and_that_is_hidden(closed_house, as_user):
    house = closed_house
    rule = change_rules(group=house.group, rules=[("No trade", "")], by=house.owner).rules.get()
    hide(house, rule)
    member = house.group.memberships.get(user=house.member)
    verdict = Verdict(action=Action.REMOVE, person=Action.REMOVE, ground=Ground.RULE, rule=rule, words="Enough.")
    decide_about_member(member=member, verdict=verdict, by=house.owner)
    factories.create_comment(house.reading, house.other, "Said since.")
    page = as_user(house.member).get(CASES).text
    assert "Removed from the group" in page
    assert "Buy my boats." in page
    assert "The Ferry" not in page  # what the group reads is told to members
    actions.leave(membership=house.group.memberships.get(user=house.other), by=house.other)
    reports = as_user(house.other).get(REPORTS).text
    assert "the moderators saw it so, too" in reports
    assert "Buy my boats." not in reports


def test_my_reports_with_what_came_of_them(house, as_user, rule):
    hide(house, rule, report_words="He sells boats.")
    comment = factories.create_comment(house.reading, house.owner, "A fair question.")
    report(comment=comment, words="Too fair.", by=house.other)
    page = as_user(house.other).get(REPORTS).text
    for said in ("the moderators saw it so, too", "nobody has decided yet", "He sells boats.", "Too fair.", "No trade"):
        assert said in page, said
    assert "Buy my boats." not in page  # hidden by now
    assert page.count(f"/c/{comment.public_id}/") == 1
    assert page.count('href="/c/') == 1
    for who in (house.member, house.moderator):
        assert "He sells boats." not in as_user(who).get(REPORTS).text


def test_hostile_words_stay_words(house, as_user, rule):
    nasty = '<script>alert(1)</script>"&'
    hide(house, rule, words="<img src=x onerror=alert(1)> {{ 7|add:7 }}", report_words=nasty)
    for who, address in ((house.member, CASES), (house.other, REPORTS)):
        page = as_user(who).get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_one_case_or_three_cost_the_same(house, as_user, rule):
    def queries():
        counts = []
        for who, address in ((house.member, CASES), (house.other, REPORTS)):
            client = as_user(who)
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    hide(house, rule)
    one = queries()
    appealed, turned = hide(house, rule, words="Second."), hide(house, rule, words="Third.")
    Appeal.objects.create(decision=appealed, by=house.member, words="No.")
    reverse_of(turned, house)
    assert Comment.objects.count() == 3
    assert queries() == one
    assert max(one) <= 7


def test_a_page_that_is_none_is_404(house, as_user):
    for page in ("2", "0", "x", "-1", "9" * 50):
        assert as_user(house.member).get(f"{CASES}?page={page}").status_code == 404
        assert as_user(house.member).get(f"{REPORTS}?page={page}").status_code == 404
