"""Saying whether one comes; a place for each who goes, and a waiting list in its order."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.permissions import Can, may_still
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import Answer, Attendance, ReadingSession, SessionState
from .refusals import NoPlaceForGuests, NotPossible
from .telling import facts_of

# For so long somebody who got a place late is asked to say that they cannot come after all.
TO_DECLINE = timedelta(hours=24)
ANSWERED = {SessionState.SCHEDULED, SessionState.UNDER_WAY}


@transaction.atomic
def answer(*, session, by, answer, guests=0, words="") -> Attendance:
    """Say whether one comes, and with how many. Who goes gets a place, or waits for one; whoever waits moves up.

    Held: the membership, then the session, so that of two who want the last place one is first. NotPossible if the
    session is not one to answer to, or they may not; NoPlaceForGuests if somebody with a place brings too many.
    """
    if not may_still(by, Can.ATTEND, group=session.reading.group_id):
        raise NotPossible
    standing = ReadingSession.objects.select_for_update(of=("self",), no_key=True).get(pk=session.pk)
    if standing.state not in ANSWERED:
        raise NotPossible
    mine = Attendance.objects.filter(session=standing, user=by).first() or Attendance(session=standing, user=by)
    had_place = mine.pk is not None and mine.answer == Answer.GOING and mine.waits_since is None
    needs = 1 + guests - (1 + mine.guests if had_place else 0)
    waits_since, now = mine.waits_since, timezone.now()
    if answer != Answer.GOING:
        waits_since = None
    elif had_place:
        if needs > max(0, free := free_places(standing)):
            raise NoPlaceForGuests(max(0, free))
    else:
        # Nobody overtakes who waits already.
        others_wait = standing.attendances.waiting().exclude(pk=mine.pk).exists()
        waits_since = None if free_places(standing) >= needs and not others_wait else (waits_since or now)
    mine.answer, mine.guests, mine.words, mine.waits_since = answer, guests, words, waits_since
    mine.answered_at, mine.promoted_at = now, mine.promoted_at if waits_since is None else None
    mine.save()
    promote_waiting(standing)
    mine.refresh_from_db()
    return mine


def free_places(session) -> int | float:
    """How many more can come; below nothing if places were taken away."""
    if session.places is None:
        return float("inf")
    taken = session.attendances.seated().aggregate(taken=Coalesce(Sum(F("guests") + 1), 0))["taken"]
    return session.places - taken


def promote_waiting(session) -> None:
    """Give places that are free to those who wait, in their order; the session is held. Each is told."""
    free = free_places(session)
    for waiting in session.attendances.waiting().select_related("user"):
        if waiting.guests + 1 > free:
            return  # in order: who comes later does not overtake because they are fewer
        free -= waiting.guests + 1
        waiting.waits_since, waiting.promoted_at = None, timezone.now()
        waiting.save(update_fields=["waits_since", "promoted_at"])
        tell_promoted(session, waiting)


def tell_promoted(session, attendance) -> None:
    """That there is a place now, and until when they may say that they cannot come after all."""
    group = session.reading.group
    decline_by = min(session.starts_at, attendance.promoted_at + TO_DECLINE)
    tell(
        recipients=[attendance.user],
        kind="schedule/promoted",
        category=Category.SESSION,
        event=f"session-{session.public_id}-promoted-{attendance.promoted_at.timestamp()}",
        group=group.pk,
        address=reverse("schedule:session", args=[group.slug, session.public_id]),
        thread=f"session-{session.public_id}",
        facts={**facts_of(session), "decline_by": decline_by.isoformat()},
    )
