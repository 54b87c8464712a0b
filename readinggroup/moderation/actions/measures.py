"""What a decision does to whom it concerns, and to the place where something was said."""

from readinggroup.discussion.models.restrictions import LONGEST_REASON, Restriction, RestrictionKind
from readinggroup.discussion.restricting import hold_place, restrict
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


def lock_at(*, reading, paragraph=None, thread=None) -> Restriction | None:
    """The lock that stands at exactly this paragraph, or thread."""
    locks = Restriction.objects.standing().filter(kind=RestrictionKind.LOCKED, reading=reading)
    return locks.filter(paragraph=paragraph, thread=thread).first()


def place_kept(place, lock, reading, version=None) -> dict:
    """What a part keeps of a place: which it is ("thread", or the paragraph), and the lock that stood there."""
    kept = {"place": place}
    if lock:
        kept |= {"reason": lock.reason, "until": lock.until.isoformat() if lock.until else ""}
    if version is not None:
        kept |= {"reading": reading.pk, "paragraph": version.paragraph_id, "title": reading.edition.title}
        kept |= {"number": version.number}
    return kept


def about_place(comment, verdict, decision) -> Part:
    """Lock the thread, which concerns who began it, or the paragraph: of a thread that was just moved, the new one."""
    thread = began(comment) if verdict.place == "thread" else None
    named = thread or comment
    place = {"reading": comment.reading_id, "paragraph": None if thread else comment.paragraph_id, "thread": thread}
    hold_place(**place)
    before = place_kept(verdict.place, lock_at(**place), comment.reading, None if thread else comment.version)
    locked = {"kind": RestrictionKind.LOCKED, "reason": verdict.words[:LONGEST_REASON], "until": verdict.place_until}
    restrict(**place, by=decision.by, **locked)
    return Part(
        decision=decision, action=Action.LOCK, comment=named, wording=named.wording, until=verdict.place_until,
        person_id=thread and thread.author_id, before=before,
    )  # fmt: skip
