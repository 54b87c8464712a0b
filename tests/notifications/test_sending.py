"""By which way somebody is told at once, and what a lively evening does to a mailbox."""

import pytest
from django.core import mail

from readinggroup.groups.models import Membership
from readinggroup.moderation.actions import Verdict, decide_about_member
from readinggroup.moderation.models import Action, Ground
from readinggroup.notifications import sending
from readinggroup.notifications.models import AtOnceBy, Delivery, MailSettings, Notice
from readinggroup.tasks import mail_due_notices

from .. import factories


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def devices(monkeypatch):
    """What devices were shown; `devices.take` says whether one takes it."""
    shown = []

    def push(person, **message):
        shown.append((person, message))
        return push.take

    push.take, push.shown = True, shown
    monkeypatch.setattr(sending, "push", push)
    return push


@pytest.fixture
def answered(house):
    first = factories.create_comment(house.reading, house.member, "Who?")
    return factories.create_comment(house.reading, house.other, "She *did*.", parent=first)


@pytest.mark.parametrize(
    ("way", "takes", "shown", "mailed"),
    [
        (None, True, 0, 1),
        (AtOnceBy.MAIL, True, 0, 1),
        (AtOnceBy.DEVICES, True, 1, 0),
        (AtOnceBy.DEVICES, False, 1, 1),  # no device took it: mail does not fail anybody
        (AtOnceBy.BOTH, True, 1, 1),
        (AtOnceBy.BOTH, False, 1, 1),
    ],
)
def test_each_way(house, answered, devices, way, takes, shown, mailed):
    if way:
        MailSettings.objects.create(user=house.member, at_once_by=way)
    devices.take = takes
    mail_due_notices()
    assert (len(devices.shown), len(mail.outbox)) == (shown, mailed)
    assert Notice.objects.get(about=answered.public_id).delivery == Delivery.SENT
    for person, message in devices.shown:
        assert person == house.member
        assert message["title"] == "The Ferry, paragraph 4"
        assert message["body"] == "Milo has answered you: She did."
        assert message["address"] == f"/c/{answered.public_id}/"


def test_a_device_is_told_nothing_that_mail_would_not_say(house, answered, devices):
    MailSettings.objects.create(user=house.member, at_once_by=AtOnceBy.DEVICES)
    type(answered).objects.filter(pk=answered.pk).update(state="hidden")
    mail_due_notices()
    assert devices.shown == mail.outbox == []


def test_a_lively_evening_is_a_digest_and_decisions_still_come(house, monkeypatch):
    monkeypatch.setattr(sending, "MOST_AN_HOUR", 3)
    first = factories.create_comment(house.reading, house.member, "Who?")
    for number in range(5):
        factories.create_comment(house.reading, house.other, f"Answer {number}.", parent=first)
    mail_due_notices()
    assert len(mail.outbox) == 3
    assert Notice.objects.filter(delivery=Delivery.DAILY).count() == 2
    theirs = Membership.objects.standing(house.member.pk, house.group.slug)
    theirs.user = house.member
    verdict = {"action": Action.LEAVE, "ground": Ground.LAW, "words": "Rest a while.", "person": Action.SUSPEND}
    decide_about_member(member=theirs, verdict=Verdict(**verdict), by=house.owner)
    mail_due_notices()
    assert "You are suspended" in mail.outbox[-1].subject
