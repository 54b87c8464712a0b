"""What three readers of calendars understand: the same instants, in every zone, whatever its clocks did.

Each calendar is read twice: as it is, where programs use what they know of a zone by its name; and with names that
nobody knows, where they have to go by what we say of it.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest

from readinggroup.lib.time_zones import zones
from readinggroup.lib.wall_time import instants_of, wall_of
from readinggroup.lib.zone_changes import changes_of
from readinggroup.schedule.calendar_files import feed, zone_of
from readinggroup.schedule.calendars import Entry
from readinggroup.schedule.models import Answer, ReadingSession, SessionState

from .calendar_readers import HOSTILE, by_ical_js, by_icalendar, by_vobject, why_no_ical_js

ZONES = [
    "Africa/Casablanca",  # leaves summer time for a month, which moves through the year
    "America/Caracas",  # half an hour, in 2016
    "America/New_York",
    "America/Sao_Paulo",  # gave summer time up in 2019
    "Asia/Kathmandu",  # 5:45
    "Asia/Pyongyang",  # half an hour, in 2018
    "Australia/Lord_Howe",  # summer time is half an hour
    "Europe/Berlin",
    "Europe/Dublin",  # in law, winter time is the exception
    "Pacific/Apia",  # had no 30 December 2011
    "Pacific/Chatham",  # 12:45
    "Asia/Beirut",  # clocks change at midnight
]
RULES_CHANGED = {"America/Caracas": 2016, "America/Sao_Paulo": 2019, "Asia/Pyongyang": 2018, "Pacific/Apia": 2011}
LENGTHS = [timedelta(minutes=90), timedelta(minutes=60), timedelta(days=2)]
READERS = {"icalendar": by_icalendar, "vobject": by_vobject, "ical.js": by_ical_js}


def entry(number, *, zone, starts_at=None, length=LENGTHS[0], day=None, said="") -> Entry:
    """A session without a database, as everybody's calendar shows it."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    session = ReadingSession(
        pk=number, uid=f"{number}@test", title=f"Session {number}", state=SessionState.SCHEDULED, zone=zone,
        length=length, all_day=day is not None, date=day, created_at=now, changed_at=now,
    )  # fmt: skip
    session.starts_at = (starts_at or datetime.combine(day, time(), tzinfo=ZoneInfo(zone))).astimezone(UTC)
    session.ends_at = session.starts_at + length
    return Entry(
        session,
        said or session.title,
        said * 3,
        "https://test/",
        said,
        "",
        Answer.GOING if said else "",
        bool(said),
        now,
        False,
    )


def moments_in(name):
    """Instants of this zone that are likely to be misread: about each change of its clocks, at the turns of years."""
    zone = ZoneInfo(name)
    years = (2026, 2028) if name not in RULES_CHANGED else (RULES_CHANGED[name] - 1, RULES_CHANGED[name] + 1)
    _before, *changes = changes_of(zone, *years)
    steps = [timedelta(minutes=minutes) for minutes in (-1500, -60, -30, -1, 0, 30, 90)]
    found = {change.at + step for change in changes for step in steps}
    for year in (2026, 2027):
        for wall in ((1, 1, 0, 0), (1, 15, 19, 0), (6, 15, 19, 0), (12, 31, 23, 30)):
            found.update(instants_of(datetime(year, *wall), zone))  # noqa: DTZ001 - a wall time
    return sorted(found)


@pytest.fixture(scope="module")
def cases():
    moments = [(name, moment) for name in ZONES for moment in moments_in(name)]
    return [
        entry(number, zone=name, starts_at=moment, length=LENGTHS[number % len(LENGTHS)])
        for number, (name, moment) in enumerate(moments)
    ]


def unknown_to_all(content: bytes) -> bytes:
    for name in ZONES:
        content = content.replace(name.encode(), b"Nowhere/" + name.encode().partition(b"/")[2])
    return content


def test_there_are_cases_enough(cases):
    assert len(cases) > 300
    walls = [(wall_of(one.session.starts_at, one.session.zone_info), one.session.zone_info) for one in cases]
    assert sum(len(instants_of(*wall)) == 2 for wall in walls) > 20


@pytest.mark.parametrize("reader", READERS)
def test_three_readers_understand_the_same_instants(reader, cases):
    if reader == "ical.js" and (why := why_no_ical_js()):
        pytest.skip(why)
    meant = {one.session.uid: (one.session.starts_at, one.session.ends_at) for one in cases}
    content = feed(cases, name="G")
    for name in ZONES:
        assert b"TZID:" + name.encode() in content
    for calendar in (content, unknown_to_all(content)):
        read = {uid: told[:2] for uid, told in READERS[reader](calendar).items()}
        assert {uid: (read[uid], moments) for uid, moments in meant.items() if read[uid] != moments} == {}


@pytest.mark.parametrize("reader", READERS)
def test_whole_days_are_dates_wherever_they_are_read(reader):
    if reader == "ical.js" and (why := why_no_ical_js()):
        pytest.skip(why)
    days = [date(2027, 3, 28), date(2026, 12, 31), date(2011, 12, 29), date(2028, 2, 28)]
    lengths = {timedelta(days=1): 1, timedelta(hours=2): 1, timedelta(days=2): 2, timedelta(hours=49): 3}
    entries = [
        entry(f"{zone}-{day}-{length}", zone=zone, day=day, length=length)
        for zone in ZONES for day in days for length in lengths
    ]  # fmt: skip
    content = feed(entries, name="G")
    assert b"VTIMEZONE" not in content
    read = READERS[reader](content)
    for one in entries:
        session = one.session
        assert read[session.uid][:2] == (session.date, session.date + timedelta(days=lengths[session.length]))


