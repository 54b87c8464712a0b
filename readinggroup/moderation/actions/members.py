"""Deciding about a member without a report: warning, suspending, removing, and taking that back."""

from django.db import transaction

from readinggroup.groups.actions import belonging
from readinggroup.groups.permissions import Can, may

from ..models import Action, Decision, Part
from .deciding import Verdict, hold_members, made
from .entering import enter, tell_concerned
from .measures import about_person
from .refusals import Impossible, NotYours, Stale


def last_about(member) -> Decision | None:
    """What was decided last about this member's person in this group."""
    about = Part.objects.filter(decision__group=member.group_id, person=member.user_id).select_related("decision__rule")
    part = about.order_by("-pk").first()
    return part and part.decision


@transaction.atomic
def decide_about_member(*, member, verdict: Verdict, by, last: str | None = None) -> Decision:
    """Warn, suspend, remove a member, or lift a suspension: `verdict.person` says what. NotYours, Impossible.

    `last` is the public id of the decision about them that was the last when this one was thought of, "" of none: if
    there is another by now, that is the answer where it says the same, and Stale where not.
    """
    members = hold_members(member.group, {by.pk, member.user_id})
    me, theirs = members.get(by.pk), members[member.user_id]
    if me is None or not may(me, Can.MODERATE) or by.pk == member.user_id:
        raise NotYours
    if verdict.person == Action.REMOVE and not may(me, Can.HAND_OUT_ROLES):
        raise NotYours
    before = last_about(theirs) if last is not None else None
    if before is not None and before.public_id != last:
        if says_the_same(before, verdict, by):
            return before
        raise Stale
    decision = made(verdict, me)
    parts = [
        lifted(theirs, verdict, decision) if verdict.person == Action.LIFT else about_person(theirs, verdict, decision)
    ]
    enter(decision, parts)
    tell_concerned(decision, parts)
    return decision


def says_the_same(decision, verdict, by) -> bool:
    """Whether this is the same decision of the same person, sent twice."""
    actions = [part.action for part in decision.parts.all()]
    return (actions, decision.rule, decision.words, decision.by) == ([verdict.person], verdict.rule, verdict.words, by)


def lifted(member, verdict, decision) -> Part:
    """End a suspension, also of somebody who has left. Impossible if there is none."""
    before = {"suspended_until": belonging.day(member.suspended_until)}
    if not belonging.lift(membership=member, by=decision.by):
        raise Impossible
    return Part(decision=decision, action=verdict.person, person_id=member.user_id, before=before)
