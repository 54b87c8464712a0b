"""The mail of invitations, sent by the worker. The rows of EmailInvitation are the queue."""

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone, translation
from procrastinate.contrib.django import app

from readinggroup.lib.languages import spoken_for
from readinggroup.notifications.mailing import mail_to, take_one, was_last_try
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


def mail_one() -> bool:
    """Mail the invitation that waits longest; False if none waits."""
    invitation = take_one(EmailInvitation.objects.mail_is_due().select_related("group", "created_by"))
    if invitation is None:
        return False
    asked = EmailInvitation.objects.filter(pk=invitation.pk, mails=invitation.mails)  # and not once more since
    try:
        message_of(invitation).send()
    except Exception as failure:
        # Without the address: what a relay says may name it.
        log.warning("The mail of invitation %s was not taken: %s", invitation.pk, type(failure).__name__)
        if was_last_try(invitation):
            asked.update(mail_at=None)
    else:
        asked.update(mail_at=None, mailed_at=timezone.now())
    return True


def message_of(invitation) -> EmailMessage:
    """The mail, in the group's language where the site speaks it: nobody knows which one its reader likes."""
    group, address = invitation.group, f"{settings.SITE_URL}{reverse('groups:join', args=[invitation.token])}"
    with translation.override(spoken_for(group.language)):
        facts = {"group": group.name, "name": group.name_of(invitation.created_by)}
        subject, body, *_rest = words_of_kind("groups/invitation", facts)
        text = get_template("groups/mail/invitation.txt").render({"body": body, "address": address})
    name = f"invitation-{invitation.public_id}-{invitation.mails}"
    return mail_to(invitation.email, subject=subject, text=text, name=name)
