"""The mail of notices, sent by the worker. The rows of Notice are the queue and the ledger: due = sent + failed."""

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import get_template
from django.utils import timezone, translation
from procrastinate.contrib.django import app

from readinggroup.lib.time_zones import zone_called

from .mailing import mail_to, take_one, was_last_try
from .models import Delivery, Notice
from .wording import words_of

log = logging.getLogger(__name__)


@app.task
def mail_due_notices():
    """Mail what is due, one notice a transaction: what was handed over is noted at once, one failure stops no other."""
    while mail_one():
        pass


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="mail_late_notices", pass_context=False)
def mail_late_notices(timestamp: int):
    """What became due since, or was left by a worker that ended. `timestamp` is the minute's."""
    mail_due_notices()


def mail_one() -> bool:
    """Mail the notice that waits longest; False if none waits."""
    notice = take_one(Notice.objects.mail_is_due().select_related("recipient"))
    if notice is None:
        return False
    if notice.recipient.is_active:
        hand_over(notice)
    else:
        notice.delivery = Delivery.NOT_WANTED
    Notice.objects.filter(pk=notice.pk).update(
        delivery=notice.delivery, mail_at=notice.mail_at, mailed_at=notice.mailed_at, failure=notice.failure
    )
    return True


def hand_over(notice) -> None:
    """Give the mail to the relay, and note on the notice what became of it."""
    try:
        message_of(notice).send()
    except Exception as failure:
        log.warning("The mail of notice %s was not taken: %s", notice.pk, failure)
        notice.failure = f"{type(failure).__name__}: {failure}"[:500].replace("\0", "")
        if was_last_try(notice):
            notice.delivery = Delivery.FAILED
    else:
        notice.delivery, notice.mailed_at, notice.failure = Delivery.SENT, timezone.now(), ""


def message_of(notice) -> EmailMessage:
    """The notice as a mail, in its reader's language and zone."""
    recipient = notice.recipient
    language = recipient.language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_called(recipient.time_zone)):
        subject, body = words_of(notice)
        address = f"{settings.SITE_URL}{notice.address}" if notice.address else ""
        context = {"recipient": recipient, "body": body, "subject": subject, "address": address}
        text = get_template("notifications/mail/notice.txt").render(context)
    return mail_to(recipient.email, subject=subject, text=text, name=f"notice-{notice.public_id}")
