"""Deciding without a report, about a member or a place; reporting a name; and reasons in the group's own words."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion import actions as discussion
from readinggroup.discussion.models import Restriction
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.actions import reverse as reverse_decision
from readinggroup.moderation.models import Action, Decision, LogEntry, Part, Reason, Report
from readinggroup.notices import worded
from readinggroup.notifications.models import Notice
from readinggroup.readings.actions import keep_for_members

from .. import factories
from .conftest import decided
from .steps import WORDS, about, decide_about


def told(person):
    notice = Notice.objects.filter(recipient=person, kind="moderation/decided").latest("pk")
    return worded([notice])[notice.pk]


def named(name, house, *more):
    return reverse(f"moderation:{name}", args=[house.group.slug, *more])


# --- About a member ---------------------------------------------------------------------------------------------------


def test_whatever_is_decided_stands_in_the_log_and_is_told(house, as_user):
    rules = change_rules(group=house.group, rules=[("Be kind", "")], by=house.owner)
    rule = rules.rules.get()
    client = as_user(house.owner)
    for number, (what, subject) in enumerate([
        ("warn", "You are warned in"), ("suspend", "You are suspended in"), ("lift", "You are no longer suspended in"),
        ("remove", "You are no longer a member of"),
    ], 1):  # fmt: skip
        on = "none" if what == "lift" else f"rule-{rule.pk}"
        assert decide_about(client, house, house.member, what, on=on).status_code == 302
        assert told(house.member).subject.startswith(subject)
        assert LogEntry.objects.count() == number
        if what != "lift":
            assert "1. Be kind" in told(house.member).body
            assert WORDS in told(house.member).body


def test_a_form_sent_twice_is_one_decision_and_one_that_came_too_late_is_refused(house, as_user):
    form = {"person": "warn", "on": "law", "words": "Once.", "last": ""}
    client = as_user(house.moderator)
    for _ in range(2):
        assert client.post(about(house, house.member), form).status_code == 302
    assert Decision.objects.count() == 1
    answer = as_user(house.owner).post(about(house, house.member), form | {"words": "Not so loud."})
    assert answer.status_code == 409
    assert "Not so loud.</textarea>" in answer.text
    assert f'name="last" value="{Decision.objects.get().public_id}"' in answer.text


def test_what_is_not_possible_is_not_offered(house, as_user):
    page = as_user(house.moderator).get(about(house, house.member)).text
    assert 'value="warn"' in page
    assert 'value="remove"' not in page
    assert 'value="lift"' not in page
    assert 'value="suspend"' not in as_user(house.moderator).get(about(house, house.owner)).text
    assert 'value="remove"' in as_user(house.owner).get(about(house, house.member)).text
    assert as_user(house.owner).get(about(house, house.outsider)).status_code == 404


def test_the_words_of_a_decision_are_text_in_the_notice(house, as_user):
    decide_about(as_user(house.moderator), house, house.member, "warn", words="<img src=x> {{ 7|add:7 }}")
    assert "<img src=x> {{ 7|add:7 }}" in told(house.member).body
    assert "<img src=x>" not in as_user(house.member).get("/inbox/").text


# --- A name -----------------------------------------------------------------------------------------------------------


def test_a_name_is_reported_once_a_person(house, as_user):
    change_rules(group=house.group, rules=[("Be kind", "")], by=house.owner)
    client, page = as_user(house.other), named("report_name", house, house.member.public_id)
    assert page in client.get(reverse("groups:member", args=[house.group.slug, house.member.public_id])).text
    assert client.post(page, {"words": "Rude."}).status_code == 422
    for _ in range(2):
        assert client.post(page, {"rule": "none", "words": "Rude."}).status_code == 302
    said = Report.objects.get()
    assert (said.member.user, said.rule, said.words) == (house.member, None, "Rude.")


@pytest.mark.parametrize("rule", ["", "999999", "x", "1; DROP TABLE"])
def test_a_rule_that_is_none_of_these_is_refused(house, as_user, rule):
    change_rules(group=house.group, rules=[("Be kind", "")], by=house.owner)
    comment = factories.create_comment(house.reading, house.member, "Buy my boats.")
    page = reverse("moderation:report_comment", args=[comment.public_id])
    answer = as_user(house.other).post(page, {"rule": rule, "words": "Trade."})
    assert answer.status_code == 422
    assert "Trade.</textarea>" in answer.text
    assert not Report.objects.exists()


def test_ones_own_name_and_who_does_not_belong_cannot_be_reported(house, as_user):
    for who, whom, status in (
        (house.member, house.member, 404), (house.member, house.outsider, 404), (house.outsider, house.member, 403),
        (None, house.member, 302),
    ):  # fmt: skip
        page = named("report_name", house, whom.public_id)
        assert as_user(who).post(page, {"words": "Rude."}).status_code == status
    assert not Report.objects.exists()


# --- A place ----------------------------------------------------------------------------------------------------------


def paragraph_page(house):
    return named(
        "decide_about_paragraph", house, house.reading.slug, factories.version_of(house.reading).paragraph.public_id
    )


def test_a_paragraph_is_locked_and_unlocked_and_both_stand_in_the_log(house, as_user):
    client, page = as_user(house.moderator), paragraph_page(house)
    discussed = reverse(
        "discussion:paragraph",
        args=[house.group.slug, house.reading.slug, factories.version_of(house.reading).paragraph.public_id],
    )
    assert page in client.get(discussed).text
    assert page not in as_user(house.member).get(discussed).text
    lock = {"action": "lock", "on": "law", "words": "A rest.", "standing": 0}
    assert client.post(page, {**lock, "on": "none"}).status_code == 422
    for _ in range(2):
        assert client.post(page, lock).status_code == 302
    with pytest.raises(discussion.AnswerRefused):
        factories.create_comment(house.reading, house.member)
    assert "A rest." in client.get(page).text
    assert "paragraph" in LogEntry.objects.get().facts
    for _ in range(2):
        unlock = {"action": "unlock", "standing": Restriction.objects.values_list("pk", flat=True).first() or 0}
        assert client.post(page, unlock).status_code == 302
    assert factories.create_comment(house.reading, house.member)
    assert list(Part.objects.values_list("action", flat=True)) == [Action.LOCK, Action.UNLOCK]


def test_a_thread_is_locked_and_who_began_it_is_told(house, as_user):
    thread = factories.create_comment(house.reading, house.member, "Shall we?")
    page = reverse("moderation:decide_about_thread", args=[thread.public_id])
    client = as_user(house.moderator)
    assert (
        client.post(page, {"action": "lock", "on": "law", "words": "Enough.", "standing": 0, "days": 2}).status_code
        == 302
    )
    with pytest.raises(discussion.AnswerRefused):
        factories.create_comment(house.reading, house.other, parent=thread)
    assert factories.create_comment(house.reading, house.other)
    assert "Enough." in told(house.member).body
    late = as_user(house.owner).post(page, {"action": "lock", "on": "law", "words": "For good.", "standing": 0})
    assert late.status_code == 409
    assert "For good.</textarea>" in late.text


def test_nobody_locks_their_own_thread_or_an_answer(house, as_user):
    own = factories.create_comment(house.reading, house.moderator, "Mine.")
    answer = factories.create_comment(house.reading, house.member, "Yours?", parent=own)
    form = {"action": "lock", "on": "law", "words": "x", "standing": 0}
    for comment in (own, answer):
        page = reverse("moderation:decide_about_thread", args=[comment.public_id])
        assert as_user(house.moderator).post(page, form).status_code == 404
    for who, status in ((None, 302), (house.outsider, 403), (house.member, 403)):
        assert as_user(who).post(paragraph_page(house), form).status_code == status
    assert not Restriction.objects.exists()


# --- Reasons ----------------------------------------------------------------------------------------------------------


def test_a_reason_is_written_changed_and_retired(house, as_user):
    client, page = as_user(house.moderator), named("reasons", house)
    client.post(page, {"title": "Trade", "words": "No trade <b>here</b>."})
    reason = Reason.objects.get()
    assert "No trade &lt;b&gt;here&lt;/b&gt;." in client.get(page).text
    twice = client.post(page, {"title": "Trade", "words": "Something else."})
    assert twice.status_code == 422
    assert "Something else.</textarea>" in twice.text
    client.post(named("change_reason", house, reason.pk), {"title": "Trade", "words": "No boats."})
    assert "No boats." in client.get(page).text
    for _ in range(2):
        assert client.post(named("retire_reason", house, reason.pk)).status_code == 302
    assert "No boats." not in client.get(page).text
    assert client.get(named("change_reason", house, reason.pk)).status_code == 404
    assert client.post(page, {"title": "Trade", "words": "Again."}).status_code == 302


def test_there_are_no_more_than_enough(house, as_user):
    Reason.objects.bulk_create(Reason(group=house.group, title=f"{n}", words="x") for n in range(Reason.MOST))
    answer = as_user(house.moderator).post(named("reasons", house), {"title": "Trade", "words": "One more."})
    assert answer.status_code == 422
    assert "One more.</textarea>" in answer.text


def test_another_groups_reasons_are_not_there(house, closed_house, as_user):
    there = closed_house.group.reasons.create(title="Secret", words="Among us.")
    client = as_user(house.moderator)
    assert "Among us." not in client.get(named("reasons", house)).text
    for name in ("change_reason", "retire_reason"):
        assert client.post(named(name, house, there.pk), {"title": "x", "words": "x"}).status_code == 404


def test_one_reason_or_three_cost_the_same(house, as_user):
    client = as_user(house.moderator)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(named("reasons", house))
        return len(captured)

    house.group.reasons.create(title="A", words="x")
    queries()
    one = queries()
    for title in "BC":
        house.group.reasons.create(title=title, words="x")
    assert queries() == one


# --- Taking it back, and who reads of it ------------------------------------------------------------------------------


def locked(house, as_user, words="A rest, after the canary."):
    form = {"action": "lock", "on": "law", "words": words, "standing": 0}
    assert as_user(house.moderator).post(paragraph_page(house), form).status_code == 302
    return Decision.objects.get()


def test_a_paragraph_that_was_locked_without_a_report_is_opened_by_a_reversal(house, as_user):
    decision = locked(house, as_user)
    client = as_user(house.owner)
    assert "paragraph 4" in client.get(reverse("moderation:decision", args=[decision.public_id])).text
    page = reverse("moderation:reverse_decision", args=[decision.public_id])
    assert client.post(page, {"words": "It was calm."}).status_code == 302
    assert not Restriction.objects.exists()
    part = Part.objects.get(decision__reverses=decision)
    assert part.action == Action.UNLOCK
    assert "paragraph 4" in client.get(reverse("moderation:log_entry", args=[house.group.slug, 2])).text


def test_another_lock_that_stands_there_since_is_left(house, as_user):
    decision = locked(house, as_user)
    Restriction.objects.update(reason="Another.")
    page = reverse("moderation:reverse_decision", args=[decision.public_id])
    assert as_user(house.owner).post(page, {"words": "It was calm."}).status_code == 302
    assert Restriction.objects.count() == 1
    assert Part.objects.get(decision__reverses=decision).action == Action.STRIKE


def test_why_a_paragraph_of_a_text_for_members_was_locked_visitors_do_not_read(house, as_user):
    decision = locked(house, as_user)
    keep_for_members(reading=house.reading, keep=True, by=house.organizer)
    page = reverse("moderation:reverse_decision", args=[decision.public_id])
    as_user(house.owner).post(page, {"words": "The canary is gone."})
    log = reverse("moderation:log", args=[house.group.slug])
    assert as_user(house.member).get(log).text.count("canary") == 2
    for number in (1, 2):
        entry = reverse("moderation:log_entry", args=[house.group.slug, number])
        for address in (log, entry):
            visitors = as_user(None).get(address).text
            assert "canary" not in visitors
            assert "paragraph 4" not in visitors


def test_what_reverses_a_warning_for_what_was_said_on_a_text_for_members_visitors_do_not_read(house, as_user):
    keep_for_members(reading=house.reading, keep=True, by=house.organizer)
    comment = factories.create_comment(house.reading, house.member, "Buy my boats.")
    decision = decided(house, [comment], action=Action.LEAVE, person=Action.WARN, words="About the canary.")
    reverse_decision(decision=decision, words="The canary was none.", by=house.owner)
    assert Part.objects.get(decision__reverses=decision).comment is None
    log = reverse("moderation:log", args=[house.group.slug])
    assert "canary" not in as_user(None).get(log).text
    assert as_user(house.member).get(log).text.count("canary") == 2
