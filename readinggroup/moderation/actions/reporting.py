"""Reporting a comment or a name, and telling moderators that something waits."""

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion.actions import held
from readinggroup.discussion.models import OPEN_STATES, State
from readinggroup.discussion.moderating import lay_before_moderators
from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may_still
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category, Notice

from ..models import Case, Kind, Outcome, Report
from .refusals import Stale

QUEUE_NOTICE = "moderation/queue"
LEAST_WEIGHT = 10  # in hundredths: nobody's word counts for nothing


class Silenced(Exception):  # noqa: N818 - said to the person, not an error of the program
    """The reporter was suspended or removed at this moment."""


@transaction.atomic
def report(*, words, by, comment=None, member=None, rule=None) -> bool:
    """Ask the moderators to look at somebody else's comment, or name. False if this person has asked before.

    Silenced; Stale if the comment was withdrawn, or hidden, at this moment.
    """
    group = comment.reading.group if comment else member.group
    if not may_still(by, Can.DISCUSS, group=group.pk):
        raise Silenced
    if comment:
        standing = held([comment.pk])[comment.pk]
        if standing.state not in OPEN_STATES:
            raise Stale
        lay_before_moderators(standing)
    about = {"comment": comment, "member": member}
    weight = weight_of(by, group)
    try:
        with transaction.atomic():
            case = open_case(group=group, **about)
            Report.objects.create(case=case, reporter=by, rule=rule, words=words, weight=weight, **about)
    except IntegrityError as refusal:
        if "report_once" in str(refusal) or "report_of_name_once" in str(refusal):
            return False
        raise
    hasten(case)
    tell_moderators(group=group, case=case)
    return True


def open_case(*, group, comment=None, member=None) -> Case:
    """The open case about this comment, or name: the one that there is, or a new one. Held until the end."""
    kind = Kind.COMMENT if comment else Kind.NAME
    about = {"comment": comment, "member": member}
    new = Case(group=group, kind=kind, due_at=timezone.now() + Case.DUE[kind], **about)
    case = None
    while case is None:  # one that was open and is decided just now is waited for, and is open no more: then a new one
        Case.objects.bulk_create([new], ignore_conflicts=True)
        case = Case.objects.open().select_for_update(of=("self",), no_key=True).filter(**about).first()
    return case


def weight_of(reporter, group) -> int:
    """How much this person's reports count here: all of it until some were not upheld. In hundredths."""
    theirs = Report.objects.filter(reporter=reporter, case__group=group)
    upheld, decided = theirs.aggregate(
        upheld=Count("pk", filter=Q(outcome=Outcome.UPHELD)), decided=Count("pk", filter=~Q(outcome=Outcome.OPEN))
    ).values()
    return max(LEAST_WEIGHT, round(Report.FULL_WEIGHT * (upheld + 2) / (decided + 2)))


def hasten(case) -> None:
    """Bring the case nearer by all that was reported: three reports that count in full, a third of the time."""
    weights = sum(case.reports.filter(outcome=Outcome.OPEN).values_list("weight", flat=True))
    times = max(1 / 3, weights / Report.FULL_WEIGHT)
    due = case.opened_at + Case.DUE[case.kind] / times
    if weights >= Report.FULL_WEIGHT or (case.comment and case.comment.state == State.HELD):
        due = min(due, case.due_at)
    Case.objects.filter(pk=case.pk).update(due_at=due)


def tell_moderators(*, group, case, event="") -> None:
    """Tell those who moderate that something waits; who has an unread notice of it already is not told again.

    `event` names what happened to the case, where it is more than that it was opened.
    """
    moderators = Membership.objects.who_may_decide().filter(group=group)
    told = Notice.objects.unread().filter(kind=QUEUE_NOTICE, group_key=group.pk).values("recipient")
    tell(
        recipients=moderators.exclude(user__in=told).values_list("user", flat=True),
        kind=QUEUE_NOTICE,
        category=Category.REQUEST,
        event=event or f"case-{case.pk}",
        group=group.pk,
        address=reverse("moderation:queue", args=[group.slug]),
        facts={"group": group.name},
        thread=f"queue-{group.pk}",
    )
    Case.objects.filter(pk=case.pk).update(told_at=timezone.now())