def test_no_zone_is_named_and_not_defined():
    names = sorted(zones().values())
    for name in {*names[::20], *(name for name in names if name.startswith("Etc/") or "/" not in name)}:
        content = feed([entry(1, zone=name, starts_at=datetime(2027, 5, 6, 17, tzinfo=UTC))], name="G")
        calendar = icalendar.Calendar.from_ical(content)
        [event] = calendar.walk("VEVENT")
        defined = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
        named = {value.params["TZID"] for value in (event["DTSTART"], event["DTEND"]) if "TZID" in value.params}
        assert named == defined, name
        assert by_icalendar(content)["1@test"].start == datetime(2027, 5, 6, 17, tzinfo=UTC), name


def test_a_wall_time_stays_one_where_it_says_all():
    """A calendar whose program learns of a new rule keeps the hour; only about a change is it the instant."""
    zone = ZoneInfo("Europe/Berlin")
    usual = feed([entry(1, zone="Europe/Berlin", starts_at=datetime(2027, 5, 6, 19, tzinfo=zone))], name="G")
    assert b"DTSTART;TZID=Europe/Berlin:20270506T190000" in usual
    twice = feed([entry(1, zone="Europe/Berlin", starts_at=datetime(2027, 10, 31, 1, 30, tzinfo=zone))], name="G")
    assert b"DTSTART:20271030T233000Z" in twice  # it ends at two for the second time
    assert b"DTEND:20271031T010000Z" in twice


def test_the_zones_of_a_calendar_say_each_change_by_the_old_clocks():
    told = zone_of("Europe/Berlin", 2026, 2026).to_ical().decode().split()
    assert [line for line in told if line.startswith(("BEGIN:", "DTSTART", "TZOFFSET"))][1:] == [
        "BEGIN:STANDARD", "DTSTART:20260101T010000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100",
        "BEGIN:DAYLIGHT", "DTSTART:20260329T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
        "BEGIN:STANDARD", "DTSTART:20261025T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
    ]  # fmt: skip


def test_a_change_is_found_wherever_in_a_day_it_is():
    apia = changes_of(ZoneInfo("Pacific/Apia"), 2011, 2011)
    assert [(change.onset, change.after - change.before) for change in apia[1:]][-1] == (
        datetime(2011, 12, 30),  # noqa: DTZ001 - a wall time
        timedelta(days=1),
    )
    casablanca = changes_of(ZoneInfo("Africa/Casablanca"), 2026, 2027)
    assert [change.at.date() for change in casablanca[1:]] == [
        date(2026, 2, 15), date(2026, 3, 22), date(2027, 2, 7), date(2027, 3, 14),
    ]  # fmt: skip
    assert changes_of(ZoneInfo("Asia/Kathmandu"), 2026, 2027)[1:] == ()


def test_the_library_s_own_zones_would_be_read_wrong():
    """Why ours are made here: once they are right, they can be used."""
    zone, wall = ZoneInfo("Europe/Berlin"), datetime(2027, 3, 28, 3, 30)  # noqa: DTZ001 - half an hour after the gap
    [ours] = [change for change in changes_of(zone, 2027, 2027) if change.is_summer]
    theirs = icalendar.Timezone.from_tzinfo(zone, first_date=date(2027, 1, 1), last_date=date(2028, 1, 1))
    [summer] = theirs.walk("DAYLIGHT")
    assert ours.onset == datetime(2027, 3, 28, 2) < wall  # noqa: DTZ001
    assert summer.decoded("DTSTART") == datetime(2027, 3, 28, 3)  # noqa: DTZ001


INVISIBLE = "\u200b\u202e\u202c"  # and harmless


@pytest.mark.parametrize("reader", READERS)
def test_hostile_words_stay_words_for_every_reader(reader):
    if reader == "ical.js" and (why := why_no_ical_js()):
        pytest.skip(why)
    day = datetime(2027, 5, 6, 17, tzinfo=UTC)
    entries = [entry(number, zone="Europe/Berlin", starts_at=day, said=words) for number, words in enumerate(HOSTILE)]
    content = feed(entries, name="\n".join(HOSTILE))
    read = READERS[reader](content)
    assert set(read) == {one.session.uid for one in entries}
    for one in entries:
        told = read[one.session.uid]
        left = "".join(
            sign for sign in one.title if (sign.isprintable() and sign != " ") or sign in "\u200b\u202e\u202c"
        )
        for words in (told.summary, told.location):
            assert "".join(words.split()) == left, one.title
            assert "\n" not in words
        assert "".join(told.description.split()) == f"{left * 3}https://test/"
        assert (told.start, told.sequence, told.status) == (day, 0, "CONFIRMED")
    calendar = icalendar.Calendar.from_ical(content)
    assert not [event for event in calendar.walk("VEVENT") if "ATTENDEE" in event]
    assert len(calendar.walk("VALARM")) == len(entries)
