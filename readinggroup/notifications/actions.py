"""Telling people, noting what they have read, and how they wish to be told."""

from django.db import transaction
from django.db.models import Case, F, Q, Value
from django.db.models import When as When_
from django.utils import timezone
from procrastinate.contrib.django import app

from .models import DEFAULTS, WAITING, Delivery, MailWish, Notice, When
from .wording import template_of

# The worker's task. It is the site's own: what a notice says, and whether it may still be said, only the site knows.
MAIL_DUE_NOTICES = "readinggroup.tasks.mail_due_notices"
# Why a mail was not sent, as the ledger says it. For whoever runs the site, not translated.
NOT_BY_MAIL = "its reader wants no such mail"
READ = "it was read before"
_DELIVERIES = {When.AT_ONCE: Delivery.DUE, When.DAILY: Delivery.DAILY, When.WEEKLY: Delivery.WEEKLY}


def tell(*, recipients, kind, category, event, **about) -> None:
    """Tell these people of an event, all of them the same; the rest is as in `tell_each`."""
    tell_each(people={getattr(person, "pk", person): (kind, category) for person in recipients}, event=event, **about)


@transaction.atomic
def tell_each(*, people, event, address="", facts=None, group=None, about="", thread="") -> None:
    """Tell people of an event, in the transaction of what it tells: primary key -> (kind, category).

    `kind` is "app/name" (see Notice), `event` names what happened, e.g. "join-request-12-answered": whoever was told of
    it before is not told again. `facts` are strings and numbers for the template. `group` is a primary key. The mail
    goes out by the worker, when each wishes.
    """
    if not people:
        return
    wishes = wishes_of(people, {category for _kind, category in people.values()}, group)
    rows = [
        Notice(
            recipient_id=pk, kind=kind, category=category, event=event, address=address, facts=facts or {},
            group_key=group, about=about, thread=thread,
            **delivery_for(wishes.get((pk, category), DEFAULTS[category])),
        )
        for pk, (kind, category) in sorted(people.items())
    ]  # fmt: skip
    for kind in {row.kind for row in rows}:
        template_of(kind)
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1_000)
    if any(row.delivery == Delivery.DUE for row in rows):
        app.configure_task(MAIL_DUE_NOTICES).defer()


def wishes_of(people, categories, group) -> dict:
    """When these people want mail, of those who have said so: (person, category) -> When. The group's counts first."""
    said = MailWish.objects.filter(Q(group_key=None) | Q(group_key=group), user__in=list(people))
    rows = said.filter(category__in=categories).order_by(F("group_key").asc(nulls_first=True))
    return {(user, category): when for user, category, when in rows.values_list("user", "category", "when")}


def delivery_for(when) -> dict:
    if when == When.NEVER:
        return {"delivery": Delivery.NOT_WANTED, "reason": NOT_BY_MAIL}
    return {"delivery": _DELIVERIES[when]}


def mark_read(*, notices, by) -> int:
    """Note that these notices of one's own are read; what waits to be mailed is not mailed any more."""
    waits = Q(delivery__in=WAITING)
    return (
        notices.of(by)
        .unread()
        .update(
            read_at=timezone.now(),
            reason=Case(When_(waits, then=Value(READ)), default="reason"),
            delivery=Case(When_(waits, then=Value(Delivery.NOT_WANTED)), default="delivery"),
        )
    )


@transaction.atomic
def wish(*, by, category, when, group=None) -> None:
    """Choose when to be mailed about this category, everywhere or in one group; None goes back to what is usual.

    What waits already obeys, too; but what waits for a digest stays in it, so that nobody gets fifty mails at once.
    """
    place = {"user": by, "group_key": group, "category": category}
    if when is None:
        MailWish.objects.filter(**place).delete()
    else:
        MailWish.objects.bulk_create(
            [MailWish(**place, when=when)],
            update_conflicts=True,
            unique_fields=["user", "group_key", "category"],
            update_fields=["when"],
        )
    here = Notice.objects.of(by).waiting().filter(category=category)
    if group is not None:
        here = here.filter(group_key=group)
    for key in set(here.values_list("group_key", flat=True)):
        now = wishes_of([by.pk], [category], key).get((by.pk, category), DEFAULTS[category])
        if now != When.AT_ONCE:
            here.filter(group_key=key).update(**delivery_for(now))
