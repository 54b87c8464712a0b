"""What a mail program answers to an invitation (RFC 5546, 3.2.3: REPLY) becomes its person's answer to the session."""

import logging
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.urls import reverse
from icalendar import Calendar

from readinggroup.accounts.models import User
from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category
from readinggroup.schedule import actions
from readinggroup.schedule.invitations import send_invitation
from readinggroup.schedule.models import Answer, Attendance, ReadingSession

from . import messages
from .replies import is_theirs

log = logging.getLogger(__name__)

LARGEST = 100_000  # characters of a calendar
CALENDARS = {"text/calendar", "application/ics"}
ANSWERS = {"ACCEPTED": Answer.GOING, "TENTATIVE": Answer.MAYBE, "DECLINED": Answer.NOT_GOING}
NOT_TAKEN_KIND = "schedule/reply_not_taken"


class Why(StrEnum):
    """Why such an answer was not noted; the notice's template says it in words."""

    SENDER = "sender"  # it came from an address that is none of the account's: an invitation was handed on
    CHANGED = "changed"  # it answers an invitation to another time or place
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True)
class CalendarReply:
    """What a mail program has said: to which event, in which of its states, and what."""

    uid: str
    sequence: int
    answer: str
    senders: list


def read(message) -> CalendarReply | None:
    """The answer in this message; None if there is none. ValueError, or anything else, if it cannot be read."""
    for part in message.walk():
        if part.get_content_type() not in CALENDARS:
            continue
        calendar = Calendar.from_ical(messages.decoded(part)[:LARGEST])
        if str(calendar.get("METHOD", "")).upper() != "REPLY":
            continue
        for event in calendar.walk("VEVENT"):
            if answer := ANSWERS.get(participation(event)):
                uid, sequence = str(event.get("UID", "")), int(event.get("SEQUENCE", 0))
                return CalendarReply(uid, sequence, answer, messages.senders(message))
    return None


def participation(event) -> str:
    """What the one attendee says who answers (RFC 5546, 3.2.3: there is exactly one)."""
    attendee = event.get("ATTENDEE")
    first = attendee[0] if isinstance(attendee, list) else attendee
    return str(first.params.get("PARTSTAT", "")).upper() if first is not None else ""


@transaction.atomic
def take(reply, person, session) -> bool:
    """Note the answer, or tell its person why not. False if the address leads to nobody, or to no session, any more."""
    person = User.objects.filter(public_id=person, is_active=True).first()
    session = ReadingSession.objects.select_related("reading__group").filter(public_id=session).first()
    if person is None or session is None or reply.uid != session.uid:
        return False
    if not may(Membership.objects.standing(person.pk, session.reading.group.slug), Can.READ_ALL):
        return False
    why = note(reply, person, session)
    if why:
        refuse(reply, person, session, why)
    log.info("The answer to an invitation by mail: %s", why or "noted")
    return True


def note(reply, person, session) -> Why | None:
    """Note the answer; why not, if it cannot be.

    Whoever comes, or hoped to, is mailed the invitation as it is now, with the place. Not if they had said so before:
    a mail program that answers by itself would never end.
    """
    if not is_theirs(reply.senders, person):
        return Why.SENDER
    if reply.sequence < session.sequence:
        return Why.CHANGED
    before = Attendance.objects.filter(session=session, user=person).first()
    if before is not None and before.answer == reply.answer:
        return None
    said = {"guests": before.guests, "words": before.words} if before else {}
    try:
        actions.answer(session=session, by=person, answer=reply.answer, **said)
    except (actions.NotPossible, actions.NoPlaceForGuests):
        return Why.NOT_POSSIBLE
    if reply.answer == Answer.GOING:
        send_invitation(session=session, by=person)
    return None


def refuse(reply, person, session, why) -> None:
    """Tell the account, never the address that the mail says it came from; once for each state of the session."""
    group = session.reading.group
    tell(
        recipients=[person],
        kind=NOT_TAKEN_KIND,
        category=Category.ACCOUNT,
        event=f"invitation-reply-{session.public_id}-{reply.sequence}-{why}",
        group=group.pk,
        address=reverse("schedule:session", args=[group.slug, session.public_id]),
        thread=f"session-{session.public_id}",
        facts={"group": group.name, "title": session.title, "why": str(why)},
    )
