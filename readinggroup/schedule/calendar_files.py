"""Entries as iCalendar (RFC 5545): written by the library `icalendar`, with what it leaves out or gets wrong.

Its own VTIMEZONE begins summer time an hour late and passes over changes that follow each other within weeks
(Casablanca), so ours are made from `lib.zone_changes`.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vUri

from readinggroup.lib.wall_time import instants_of, wall_of
from readinggroup.lib.zone_changes import changes_of

from .models import Answer

A_DAY = timedelta(days=1)
ASKED_AGAIN = timedelta(hours=1)  # how often a calendar is to look what is new
BEFORE, BEFORE_A_DAY = timedelta(hours=-1), timedelta(hours=-15)  # of a whole day: at nine on the day before
REQUEST, CANCEL = "REQUEST", "CANCEL"
# What RFC 5545, 3.1 keeps out of text, and the ends of lines that it does not know and some readers do.
_NOT_IN_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
UTC_NAMES = {"UTC", "UCT", "Zulu", "Universal", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich"}
PARTICIPATION = {"": "NEEDS-ACTION", Answer.GOING: "ACCEPTED", Answer.MAYBE: "TENTATIVE", Answer.NOT_GOING: "DECLINED"}


class Invited(NamedTuple):
    """To whom a calendar's invitation goes, and in whose name (RFC 5546). `replies` says whether it may be answered."""

    address: str
    name: str
    organizer: str
    organizer_address: str
    replies: bool


def feed(entries, *, name) -> bytes:
    """A calendar that is fetched again and again. No METHOD: it asks nothing of anybody."""
    calendar = begun()
    for key in ("NAME", "X-WR-CALNAME"):
        calendar.add(key, line(name))
    calendar.add("REFRESH-INTERVAL", ASKED_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    return filled(calendar, [event_of(entry) for entry in entries], entries)


def single(entry) -> bytes:
    """One session, to be put into a calendar by hand."""
    return filled(begun(), [event_of(entry)], [entry])


def invitation(entry, invited: Invited, *, now: datetime) -> tuple[str, bytes]:
    """The method and the message by which a mail program invites, updates what it has, or takes it out."""
    method = CANCEL if entry.is_cancelled else REQUEST
    calendar, event = begun(), event_of(entry)
    calendar.add("METHOD", method)
    event.pop("DTSTAMP")
    event.add("DTSTAMP", now)  # of two messages of one sequence the later one counts
    organizer = vCalAddress(f"mailto:{invited.organizer_address}")
    organizer.params["CN"] = named(invited.organizer)
    event.add("ORGANIZER", organizer)
    attendee = vCalAddress(f"mailto:{invited.address}")
    attendee.params["CN"] = named(invited.name)
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    waits = entry.answer == Answer.GOING and not entry.comes
    attendee.params["PARTSTAT"] = "TENTATIVE" if waits else PARTICIPATION[entry.answer]
    attendee.params["RSVP"] = "TRUE" if invited.replies and method == REQUEST else "FALSE"
    event.add("ATTENDEE", attendee)
    return method, filled(calendar, [event], [entry])


def begun() -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", "-//Reading group//Sessions//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    return calendar


def filled(calendar, events, entries) -> bytes:
    """The calendar with the zones that its events name, and with these."""
    years = {}
    for entry, event in zip(entries, events, strict=True):
        if "TZID" in event["DTSTART"].params:
            session = entry.session
            years.setdefault(session.zone, set()).update({session.starts_at.year, session.ends_at.year})
    for name, its in sorted(years.items()):
        calendar.add_component(zone_of(name, min(its) - 1, max(its) + 1))
    for event in events:
        calendar.add_component(event)
    return calendar.to_ical()


def event_of(entry) -> Event:
    """The session as an event of its own; one of a series, too: each has its own UID."""
    session, event = entry.session, Event()
    event.add("UID", session.uid)
    event.add("SEQUENCE", session.sequence)
    event.add("DTSTAMP", entry.stamp)
    event.add("CREATED", session.created_at.astimezone(UTC))
    event.add("LAST-MODIFIED", entry.stamp)
    for name, moment in zip(("DTSTART", "DTEND"), span_of(session), strict=True):
        event.add(name, moment)
    event.add("SUMMARY", line(entry.title))
    words = text("\n\n".join(filter(None, [entry.words, entry.address])))
    event.add("DESCRIPTION", words)
    event.add("URL", vUri(address(entry.address)))
    if place := line(entry.where) or address(entry.link):
        event.add("LOCATION", place)
    if is_web(link := address(entry.link)):
        event.add("CONFERENCE", vUri(link), parameters={"VALUE": "URI"})
    event.add("STATUS", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("TRANSP", "OPAQUE" if entry.comes and not entry.is_cancelled else "TRANSPARENT")
    event.add("CLASS", "PRIVATE" if entry.is_private else "PUBLIC")
    if entry.comes and not entry.is_cancelled:
        event.add_component(alarm_of(entry))
    return event


def alarm_of(entry) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", line(entry.title))
    alarm.add("TRIGGER", BEFORE_A_DAY if entry.session.all_day else BEFORE)
    return alarm


def span_of(session) -> tuple:
    """Beginning and end: days, or wall times of the zone; instants in UTC where a wall time does not say which.

    A wall time that exists twice always means the first (RFC 5545, 3.3.5), and readers differ even in that.
    """
    if session.all_day:
        return session.date, session.date + max(1, -(-session.length // A_DAY)) * A_DAY
    zone = session.zone_info
    moments = session.starts_at.astimezone(UTC), session.ends_at.astimezone(UTC)
    walls = [wall_of(moment, zone) for moment in moments]
    if is_utc(session.zone) or any(len(instants_of(wall, zone)) != 1 for wall in walls):
        return moments
    return tuple(wall.replace(tzinfo=zone) for wall in walls)


def is_utc(zone: str) -> bool:
    """Whether it is UTC under one of its names, which is written without a zone."""
    return zone.rpartition("/")[2] in UTC_NAMES


@lru_cache(maxsize=256)
def zone_of(name: str, first_year: int, last_year: int) -> Timezone:
    """The zone's changes in these years, each on its own: readers that know no rules and no lists know these."""
    zone = Timezone()
    zone.add("TZID", name)
    for change in changes_of(ZoneInfo(name), first_year, last_year):
        observance = (TimezoneDaylight if change.is_summer else TimezoneStandard)()
        observance.add("DTSTART", change.onset)
        observance.add("TZOFFSETFROM", change.before)
        observance.add("TZOFFSETTO", change.after)
        observance.add("TZNAME", change.name)
        zone.add_component(observance)
    return zone


def text(words: str) -> str:
    """What people have written, as a calendar may hold it."""
    return _NOT_IN_TEXT.sub("", _LINE_END.sub("\n", words))


def line(words: str) -> str:
    """The same on one line."""
    return " ".join(text(words).split())


def named(words: str) -> str:
    """The same as a parameter, where a quotation mark cannot be and a backslash is misread by some."""
    return line(words).replace('"', "'").replace("\\", "/")


def address(link: str) -> str:
    """A link as a URI: nothing in it ends a line, whatever was typed."""
    return quote(text(link).strip(), safe="/:?#[]@!$&'()*+,;=%~-._")


def is_web(link: str) -> bool:
    return urlsplit(link).scheme in {"http", "https"}
