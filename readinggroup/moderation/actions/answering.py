"""Deciding about an appeal: somebody else than who decided before upholds the decision, or reverses it."""

from django.db import transaction
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may

from ..log import involved_in
from ..models import RESTRICTIVE, Action, Appeal, As, Decision, Juror, Part
from .deciding import role_of
from .entering import enter, tell_concerned
from .refusals import Decided, NotYours
from .reversing import close_cases_of, hold_for, reverse, tell_who_decided


def deciders_about(decision):
    """The moderators and owners who may decide about an appeal against it, as memberships."""
    moderators = Membership.objects.who_may_decide().filter(group=decision.group_id)
    return moderators.exclude(user__in=involved_in(decision))


def has_jury(appeal) -> bool:
    """Whether three members were drawn who decide about it; whoever becomes a moderator since does not interfere."""
    return appeal.jurors.seated().count() == Juror.SEATS


def may_decide(appeal, membership) -> bool:
    """Whether this moderator or owner is one who decides about the appeal now."""
    if not may(membership, Can.MODERATE) or has_jury(appeal):
        return False
    return deciders_about(appeal.decision).filter(pk=membership.pk).exists()


@transaction.atomic
def decide_appeal(*, appeal, reverse_it: bool, words, by) -> Decision:
    """Uphold the decision or reverse it, with a reason. NotYours; Decided if it is, by somebody else or otherwise.

    The same answer of the same person again is the first one.
    """
    held = hold_for(appeal.decision, by)
    standing = Appeal.objects.select_related("decision__group").get(pk=appeal.pk)
    me = held.members.get(by.pk)
    if standing.is_decided:
        answer = standing.outcome
        if answer and (standing.reversed, answer.by_id, answer.words) == (reverse_it, by.pk, words):
            return answer
        raise Decided(standing)
    if me is None or not may_decide(standing, me):
        raise NotYours
    return settle(appeal=standing, reverse_it=reverse_it, words=words, by=by, decided_as=role_of(me))


def settle(*, appeal, reverse_it, words, by, decided_as) -> Decision:
    """Enter what was decided about an appeal that is held (`hold_for`)."""
    if reverse_it:
        return reverse(decision=appeal.decision, words=words, by=by, appeal=appeal, decided_as=decided_as)
    return uphold(appeal=appeal, words=words, by=by, decided_as=decided_as)


def uphold(*, appeal, words, by, decided_as: As) -> Decision:
    """Leave everything as it is: a decision that rests on what the first one rests on."""
    first = appeal.decision
    appeal.decided_at, appeal.reversed = timezone.now(), False
    Appeal.objects.filter(pk=appeal.pk).update(decided_at=appeal.decided_at, reversed=False)
    made = Decision.objects.create(
        group=first.group,
        ground=first.ground,
        rule=first.rule,
        words=words,
        by=by,
        decided_as=decided_as,
        appeal=appeal,
    )
    about = first.parts.filter(person=appeal.by_id, action__in=RESTRICTIVE).select_related("comment").first()
    comment = about and about.comment
    part = Part(
        decision=made,
        action=Action.UPHOLD,
        case_id=appeal.case.pk,
        comment=comment,
        wording=about.wording if comment else None,
        person_id=appeal.by_id,
    )
    close_cases_of([appeal])
    enter(made, [part])
    tell_concerned(made, [part])
    tell_who_decided(made, first)
    return made
