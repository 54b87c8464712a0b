"""Asking when a session is to be: proposed times, the members' answers, a reminder, and the time that is picked."""

from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from readinggroup.groups.permissions import Can, may_still
from readinggroup.lib.wall_time import NoSuchTime, TwiceThatTime, instant_of, meant_by

from ..models import (
    Answer,
    Attendance,
    Availability,
    DatePoll,
    PollReply,
    ProposedTime,
    ReadingSession,
    SessionState,
    TimeAnswer,
)
from .attending import A_MOMENT, seat_waiting
from .refusals import NotPossible, PollIsOver, ProposedAlready, TooManyTimes
from .scheduling import move_on, put_on_calendar, set_instants, tell_of, who_replied

# So long before its end a poll reminds who has not answered; a short one when half of its time is over.
NUDGED_BEFORE = timedelta(days=2)


@transaction.atomic
def open_poll(*, session, closes_at, walls, by) -> ReadingSession:
    """Ask the members when they can; they are told. The same again is nothing new.

    `walls` are the times to propose, in the session's zone: (date, time or None for the whole day, whether it is the
    second of two equal ones). NotPossible unless the session is a draft; else as `propose`.
    """
    standing = ReadingSession.objects.hold(session.pk)
    if standing.state == SessionState.POLL:
        return standing
    if standing.state != SessionState.DRAFT:
        raise NotPossible
    poll = DatePoll.objects.create(session=standing, closes_at=closes_at, opened_by=by)
    for wall in walls:
        put(poll, standing, *wall)
    move_on(standing, SessionState.POLL)
    members = standing.reading.group.memberships.active().exclude(user=by)
    tell_of(standing, "schedule/poll", "poll", members.values_list("user", flat=True), until=closes_at.isoformat())
    return standing


@transaction.atomic
def propose(*, session, walls, by) -> None:
    """Propose more times; who has answered is told, and keeps the answers to the others.

    PollIsOver; ProposedAlready; TooManyTimes; NoSuchTime and TwiceThatTime if the clocks do not show it, or do twice.
    """
    standing, poll = hold_open(session)
    for wall in walls:
        put(poll, standing, *wall)
    if poll.times.open().count() > DatePoll.MOST_TIMES:
        raise TooManyTimes
    event = f"times-{timezone.now().timestamp()}"
    replied = who_replied(standing).exclude(user=by)
    tell_of(standing, "schedule/poll_times", event, replied, until=poll.closes_at.isoformat())


def put(poll, session, date, time, second=False) -> None:
    """Propose a time, or again one that was withdrawn, whose answers come back with it."""
    proposed = ProposedTime(poll=poll, date=date, time=time, second=second, zone=session.zone)
    proposed.starts_at = instant_of_proposed(proposed)
    standing = poll.times.filter(starts_at=proposed.starts_at).first()
    if standing is None:
        proposed.save()
    elif standing.withdrawn_at is None:
        raise ProposedAlready
    else:
        standing.date, standing.time, standing.second, standing.zone = date, time, second, session.zone
        standing.withdrawn_at = None
        standing.save()


def instant_of_proposed(proposed):
    """When it begins; a whole day as soon as there is one, also where the clocks jump over its midnight."""
    zone = ZoneInfo(proposed.zone)
    midnight = datetime.combine(proposed.date, datetime.min.time())
    if proposed.time is None:
        return meant_by(midnight, zone)
    wall = datetime.combine(proposed.date, proposed.time)
    return instant_of(wall, zone, second=proposed.second or None)


@transaction.atomic
def withdraw_time(*, session, time, by) -> None:
    """Propose this time no more. Its answers are kept, those to the other times untouched. PollIsOver."""
    _standing, poll = hold_poll(session)
    poll.times.open().filter(pk=time).update(withdrawn_at=timezone.now())


@transaction.atomic
def change_deadline(*, session, closes_at, by) -> None:
    """Take answers until then, also when the former moment has passed. PollIsOver if a time was picked."""
    _standing, poll = hold_poll(session)
    poll.closes_at, poll.told_over_at = closes_at, None
    poll.save(update_fields=["closes_at", "told_over_at"])


def hold_poll(session):
    """The session, held, and its poll. PollIsOver if a time was picked, or all was cancelled."""
    standing = ReadingSession.objects.hold(session.pk)
    if standing.state != SessionState.POLL:
        raise PollIsOver
    return standing, standing.poll


def hold_open(session):
    """The same of a poll that takes answers."""
    standing, poll = hold_poll(session)
    if poll.closes_at <= timezone.now():
        raise PollIsOver
    return standing, poll


@transaction.atomic
def answer_poll(*, session, answers, by, words="") -> PollReply:
    """Say when one can: primary key of a time -> Availability. What is not answered now stays as it was.

    An answer to a time that was withdrawn meanwhile is kept, too. Held: the membership, then the session, so that an
    answer comes before the picking or after it. NotPossible if they may not; PollIsOver.
    """
    if not may_still(by, Can.ATTEND, group=session.reading.group_id):
        raise NotPossible
    _standing, poll = hold_open(session)
    reply, _made = PollReply.objects.update_or_create(
        poll=poll, user=by, defaults={"words": words, "answered_at": timezone.now()}
    )
    times = poll.times.filter(pk__in=answers).values_list("pk", flat=True)
    TimeAnswer.objects.bulk_create(
        [TimeAnswer(reply=reply, time_id=time, answer=answers[time]) for time in times],
        update_conflicts=True,
        unique_fields=["reply", "time"],
        update_fields=["answer"],
    )
    return reply


