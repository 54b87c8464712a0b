"""Deciding about a place without a report: locking a thread or a paragraph, and unlocking it."""

from datetime import timedelta

from django.db import transaction

from readinggroup.discussion.actions import held
from readinggroup.discussion.models.restrictions import LONGEST_REASON, RestrictionKind
from readinggroup.discussion.restricting import hold_place, lift_restriction, restrict
from readinggroup.groups.permissions import Can, may

from ..models import Action, Decision, Part
from .deciding import Verdict, hold_members, made
from .entering import enter, tell_concerned
from .measures import lock_at, place_kept
from .refusals import NotYours, Stale


@transaction.atomic
def decide_about_place(*, reading, version=None, thread=None, verdict: Verdict, by, standing=None) -> Decision | None:
    """Lock, or unlock, a thread (its first comment) or a paragraph (what it reads now). None if it is so already.

    Stale if it is not as its reader knew it: `standing` is the key of the lock that stood, or 0. NotYours for who
    moderates no more, and of a thread for who has begun it.
    """
    members = hold_members(reading.group, {by.pk, thread.author_id} if thread else {by.pk})
    me = members.get(by.pk)
    if me is None or not may(me, Can.MODERATE) or (thread and thread.author_id == by.pk):
        raise NotYours
    root = held([thread.pk])[thread.pk] if thread else None
    place = {"reading": reading, "paragraph": version and version.paragraph_id, "thread": root}
    hold_place(**place)
    lock = lock_at(**place)
    if is_done(lock, verdict):
        return None
    if standing is not None and standing != (lock.pk if lock else 0):
        raise Stale
    decision = made(verdict, me)
    if verdict.action == Action.LOCK:
        more = {"reason": verdict.words[:LONGEST_REASON], "until": verdict.place_until}
        restrict(**place, kind=RestrictionKind.LOCKED, by=by, **more)
    else:
        lift_restriction(**place, kind=RestrictionKind.LOCKED, by=by)
    parts = [part_about(decision, verdict, reading, version, root, lock)]
    enter(decision, parts)
    tell_concerned(decision, parts)
    return decision


def is_done(lock, verdict) -> bool:
    """Whether the place is as the verdict wants it: a form that is sent twice changes nothing."""
    if verdict.action == Action.UNLOCK:
        return lock is None
    if lock is None or lock.reason != verdict.words[:LONGEST_REASON]:
        return False
    # Days are counted from when the form was sent: sent twice, it ends a little later.
    return lock.until == verdict.place_until or bool(
        lock.until and verdict.place_until and abs(verdict.place_until - lock.until) < timedelta(minutes=10)
    )


def part_about(decision, verdict, reading, version, root, lock) -> Part:
    """What was done with the place. `before` says which it is, and the lock that stood."""
    before = place_kept(verdict.place, lock, reading, version if root is None else None)
    part = Part(decision=decision, action=verdict.action, until=verdict.place_until, before=before)
    if root is not None:
        part.comment, part.wording, part.person_id = root, root.wording, root.author_id
    return part
