"""Suspended people read and do not write, and no other way leads back in."""

import uuid
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions as discussion
from readinggroup.discussion import questions, reactions
from readinggroup.discussion.models import Comment, QuestionState
from readinggroup.groups import actions, inviting_by_mail
from readinggroup.groups.models import JoinRequest, Membership
from readinggroup.groups.permissions import SUSPENDED, Can, may
from readinggroup.lib.markup import render_markdown
from readinggroup.moderation import actions as moderation
from readinggroup.moderation.actions import reporting
from readinggroup.moderation.models import Report

from .. import factories
from ..conftest import make_house
from ..moderation.steps import about, decide_about
from .test_coming_and_going import address, at_once


def standing(house, person):
    return house.group.memberships.select_related("user", "group").get(user=person)


def suspend(house, person, *, until=Membership.FOR_GOOD):
    actions.suspend(membership=standing(house, person), until=until, reason="Rest a while.", by=house.owner)


def post_page(house):
    paragraph = factories.version_of(house.reading).paragraph.public_id
    return reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph])


def test_from_the_form_to_the_silence_and_back(closed_house, as_user):
    moderator, client = as_user(closed_house.moderator), as_user(closed_house.member)
    page = about(closed_house, closed_house.member)
    assert page in moderator.get(address("member", closed_house, closed_house.member.public_id)).text
    answer = decide_about(moderator, closed_house, closed_house.member, "suspend", words="Shouted.", days=3)
    assert answer.status_code == 302
    front = client.get(reverse("group", args=[closed_house.group.slug])).text
    assert "Shouted." in front
    assert "Shouted." in client.get("/inbox/").text
    refused = client.post(post_page(closed_house), {"body": "Long in the making.", "key": uuid.uuid4()})
    assert refused.status_code == 403
    assert "Long in the making." in refused.text
    assert "You cannot write here" in refused.text
    decide_about(moderator, closed_house, closed_house.member, "lift")
    assert "lifted" in client.get("/inbox/").text
    again = client.post(post_page(closed_house), {"body": "Long in the making.", "key": uuid.uuid4()})
    assert again.status_code == 302


