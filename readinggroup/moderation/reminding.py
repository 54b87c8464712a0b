"""Deadlines that come near or have passed: who is reminded, once, and what comes back by itself."""

import logging
from datetime import timedelta

from django.utils import timezone

from readinggroup.groups.models import Membership

from .actions import see_to, tell_moderators
from .actions.answering import deciders_about, has_jury
from .actions.jury import let_lapse, tell_jurors, tell_of_appeal
from .models import Appeal, Case, Juror, Service

log = logging.getLogger(__name__)

REMINDED_BEFORE = timedelta(days=2)  # that an appeal is due, that a vote is
AGREES_SOON = timedelta(days=1)  # of the three in which a juror agrees


def remind_of_deadlines() -> None:
    """Look after every appeal that waits in a group that is open, then after what its author was asked to change."""
    waiting = Appeal.objects.open().filter(decision__group__archived_at=None, decision__group__delete_at=None)
    for appeal in waiting.select_related("decision__group", "case").order_by("pk"):
        try:
            let_lapse(appeal=appeal)
            see_to(appeal=appeal)
            remind_of_appeal(appeal)
        except Exception:  # one that cannot be looked after keeps nobody else waiting
            log.exception("Appeal %s could not be looked after.", appeal.pk)
    come_back()


def remind_of_appeal(appeal) -> None:
    """Remind jurors and whoever may decide before the time is over, and tell the owners when it is. Each once."""
    now = timezone.now()
    soon = {Service.ASKED: ("agree", now + AGREES_SOON), Service.SERVING: ("vote", now + REMINDED_BEFORE)}
    for juror in Juror.objects.awaited().filter(appeal=appeal, appeal__decided_at=None):
        what, before = soon[juror.state]
        if juror.answer_by <= before:
            tell_jurors(appeal, [juror.user_id], what, juror.answer_by)
    due, kind = appeal.case.due_at, "moderation/appeal_due"
    if not Appeal.objects.open().filter(pk=appeal.pk).exists():
        return
    if now < due <= now + REMINDED_BEFORE and not has_jury(appeal):
        deciders = list(deciders_about(appeal.decision).values_list("user", flat=True))
        tell_of_appeal(appeal, deciders, kind, "due", "moderation:appeal", over=False)
    elif due <= now:
        owners = Membership.objects.owning().filter(group=appeal.decision.group)
        owners = list(owners.exclude(user=appeal.by_id).values_list("user", flat=True))
        tell_of_appeal(appeal, owners, kind, "overdue", "moderation:decision", over=True)


def come_back() -> None:
    """What was not changed in the time that its author had waits for moderators again."""
    lapsed = Case.objects.open().filter(waits_until__lte=timezone.now(), group__archived_at=None, group__delete_at=None)
    for case in lapsed.select_related("group").order_by("pk"):
        if Case.objects.open().filter(pk=case.pk, waits_until=case.waits_until).update(waits_until=None):
            event = f"case-{case.pk}-back-{case.waits_until:%Y%m%d%H%M}"
            tell_moderators(group=case.group, case=case, event=event)
