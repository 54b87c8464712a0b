"""Reversing a decision: a decision of its own, which undoes each thing that the first one did, as far as it stands."""

from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, prefetch_related_objects
from django.urls import reverse as address_of
from django.utils import timezone

from readinggroup.accounts.names import is_pseudonym
from readinggroup.discussion import moderating
from readinggroup.discussion.actions import held as hold_comments
from readinggroup.discussion.counters import hold_counters
from readinggroup.discussion.models import Comment, RestrictionKind, State
from readinggroup.discussion.models.restrictions import LONGEST_REASON, Restriction
from readinggroup.discussion.restricting import lift_restriction, restrict
from readinggroup.groups.actions import belonging
from readinggroup.groups.actions.coming_in import take_in, take_in_under_a_free_name
from readinggroup.groups.actions.refusals import NameTaken
from readinggroup.groups.actions.terms import settle_term
from readinggroup.groups.models import Membership, Role
from readinggroup.groups.permissions import Can, may
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category
from texts.models import ParagraphVersion

from ..models import RESTRICTIVE, Action, Appeal, Case, Decision, Ground, Outcome, Part, Report
from .deciding import hold_members, role_of
from .entering import enter, tell_concerned
from .refusals import ForOwners, Impossible, NotYours, ReversedBefore

# What tells where a lock is that was set without a comment.
OF_A_PLACE = ("place", "reading", "paragraph", "title", "number")
_NOT_SUSPENDED = {"suspended_until": None, "suspended_by": None, "suspended_for": ""}


class Held(NamedTuple):
    """What a decision was about, held until the transaction ends, in the order of the house."""

    members: dict  # person's key -> membership
    comments: dict
    cases: dict
    appeals: list  # against it, that nobody has decided yet


@transaction.atomic
def reverse(*, decision, words, by, appeal=None, decided_as=None) -> Decision:
    """Undo what a decision did, and tell all concerned. Sent twice by the same person, it is the first reversal.

    Without an appeal it takes a moderator whom the decision does not concern; it may be their own. NotYours, ForOwners,
    Impossible (nothing in it restricts anybody), ReversedBefore. Who may decide an appeal, its callers have seen to.
    """
    held = hold_for(decision, by)
    before = Decision.objects.filter(reverses=decision).first()
    if before is not None:
        if (before.by_id, before.words) != (by and by.pk, words):
            raise ReversedBefore(before)
        return before
    every = list(decision.parts.order_by("position"))
    parts = [part for part in every if part.is_restrictive]
    if not parts:
        raise Impossible
    if appeal is None:
        decided_as = role_of(moderator_among(held, every, by))
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
    hold_counters(paragraphs_of(parts, comments))
    prefetch_related_objects(list(comments.values()), "reading__edition", "version")  # as whom it concerns is told
    about = Q(pk__in={part.case_id for part in parts} - {None}) | Q(appeal__in=Appeal.objects.filter(decision=decision))
    cases = Case.objects.select_for_update(of=("self",), no_key=True).filter(about).order_by("pk")
    cases = {case.pk: case for case in cases}
    return Held(members, comments, cases, list(Appeal.objects.open().filter(decision=decision)))


def paragraphs_of(parts, comments) -> set:
    """The (reading, paragraph) at which a reversal changes something: where comments are, and go back, and locks."""
    stood = {part.before.get("version"): part.comment_id for part in parts if part.action == Action.MOVE}
    versions = ParagraphVersion.objects.filter(pk__in=stood).values_list("pk", "paragraph") if stood else []
    return (
        {(comment.reading_id, comment.paragraph_id) for comment in comments.values()}
        | {(comments[stood[version]].reading_id, paragraph) for version, paragraph in versions}
        | {(part.before["reading"], part.before["paragraph"]) for part in parts if "paragraph" in part.before}
    )


def may_reverse(membership, parts) -> bool:
    """Whether they may undo, without an appeal, a decision of these parts: all that it has.

    Nobody undoes what concerns themselves, and only an owner takes in again who was removed.
    """
    removes = any(part.action == Action.REMOVE for part in parts)
    return moderates_uninvolved(membership, parts) and (not removes or may(membership, Can.HAND_OUT_ROLES))


def moderates_uninvolved(membership, parts) -> bool:
    return may(membership, Can.MODERATE) and all(part.person_id != membership.user_id for part in parts)


def moderator_among(held, parts, by) -> Membership:
    """The membership of who reverses it; NotYours, ForOwners if they may not."""
    me = held.members.get(by.pk)
    if me is None or not moderates_uninvolved(me, parts):
        raise NotYours
    if not may_reverse(me, parts):
        raise ForOwners
    return me


def settle_appeals(held, appeal) -> None:
    """Whoever has appealed against it has got what they asked for, whichever appeal was decided, or none."""
    now = timezone.now()
    Appeal.objects.filter(pk__in=[each.pk for each in held.appeals]).update(decided_at=now, reversed=True)
    close_cases_of(held.appeals)
    if appeal is not None:
        appeal.decided_at, appeal.reversed = now, True


