"""What every queue of mail has in common: a row is taken for a while, tried again, and keeps its Message-ID.

A queue is a model with `mail_at` (when its mail is due) and `attempts`; its rows are the ledger, too.
"""

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

# Seconds after which a mail that the relay did not take is tried again; after the last of them it is given up.
RETRY_AFTER = [60, 300, 1_800, 7_200, 28_800]


@transaction.atomic
def take_one(due):
    """Of the rows that are due, the one that waits longest, or None.

    It is taken for a while: no row is locked while a relay hangs. If the worker is killed meanwhile, the row is due
    again after the pause.
    """
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


def mail_to(address, *, subject, text, name) -> EmailMessage:
    """A mail under the Message-ID that `name` makes: sent again, it is the same mail to whoever has it already."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    return EmailMessage(subject, text, to=[address], headers={"Message-ID": f"<{name}@{host}>"})
