"""What is to be read till a session, and how much of it is still before somebody."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import ngettext

from readinggroup.groups.models import Membership
from readinggroup.readings.lengths import minutes_for, words_in
from readinggroup.readings.models import Place
from readinggroup.readings.pages import Address, outline_of
from readinggroup.readings.views import page_at

from .models import Answer, Attendance, ReadingSession
from .passages import addresses_of, numbers_in_words, ranges_of


@dataclass(frozen=True)
class ToRead:
    """The paragraphs that a session is about, in the numbers of now, and how far one person is in them.

    `ranges` are pairs of numbers in the order of the text, apart from one another; `addresses` are their paragraphs.
    `place` is the number of the paragraph where the person stopped, None if they have not begun.
    """

    ranges: tuple
    addresses: tuple[Address, ...]
    words: dict
    place: int | None
    way_in: str  # where one begins to read, or goes on

    @property
    def minutes(self) -> int:
        return minutes_for(sum(self.words[address.number] for address in self.addresses))

    @property
    def minutes_left(self) -> int:
        return minutes_for(sum(self.words[address.number] for address in self.ahead))

    @property
    def ahead(self) -> list:
        """What the person has still to read of it."""
        return [address for address in self.addresses if self.place is None or address.number > self.place]

    @property
    def has_begun(self) -> bool:
        return self.place is not None and self.place >= self.ranges[0][0]

    @property
    def is_read(self) -> bool:
        return not self.ahead

    @property
    def first(self) -> int:
        return self.ranges[0][0]

    @property
    def last(self) -> int:
        return self.ranges[-1][1]

    def __str__(self):
        return paragraphs_in_words(self.ranges)


def paragraphs_in_words(ranges) -> str:
    """ "paragraph 7", "paragraphs 41–58, 60"."""
    count = sum(last - first + 1 for first, last in ranges)
    return ngettext("paragraph %(numbers)s", "paragraphs %(numbers)s", count) % {"numbers": numbers_in_words(ranges)}


def to_read(session, user_id) -> ToRead | None:
    """What this person has to read till the session; None if it is about no paragraphs. Two queries at most."""
    return to_read_all([session], user_id)[session.pk]


def to_read_all(sessions, user_id) -> dict:
    """The same of several sessions at once, by their keys. Each comes with its reading, edition, revision and group."""
    prefetch_related_objects(sessions, "passages")
    places = {}
    if user_id is not None:
        theirs = Place.objects.filter(user=user_id, reading__in={session.reading_id for session in sessions})
        places = dict(theirs.values_list("reading", "paragraph"))
    return {session.pk: of_passages(session, places.get(session.reading_id)) for session in sessions}


def of_passages(session, place) -> ToRead | None:
    """What the session's passages are in the text of now; `place` is the key of a paragraph."""
    ranges = ranges_of(session)
    if not ranges:
        return None
    revision, addresses = session.reading.edition.current_id, tuple(addresses_of(session))
    at = outline_of(revision).near(place)
    # Who is in it goes on where they stopped; who is elsewhere begins at its beginning.
    goes_on = at is not None and ranges[0][0] <= at.number <= ranges[-1][1]
    way_in = page_at(session.reading, at if goes_on else addresses[0])
    return ToRead(tuple(ranges), addresses, words_in(revision), at and at.number, way_in)


def next_sessions(groups, user) -> dict:
    """The next session of each of these groups that this person may come to: the group's key -> the session.

    One query. Of groups to which they do not belong there is none, nor is one to which they do not go.
    """
    declined = Attendance.objects.filter(session=OuterRef("pk"), user=user, answer=Answer.NOT_GOING)
    member = Membership.objects.active().filter(group=OuterRef("reading__group"), user=user)
    coming = (
        ReadingSession.objects.coming()
        .filter(Exists(member), ~Exists(declined), reading__group__in=groups, starts_at__gt=timezone.now())
        .select_related("reading__edition__current", "reading__group")
        .order_by("reading__group", "starts_at", "pk")
        .distinct("reading__group")
    )
    return {session.reading.group_id: session for session in coming}


def wall_there(session) -> datetime | None:
    """What the clock shows at the session's place when it begins, where that is not what the reader's clock shows."""
    there = session.starts_at.astimezone(session.zone_info)
    here = timezone.localtime(session.starts_at)
    return None if there.utcoffset() == here.utcoffset() else there.replace(tzinfo=None)
