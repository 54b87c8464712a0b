"""Sending what is to be told at once.

The rows of Notice are the queue and the ledger: told = sent + failed + not wanted.

What a notice says is not known here: every function takes `word`, which answers with Words, or with None if that may
be said to its reader no more.
"""

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from .actions import READ
from .mail_addresses import bounce_address, reply_address
from .mailing import end_of_quiet, hand_over, id_of, mail_to, speaking_to, take_one, zone_of
from .models import AtOnceBy, Category, Delivery, Notice
from .push import push
from .unsubscribing import unsubscribe_headers

MOST_AN_HOUR = 30  # mails to one person about what is said; a lively evening is one digest, not a hundred mails
TALK = {Category.REPLY, Category.MENTION, Category.FOLLOWED}
NO_ACCOUNT = "the account is closed"
MAIL_CAME_BACK = "mail to the address came back"
NOT_TO_BE_SAID = "its reader may not, or no longer, be told"


def mail_due(word) -> None:
    """Mail what is due, one notice at a time: what was handed over is noted at once, one failure stops no other."""
    while mail_one(word):
        pass


def mail_one(word) -> bool:
    """Mail the notice that waits longest; False if none waits."""
    notice = take_one(Notice.objects.mail_is_due().select_related("recipient", "recipient__mail_settings"))
    if notice is None:
        return False
    wishes = getattr(notice.recipient, "mail_settings", None)
    if why_not := hindrance(notice, wishes):
        notice.delivery, notice.reason = Delivery.NOT_WANTED, why_not
    elif notice.category in TALK and is_flooded(notice.recipient):
        notice.delivery, notice.attempts = Delivery.DAILY, 0
    elif later := end_of_quiet(wishes, zone_of(notice.recipient), timezone.now()):
        notice.mail_at, notice.attempts = later, 0
    else:
        say(notice, word)
    # A notice that was read, or is not wanted, since it was taken stays so, unless the mail went out.
    asked = Notice.objects.filter(pk=notice.pk)
    if notice.delivery != Delivery.SENT:
        asked = asked.filter(delivery=Delivery.DUE)
    asked.update(
        delivery=notice.delivery, mail_at=notice.mail_at, attempts=notice.attempts, mailed_at=notice.mailed_at,
        reason=notice.reason,
    )  # fmt: skip
    return True


def is_flooded(person) -> bool:
    """Whether this person was told so much within an hour that the rest may wait for the digest."""
    lately = Notice.objects.of(person).filter(mailed_at__gt=timezone.now() - timedelta(hours=1), digest=None)
    return lately.count() >= MOST_AN_HOUR


def hindrance(notice, wishes) -> str:
    """Why this person gets no mail about it; "" if they do."""
    if not notice.recipient.is_active:
        return NO_ACCOUNT
    if wishes is not None and wishes.stopped_at:
        return MAIL_CAME_BACK
    return READ if notice.read_at else ""


def say(notice, word) -> None:
    """Put the notice into words for its reader, and hand the mail over, if it may still be said."""
    with speaking_to(notice.recipient):
        words = word(notice)
        mail = words and message_of(notice, words)
    if words is None:
        notice.delivery, notice.reason = Delivery.NOT_WANTED, NOT_TO_BE_SAID
    elif show_on_devices(notice, words):
        notice.delivery, notice.mailed_at, notice.reason = Delivery.SENT, timezone.now(), ""
    else:
        hand_over(notice, mail)


def show_on_devices(notice, words) -> bool:
    """Show it on the devices of who wants that, once; whether that is enough. Where no device took it, mail is sent."""
    wishes = getattr(notice.recipient, "mail_settings", None)
    if wishes is None or wishes.at_once_by == AtOnceBy.MAIL or notice.category == Category.ACCOUNT:
        return False
    shown = notice.attempts == 1 and push(
        notice.recipient,
        title=words.subject,
        body=f"{words.lead}: {words.excerpt}" if words.lead else words.body,
        address=notice.address or reverse("inbox"),
        thread=notice.thread,
    )
    return shown and wishes.at_once_by == AtOnceBy.DEVICES


def message_of(notice, words) -> EmailMessage:
    """The notice as a mail, as text and as HTML; what belongs to one thread stays together in mail programs."""
    headers = {"Auto-Submitted": "auto-generated"}
    if notice.thread:
        headers |= {"In-Reply-To": id_of(f"thread-{notice.thread}"), "References": id_of(f"thread-{notice.thread}")}
    if reply_to := words.reply_to or (notice.about and reply_address(notice.recipient, notice.about)):
        headers["Reply-To"] = reply_to
    context = {
        "recipient": notice.recipient,
        "words": words,
        "reply_to": reply_to,
        "address": f"{settings.SITE_URL}{notice.address}" if notice.address else "",
        "choices": f"{settings.SITE_URL}{reverse('mail_choices')}",
    }
    if notice.category != Category.ACCOUNT:
        headers |= unsubscribe_headers(notice.recipient, notice.category, notice.group_key)
        context |= {"category": Category(notice.category).label, "stop": headers["List-Unsubscribe"].strip("<>")}
    return mail_to(
        notice.recipient.email,
        subject=words.subject,
        text=render_to_string("notifications/mail/notice.txt", context),
        html=render_to_string("notifications/mail/notice.html", context),
        name=f"notice-{notice.public_id}",
        headers=headers,
        sender=words.sender,
        back=bounce_address(notice.public_id),
        calendar=words.calendar,
        attached=words.attached,
    )
