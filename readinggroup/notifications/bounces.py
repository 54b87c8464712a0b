"""Mail that came back: after the third, no more is sent to that person until they say so."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from readinggroup.accounts.access import signed_in

from .actions import tell
from .models import Category, Delivery, MailSettings, Notice

MOST_BOUNCES = 3
# What came back longer ago than this, before the last, says nothing about the address now.
COUNT_TOGETHER = timedelta(days=30)
CAME_BACK = "came back"
STOPPED_KIND = "notifications/mail_stopped"


@transaction.atomic
def note_bounce(row, *, status="") -> bool:
    """Note that the mail of this notice or digest came back for good, with the status of the report (RFC 3463).

    Counted once a mail: False if it was counted before. Of several at once each waits for the one before it.
    """
    # The row is made first, so that there is one to hold.
    MailSettings.objects.bulk_create([MailSettings(user_id=row.recipient_id)], ignore_conflicts=True)
    standing = MailSettings.objects.select_for_update(of=("self",)).get(user=row.recipient_id)
    mails = type(row).objects.filter(pk=row.pk).exclude(delivery=Delivery.FAILED, reason__startswith=CAME_BACK)
    row.delivery, row.mailed_at = Delivery.FAILED, None
    row.reason = f"{CAME_BACK}: {status or 'without a status'}"[:500]
    if not mails.update(delivery=row.delivery, reason=row.reason, mailed_at=None):
        return False
    if standing.stopped_at is None:
        count(standing)
    return True


def count(standing) -> None:
    """One more; the third stops the mail. The row is held by whoever calls."""
    now = timezone.now()
    if standing.bounced_at is not None and now - standing.bounced_at > COUNT_TOGETHER:
        standing.bounces = 0
    standing.bounces, standing.bounced_at = standing.bounces + 1, now
    if standing.bounces >= MOST_BOUNCES:
        standing.stopped_at = now
        tell_that_mail_stopped(standing)
    standing.save(update_fields=["bounces", "bounced_at", "stopped_at"])


def tell_that_mail_stopped(standing) -> None:
    """In the inbox alone: a mail would come back, too."""
    event = f"mail-stopped-{standing.stopped_at.isoformat()}"
    page = reverse("mail_choices")
    tell(recipients=[standing.user_id], kind=STOPPED_KIND, category=Category.ACCOUNT, event=event, address=page)
    told = Notice.objects.filter(recipient=standing.user_id, event=event)
    told.update(delivery=Delivery.NOT_WANTED, reason="mail to the address came back")


def start_anew(person) -> None:
    """Mail goes to this person again, and what came back so far does not count.

    Who changes the address starts anew by a trigger (see ReaddressedUser).
    """
    MailSettings.objects.filter(user=person).update(bounces=0, bounced_at=None, stopped_at=None)


def is_hard_refusal(exception) -> bool:
    """Whether the relay has refused the person we write to for good (RFC 5321, 4.2.1: 55z, the mailbox)."""
    if not isinstance(exception, SMTPRecipientsRefused):
        return False
    codes = [code for code, _words in exception.recipients.values()]
    return bool(codes) and all(550 <= code <= 559 for code in codes)


@require_POST
@signed_in
def mail_on_again(request):
    """I can be reached by mail again."""
    start_anew(request.user)
    messages.success(request, _("Mail is switched on again."))
    return redirect("mail_choices")
