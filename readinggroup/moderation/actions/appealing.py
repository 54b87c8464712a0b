"""Appealing against a decision."""

from django.db import transaction
from django.utils import timezone

from ..models import RESTRICTIVE, Appeal, Case, Decision, Kind
from .deciding import hold_members
from .jury import see_to
from .refusals import AppealedBefore, Impossible, NotYours, TooLate


@transaction.atomic
def appeal(*, decision, words, by) -> Appeal:
    """Ask somebody else to look again. The same appeal sent twice is the first one.

    NotYours (nothing in it restricts this person), Impossible (it is reversed already), TooLate, AppealedBefore.
    """
    hold_members(decision.group, {by.pk})
    earlier = Appeal.objects.filter(decision=decision, by=by).first()
    if earlier is not None:
        if earlier.words == words:
            return earlier
        raise AppealedBefore(earlier)
    if not decision.parts.filter(person=by, action__in=RESTRICTIVE).exists():
        raise NotYours
    if Decision.objects.filter(reverses=decision).exists():
        raise Impossible
    if not decision.can_be_appealed_now:
        raise TooLate
    made = Appeal.objects.create(decision=decision, by=by, words=words)
    due = timezone.now() + Case.DUE[Kind.APPEAL]
    Case.objects.create(group=decision.group, kind=Kind.APPEAL, appeal=made, due_at=due)
    see_to(appeal=made)
    return made
