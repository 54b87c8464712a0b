"""The daily and the weekly digest: for whom its hour has come, and sending it.

What stands in it is put together by the site, which may ask all: every function that sends takes `compose`, which
answers with its DigestWords for a person and what waits for them, or with None if nothing of it is left to tell.
"""

import time
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Min, Q
from django.utils import timezone

from readinggroup.accounts.models import User

from .mail_addresses import bounce_address
from .mailing import hand_over, mail_to, speaking_to, take_one, zone_of
from .models import Delivery, Digest, MailSettings, Notice
from .sending import MAIL_CAME_BACK, NO_ACCOUNT
from .unsubscribing import ALL_DIGESTS, unsubscribe_headers

REST, MOST_REST = 3, 0.2  # times as long as it worked, seconds
A_BATCH = 500  # people that are looked at in one go
WEEK = timedelta(days=7)
NOTHING_LEFT = "nothing was left to tell"


class DigestWords(NamedTuple):
    """A digest in words."""

    subject: str
    text: str
    html: str


def last_moment(wishes, zone, now) -> datetime:
    """When the hour of this person's digest came last."""
    here = now.astimezone(zone)
    moment = datetime.combine(here.date(), wishes.digest_at, tzinfo=zone)
    return (
        moment if moment <= here else datetime.combine(here.date() - timedelta(days=1), wishes.digest_at, tzinfo=zone)
    )


def begin_due(now=None) -> None:
    """A row of Digest for everybody whose hour has come and for whom something waits.

    The database lets each have one a day. Whoever has chosen nothing has theirs at the usual hour in their zone.
    """
    now = now or timezone.now()
    unread = Q(notices__read_at=None)
    waiting = User.objects.filter(is_active=True).annotate(
        daily=Min("notices__created_at", filter=unread & Q(notices__delivery=Delivery.DAILY)),
        weekly=Min("notices__created_at", filter=unread & Q(notices__delivery=Delivery.WEEKLY)),
    )
    waiting = waiting.filter(Q(daily__isnull=False) | Q(weekly__isnull=False))
    # Asked of the notices first: of all people few have something that waits.
    some = Notice.objects.filter(delivery__in=[Delivery.DAILY, Delivery.WEEKLY], read_at=None).values("recipient")
    rows = []
    for person in waiting.filter(pk__in=some).select_related("mail_settings").iterator(chunk_size=A_BATCH):
        wishes = getattr(person, "mail_settings", None) or MailSettings()
        moment = last_moment(wishes, zone_of(person), now)
        daily = person.daily is not None and person.daily <= moment
        weekly = person.weekly is not None and person.weekly <= moment
        if daily or (weekly and week_is_over(wishes, moment, person.weekly)):
            rows.append(Digest(recipient=person, day=moment.date()))
    Digest.objects.bulk_create(rows, ignore_conflicts=True, batch_size=A_BATCH)


def week_is_over(wishes, moment, oldest) -> bool:
    """Whether this is the day of the weekly digest, or one was missed."""
    return moment.weekday() == wishes.digest_weekday or oldest <= moment - WEEK


def mail_due(compose, between=lambda: None) -> None:
    """Mail the digests that are due, one at a time: one that fails stops no other.

    After each it rests a while: pages come first meanwhile, and a digest has time. `between` is done after each, too:
    what is to be told at once does not wait for two thousand digests.
    """
    began = time.monotonic()
    while mail_one(compose):
        between()
        time.sleep(min(REST * (time.monotonic() - began), MOST_REST))
        began = time.monotonic()


def mail_one(compose) -> bool:
    """Mail the digest that waits longest; False if none waits."""
    digest = take_one(Digest.objects.mail_is_due().select_related("recipient", "recipient__mail_settings"))
    if digest is None:
        return False
    person = digest.recipient
    wishes = getattr(person, "mail_settings", None) or MailSettings()
    notices = waiting_for(digest, wishes)
    words = None
    if not person.is_active or wishes.stopped_at:
        digest.delivery, digest.reason = Delivery.NOT_WANTED, MAIL_CAME_BACK if person.is_active else NO_ACCOUNT
    else:
        with speaking_to(person):
            words = compose(person, notices)
        if words is None:
            digest.delivery, digest.reason = Delivery.NOT_WANTED, NOTHING_LEFT
        else:
            hand_over(digest, message_of(digest, words))
    note(digest, notices)
    return True


def waiting_for(digest, wishes) -> list:
    """What waits for this digest and has not been read, oldest first."""
    mine = Notice.objects.of(digest.recipient).unread()
    weekly = mine.filter(delivery=Delivery.WEEKLY)
    oldest = weekly.aggregate(oldest=Min("created_at"))["oldest"]
    comes = [Delivery.DAILY]
    hour = datetime.combine(digest.day, wishes.digest_at, tzinfo=zone_of(digest.recipient))
    if oldest and week_is_over(wishes, hour, oldest):
        comes.append(Delivery.WEEKLY)
    return list(mine.filter(delivery__in=comes).order_by("created_at", "pk"))


def message_of(digest, words):
    headers = {"Auto-Submitted": "auto-generated", **unsubscribe_headers(digest.recipient, ALL_DIGESTS)}
    return mail_to(
        digest.recipient.email,
        subject=words.subject,
        text=words.text,
        html=words.html,
        name=f"digest-{digest.public_id}",
        headers=headers,
        back=bounce_address(digest.public_id),
    )


@transaction.atomic
def note(digest, notices) -> None:
    """What became of the digest, and with it of all that was in it. What the relay did not take waits for the next."""
    digest.save(update_fields=["delivery", "mail_at", "mailed_at", "reason"])
    if digest.delivery in {Delivery.SENT, Delivery.NOT_WANTED}:
        # What was read meanwhile is settled already.
        still = Notice.objects.filter(pk__in=[notice.pk for notice in notices]).waiting()
        still.update(delivery=digest.delivery, mailed_at=digest.mailed_at, reason=digest.reason, digest=digest)