def test_the_part_for_htmx_keeps_the_words_too(house, as_user):
    suspend(house, house.member)
    answer = as_user(house.member).post(
        post_page(house), {"body": "<b>Words</b>", "key": uuid.uuid4()}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 403
    assert answer.text.startswith('<section class="discussion error" id="discussion"')
    assert "&lt;b&gt;Words&lt;/b&gt;" in answer.text


def test_the_page_shows_no_box_to_write_in(house, as_user):
    comment = factories.create_comment(house.reading, house.other)
    suspend(house, house.member)
    page = reverse("discussion:paragraph", args=[house.group.slug, house.reading.slug, comment.paragraph.public_id])
    text = as_user(house.member).get(page).text
    assert "You are suspended in this group" in text
    assert 'id="composer"' not in text
    assert "/answer/" not in text


@pytest.mark.parametrize("roles", [[], ["organizer"], ["moderator"], ["organizer", "moderator"]])
def test_in_whatever_role_they_read_and_see_their_fate_alone(house, roles):
    membership = Membership(pk=1, group=house.group, roles=roles, suspended_until=Membership.FOR_GOOD)
    assert {verb for verb in Can if may(membership, verb)} == SUSPENDED
    membership.suspended_until = timezone.now() - timedelta(seconds=1)
    assert may(membership, Can.DISCUSS)


def test_it_ends_by_itself(house, as_user):
    suspend(house, house.member, until=timezone.now() - timedelta(seconds=1))
    assert as_user(house.member).post(post_page(house), {"body": "Back.", "key": uuid.uuid4()}).status_code == 302
    actions.hand_out_roles(membership=standing(house, house.member), roles=["owner"], by=house.owner)
    assert standing(house, house.member).suspended_until is None


def test_nobody_suspends_an_owner_or_themselves(house, as_user):
    for who, whom, status in [
        (house.moderator, house.owner, 422),
        (house.owner, house.owner, 404),
        (house.moderator, house.moderator, 404),
    ]:
        assert decide_about(as_user(who), house, whom, "suspend", days=1).status_code == status
        assert not standing(house, whom).is_suspended
        with pytest.raises(actions.Suspended):
            actions.suspend(membership=standing(house, whom), until=Membership.FOR_GOOD, reason="x", by=who)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.filter(user=house.owner).update(
            suspended_until=timezone.now(), suspended_by=house.moderator, suspended_for="x"
        )


@pytest.mark.parametrize("who", ["member", "organizer"])
def test_only_moderators_and_owners_suspend(house, as_user, who):
    assert decide_about(as_user(getattr(house, who)), house, house.other, "suspend", days=1).status_code == 403
    assert not standing(house, house.other).is_suspended


@pytest.mark.parametrize(
    "data",
    [
        {"words": ""},
        {"words": "x" * 3_001},
        {"words": "x", "days": 0},
        {"words": "x", "days": 3_651},
        {"words": "x", "days": "٣x"},
        {"words": "a\x00"},
        {"on": "none"},
        {"on": ""},
        {"on": "rule-1"},
    ],
)
def test_a_suspension_needs_a_reason_and_an_end_that_can_be(house, as_user, data):
    answer = decide_about(as_user(house.owner), house, house.other, "suspend", **data)
    assert answer.status_code == 422
    assert standing(house, house.other).suspended_until is None


def test_a_suspended_moderator_lifts_nothing(house, as_user):
    suspend(house, house.moderator)
    assert decide_about(as_user(house.moderator), house, house.moderator, "lift").status_code == 403
    assert decide_about(as_user(house.moderator), house, house.other, "lift").status_code == 403
    assert standing(house, house.moderator).is_suspended


def test_nobody_makes_an_owner_of_who_is_suspended(house, as_user):
    suspend(house, house.member)
    page = address("hand_out_roles", house, house.member.public_id)
    assert "Lift that first" in as_user(house.owner).post(page, {"roles": ["owner"]}, follow=True).text
    assert standing(house, house.member).roles == []


@pytest.mark.parametrize("way", ["link", "mail", "request", "request from before", "directly"])
@pytest.mark.parametrize("gone", ["left", "removed"])
def test_no_way_leads_back_in(house, as_user, way, gone):
    if way == "request from before":
        asked = JoinRequest.objects.create(group=house.group, user=house.member, words="Let me in.")
    if gone == "left":
        suspend(house, house.member)
        actions.leave(membership=standing(house, house.member), by=house.member, under_pseudonym=True)
    else:
        answer = decide_about(as_user(house.owner), house, house.member, "remove", words="Sold ads.", barred="on")
        assert answer.status_code == 302
    client = as_user(house.member)
    if way == "link":
        token = actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
        answer = client.post(reverse("groups:join", args=[token]))
        assert (answer.status_code, "suspended you" in answer.text) == (403, True)
        assert house.group.invitations.get().used == 0
    if way == "mail":
        invitation = inviting_by_mail.invite_by_email(
            group=house.group, email=house.member.email, roles=[], by=house.owner
        )
        assert client.post(reverse("groups:join", args=[invitation.token])).status_code == 403
    if way == "request":
        answer = client.post(address("ask_to_join", house), {"words": "I will be good."})
        assert (answer.status_code, "I will be good." in answer.text) == (422, True)
        assert not JoinRequest.objects.exists()
    if way == "request from before":
        page = address("answer_join_request", house, asked.pk)
        assert "Lift that first" in as_user(house.owner).post(page, {"answer": "accept"}, follow=True).text
    if way == "directly":
        with pytest.raises(actions.Barred):
            actions.take_in(group=house.group, user=house.member, roles=["owner"])
    assert not house.group.memberships.active().filter(user=house.member).exists()


def test_who_may_come_back_again_can(house, as_user):
    decide_about(as_user(house.owner), house, house.member, "remove", words="Sold ads.", barred="on", days=30)
    members = as_user(house.owner).get(address("members", house)).text
    assert "They may not come back" in members
    assert "They may not come back" not in as_user(house.other).get(address("members", house)).text
    decide_about(as_user(house.moderator), house, house.member, "lift")
    token = actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
    assert as_user(house.member).post(reverse("groups:join", args=[token])).status_code == 302
    assert standing(house, house.member).removed_for == ""


def test_they_may_leave_and_take_their_words_along(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    suspend(house, house.member)
    page = reverse("discussion:leave", args=[house.group.slug])
    assert as_user(house.member).post(page, {"contributions": "withdrawn"})["Location"] == "/"
    comment.refresh_from_db()
    assert comment.state == "withdrawn"
    assert standing(house, house.member).is_suspended


def test_the_database_refuses_words_of_who_is_suspended_or_gone(house):
    version = factories.version_of(house.reading)

    def say():
        return discussion.post(reading=house.reading, version=version, body="Words.", key=uuid.uuid4(), by=house.member)

    suspend(house, house.member)
    with pytest.raises(discussion.AnswerRefused):
        say()
    actions.lift(membership=standing(house, house.member), by=house.owner)
    assert say()
    actions.leave(membership=standing(house, house.member), by=house.member)
    with pytest.raises(discussion.AnswerRefused):
        say()


def test_the_words_come_back_when_the_suspension_came_between(house, as_user, monkeypatch):
    """The view has let them in, and the suspension is there before their words are."""
    post = discussion.post

    def slowly(**details):
        suspend(house, house.member)
        return post(**details)

    monkeypatch.setattr(discussion, "post", slowly)
    answer = as_user(house.member).post(post_page(house), {"body": "Long in the making.", "key": uuid.uuid4()})
    assert answer.status_code == 409
    assert "Long in the making." in answer.text
    assert "no longer write" in answer.text


def remove(house, person):
    actions.remove(membership=standing(house, person), reason="Sold ads.", by=house.owner)


@pytest.mark.parametrize("silenced", ["suspended", "gone"])
def test_nothing_is_reworded_after_a_suspension_or_a_removal(house, silenced):
    """The page had let them in; the end came before the words."""
    comment = factories.create_comment(house.reading, house.member, "Before.")
    membership = house.group.memberships.get(user=house.member)
    if silenced == "gone":
        actions.leave(membership=membership, by=house.member)
    else:
        actions.suspend(membership=membership, until=membership.FOR_GOOD, reason="Rest.", by=house.owner)
    with pytest.raises(discussion.AnswerRefused):
        discussion.reword(comment=comment, body="After.", wording=1, by=house.member)
    assert Comment.objects.get(pk=comment.pk).body == "Before."


@pytest.mark.parametrize("end", [suspend, remove])
def test_a_report_that_crosses_the_end_is_not_taken_and_its_words_come_back(house, as_user, monkeypatch, end):
    """The view has let them in, and the end is there before their report is."""
    comment = factories.create_comment(house.reading, house.owner, "Quite harmless.")
    report = moderation.report

    def slowly(**details):
        end(house, house.member)
        return report(**details)

    monkeypatch.setattr(moderation, "report", slowly)
    page = reverse("moderation:report_comment", args=[comment.public_id])
    answer = as_user(house.member).post(page, {"words": "Long in the making."})
    assert answer.status_code == 409
    assert "Long in the making." in answer.text
    assert "no longer write" in answer.text
    assert not Report.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [suspend, remove])
def test_nothing_is_reported_after_a_suspension_or_a_removal(end):
    """Six people report something at the moment at which each is silenced."""
    for turn in range(4):
        house = make_house("public")
        comment = factories.create_comment(house.reading, house.owner)
        people, done = [factories.create_member(house.group) for _ in range(6)], {}

        def reports(person):
            return Report.objects.filter(reporter=person).count()

        def act(number, house=house, comment=comment, people=people, done=done):
            person = people[number // 2]
            if number % 2 == 0:
                end(house, person)
                done[person] = reports(person)
                return
            with suppress(moderation.Silenced):
                moderation.report(comment=comment, words="Look.", by=person)

        at_once(12, act)
        assert {person: reports(person) for person in people} == done, turn


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_let_a_report_in_afterwards(monkeypatch):
    """The control: whoever only looks, and does not hold the membership, reports after the suspension."""
    house = make_house("public")
    comment = factories.create_comment(house.reading, house.owner)
    looked, suspended = Barrier(2), Barrier(2)

    def look(user, verb, *, group):
        free = may(standing(house, user), verb)
        looked.wait(30)
        suspended.wait(30)
        return free

    def act(number):
        if number:
            moderation.report(comment=comment, words="Late.", by=house.member)
            return
        looked.wait(30)
        suspend(house, house.member)
        suspended.wait(30)

    monkeypatch.setattr(reporting, "may_still", look)
    at_once(2, act)
    assert Report.objects.filter(words="Late.").count() == 1


def mark_it(comment, person):
    reactions.mark(comment=comment, kind="agree", by=person, is_set=True)


def ask_it(comment, person):
    questions.settle_question(root=comment, question=QuestionState.OPEN, by=person, was=":")


def marked(comment):
    return comment.reactions.count() + Comment.objects.filter(pk=comment.pk, question=QuestionState.OPEN).count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [suspend, remove])
@pytest.mark.parametrize("do", [mark_it, ask_it])
def test_nothing_is_marked_or_asked_after_a_suspension_or_a_removal(do, end):
    """Of six people each does it at the moment at which they are silenced."""
    for turn in range(4):
        house = make_house("public")
        people, done = [factories.create_member(house.group) for _ in range(6)], {}
        comments = [factories.create_comment(house.reading, house.owner) for _ in people]

        def act(number, house=house, comments=comments, people=people, done=done):
            person, comment = people[number // 2], comments[number // 2]
            if number % 2 == 0:
                end(house, person)
                done[comment] = marked(comment)
                return
            with suppress(PermissionDenied):
                do(comment, person)

        at_once(12, act)
        assert {comment: marked(comment) for comment in comments} == done, turn


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("do", "module"), [(mark_it, reactions), (ask_it, questions)])
def test_looking_first_would_let_a_mark_in_afterwards(do, module, monkeypatch):
    """The control: whoever only looks, and does not hold the membership, marks after the suspension."""
    house = make_house("public")
    comment = factories.create_comment(house.reading, house.owner)
    looked, suspended = Barrier(2), Barrier(2)

    def look(user, verb, *, group):
        free = may(standing(house, user), verb)
        looked.wait(30)
        suspended.wait(30)
        return free

    def act(number):
        if number:
            do(comment, house.member)
            return
        looked.wait(30)
        suspend(house, house.member)
        suspended.wait(30)

    monkeypatch.setattr(module, "may_still", look)
    at_once(2, act)
    assert marked(comment) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [suspend, remove])
