"""The mail of invitations, sent by the worker. The rows of EmailInvitation are the queue."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone, translation
from procrastinate.contrib.django import app

from readinggroup.notifications.models import RETRY_AFTER
from readinggroup.notifications.wording import words_of_kind

from .models import EmailInvitation

log = logging.getLogger(__name__)


@app.task
def mail_invitations():
    """Mail what is due, one invitation a transaction: one that fails stops no other."""
    while mail_one():
        pass


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="mail_late_invitations", pass_context=False)
def mail_late_invitations(timestamp: int):
    """What is to be tried again, or was left by a worker that ended. `timestamp` is the minute's."""
    mail_invitations()


@transaction.atomic
def take_one():
    """The invitation whose mail waits longest, or None; taken for a while: no row is locked while a relay hangs."""
    due = EmailInvitation.objects.mail_is_due().select_for_update(skip_locked=True, of=["self"])
    invitation = due.select_related("group", "created_by").order_by("mail_at", "pk").first()
    if invitation:
        tries = invitation.attempts
        pause = timedelta(seconds=RETRY_AFTER[tries]) if tries < len(RETRY_AFTER) else None
        invitation.mail_at = pause and timezone.now() + pause
        invitation.attempts += 1
        invitation.save(update_fields=["mail_at", "attempts"])
    return invitation


def mail_one() -> bool:
    """Mail the invitation that waits longest; False if none waits."""
    invitation = take_one()
    if invitation is None:
        return False
    try:
        message_of(invitation).send()
    except Exception as failure:
        # Without the address: what a relay says may name it.
        log.warning("The mail of invitation %s was not taken: %s", invitation.pk, type(failure).__name__)
        return True
    EmailInvitation.objects.filter(pk=invitation.pk, mails=invitation.mails).update(
        mail_at=None, mailed_at=timezone.now()
    )
    return True


def message_of(invitation) -> EmailMessage:
    """The mail, under a Message-ID that stays the same when a mail is tried again."""
    address = f"{settings.SITE_URL}{reverse('groups:join', args=[invitation.token])}"
    inviter = invitation.group.name_of(invitation.created_by)
    with translation.override(settings.LANGUAGE_CODE):
        facts = {"group": invitation.group.name, "name": inviter}
        subject, body = words_of_kind("groups/invitation", facts)
        text = get_template("groups/mail/invitation.txt").render({"body": body, "address": address})
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    message_id = f"<invitation-{invitation.public_id}-{invitation.mails}@{host}>"
    return EmailMessage(subject, text, to=[invitation.email], headers={"Message-ID": message_id})
