"""Reminding the members of a session: of each moment that they chose, once."""

import logging

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.permissions import Can, may
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category, MailSettings

from ..models import LENGTHS, Answer, Attendance, Before, ReadingSession, Reminder, SessionState

log = logging.getLogger(__name__)


def remind_due(now=None) -> int:
    """Remind of every session of which a reminder is due; the answer is how many people. One that fails stops no other.

    Two workers may do this at once, and one may be killed at any point: see `remind_of`.
    """
    now, people = now or timezone.now(), 0
    due = Reminder.objects.due(now).filter(session__state=SessionState.SCHEDULED, session__starts_at__gt=now)
    for pk in list(due.order_by("session").values_list("session", flat=True).distinct()):
        try:
            people += remind_of(pk, now)
        except Exception:
            log.exception("Nobody could be reminded of session %s; it is tried again", pk)
    return people


@transaction.atomic
def remind_of(pk, now) -> int:
    """Tell its members that the session comes, all of them or nobody; the answer is how many.

    The session is held, so that it is neither moved nor cancelled meanwhile; who comes second finds nothing due. When
    several reminders are due at once, since no worker was there before, each person gets the last that they chose.
    """
    held = ReadingSession.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    session = (
        held.select_related("reading__group").filter(pk=pk, state=SessionState.SCHEDULED, starts_at__gt=now).first()
    )
    if session is None:
        return 0
    due = session.reminders.due(now).filter(starts_at=session.starts_at)
    reminded = people_by_reminder(session, set(due.values_list("before", flat=True)))
    for before, people in reminded.items():
        tell_that_it_comes(session, before, people)
        due.filter(before=before).update(people=len(people))
    due.update(told_at=now)
    return sum(map(len, reminded.values()))


def people_by_reminder(session, due) -> dict:
    """Who is reminded now, by the reminder that reaches them: those who have not said that they do not go.

    An hour before, only those who go, or may.
    """
    reminded = {}
    if not due:
        return reminded
    answers = dict(Attendance.objects.filter(session=session).values_list("user", "answer"))
    members = session.reading.group.memberships.active().filter(user__is_active=True)
    for membership in members.select_related("user__mail_settings"):
        membership.group = session.reading.group
        answer = answers.get(membership.user_id)
        if answer == Answer.NOT_GOING or not may(membership, Can.ATTEND):
            continue
        wishes = getattr(membership.user, "mail_settings", None) or MailSettings()
        chosen = [before for before in sorted(due, key=LENGTHS.get) if wishes_for(wishes, before, answer)]
        if chosen:
            reminded.setdefault(chosen[0], []).append(membership.user_id)
    return reminded


def wishes_for(wishes, before, answer) -> bool:
    """Whether who has these MailSettings, and has answered so, is to be reminded so long before."""
    if before == Before.HOUR and answer is None:
        return False
    return {Before.WEEK: wishes.remind_week, Before.DAY: wishes.remind_day, Before.HOUR: wishes.remind_hour}[before]


def tell_that_it_comes(session, before, people) -> None:
    """The event names the beginning: a session that moved is another to be reminded of."""
    group = session.reading.group
    tell(
        recipients=people,
        kind="schedule/reminder",
        category=Category.REMINDER,
        event=f"session-{session.public_id}-{before}-before-{session.starts_at.timestamp():.0f}",
        group=group.pk,
        address=reverse("schedule:session", args=[group.slug, session.public_id]),
        thread=f"session-{session.public_id}",
        facts={
            "group": group.name,
            "title": session.title,
            "session": session.public_id,
            "starts_at": session.starts_at.isoformat(),
            "all_day": session.all_day,
        },
    )
