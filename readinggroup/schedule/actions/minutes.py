"""Writing a session's minutes, publishing them, and reminding of those that are missing."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may
from readinggroup.lib.markup import render_markdown
from readinggroup.readings.actions import mark_discussed

from ..leading import has_minutes, is_over, may_write_minutes
from ..models import Minutes, MinutesEntry, Outcome, OutcomeKind, ReadingSession, SessionState
from .refusals import NotPossible, StaleMinutes, TooManyOutcomes
from .scheduling import held, tell_of

A_DAY = timedelta(days=1)
# So long after a session its minutes are missed for the first, second, third time; then once a week.
MISSED_AFTER = [1 * A_DAY, 3 * A_DAY, 7 * A_DAY]
A_WEEK = 7 * A_DAY
MISSED_FOR = timedelta(days=180)  # nobody writes them after half a year


def held_for_writing(session, by) -> ReadingSession:
    """The session, held until this transaction ends. NotPossible if they may not write its minutes (any more)."""
    membership = Membership.objects.hold(group=session.reading.group_id, user=by)
    standing = held(session)
    if membership is None or not has_minutes(standing) or not may_write_minutes(membership, standing):
        raise NotPossible
    return standing


@transaction.atomic
def write_minutes(*, session, item, version, body, by) -> MinutesEntry:
    """Say what happened at the item, or (None) at the session as a whole. `version` is 0 where nothing stood yet.

    StaleMinutes if somebody has written there since: nothing is overwritten. The same words again are nothing new.
    """
    standing = held_for_writing(session, by)
    entry = MinutesEntry.objects.filter(session=standing, item=item).first()
    entry = entry or MinutesEntry(session=standing, item=item, version=0)
    if entry.pk and entry.body == body:
        return entry
    if entry.version != version:
        raise StaleMinutes(entry)
    entry.body, entry.body_html = body, render_markdown(body) if body else ""
    entry.version, entry.written_by, entry.written_at = version + 1, by, timezone.now()
    entry.save()
    return entry


@transaction.atomic
def note_decision(*, session, item, words, key, by) -> Outcome:
    """Note what was decided at the item. The same key again is the same decision."""
    outcome = note(session, item, by, kind=OutcomeKind.DECIDED, words=words, key=key)
    renew_marks(outcome.session)
    return outcome


@transaction.atomic
def note_answer(*, session, item, question, words, key, by) -> Outcome:
    """Note that an open question, a comment's public id, was answered there. Noted twice it is one answer.

    Whoever notes it settles the question, too, and then calls `renew_marks`: comments are held before the counters of
    their paragraphs, which a mark changes.
    """
    return note(session, item, by, kind=OutcomeKind.ANSWERED, question=question, words=words, key=key)


def note(session, item, by, **what) -> Outcome:
    standing = held_for_writing(session, by)
    if item.outcomes.count() >= Outcome.MOST:
        raise TooManyOutcomes
    try:
        with transaction.atomic():
            outcome = Outcome.objects.create(session=standing, item=item, by=by, **what)
    except IntegrityError:
        sent = Q(by=by, key=what["key"])
        if "question" in what:
            sent |= Q(session=standing, question=what["question"])
        return Outcome.objects.filter(sent).order_by("pk")[0]
    return outcome


@transaction.atomic
def take_outcome_back(*, outcome, by) -> None:
    """It was no decision after all, or the question is still open. The mark at the paragraph goes with it."""
    standing = held_for_writing(outcome.session, by)
    Outcome.objects.filter(pk=outcome.pk).delete()
    renew_marks(standing)


@transaction.atomic
def publish_minutes(*, session, by) -> Minutes:
    """Show the minutes to all members and tell them; what came of it is marked at the paragraphs. Again is nothing new.

    NotPossible before the session is over, while nothing is written, and for who does not organize.
    """
    standing = held_for_settling(session, by)
    minutes = Minutes.objects.filter(session=standing).first() or Minutes(session=standing)
    if minutes.published_at:
        return minutes
    written = standing.minutes_entries.exclude(body="").exists() or standing.outcomes.exists()
    if not written:
        raise NotPossible
    minutes.published_at, minutes.published_by = timezone.now(), by
    minutes.waived_at = minutes.waived_by = None
    minutes.save()
    renew_marks(standing)
    members = standing.reading.group.memberships.active().exclude(user=by).values_list("user", flat=True)
    tell_of(standing, "schedule/minutes_published", "minutes-published", members)
    return minutes


@transaction.atomic
def waive_minutes(*, session, by) -> Minutes:
    """There will be no minutes: nobody is reminded any more. Whoever publishes some nevertheless takes that back."""
    standing = held_for_settling(session, by)
    minutes = Minutes.objects.filter(session=standing).first() or Minutes(session=standing)
    if minutes.published_at is None and minutes.waived_at is None:
        minutes.waived_at, minutes.waived_by = timezone.now(), by
        minutes.save()
    return minutes


def held_for_settling(session, by) -> ReadingSession:
    membership = Membership.objects.hold(group=session.reading.group_id, user=by)
    standing = held(session)
    if membership is None or not may(membership, Can.SCHEDULE) or not is_over(standing):
        raise NotPossible
    return standing


def renew_marks(session) -> None:
    """What came of a session whose minutes are published stands at its paragraphs; of any other nothing does."""
    marks = []
    if Minutes.objects.filter(session=session, published_at__isnull=False).exists():
        page = reverse("schedule:session", args=[session.reading.group.slug, session.public_id])
        marks = [
            {
                "source": f"outcome-{outcome.public_id}",
                "paragraph_id": outcome.item.paragraph_id,
                "day": session.date,
                "came": outcome.kind,
                "words": outcome.words,
                "question": outcome.question,
                "address": f"{page}#minutes-{outcome.item.public_id}",
            }
            for outcome in session.outcomes.select_related("item")
            if outcome.item.paragraph_id
        ]
    mark_discussed(reading=session.reading, record=f"session-{session.public_id}", marks=marks)


def remind_of_minutes() -> None:
    """Tell who is to see to it that the minutes of a session are missing. Each time once, however often this runs."""
    now = timezone.now()
    over = ReadingSession.objects.filter(
        state__in=[SessionState.SCHEDULED, SessionState.UNDER_WAY, SessionState.HELD],
        ends_at__lte=now - MISSED_AFTER[0],
        ends_at__gt=now - MISSED_FOR,
        reading__group__archived_at=None,
        reading__group__delete_at=None,
        minutes=None,
    )
    for session in over.select_related("reading__group"):
        step = steps_missed(now - session.ends_at)
        people = who_sees_to_minutes(session)
        tell_of(session, "schedule/minutes_missing", f"minutes-missing-{step}", people)


def steps_missed(passed) -> int:
    """How often one was, or is to be, reminded after so long."""
    after = sum(passed >= each for each in MISSED_AFTER)
    return after + max(0, (passed - MISSED_AFTER[-1]) // A_WEEK)


def who_sees_to_minutes(session) -> list:
    """Who wrote the session on the calendar, if they organize still, else all organizers; and who takes the minutes."""
    members = session.reading.group.memberships.active().select_related("group")
    here = {membership.user_id: membership for membership in members}
    organizers = [pk for pk, membership in here.items() if may(membership, Can.SCHEDULE)]
    people = [session.created_by_id] if session.created_by_id in organizers else organizers
    return sorted({*people, *({session.minute_taker_id} & here.keys())})
