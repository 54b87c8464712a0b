"""How a group is moderated: set by its owners, within bounds, in the log, told to all, and there for all to read."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion.actions import reword
from readinggroup.discussion.models import Comment, HeldFor, State
from readinggroup.groups.models import Group, GroupChange, Membership
from readinggroup.groups.settling import change_rules, settle_moderation
from readinggroup.moderation.actions import (
    Seen,
    Verdict,
    decide,
    keep_hold_takes,
    report,
    tell_moderators,
    tell_of_what_waits,
)
from readinggroup.moderation.models import Action, Case, Ground
from readinggroup.notifications.actions import mark_read
from readinggroup.notifications.models import Notice
from readinggroup.tasks import keep_hold_takes as keep_hold_takes_task
from readinggroup.tasks import tell_of_what_waits as tell_of_what_waits_task

from .. import factories

AS_IT_IS = {"hold_first": 0, "hold_links": 5, "jury_decides": "on"}


def page_of(house):
    return reverse("moderation:settings", args=[house.group.slug])


def rules_of(house):
    return reverse("groups:rules", args=[house.group.slug])


def now(house):
    return Group.objects.get(pk=house.group.pk)


def test_what_is_set_holds_stands_in_the_log_is_told_and_shown(house, as_user):
    client = as_user(house.owner)
    assert (
        client.post(page_of(house), {"hold_first": 3, "hold_links": 0, "moderators_are_named": "on"}).status_code == 302
    )
    group = now(house)
    assert (group.hold_first, group.hold_links, group.jury_decides, group.moderators_are_named) == (3, 0, False, True)
    changes = {(change.kind, change.before, change.after, change.by) for change in GroupChange.objects.all()}
    assert changes == {
        ("hold_first", "0", "3", house.owner),
        ("hold_links", "5", "0", house.owner),
        ("jury_decides", "True", "False", house.owner),
        ("named", "False", "True", house.owner),
    }
    told = Notice.objects.filter(kind="groups/moderation_set")
    assert told.count() == house.group.memberships.count() - 1
    inbox = as_user(house.member).get("/inbox/").text
    assert "has changed how Harbour readers is moderated" in inbox
    for said in ("before others see them: 3.", "looked at first: 0.", "No members are drawn by lot", "names who has"):
        assert said in inbox, said
    page = as_user(None).get(rules_of(house)).text
    for said in ("The first 3 comments of a newcomer", "A comment with a link is looked at", "The log says who has"):
        assert said in page, said
    assert "drawn by lot" not in page
    log = client.get(page_of(house)).text
    assert "first comments of a newcomer that are held: 3" in log


def test_saved_as_it_is_nothing_is_noted_or_told(house, as_user):
    as_user(house.owner).post(page_of(house), AS_IT_IS)
    assert not GroupChange.objects.exists()
    assert not Notice.objects.filter(kind="groups/moderation_set").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"hold_first": 21}, {"hold_first": -1}, {"hold_first": ""}, {"hold_first": "9" * 400}, {"hold_links": 101},
        {"hold_links": "many"}, {"hold_links": "1\x00"}, {"hold_links": "<b>"}, {"hold_first": "1.5"},
    ],
)  # fmt: skip
def test_what_is_beyond_the_bounds_is_refused_and_shown_again(house, as_user, wrong):
    answer = as_user(house.owner).post(page_of(house), AS_IT_IS | wrong)
    assert answer.status_code == 422
    assert "errorlist" in answer.text
    assert "<b>" not in answer.text
    assert not GroupChange.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Group.objects.update(hold_first=21)


def test_other_fields_change_nothing(house, as_user):
    as_user(house.owner).post(page_of(house), AS_IT_IS | {"visibility": "members", "hold_takes": "1", "name": "Mine"})
    group = now(house)
    assert (group.visibility, group.hold_takes, group.name) == ("public", None, "Harbour readers")


@pytest.mark.parametrize("who", ["member", "organizer", "moderator"])
def test_only_owners_set_it_and_find_the_way_there(house, as_user, who):
    client = as_user(getattr(house, who))
    assert client.get(page_of(house)).status_code == client.post(page_of(house), AS_IT_IS).status_code == 403
    assert page_of(house) not in client.get(rules_of(house)).text


def test_the_way_there_stands_on_the_settings_the_queue_and_the_rules(house, as_user):
    client = as_user(house.owner)
    for page in ("groups:settle_group", "moderation:queue", "groups:rules"):
        assert page_of(house) in client.get(reverse(page, args=[house.group.slug])).text, page


def test_each_change_knows_what_was_there_before_it(house):
    stale = now(house)
    settle_moderation(group=house.group, by=house.owner, hold_first=2)
    settle_moderation(group=stale, by=house.owner, hold_first=4)
    assert [(change.before, change.after) for change in GroupChange.objects.order_by("pk")] == [("0", "2"), ("2", "4")]


# --- How long it takes ----------------------------------------------------------------------------------------------


@pytest.fixture
def rule(house):
    return change_rules(group=house.group, rules=[("Be kind", "")], by=house.owner).rules.get()


def decided(house, took, action=Action.APPROVE, *, held=True, days_ago=1, rule=None):
    """A case that was decided so long after it was opened."""
    comment = factories.create_comment(house.reading, house.member, f"Held {Comment.objects.count()}.")
    if held:
        Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for=HeldFor.NEWCOMER)
    else:
        report(comment=comment, words="Look.", by=house.other)
    case = Case.objects.get(comment=comment)
    seen = Seen(case.pk, State.HELD if held else State.VISIBLE, comment.wording)
    more = {"ground": Ground.RULE, "rule": rule, "words": "So."} if rule else {}
    decide(group=house.group, seen=[seen], verdict=Verdict(action=action, **more), by=house.moderator)
    closed = timezone.now() - timedelta(days=days_ago)
    Case.objects.filter(pk=case.pk).update(opened_at=closed - took, closed_at=closed)


def hours(number):
    return timedelta(hours=number)


def test_it_is_the_median_of_what_was_held_and_decided_lately(house, rule):
    decided(house, hours(1))
    decided(house, hours(2), Action.HIDE, rule=rule)
    assert keep_hold_takes() == 0
    assert now(house).hold_takes is None  # of two nothing is said
    decided(house, hours(30))
    assert (keep_hold_takes(), keep_hold_takes()) == (1, 0)
    assert now(house).hold_takes == hours(2)
    decided(house, hours(4))
    decided(house, hours(400), Action.LEAVE, held=False)  # was never held
    decided(house, hours(400), Action.HIDE, held=False, rule=rule)
    decided(house, hours(400), days_ago=91)
    keep_hold_takes_task(0)
    assert now(house).hold_takes == hours(3)


def test_of_a_group_in_which_nothing_was_decided_lately_nothing_is_said(house, closed_house):
    Group.objects.update(hold_takes=hours(1))
    for _number in range(3):
        decided(house, timedelta(days=500))
    keep_hold_takes()
    assert (now(house).hold_takes, now(closed_house).hold_takes) == (timedelta(days=365), None)


# --- What the database has put into the queue -----------------------------------------------------------------------


def held(house, words="Held."):
    comment = factories.create_comment(house.reading, house.member, words)
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for=HeldFor.NEWCOMER)
    return comment


def told():
    return set(Notice.objects.filter(kind="moderation/queue").values_list("recipient", flat=True))


def test_of_a_held_comment_the_moderators_are_told_once(house):
    held(house)
    held(house, "Held, too.")
    assert told() == set()
    for _again in range(3):
        tell_of_what_waits_task(0)
    assert told() == {house.moderator.pk, house.owner.pk}
    assert Notice.objects.filter(kind="moderation/queue").count() == 2


def test_who_has_looked_is_told_of_what_came_since_and_of_nothing_twice(house):
    held(house)
    assert (tell_of_what_waits(), tell_of_what_waits()) == (1, 0)
    held(house, "While the notice is unread.")
    tell_of_what_waits()
    mark_read(notices=Notice.objects.all(), by=house.moderator)
    assert tell_of_what_waits() == 0
    held(house, "Since.")
    assert tell_of_what_waits() == 1
    assert Notice.objects.filter(kind="moderation/queue", recipient=house.moderator).count() == 2
    assert Notice.objects.filter(kind="moderation/queue", recipient=house.owner).count() == 1


def test_of_what_was_reported_nobody_is_told_again_and_of_what_is_decided_nobody_at_all(house):
    comment = factories.create_comment(house.reading, house.member)
    report(comment=comment, words="Look.", by=house.other)
    mark_read(notices=Notice.objects.all(), by=house.moderator)
    decided(house, hours(1))
    Case.objects.exclude(closed_at=None).update(told_at=None)
    assert tell_of_what_waits() == 0


def test_in_a_group_without_moderators_the_owners_are_told(house):
    Membership.objects.filter(user=house.moderator).update(roles=[])
    held(house)
    tell_of_what_waits()
    assert told() == {house.owner.pk}


def test_each_group_has_its_own(house, closed_house):
    held(house)
    held(closed_house)
    assert tell_of_what_waits() == 2
    assert told() == {house.moderator.pk, house.owner.pk, closed_house.moderator.pk, closed_house.owner.pk}
    tell_moderators(group=house.group, case=Case.objects.first())
    assert tell_of_what_waits() == 0


def test_of_what_its_author_has_changed_as_was_asked_the_moderators_are_told(house):
    comment = factories.create_comment(house.reading, house.member, "Rude.")
    report(comment=comment, words="Look.", by=house.other)
    seen = Seen(Case.objects.get().pk, State.VISIBLE, 1)
    ask = Verdict(action=Action.ASK, ground=Ground.LAW, words="Kinder.")
    decide(group=house.group, seen=[seen], verdict=ask, by=house.moderator)
    mark_read(notices=Notice.objects.all(), by=house.moderator)
    assert tell_of_what_waits() == 0
    reword(comment=comment, body="Kind.", wording=1, by=house.member)
    assert (tell_of_what_waits(), tell_of_what_waits()) == (1, 0)
    assert Notice.objects.filter(kind="moderation/queue", recipient=house.moderator).count() == 2


def test_in_the_archive_nobody_is_called_to_the_queue(house):
    held(house)
    Group.objects.filter(pk=house.group.pk).update(archived_at=timezone.now())
    assert tell_of_what_waits() == 0
    Group.objects.filter(pk=house.group.pk).update(archived_at=None)
    assert tell_of_what_waits() == 1
