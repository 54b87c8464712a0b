"""Sessions as one reader's calendar shows them: which, and of each what this reader may know.

How that is written down is said in `calendar_files`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may
from texts.models import ParagraphVersion

from .models import Answer, Attendance, ReadingSession, SessionState
from .passages import numbers_in_words, ranges_in

KEPT_FOR = timedelta(days=365)  # so long a session stays in calendars after it was
MOST = 500


@dataclass(frozen=True)
class Entry:
    """A session as it stands in one reader's calendar. `where` and `link` are "" for who is not to know them.

    `answer` is the reader's own, "" if there is none; `comes` is whether they have a place or may come, so that their
    calendar keeps the time free and reminds them. `stamp` is when anything of this last changed. `is_private` says
    that others are not to see it in a calendar that its reader shares.
    """

    session: ReadingSession
    title: str
    words: str
    address: str
    where: str
    link: str
    answer: str
    comes: bool
    stamp: datetime
    is_private: bool

    @property
    def is_cancelled(self):
        return self.session.state == SessionState.CANCELLED


def of_group(membership) -> list[Entry]:
    """The sessions of a group, as this member, or visitor, may know them."""
    sessions = sessions_seen_by(membership)
    return entries({membership.group.pk: membership}, lately(sessions), membership.user_id)


def of_person(user) -> list[Entry]:
    """The sessions of all groups that the person belongs to, but for those to which they have said no."""
    mine = Membership.objects.active().filter(user=user).select_related("group")
    standing = {each.group_id: each for each in mine if may(each, Can.READ_ALL)}
    declined = Attendance.objects.filter(user=user, answer=Answer.NOT_GOING).values("session")
    sessions = ReadingSession.objects.on_calendars().filter(reading__group__in=standing).exclude(pk__in=declined)
    return entries(standing, lately(sessions), user.pk)


def of_session(membership, session) -> Entry | None:
    """One session; None if no calendar shows it, or not to this reader."""
    return next(iter(of_sessions(membership, ReadingSession.objects.filter(pk=session.pk))), None)


def of_sessions(membership, named) -> list[Entry]:
    """Of these sessions those of the group that a calendar shows to this reader."""
    found = sessions_seen_by(membership).filter(pk__in=named.values("pk"))
    return entries({membership.group.pk: membership}, found, membership.user_id)


def sessions_seen_by(membership):
    """Those of the group that a calendar of this reader may show."""
    sessions = ReadingSession.objects.on_calendars().filter(reading__group=membership.group.pk)
    if not may(membership, Can.READ_ALL):
        sessions = sessions.filter(reading__for_members=False)
    return sessions


def lately(sessions):
    """What is coming and what was not long ago; of very many the latest."""
    return sessions.filter(ends_at__gt=timezone.now() - KEPT_FOR).order_by("-starts_at", "-pk")[:MOST]


def entries(standing, sessions, user_id) -> list[Entry]:
    """The entries of these sessions, in their order in time, for the person who stands so to their groups.

    `standing` is group -> membership. Four questions, however many sessions there are.
    """
    found = list(sessions.select_related("reading__edition").prefetch_related("passages"))
    answers = {}
    if user_id is not None:
        mine = Attendance.objects.filter(user=user_id, session__in=[session.pk for session in found])
        answers = {attendance.session_id: attendance for attendance in mine}
    numbers = numbers_of(found)
    found.sort(key=lambda session: (session.starts_at, session.pk))
    return [
        entry_of(session, standing[session.reading.group_id], answers.get(session.pk), numbers) for session in found
    ]


def numbers_of(sessions) -> dict:
    """Which number each end of a passage bears now: (revision, paragraph) -> number."""
    ends = {end for session in sessions for passage in session.passages.all() for end in ends_of(passage)}
    revisions = {session.reading.edition.current_id for session in sessions}
    if not ends:
        return {}
    rows = ParagraphVersion.objects.filter(revision__in=revisions - {None}, paragraph__in=ends)
    return {
        (revision, paragraph): number
        for revision, paragraph, number in rows.values_list("revision", "paragraph", "number")
    }


def ends_of(passage) -> tuple:
    return passage.first_id, passage.last_id


def entry_of(session, membership, attendance, numbers) -> Entry:
    group = membership.group
    shown = session.shows_where_to(membership, attendance)
    path = reverse("schedule:session", args=[group.slug, session.public_id])
    title = {"group": group.name, "title": session.title}
    is_cancelled = session.state == SessionState.CANCELLED
    where, link = (session.where, session.link) if shown and not is_cancelled else ("", "")
    return Entry(
        session=session,
        title=(_("%(group)s: %(title)s (cancelled)") if is_cancelled else _("%(group)s: %(title)s")) % title,
        words=words_of(session, membership, attendance, numbers, link),
        address=f"{settings.SITE_URL}{path}",
        where=where,
        link=link,
        answer=attendance.answer if attendance else "",
        comes=attendance is not None and may_come(attendance),
        stamp=max(filter(None, [session.changed_at, attendance and attendance.answered_at, promoted(attendance)])),
        is_private=not group.is_public or session.reading.for_members or bool(where or link),
    )


def may_come(attendance) -> bool:
    return attendance.is_seated or attendance.answer == Answer.MAYBE


def promoted(attendance):
    return attendance and attendance.promoted_at


def words_of(session, membership, attendance, numbers, link) -> str:
    """What the calendar says of it: what it is about, what is to be read, where to go on."""
    said = [session.words.strip(), passages_of(session, numbers)]
    if attendance and attendance.waits_since:
        said.append(_("You are on the waiting list."))
    if link:
        said.append(_("To take part: %(link)s") % {"link": link})
    if session.state == SessionState.CANCELLED and may(membership, Can.READ_ALL):
        said = [session.cancelled_for.strip(), *said]
    return "\n\n".join(filter(None, said))


def passages_of(session, numbers) -> str:
    """ "Paragraphs 1–4, 9 of The Ferry", by the numbers that they bear now; "" where none are there any more."""
    edition = session.reading.edition
    ranges = ranges_in(session.passages.all(), lambda key: numbers.get((edition.current_id, key)))
    if not ranges:
        return ""
    count = sum(last - first + 1 for first, last in ranges)
    said = ngettext("To read: paragraph %(numbers)s of %(text)s", "To read: paragraphs %(numbers)s of %(text)s", count)
    return said % {"numbers": numbers_in_words(ranges), "text": edition.title}
