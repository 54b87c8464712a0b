"""A session's invitation by mail, which a mail program puts into a calendar, brings up to date, and takes out again.

It goes with the mails that tell of the session (`CARRIED_BY`): what it says is asked when the mail is sent. A mail that
tells of a series has one for each session (`ATTACHED_TO`), each a message of its own: one message is about one event
(RFC 5546, 3.2.2 and 3.2.5), and each session is an event of its own.
"""

from email.utils import parseaddr

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may
from readinggroup.notifications.actions import tell
from readinggroup.notifications.mail_addresses import attendance_address
from readinggroup.notifications.models import Category

from . import calendars
from .calendar_files import Invited, invitation
from .models import Answer, ReadingSession

# The notices whose mail is an invitation, too, by their kinds; their thread names the session.
ASKED_FOR = "schedule/invitation"
CARRIED_BY = {f"schedule/{kind}" for kind in ("scheduled", "changed", "cancelled", "promoted")} | {ASKED_FOR}
# Those to whose mail several are attached; their facts name the sessions.
ATTACHED_TO = {f"schedule/series_{what}" for what in ("scheduled", "changed", "cancelled")}
MOST_ATTACHED = 60
_THREAD = "session-"
AGAIN_AFTER = 600  # seconds


def part_for(notice) -> tuple[str, bytes] | None:
    """The method and the calendar that go with this notice's mail; None if there is none, or none any more."""
    if notice.kind not in CARRIED_BY:
        return None
    found = messages_for(notice.recipient, [notice.thread.removeprefix(_THREAD)])
    return found[0][1:] if found else None


def attached_to(notice) -> list[tuple[str, str, bytes]]:
    """The files that go with the mail of a series: name, method and calendar of each of its sessions, in their order.

    Of very many the next ones; all of them stand in the reader's calendar, if they have its address.
    """
    if notice.kind not in ATTACHED_TO:
        return []
    return messages_for(notice.recipient, notice.facts.get("about", "").split()[:MOST_ATTACHED])


def messages_for(person, names) -> list[tuple[str, str, bytes]]:
    """What a mail program is to know of these sessions, named by their public ids, as they are now.

    Of a group that the person does not belong to any more nothing; nor is who has said no asked to come.
    """
    named = ReadingSession.objects.filter(public_id__in=names).select_related("reading__group")
    session = named.first()
    if session is None:
        return []
    membership = Membership.objects.standing(person.pk, session.reading.group.slug)
    if not membership.is_member or not may(membership, Can.READ_ALL):
        return []
    group, now, found = membership.group, timezone.now(), []
    for entry in calendars.of_sessions(membership, named):
        if entry.is_cancelled or entry.answer != Answer.NOT_GOING:
            session = entry.session
            message = invitation(entry, invited(group, session, person), now=now)
            found.append((f"{session.date}-{session.public_id}.ics", *message))
    return found


def invited(group, session, person) -> Invited:
    """In the group's name, from an address of the site: nobody's address is told to others.

    Where the site takes mail, that address is this person's for this session, and their mail program may answer to it.
    """
    answered_at = attendance_address(person, session.public_id)
    return Invited(
        address=person.email,
        name=group.name_of(person),
        organizer=group.name,
        organizer_address=answered_at or parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        replies=bool(answered_at),
    )


def send_invitation(*, session, by) -> None:
    """Mail one's own invitation as it is now, whatever mail one wishes: it was asked for. Twice at once is once."""
    group, now = session.reading.group, timezone.now()
    tell(
        recipients=[by],
        kind=ASKED_FOR,
        category=Category.ACCOUNT,
        event=f"session-{session.public_id}-invitation-{int(now.timestamp()) // AGAIN_AFTER}",
        group=group.pk,
        address=reverse("schedule:session", args=[group.slug, session.public_id]),
        thread=f"{_THREAD}{session.public_id}",
        facts={"group": group.name, "title": session.title},
    )