def test_nothing_is_said_after_a_suspension_or_a_removal(end):
    for turn in range(6):
        house = make_house("public")
        version, done = factories.version_of(house.reading), []

        def act(number, house=house, version=version, done=done):
            if number == 0:
                end(house, house.member)
                done.append(Comment.objects.filter(author=house.member).count())
                return None
            try:
                return discussion.post(
                    reading=house.reading, version=version, body=f"{number}", key=uuid.uuid4(), by=house.member
                )
            except discussion.AnswerRefused:
                return None

        at_once(12, act)
        assert Comment.objects.filter(author=house.member).count() == done[0], turn


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_let_words_in_afterwards():
    """The control: without the trigger, a check that looks before it leaps posts after the suspension."""
    house = make_house("public")
    version, looked, suspended = factories.version_of(house.reading), Barrier(2), Barrier(2)

    def act(number):
        if number == 0:
            looked.wait(30)
            suspend(house, house.member)
            suspended.wait(30)
            return
        free = not standing(house, house.member).is_suspended
        looked.wait(30)
        suspended.wait(30)
        if free:
            Comment.objects.create(
                reading=house.reading, paragraph_id=version.paragraph_id, version=version, author=house.member,
                body="Late.", body_html=render_markdown("Late."),
            )  # fmt: skip

    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_said_by_who_may%'")
        trigger = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE discussion_comment DISABLE TRIGGER {trigger}")
    try:
        at_once(2, act)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE discussion_comment ENABLE TRIGGER {trigger}")
    assert Comment.objects.filter(body="Late.").count() == 1


@pytest.mark.django_db(transaction=True)
def test_barred_while_coming_back_they_are_out_or_suspended():
    """Whichever comes first: nobody is in who was barred and is not suspended."""
    for _ in range(6):
        house = make_house("public")
        actions.leave(membership=standing(house, house.member), by=house.member)
        token = actions.invite(group=house.group, uses=9, days=1, roles=[], by=house.owner)

        def act(number, house=house, token=token):
            if number == 0:
                Membership.objects.filter(user=house.member).update(
                    suspended_until=Membership.FOR_GOOD, suspended_by=house.owner, suspended_for="x"
                )
                return
            with suppress(actions.Barred):
                actions.accept(token=token, by=house.member)

        at_once(6, act)
        theirs = standing(house, house.member)
        assert theirs.is_suspended