@transaction.atomic
def pick_time(*, session, time, by) -> ReadingSession:
    """The session takes place at this time, and the answers become those to the session.

    "Yes" goes, in the order in which the members answered, as far as there are places; "if need be" may come. Each is
    told what they are down for. PollIsOver; NotPossible if the time was withdrawn, has passed, or is no time any more.
    """
    standing, poll = hold_poll(session)
    picked = poll.times.open().filter(pk=time).first()
    if picked is None or picked.is_over:
        raise NotPossible
    for field in ("date", "time", "second", "zone", "all_day"):
        setattr(standing, field, getattr(picked, field))
    try:
        set_instants(standing)
    except (NoSuchTime, TwiceThatTime) as refusal:  # the rules of the zone have changed since
        raise NotPossible from refusal
    standing.save()
    poll.times.filter(pk=picked.pk).update(picked_at=timezone.now())
    take_over(standing, picked)
    for mine, people in as_they_stand(standing).items():
        tell_of(standing, "schedule/picked", "scheduled", [pk for pk in people if pk != by.pk], mine=mine)
    return put_on_calendar(session=standing, by=by)  # who was told above is not told again


def take_over(session, picked) -> None:
    """The answers to this time as answers to the session."""
    replies = PollReply.objects.filter(poll__session=session).by_members().order_by("pk")
    rows, now = [], timezone.now()
    for place, (user, said) in enumerate(replies.filter(answers__time=picked).values_list("user", "answers__answer")):
        answer = Availability(said).as_attendance
        waits_since = now + place * A_MOMENT if answer == Answer.GOING else None
        rows.append(Attendance(session=session, user_id=user, answer=answer, waits_since=waits_since))
    Attendance.objects.bulk_create(rows, ignore_conflicts=True)
    seat_waiting(session)


def as_they_stand(session) -> dict:
    """Those who have answered, by what they are down for: going, waiting, maybe or not_going."""
    people = {}
    for attendance in session.attendances.all():
        mine = "waiting" if attendance.waits_since else attendance.answer
        people.setdefault(str(mine), []).append(attendance.user_id)
    return people


# --- What the worker does ---------------------------------------------------------------------------------------------


def nudge_due() -> int:
    """Remind those who have not answered, once a poll; the answer is of how many polls."""
    return sum(nudge(pk) for pk in polls_open().filter(nudged_at=None).values_list("session", flat=True))


def polls_open():
    """Polls whose session waits for a time, in groups that are not closed: nobody could answer there."""
    asked = DatePoll.objects.filter(session__state=SessionState.POLL).order_by("pk")
    return asked.filter(session__reading__group__archived_at=None, session__reading__group__delete_at=None)


@transaction.atomic
def nudge(session) -> bool:
    """Remind them of this poll, if it is time."""
    standing = ReadingSession.objects.hold(session)
    poll, now = standing.poll, timezone.now()
    nudge_at = poll.closes_at - min(NUDGED_BEFORE, (poll.closes_at - poll.opened_at) / 2)
    if standing.state != SessionState.POLL or poll.nudged_at or not nudge_at <= now < poll.closes_at:
        return False
    poll.nudged_at = now
    poll.save(update_fields=["nudged_at"])
    tell_of(standing, "schedule/poll_nudge", "nudge", silent(poll), until=poll.closes_at.isoformat())
    return True


def silent(poll):
    """Who has not answered, of those who may."""
    members = poll.session.reading.group.memberships.active().exclude(suspended_until__gt=Now())
    return members.exclude(user__in=poll.replies.values("user")).values_list("user", flat=True)


def retake_times() -> int:
    """Keep what the clocks show at proposed times when the rules of a zone have changed; the answer: how many moved."""
    moved = 0
    for proposed in ProposedTime.objects.open().filter(poll__session__state=SessionState.POLL):
        with suppress(NoSuchTime, TwiceThatTime):
            starts_at = instant_of_proposed(proposed)
            others = ProposedTime.objects.filter(poll=proposed.poll_id, starts_at=starts_at)
            if starts_at != proposed.starts_at and not others.exists():
                moved += ProposedTime.objects.filter(pk=proposed.pk).update(starts_at=starts_at)
    return moved


def tell_polls_over() -> int:
    """Tell who opened it that a poll is over, and waits for a time to be picked; the answer is of how many polls."""
    over = polls_open().filter(told_over_at=None, closes_at__lte=timezone.now())
    return sum(tell_over(pk) for pk in over.values_list("session", flat=True))


@transaction.atomic
def tell_over(session) -> bool:
    """The same of one."""
    standing = ReadingSession.objects.hold(session)
    poll, now = standing.poll, timezone.now()
    if standing.state != SessionState.POLL or poll.told_over_at or poll.closes_at > now:
        return False
    poll.told_over_at = now
    poll.save(update_fields=["told_over_at"])
    organizers = set(standing.reading.group.memberships.who_may_invite().values_list("user", flat=True))
    people = {poll.opened_by_id} & organizers or organizers
    tell_of(standing, "schedule/poll_over", f"poll-over-{poll.closes_at.timestamp()}", people)
    return True
