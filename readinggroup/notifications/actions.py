"""Telling people, and noting what they have read."""

from django.db import transaction
from django.utils import timezone

from .models import Notice
from .tasks import mail_due_notices
from .wording import template_of


@transaction.atomic
def tell(*, recipients, kind: str, event: str, address: str = "", facts=None, mail_at=None) -> int:
    """Tell these people of an event, in the transaction of what it tells; the answer is how many are told.

    `kind` is "app/name" (see Notice), `event` names what happened, e.g. "join-request-12-answered": whoever was told of
    it before is not told again. `facts` are strings and numbers for the template. The mail goes out by the worker.
    """
    template_of(kind)
    rows = [
        Notice(recipient_id=pk, kind=kind, event=event, address=address, facts=facts or {})
        for pk in sorted({person.pk for person in recipients})
    ]
    before = Notice.objects.filter(event=event, recipient__in=[row.recipient_id for row in rows]).count()
    for row in rows:
        if mail_at is not None:
            row.mail_at = mail_at
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1_000)
    if rows:
        mail_due_notices.defer()
    return len(rows) - before


def mark_read(*, notices, by) -> int:
    """Note that these notices of one's own are read."""
    return notices.of(by).unread().update(read_at=timezone.now())
