"""Reversing a decision: a decision of its own, which undoes each thing that the first one did, as far as it stands."""

import re
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse as address_of
from django.utils import timezone

from readinggroup.discussion import moderating
from readinggroup.discussion.actions import held as hold_comments
from readinggroup.discussion.models import Comment, RestrictionKind, State
from readinggroup.discussion.models.restrictions import LONGEST_REASON, Restriction
from readinggroup.discussion.restricting import lift_restriction
from readinggroup.groups.actions import belonging
from readinggroup.groups.actions.coming_in import take_in, take_in_under_a_free_name
from readinggroup.groups.actions.refusals import NameTaken
from readinggroup.groups.models import Membership, Role
from readinggroup.groups.permissions import Can, may
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import RESTRICTIVE, Action, Appeal, Case, Decision, Ground, Outcome, Part, Report
from .deciding import hold_members, role_of
from .entering import enter, tell_concerned
from .refusals import Impossible, NotYours

# What tells where a lock is that was set without a comment.
OF_A_PLACE = ("place", "reading", "paragraph", "title", "number")
_NOT_SUSPENDED = {"suspended_until": None, "suspended_by": None, "suspended_for": ""}
# How a name looks that was given in place of another (accounts.names.new_pseudonym).
_PSEUDONYM = re.compile(r"Reader [A-Z2-9]{6}")


class Held(NamedTuple):
    """What a decision was about, held until the transaction ends, in the order of the house."""

    members: dict  # person's key -> membership
    comments: dict
    cases: dict
    appeals: list  # against it, that nobody has decided yet


@transaction.atomic
def reverse(*, decision, words, by, appeal=None, decided_as=None) -> Decision:
    """Undo what a decision did, and tell all concerned. Reversed before, by whomever, it is that reversal again.

    Without an appeal it takes a moderator whom the decision does not concern; it may be their own. NotYours,
    Impossible (nothing in it restricts anybody). Who may decide an appeal, its callers have seen to.
    """
    held = hold_for(decision, by)
    before = Decision.objects.filter(reverses=decision).first()
    if before is not None:
        return before
    parts = [part for part in decision.parts.order_by("position") if part.action in RESTRICTIVE]
    if not parts:
        raise Impossible
    if appeal is None:
        decided_as = role_of(moderator_among(held, decision, parts, by))
    reversal = Decision(
        group=decision.group,
        ground=Ground.NONE,
        words=words,
        by=by,
        decided_as=decided_as,
        reverses=decision,
        appeal=appeal,
    )
    reversal.save()
    undone = [undo(part, held, reversal) for part in parts]
    settle_appeals(held, appeal)
    enter(reversal, undone)
    tell_concerned(reversal, undone)
    tell_reporters_otherwise(reversal, parts)
    tell_who_decided(reversal, decision)
    return reversal


def hold_for(decision, by=None) -> Held:
    """Hold whom and what the decision is about, and the cases of appeals against it."""
    parts = list(decision.parts.select_related("comment"))
    people = {part.person_id for part in parts} - {None}
    if any(part.action in {Action.REMOVE, Action.RENAME} for part in parts):
        # Names are given back: who holds the person and their memberships, holds the person first.
        users = get_user_model().objects.select_for_update(no_key=True).filter(pk__in=people)
        list(users.order_by("pk").values_list("pk"))
    members = hold_members(decision.group, people | ({by.pk} if by else set()))
    keys = {part.comment_id for part in parts} - {None}
    keys |= {part.comment.root_id or part.comment_id for part in parts if part.action == Action.LOCK and part.comment}
    moved = [part.comment_id for part in parts if part.action == Action.MOVE]
    keys |= set(Comment.objects.filter(root__in=moved).values_list("pk", flat=True))
    comments = hold_comments(keys)
    about = Q(pk__in={part.case_id for part in parts} - {None}) | Q(appeal__in=Appeal.objects.filter(decision=decision))
    cases = Case.objects.select_for_update(of=("self",), no_key=True).filter(about).order_by("pk")
    cases = {case.pk: case for case in cases}
    return Held(members, comments, cases, list(Appeal.objects.open().filter(decision=decision)))


def moderator_among(held, decision, parts, by) -> Membership:
    """The membership of who reverses it; NotYours if they may not."""
    me = held.members.get(by.pk)
    if me is None or not may(me, Can.MODERATE) or decision.parts.filter(person=by).exists():
        raise NotYours
    if any(part.action == Action.REMOVE for part in parts) and not may(me, Can.HAND_OUT_ROLES):
        raise NotYours
    return me


