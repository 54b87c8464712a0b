"""What every queue of mail has in common: a row is taken for a while, tried again, and keeps its Message-ID.

A queue is a model with `mail_at` (when its mail is due) and `attempts`; its rows are the ledger, too.
"""

import logging
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Exists
from django.utils import timezone, translation

from readinggroup.lib.languages import spoken_for
from readinggroup.lib.time_zones import zone_called

from .bounces import is_hard_refusal, note_bounce
from .models import Delivery, RestoredCopy
from .wording import one_line

log = logging.getLogger(__name__)

# Seconds after which a mail that the relay did not take is tried again; after the last of them it is given up.
RETRY_AFTER = [60, 300, 1_800, 7_200, 28_800]


@transaction.atomic
def take_one(due):
    """Of the rows that are due, the one that waits longest, or None.

    It is taken for a while: no row is locked while a relay hangs. If the worker is killed meanwhile, the row is due
    again after the pause. In a restored copy everything waits.
    """
    due = due.exclude(Exists(RestoredCopy.objects.all()))
    row = due.select_for_update(skip_locked=True, of=["self"]).order_by("mail_at", "pk").first()
    if row:
        pause = RETRY_AFTER[min(row.attempts, len(RETRY_AFTER) - 1)]
        row.mail_at = timezone.now() + timedelta(seconds=pause)
        row.attempts += 1
        row.save(update_fields=["mail_at", "attempts"])
    return row


def was_last_try(row) -> bool:
    """Whether a mail that was not taken is given up."""
    return row.attempts > len(RETRY_AFTER)


def zone_of(person):
    """The zone of the person's clock: what they have chosen, else the site's."""
    return zone_called(person.time_zone) or timezone.get_default_timezone()


@contextmanager
def speaking_to(person):
    """In the person's language and zone."""
    language = spoken_for(person.language or settings.LANGUAGE_CODE)
    with translation.override(language), timezone.override(zone_of(person)):
        yield


def mail_to(
    address, *, subject, text, name, html="", headers=None, sender="", back="", calendar=None, attached=()
) -> EmailMultiAlternatives:
    """A mail under the Message-ID that `name` makes: sent again, it is the same mail to whoever has it already.

    `sender` is in whose name it is written; the address is the site's. `back` is where it comes back to (RFC 5321's
    reverse path), if not there. `calendar` is an invitation that says the same to a calendar (RFC 6047): its method
    and itself; `attached` are several as files: each with its name.
    """
    mail = EmailMultiAlternatives(subject, text, to=[address], headers={"Message-ID": id_of(name), **(headers or {})})
    if sender:
        mail.extra_headers["From"] = formataddr((one_line(sender), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
    if back:
        mail.extra_headers.setdefault("From", settings.DEFAULT_FROM_EMAIL)
        mail.from_email = back
    if html:
        mail.attach_alternative(html, "text/html")
    if calendar:
        method, content = calendar
        mail.attach_alternative(content.decode().replace("\r\n", "\n"), f"text/calendar; method={method}")
    for filename, method, content in attached:
        mail.attach(filename, content.decode().replace("\r\n", "\n"), f"text/calendar; method={method}")
    return mail


def id_of(name) -> str:
    """The Message-ID (RFC 5322, 3.6.4) of what this site calls so."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    return f"<{name}@{host}>"


def hand_over(row, mail) -> None:
    """Give the mail to the relay, and note in the row what became of it; it is saved by whoever calls.

    What the relay refuses for good, since nobody is there, has come back.
    """
    try:
        mail.send()
    except Exception as failure:
        # Without what the relay said: it may name the address.
        log.warning("The mail of %s was not taken: %s", row, type(failure).__name__)
        row.reason = f"{type(failure).__name__}: {failure}"[:500].replace("\0", "")
        if is_hard_refusal(failure):
            note_bounce(row, status="5.1.1")
        elif was_last_try(row):
            row.delivery = Delivery.FAILED
    else:
        row.delivery, row.mailed_at, row.reason = Delivery.SENT, timezone.now(), ""


def end_of_quiet(wishes, zone, now) -> datetime | None:
    """Until when somebody who has these MailSettings is left in peace; None if they may be told now.

    Quiet hours are of the person's own clock, over midnight too. An hour that the clock skips ends with the skip.
    """
    if wishes is None or wishes.quiet_from is None:
        return None
    here = now.astimezone(zone)
    begin, end = wishes.quiet_from, wishes.quiet_until
    if begin < end:
        quiet, days = begin <= here.time() < end, 0
    else:
        quiet, days = here.time() >= begin or here.time() < end, int(here.time() >= begin)
    if not quiet:
        return None
    return datetime.combine(here.date() + timedelta(days=days), end, tzinfo=zone).astimezone(now.tzinfo)
