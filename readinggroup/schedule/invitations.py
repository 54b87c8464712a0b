"""A session's invitation by mail, which a mail program puts into a calendar, brings up to date, and takes out again.

It goes with the mails that tell of the session (`CARRIED_BY`): what it says is asked when the mail is sent.
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
_THREAD = "session-"
AGAIN_AFTER = 600  # seconds


def part_for(notice) -> tuple[str, bytes] | None:
    """The method and the calendar that go with this notice's mail; None if there is none, or none any more."""
    if notice.kind not in CARRIED_BY:
        return None
    named = ReadingSession.objects.filter(public_id=notice.thread.removeprefix(_THREAD))
    session = named.select_related("reading__group").first()
    if session is None:
        return None
    membership = Membership.objects.standing(notice.recipient_id, session.reading.group.slug)
    if not membership.is_member or not may(membership, Can.READ_ALL):
        return None
    entry = calendars.of_session(membership, session)
    if entry is None or (entry.answer == Answer.NOT_GOING and not entry.is_cancelled):
        return None  # whoever has said no is not asked to come
    return invitation(entry, invited(membership.group, session, notice.recipient), now=timezone.now())


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
