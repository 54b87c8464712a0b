"""Saying whether one comes; a place for each who goes, and a waiting list in its order; who was there."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may_still
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import Answer, Attendance, ReadingSession
from .refusals import NoPlaceForGuests, NotPossible
from .telling import facts_of

# For so long somebody who got a place late is asked to say that they cannot come after all.
TO_DECLINE = timedelta(hours=24)
A_MOMENT = timedelta(microseconds=1)


@transaction.atomic
def answer(*, session, by, answer, guests=0, words="") -> Attendance:
    """Say whether one comes, and with how many. Whoever goes stands in line; then the line moves up.

    Held: the membership, then the session, so that of two who want the last place one is first. NotPossible if the
    session is not one to answer to, or they may not; NoPlaceForGuests if there can be no place for so many.
    """
    if not may_still(by, Can.ATTEND, group=session.reading.group_id):
        raise NotPossible
    standing = ReadingSession.objects.hold(session.pk)
    if not standing.takes_answers:
        raise NotPossible
    mine = standing.attendances.filter(user=by).first() or Attendance(session=standing, user=by)
    if answer == Answer.GOING:
        check_guests(standing, mine, guests)
        waits_since = None if mine.is_seated else mine.waits_since or end_of_line(standing)
    else:
        waits_since = None
    mine.promoted_at = mine.promoted_at if answer == Answer.GOING and mine.is_seated else None
    mine.answer, mine.words, mine.waits_since, mine.answered_at = answer, words, waits_since, timezone.now()
    mine.guests = 0 if answer == Answer.NOT_GOING else guests
    mine.save()
    promote_waiting(standing, by=by)
    mine.refresh_from_db()
    return mine


def check_guests(session, mine, guests) -> None:
    """Refuse guests for whom there is no place: beside somebody who has one, or ever."""
    if session.places is None:
        return
    if 1 + guests > session.places and guests > mine.guests:
        raise NoPlaceForGuests(max(0, session.places - 1))
    more = guests - mine.guests
    if mine.is_seated and more > 0 and more > (free := max(0, free_places(session))):
        raise NoPlaceForGuests(mine.guests + free)


def end_of_line(session):
    """The moment for who comes last: now, but after all who wait, whatever the clocks of several servers say."""
    last = session.attendances.aggregate(last=Max("waits_since"))["last"]
    return max(timezone.now(), last + A_MOMENT) if last else timezone.now()


def free_places(session) -> int | float:
    """How many more can come; below nothing if places were taken away."""
    if session.places is None:
        return float("inf")
    taken = session.attendances.seated().aggregate(taken=Coalesce(Sum(F("guests") + 1), 0))["taken"]
    return session.places - taken


def promote_waiting(session, *, by=None) -> None:
    """Give places that are free to those who wait, in their order, and tell them; the session is held.

    Whose own act it is, `by`, sees it, and is told nothing.
    """
    if not session.takes_answers:
        return
    moved = [attendance for attendance in seat_waiting(session) if by is None or attendance.user_id != by.pk]
    now = timezone.now()
    session.attendances.filter(pk__in=[attendance.pk for attendance in moved]).update(promoted_at=now)
    for attendance in moved:
        tell_promoted(session, attendance.user_id, now)


def seat_waiting(session) -> list[Attendance]:
    """Who waits and gets a place now.

    In order: who comes later does not overtake because they are fewer. Only a party that all places together could not
    hold, since there were more when it came, and who is suspended for longer, keep nobody waiting.
    """
    free, seated = free_places(session), []
    if free > 0:
        for waiting in session.attendances.waiting().able_to_come():
            needs = 1 + waiting.guests
            if session.places is not None and needs > session.places:
                continue
            if needs > free:
                break
            free -= needs
            seated.append(waiting)
    session.attendances.filter(pk__in=[waiting.pk for waiting in seated]).update(waits_since=None)
    return seated


def tell_promoted(session, user, moment) -> None:
    """That there is a place now, and until when they may say that they cannot come after all."""
    group = session.reading.group
    decline_by = decline_until(session, moment)
    tell(
        recipients=[user],
        kind="schedule/promoted",
        category=Category.SESSION,
        event=f"session-{session.public_id}-promoted-{moment.timestamp()}",
        group=group.pk,
        address=reverse("schedule:session", args=[group.slug, session.public_id]),
        thread=f"session-{session.public_id}",
        facts={**facts_of(session), "decline_by": decline_by.isoformat() if decline_by > moment else ""},
    )


def decline_until(session, promoted_at):
    """Until when somebody who got a place then is asked to give it back, if they cannot come."""
    return min(session.starts_at, promoted_at + TO_DECLINE)


@transaction.atomic
def note_who_was_there(*, session, was_there, by) -> None:
    """Note of these people whether they were there: primary key -> True, False, or None for "nobody knows".

    Who was there without having said so before is down as somebody who might come, which takes nobody's place.
    NotPossible before the session has begun.
    """
    standing = ReadingSession.objects.hold(session.pk)
    if not standing.has_begun:
        raise NotPossible
    for said in (True, False, None):
        people = [pk for pk, attended in was_there.items() if attended is said]
        standing.attendances.filter(user__in=people).update(attended=said)
    Attendance.objects.bulk_create(
        [Attendance(session=standing, user_id=pk, answer=Answer.MAYBE, attended=True)
         for pk, attended in was_there.items() if attended],
        ignore_conflicts=True,
    )  # fmt: skip


def keep_places() -> int:
    """Free the places of who cannot come, and let who waits move up; the answer: how many were freed.

    Whoever leaves, is removed, suspended, or deletes their account does so without the group's sessions being held.
    """
    able = Attendance.objects.able_to_come().values("pk")
    cannot = Attendance.objects.filter(answer=Answer.GOING).exclude(pk__in=able)
    changed = Q(attendances__in=cannot) | Q(attendances__waits_since__isnull=False)
    coming = ReadingSession.objects.coming().filter(changed).values_list("pk", flat=True)
    return sum(keep_places_of(pk) for pk in set(coming))


@transaction.atomic
def keep_places_of(pk) -> int:
    """The same of one session. Who has left does not go any more; who is suspended may be let off by an appeal."""
    standing = ReadingSession.objects.hold(pk)
    members = Membership.objects.active().filter(group=standing.reading.group_id).values("user")
    gone = standing.attendances.filter(answer=Answer.GOING).exclude(user__in=members)
    freed = gone.update(answer=Answer.NOT_GOING, guests=0, waits_since=None, promoted_at=None)
    if standing.places is not None:
        barred = standing.attendances.seated().exclude(pk__in=standing.attendances.able_to_come().values("pk"))
        # In line by when they had said that they come, so before whoever has said so later.
        freed += barred.update(waits_since=F("answered_at"), promoted_at=None)
    promote_waiting(standing)
    return freed
