"""Reporting a comment, and what waits for the moderators."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, State
from readinggroup.groups.models import Membership, Role
from readinggroup.moderation import actions as actions_of_moderation
from readinggroup.moderation.actions import reporting
from readinggroup.moderation.case_views import seen_now
from readinggroup.moderation.models import Case, Report

from .. import factories
from .steps import case_of, page_of

WORDS = "This is an advertisement."


@pytest.fixture
def comment(house):
    """What Mara has said, and beside it what nobody has complained about."""
    factories.create_comment(house.reading, house.owner, "Quite harmless.")
    return factories.create_comment(house.reading, house.member, "Buy my boats.")


def form_of(comment):
    return reverse("moderation:report_comment", args=[comment.public_id])


def report(client, comment, words=WORDS):
    return client.post(form_of(comment), {"words": words})


def waiting(house):
    return reverse("moderation:queue", args=[house.group.slug])


def set_state(comment, state):
    if state == State.WITHDRAWN:
        return actions.withdraw(comment=comment, by=comment.author)
    return Comment.objects.filter(pk=comment.pk).update(state=state)


def test_from_the_comment_to_the_moderators(house, as_user, comment):
    client = as_user(house.other)
    discussion = client.get(reverse("discussion:comment", args=[comment.public_id]), follow=True).content.decode()
    assert f'href="{form_of(comment)}"' in discussion
    page = client.get(form_of(comment)).content.decode()
    assert "Buy my boats." in page
    assert "<textarea" in page
    answer = report(client, comment)
    assert (answer.status_code, answer["Location"]) == (302, reverse("discussion:comment", args=[comment.public_id]))
    page = client.get(answer["Location"], follow=True).content.decode()
    assert "Thank you. The moderators will look at it." in page
    assert "Buy my boats." in page
    said = Report.objects.get()
    assert (said.comment, said.reporter, said.words) == (comment, house.other, WORDS)
    moderator = as_user(house.moderator)
    queue = moderator.get(waiting(house)).content.decode()
    assert "Buy my boats." in queue
    assert "Quite harmless." not in queue
    assert page_of(house, case_of(comment)) in queue
    page = moderator.get(page_of(house, case_of(comment))).content.decode()
    assert "Buy my boats." in page
    assert WORDS in page
    assert "Milo" in page


def test_once_is_enough(house, as_user, comment):
    client = as_user(house.other)
    report(client, comment)
    answer = report(client, comment, "And again.")
    assert "once is enough" in client.get(answer["Location"], follow=True).content.decode()
    assert Report.objects.get().words == WORDS


def test_two_people_report_it_each_once(house, as_user, comment):
    for who in (house.other, house.owner):
        report(as_user(who), comment)
    queue = as_user(house.moderator).get(waiting(house)).content.decode()
    assert queue.count("Buy my boats.") == 1
    assert "2 reports" in queue
    page = as_user(house.moderator).get(page_of(house, case_of(comment))).content.decode()
    assert page.count(WORDS) == 2


def test_the_database_refuses_a_second_report(house, comment):
    case = Case.objects.create(group=house.group, kind="comment", comment=comment, due_at=timezone.now())
    Report.objects.create(case=case, comment=comment, reporter=house.other, words=WORDS)
    with pytest.raises(IntegrityError, match="report_once"), transaction.atomic():
        Report.objects.create(case=case, comment=comment, reporter=house.other, words="again")


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_reports_themselves(house, as_user, comment, method):
    answer = getattr(as_user(house.member), method)(form_of(comment), {"words": WORDS})
    assert answer.status_code == 404
    assert not Report.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("state", [State.WITHDRAWN, State.HIDDEN])
def test_a_stub_has_nothing_to_be_reported(house, as_user, comment, method, state):
    factories.create_comment(house.reading, house.owner, "How much?", parent=comment)
    set_state(comment, state)
    for who in (house.other, house.moderator, house.owner):
        answer = getattr(as_user(who), method)(form_of(comment), {"words": WORDS})
        assert answer.status_code == 404
        assert "Buy my boats." not in answer.content.decode()
    assert not Report.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_of_a_held_comment_others_do_not_learn(house, as_user, comment, method):
    set_state(comment, State.HELD)
    for who, status in (("other", 404), ("organizer", 404)):
        answer = getattr(as_user(getattr(house, who)), method)(form_of(comment), {"words": WORDS})
        assert answer.status_code == status
        assert "Buy my boats." not in answer.content.decode()
    assert not Report.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_members_report(house, as_user, comment, method):
    former = factories.create_member(house.group)
    Membership.objects.filter(user=former).update(left_at=timezone.now())
    elsewhere = factories.create_member(factories.create_group(), roles=[Role.OWNER])
    for who, status in ((None, 302), (house.outsider, 403), (former, 403), (elsewhere, 403)):
        answer = getattr(as_user(who), method)(form_of(comment), {"words": WORDS})
        assert answer.status_code == status
    assert not Report.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_private_groups_comment_is_not_there_for_others(closed_house, as_user, method):
    comment = factories.create_comment(closed_house.reading, closed_house.member, "Among us.")
    for who in (None, closed_house.outsider):
        answer = getattr(as_user(who), method)(form_of(comment), {"words": WORDS})
        missing = getattr(as_user(who), method)(
            reverse("moderation:report_comment", args=["nosuchcmnt"]), {"words": WORDS}
        )
        assert (answer.status_code, missing.status_code) == (404, 404)
        assert "Among us." not in answer.content.decode()
    assert not Report.objects.exists()


@pytest.mark.parametrize("words", ["", "   \n", "x" * 2_001, "a\x00b", "<script>alert(1)</script>" + "x" * 2_000])
def test_what_cannot_be_sent_is_said_and_the_words_are_kept(house, as_user, comment, words):
    answer = report(as_user(house.other), comment, words)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "errorlist" in page
    assert "Buy my boats." in page
    assert "<script>alert" not in page
    if words.startswith("x"):
        assert words in page
    assert not Report.objects.exists()


def test_other_fields_than_the_words_change_nothing(house, as_user, comment):
    other = factories.create_comment(house.reading, house.owner)
    forged = {"words": WORDS, "comment": other.pk, "reporter": house.owner.pk, "created_at": "2001-01-01", "id": 99}
    as_user(house.other).post(form_of(comment), forged)
    said = Report.objects.get()
    assert (said.comment, said.reporter, said.created_at.year > 2001) == (comment, house.other, True)


# --- What waits -------------------------------------------------------------------------------------------------------


def test_the_list_is_for_moderators_and_owners(house, as_user, comment):
    report(as_user(house.other), comment)
    both = factories.create_member(house.group, roles=[Role.ORGANIZER, Role.MODERATOR])
    elsewhere = factories.create_member(factories.create_group(), roles=[Role.MODERATOR])
    people = [(None, 302), (house.outsider, 403), (house.member, 403), (house.other, 403), (house.organizer, 403),
              (elsewhere, 403), (house.moderator, 200), (house.owner, 200), (both, 200)]  # fmt: skip
    for who, status in people:
        answer = as_user(who).get(waiting(house))
        assert answer.status_code == status
        assert ("Buy my boats." in answer.content.decode()) == (status == 200)
        answer = as_user(who).get(page_of(house, case_of(comment)))
        assert answer.status_code == status
        assert (WORDS in answer.content.decode()) == (status == 200)


def test_the_list_of_a_private_group_is_not_there_for_others(closed_house, as_user):
    for who, status in (
        (None, 404),
        (closed_house.outsider, 404),
        (closed_house.member, 403),
        (closed_house.owner, 200),
    ):
        assert as_user(who).get(waiting(closed_house)).status_code == status


def test_it_can_only_be_read(house, as_user):
    assert as_user(house.moderator).post(waiting(house)).status_code == 405


def test_what_is_held_waits_too_and_what_is_withdrawn_or_hidden_no_longer(house, as_user, comment):
    held = factories.create_comment(house.reading, house.other, "Held words.")
    set_state(held, State.HELD)
    gone = [
        factories.create_comment(house.reading, house.member, f"{state} words") for state in ("withdrawn", "hidden")
    ]
    for one in (*gone, comment):
        actions_of_moderation.report(comment=one, by=house.other, words=WORDS)
    set_state(gone[0], State.WITHDRAWN)
    set_state(gone[1], State.HIDDEN)
    page = as_user(house.moderator).get(waiting(house)).content.decode()
    assert "Held words." in page
    assert "Buy my boats." in page
    assert "withdrawn words" not in page
    assert "hidden words" not in page
    assert "Quite harmless." not in page
    assert page.index("Held words.") < page.index("Buy my boats.")  # held first: it waits longer


def test_another_groups_reports_do_not_wait_here(house, closed_house, as_user, comment):
    there = factories.create_comment(closed_house.reading, closed_house.member, "Among us.")
    actions_of_moderation.report(comment=there, by=closed_house.other, words=WORDS)
    page = as_user(house.moderator).get(waiting(house)).content.decode()
    assert "Among us." not in page
    assert "Nothing waits." in page


def test_reporters_and_their_words_are_shown_as_text(house, as_user, comment):
    villain = factories.create_member(house.group, '"><script>alert(1)</script>')
    report(as_user(villain), comment, "<img src=x onerror=alert(2)> [x](javascript:alert(3)) {{ 7|add:7 }}")
    page = as_user(house.moderator).get(page_of(house, case_of(comment))).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(2)&gt;" in page
    assert "{{ 7|add:7 }}" in page


def test_one_that_waits_or_three_cost_the_same_queries(house, as_user, comment):
    client = as_user(house.moderator)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(waiting(house)).status_code == 200
        return len(captured)

    report(as_user(house.other), comment)
    queries()
    one = queries()
    for who in (house.owner, house.organizer):
        report(as_user(who), comment)
        another = factories.create_comment(house.reading, who, "Another.")
        report(as_user(house.other), another)
    set_state(factories.create_comment(house.reading, house.other, "Held."), State.HELD)
    assert queries() == one <= 8


@pytest.mark.parametrize("what", ["comment", "name"])
def test_who_reports_very_much_is_told_when_again_with_the_words_kept(house, as_user, comment, settings, what):
    settings.LIMITS = settings.LIMITS | {"report": "1/h"}
    client = as_user(house.other)
    another = factories.create_comment(house.reading, house.organizer, "Nothing much.")
    assert client.post(form_of(another), {"rule": "none", "words": WORDS}).status_code == 302
    name = reverse("moderation:report_name", args=[house.group.slug, house.member.public_id])
    answer = client.post(form_of(comment) if what == "comment" else name, {"rule": "none", "words": "Look at <this>."})
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert "Look at &lt;this&gt;." in answer.text
    assert Report.objects.count() == 1


def test_a_report_that_counts_little_puts_off_what_is_not_held_and_brings_nothing_nearer(house, comment, monkeypatch):
    def due(reported, weight):
        monkeypatch.setattr(reporting, "weight_of", lambda reporter, group: weight)
        actions_of_moderation.report(comment=reported, words=WORDS, by=house.other)
        case = Case.objects.get(comment=reported)
        return round((case.due_at - case.opened_at) / timedelta(hours=1))

    held = factories.create_comment(house.reading, house.member, "Held words.")
    Comment.objects.filter(pk=held.pk).update(state=State.HELD)
    held.refresh_from_db()
    assert due(comment, 10) == 72
    assert due(factories.create_comment(house.reading, house.member, "Others."), 100) == 24
    assert due(held, 10) == 24


def test_what_is_held_while_its_case_is_open_is_due_no_later(house, comment):
    actions_of_moderation.report(comment=comment, words=WORDS, by=house.other)
    Case.objects.update(due_at=timezone.now() + timedelta(days=3))
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD)
    assert Case.objects.get().due_at < timezone.now() + timedelta(hours=25)


def test_a_name_is_reported_once_while_it_waits_and_another_one_anew(house, as_user):
    client, address = (
        as_user(house.other),
        reverse("moderation:report_name", args=[house.group.slug, house.member.public_id]),
    )

    def told():
        return client.post(address, {"words": "Rude."}, follow=True).text

    assert "Thank you. The moderators will look at it." in told()
    assert "You have reported this name already, and nobody has decided yet" in told()
    case = Case.objects.get()
    leaving = actions_of_moderation.Verdict(action="leave")
    actions_of_moderation.decide(group=house.group, seen=[seen_now(case)], verdict=leaving, by=house.moderator)
    Membership.objects.filter(user=house.member).update(name_here="Ruder")
    assert "Thank you. The moderators will look at it." in told()
    assert Case.objects.open().get().reports.get().reporter == house.other
    assert (Report.objects.count(), "already" in told()) == (2, True)