def settle_appeals(held, appeal) -> None:
    """Whoever has appealed against it has got what they asked for, whichever appeal was decided, or none."""
    now = timezone.now()
    Appeal.objects.filter(pk__in=[each.pk for each in held.appeals]).update(decided_at=now, reversed=True)
    close_cases_of(held.appeals)
    if appeal is not None:
        appeal.decided_at, appeal.reversed = now, True


def close_cases_of(appeals) -> None:
    cases = Case.objects.open().filter(appeal__in=appeals)
    cases.update(closed_at=timezone.now(), claimed_by=None, claimed_until=None)


def tell_reporters_otherwise(reversal, parts) -> None:
    """What was reported counts as not upheld, unless another decision about it stands; its reporters are told."""
    cases = {part.case_id for part in parts} - {None}
    others = Part.objects.filter(case=OuterRef("case"), action__in=RESTRICTIVE, decision__reversal=None)
    reports = Report.objects.filter(case__in=cases, outcome=Outcome.UPHELD)
    reports = reports.exclude(Exists(others.exclude(decision=reversal.reverses)))
    people = sorted(set(reports.values_list("reporter", flat=True)))
    reports.update(outcome=Outcome.NOT_UPHELD, decided_at=timezone.now())
    tell(
        recipients=people,
        kind="moderation/reversed",
        category=Category.DECISION,
        event=f"reversed-{reversal.public_id}",
        group=reversal.group_id,
        address=address_of("moderation:log", args=[reversal.group.slug]),
        facts={"group": reversal.group.name},
    )


def tell_who_decided(answer, decision) -> None:
    """Tell the moderator whose decision somebody else has upheld, or reversed."""
    if decision.by_id in {None, answer.by_id}:
        return
    tell(
        recipients=[decision.by_id],
        kind="moderation/answered",
        category=Category.DECISION,
        event=f"answered-{answer.public_id}",
        group=answer.group_id,
        address=address_of("moderation:decision", args=[decision.public_id]),
        facts={"group": answer.group.name, "reversed": answer.reverses_id is not None, "words": answer.words},
    )


# --- One thing after the other ---------------------------------------------------------------------------------------


def undo(part, held, reversal) -> Part:
    """Undo one part; where its author, or a later decision, has left nothing to undo, it is taken off the record."""
    action = _UNDOING[part.action](part, held)
    comment = held.comments.get(part.comment_id)
    return Part(
        decision=reversal,
        action=action,
        case_id=part.case_id,
        comment=comment,
        wording=comment.wording if comment else None,
        person_id=part.person_id,
        before={name: part.before[name] for name in OF_A_PLACE if name in part.before},
    )


def is_last(part, **place) -> bool:
    """Whether no later decision that stands did the same there."""
    later = Part.objects.filter(action=part.action, decision__pk__gt=part.decision_id, decision__reversal=None)
    return not later.filter(**place).exists()


def show_again(part, held) -> Action:
    """Show what is hidden, also what was held before. What was changed and handed in, or taken back since, stays so."""
    comment = held.comments[part.comment_id]
    if comment.state != State.HIDDEN or comment.author.took_words_along or not is_last(part, comment=comment):
        return Action.STRIKE
    moderating.show_again(comment=comment)
    return Action.SHOW


def move_back(part, held) -> Action:
    """Move the thread to where it was begun, if that paragraph is still in the text."""
    comment = held.comments[part.comment_id]
    current = comment.reading.edition.current
    version = current and current.versions.filter(paragraph__versions=part.before.get("version")).first()
    if version is None or version.paragraph_id == comment.paragraph_id or not is_last(part, comment=comment):
        return Action.STRIKE
    moderating.move_thread(comment=comment, version=version)
    return Action.MOVE_BACK


def unlock(part, held) -> Action:
    """Unlock the place, if it is this decision's lock that stands there."""
    comment, decision = held.comments.get(part.comment_id), part.decision
    if comment is None:  # a paragraph, locked without a comment
        place = {"reading": part.before["reading"], "paragraph": part.before["paragraph"], "thread": None}
    else:
        of_thread = part.before.get("place") == "thread"
        where = {"thread": comment.root_id or comment.pk, "paragraph": None}
        place = where if of_thread else {"paragraph": comment.paragraph_id, "thread": None}
        place |= {"reading": comment.reading_id}
    place |= {"kind": RestrictionKind.LOCKED}
    standing = Restriction.objects.filter(**place, created_by=decision.by, until=part.until)
    if not standing.filter(reason=decision.words[:LONGEST_REASON]).exists():
        return Action.STRIKE
    return Action.UNLOCK if lift_restriction(**place, by=decision.by) else Action.STRIKE


