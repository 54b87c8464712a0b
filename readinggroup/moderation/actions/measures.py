"""What a decision does to whom it concerns, and to the place where something was said."""

from readinggroup.discussion.models.restrictions import LONGEST_REASON, RestrictionKind
from readinggroup.discussion.restricting import restrict
from readinggroup.groups.actions import belonging
from readinggroup.groups.actions.refusals import LastOwner, Suspended
from readinggroup.groups.models import Membership

from ..models import Action, Part
from .refusals import Impossible


def about_person(member, verdict, decision) -> Part:
    """Warn, suspend or remove whom it concerns. Impossible of an owner, and of who has left meanwhile."""
    part = Part(decision=decision, action=verdict.person, person_id=member.user_id)
    if not member.is_member:
        raise Impossible
    part.before = {"roles": member.roles, "suspended_until": belonging.day(member.suspended_until)}
    if verdict.person_until == Membership.FOR_GOOD:
        part.before["for_good"] = True  # no day ends it
    else:
        part.until = verdict.person_until
    reason = (verdict.words or decision.public_id)[: Membership.LONGEST_REASON]
    try:
        if verdict.person == Action.SUSPEND:
            until = verdict.person_until or Membership.FOR_GOOD
            belonging.suspend(membership=member, until=until, reason=reason, by=decision.by)
        elif verdict.person == Action.REMOVE:
            belonging.remove(membership=member, reason=reason, by=decision.by, not_before=verdict.person_until)
    except (Suspended, LastOwner) as refusal:
        raise Impossible from refusal
    return part


def places_of(comments, place) -> list:
    """One comment for each thread, or paragraph, where these stand."""
    key = (lambda one: one.root_id or one.pk) if place == "thread" else (lambda one: (one.reading_id, one.paragraph_id))
    return list({key(comment): comment for comment in comments}.values())


def began(comment):
    """The first comment of its thread."""
    return comment.root or comment


def about_place(comment, verdict, decision) -> Part:
    """Lock the thread, which concerns who began it, or the paragraph, where the comment stands."""
    thread = began(comment) if verdict.place == "thread" else None
    named = thread or comment
    restrict(
        reading=comment.reading,
        paragraph=comment.paragraph,
        thread=thread,
        kind=RestrictionKind.LOCKED,
        by=decision.by,
        reason=verdict.words[:LONGEST_REASON],
        until=verdict.place_until,
    )
    return Part(
        decision=decision, action=Action.LOCK, comment=named, wording=named.wording, until=verdict.place_until,
        person_id=thread and thread.author_id, before={"place": verdict.place},
    )  # fmt: skip