def close_cases_of(appeals) -> None:
    Case.objects.open().filter(appeal__in=appeals).close()


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
    """Unlock the place, if it is this decision's lock that stands there; what that had replaced, stands again."""
    decision, place = part.decision, place_of(part, held)
    standing = Restriction.objects.filter(**place, created_by=decision.by, until=part.until)
    if not standing.filter(reason=decision.words[:LONGEST_REASON]).exists():
        return Action.STRIKE
    if not lift_restriction(**place, by=decision.by):
        return Action.STRIKE
    earlier = lock_before(part)
    if earlier is None:
        return Action.UNLOCK
    reason = earlier.decision.words[:LONGEST_REASON]
    restrict(**place, by=earlier.decision.by, reason=reason, until=earlier.until)
    return Action.STRIKE  # it is locked as before


def place_of(part, held) -> dict:
    """The lock as a Restriction names it: of a thread, wherever that is now; of a paragraph, which it was then."""
    if part.before["place"] == "thread":
        place = {"reading": held.comments[part.comment_id].reading_id, "paragraph": None, "thread": part.comment_id}
    else:
        place = {"reading": part.before["reading"], "paragraph": part.before["paragraph"], "thread": None}
    return {"kind": RestrictionKind.LOCKED, **place}


def lock_before(part) -> Part | None:
    """The part by which the place was locked when this was decided, if it still stands and has not ended."""
    of_thread = part.before["place"] == "thread"
    same = ("place",) if of_thread else ("place", "reading", "paragraph")
    where = {f"before__{name}": part.before[name] for name in same}
    here = Part.objects.filter(decision__group=part.decision.group_id, **where)
    here = here.filter(comment=part.comment_id) if of_thread else here
    return last_standing(here, Action.LOCK, ended_by=Action.UNLOCK, before=part.decision_id)


def last_standing(parts, action, *, ended_by, before) -> Part | None:
    """The last of these before that decision that did this, and that nothing has ended: not its time, nor a reversal,
    nor a decision since.

    What a reversal ended was of the decision that it reversed, and of no other.
    """
    ends = parts.filter(action=ended_by, decision__reverses=None).order_by("-decision")
    last_end = ends.values_list("decision", flat=True).first() or 0
    standing = parts.filter(
        Q(until=None) | Q(until__gt=timezone.now()),
        action=action,
        decision__gt=last_end,
        decision__lt=before,
        decision__reversal=None,
    )
    return standing.select_related("decision__by").order_by("-decision").first()


def strike(part, held) -> Action:
    """A warning is told and cannot be taken back; it counts no more."""
    return Action.STRIKE


def take_request_back(part, held) -> Action:
    """What its author was asked to change may stay: nobody waits for them. What is held is looked at now."""
    case, comment = held.cases[part.case_id], held.comments[part.comment_id]
    if case.waits_until is not None and case.closed_at is None:
        is_done = comment.state != State.HELD and not case.reports.filter(outcome=Outcome.OPEN).exists()
        this = Case.objects.filter(pk=case.pk)
        this.update(waits_until=None)
        if is_done:
            this.close()
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
    earlier = last_standing(here, Action.SUSPEND, ended_by=Action.LIFT, before=part.decision_id)
    if earlier is None:
        return {}
    return {
        "suspended_until": earlier.until or Membership.FOR_GOOD,
        "suspended_by": earlier.decision.by,
        "suspended_for": (earlier.decision.words or earlier.decision.public_id)[: Membership.LONGEST_REASON],
    }


def readmit(part, held) -> Action:
    """Take the member in again, with the roles of before; who was suspended when they were removed, still is.

    Who moderated does so for what is left of their term. Not as an owner: the group has been in others' hands
    meanwhile, and who owns it hands that out.
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
    term = member.terms.last()  # that ended with the removal, whatever roles they had
    roles = [role for role in part.before.get("roles", []) if role != Role.OWNER]
    if term is None or (term.until and term.until <= timezone.now()):
        roles = [role for role in roles if role != Role.MODERATOR]
    try:
        taken_in = take_in(group=member.group, user=member.user, roles=roles)
    except NameTaken:
        taken_in = take_in_under_a_free_name(group=member.group, user=member.user, roles=roles)
    if Role.MODERATOR in roles:
        settle_term(membership=taken_in, until=term.until, by=term.by, came_by=term.came_by, began=True)
    if suspension:
        theirs.update(**suspension)
    return Action.READMIT


def give_name_back(part, held) -> Action:
    """Call them as before, unless they have taken another name since, or somebody else has theirs."""
    member = held.members[part.person_id]
    here = {"person": part.person_id, "decision__group": part.decision.group_id}
    if not is_pseudonym(member.name_here) or member.under_pseudonym or not is_last(part, **here):
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