def strike(part, held) -> Action:
    """A warning is told and cannot be taken back; it counts no more."""
    return Action.STRIKE


def take_request_back(part, held) -> Action:
    """What its author was asked to change may stay: nobody waits for them. What is held is looked at now."""
    case, comment = held.cases[part.case_id], held.comments[part.comment_id]
    if case.waits_until is not None and case.closed_at is None:
        is_done = comment.state != State.HELD and not case.reports.filter(outcome=Outcome.OPEN).exists()
        done = {"closed_at": timezone.now(), "claimed_by": None, "claimed_until": None} if is_done else {}
        Case.objects.filter(pk=case.pk).update(waits_until=None, **done)
    return Action.STRIKE


def lift(part, held) -> Action:
    """End the suspension, if it is this one; what was still to come of an earlier one that stands, comes."""
    member = held.members[part.person_id]
    until = part.until or Membership.FOR_GOOD
    if not member.is_suspended or (member.suspended_until, member.suspended_by_id) != (until, part.decision.by_id):
        return Action.STRIKE
    earlier = suspension_before(part)
    if earlier:
        Membership.objects.filter(pk=member.pk).update(**earlier)
    else:
        belonging.lift(membership=member, by=None)
    return Action.LIFT


def suspension_before(part) -> dict:
    """The suspension that stood when this was decided and still stands, as a membership has it; {} if there is none."""
    here = Part.objects.filter(person=part.person_id, decision__group=part.decision.group_id)
    last_lift = here.filter(action=Action.LIFT).order_by("-decision").values_list("decision", flat=True).first() or 0
    standing = here.filter(
        Q(until=None) | Q(until__gt=timezone.now()),
        action=Action.SUSPEND,
        decision__pk__gt=last_lift,
        decision__pk__lt=part.decision_id,
        decision__reversal=None,
    )
    earlier = standing.select_related("decision__by").order_by("-decision").first()
    if earlier is None:
        return {}
    return {
        "suspended_until": earlier.until or Membership.FOR_GOOD,
        "suspended_by": earlier.decision.by,
        "suspended_for": (earlier.decision.words or earlier.decision.public_id)[: Membership.LONGEST_REASON],
    }


def readmit(part, held) -> Action:
    """Take the member in again, with the roles of before; who was suspended when they were removed, still is.

    Not as an owner: the group has been in others' hands meanwhile, and who owns it hands that out.
    """
    member = held.members[part.person_id]
    if member.is_member or member.removed_by_id is None or member.user.deleted_at is not None:
        return Action.STRIKE
    theirs = Membership.objects.filter(pk=member.pk)
    bar = Membership.FOR_GOOD if part.before.get("for_good") else part.until
    suspension = suspension_before(part)
    if member.is_suspended and member.suspended_until != bar:
        suspension = theirs.values(*_NOT_SUSPENDED).get()
    theirs.update(**_NOT_SUSPENDED)  # in this transaction, which holds it: whoever is suspended is not taken in
    roles = [role for role in part.before.get("roles", []) if role != Role.OWNER]
    try:
        take_in(group=member.group, user=member.user, roles=roles)
    except NameTaken:
        taken_in = take_in_under_a_free_name(group=member.group, user=member.user)
        belonging.hand_out_roles(membership=taken_in, roles=roles, by=None)
    if suspension:
        theirs.update(**suspension)
    return Action.READMIT


def give_name_back(part, held) -> Action:
    """Call them as before, unless they have taken another name since, or somebody else has theirs."""
    member = held.members[part.person_id]
    here = {"person": part.person_id, "decision__group": part.decision.group_id}
    if not _PSEUDONYM.fullmatch(member.name_here) or member.under_pseudonym or not is_last(part, **here):
        return Action.STRIKE
    try:
        belonging.change_name_here(membership=member, name=held.cases[part.case_id].former_name, by=None)
    except NameTaken:
        return Action.STRIKE
    return Action.NAME_BACK


_UNDOING = {
    Action.HIDE: show_again,
    Action.ASK: take_request_back,
    Action.MOVE: move_back,
    Action.LOCK: unlock,
    Action.WARN: strike,
    Action.SUSPEND: lift,
    Action.REMOVE: readmit,
    Action.RENAME: give_name_back,
}
