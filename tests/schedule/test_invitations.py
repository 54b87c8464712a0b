"""Invitations by mail: whom they reach, what they hold, how they follow a session, and what is answered to them."""

import email
import email.policy
import io
import sys
from datetime import datetime, time, timedelta

import icalendar
import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.groups import actions as groups
from readinggroup.notifications.actions import wish
from readinggroup.notifications.mail_addresses import attendance_address, read_address
from readinggroup.notifications.models import Category, Notice, When
from readinggroup.schedule import actions, invitations
from readinggroup.schedule.models import Answer, Attendance, SessionState
from readinggroup.schedule.recurrence import rule_of
from readinggroup.tasks import mail_due_notices

from .. import factories
from .calendar_readers import HOSTILE, by_ical_js, by_icalendar, by_vobject, why_no_ical_js
from .houses import series_of
from .test_calendars import LINK, WHERE, create_session

DOMAIN = "in.readers.example.org"


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Reading group <read@example.org>"


def mailed():
    """What goes out now: address -> messages."""
    before = len(mail.outbox)
    mail_due_notices()
    told = {}
    for message in mail.outbox[before:]:
        [address] = message.to
        told.setdefault(address, []).append(message)
    return told


def calendar_in(message):
    """The calendar in a message, as a mail program finds it: (method of the part, its bytes); None if there is none."""
    parsed = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    parts = [part for part in parsed.walk() if part.get_content_type() == "text/calendar"]
    if not parts:
        return None
    [part] = parts
    alternatives = next(part for part in parsed.walk() if part.get_content_type() == "multipart/alternative")
    assert list(alternatives.iter_parts())[-1] is part  # the last one is the one that a program prefers
    assert part["Content-Type"].params["charset"] == "utf-8"
    content = part.get_payload(decode=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return part["Content-Type"].params["method"], content


def invitation(message):
    """(method, event) of the invitation in a message."""
    method, content = calendar_in(message)
    calendar = icalendar.Calendar.from_ical(content)
    assert calendar["METHOD"] == method
    [event] = calendar.walk("VEVENT")
    return method, event


# --- Inviting, changing, cancelling -----------------------------------------------------------------------------------


def test_the_mail_of_a_session_invites_each_member_and_names_nobody_else(house):
    session = create_session(house, facilitator=house.moderator)
    told = mailed()
    people = {house.owner, house.moderator, house.member, house.other}
    assert set(told) == {person.email for person in people}
    for person in people:
        [message] = told[person.email]
        method, event = invitation(message)
        assert (method, event["UID"], event["SEQUENCE"]) == ("REQUEST", session.uid, session.sequence)
        assert event["ATTENDEE"] == f"mailto:{person.email}"
        assert (event["ATTENDEE"].params["PARTSTAT"], event["ATTENDEE"].params["RSVP"]) == ("NEEDS-ACTION", "FALSE")
        assert event["ORGANIZER"] == "mailto:read@example.org"
        assert event["ORGANIZER"].params["CN"] == "Harbour readers"
        text = calendar_in(message)[1].decode()
        for other in people - {person}:
            assert other.email not in text
            assert other.display_name not in text
        runs_it = person in {house.owner, house.moderator}
        assert ("Quay 7" in text, LINK in text.replace("\r\n ", "")) == (runs_it, runs_it)


def test_it_follows_the_session_through_its_life(house):
    session = create_session(house, places=1)
    seen = [invitation(mailed()[house.member.email][0])]
    actions.answer(session=session, by=house.other, answer=Answer.GOING)
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    session = actions.change(session=session, version=session.version, time=time(20), by=house.organizer)
    seen.append(invitation(mailed()[house.member.email][0]))
    actions.answer(session=session, by=house.other, answer=Answer.NOT_GOING)
    seen.append(invitation(mailed()[house.member.email][0]))
    actions.cancel(session=session, reason="Ice.", by=house.organizer)
    seen.append(invitation(mailed()[house.member.email][0]))
    events = [event for _method, event in seen]
    assert [method for method, _event in seen] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for event in events} == {session.uid}
    assert [event["ATTENDEE"].params["PARTSTAT"] for event in events] == [
        "NEEDS-ACTION", "TENTATIVE", "ACCEPTED", "ACCEPTED",
    ]  # fmt: skip
    sequences = [event["SEQUENCE"] for event in events]
    assert sequences == sorted(sequences)
    assert len(set(sequences)) == 3  # the place that became free is the member's own matter
    stamps = [event.decoded("DTSTAMP") for event in events]
    assert stamps == sorted(stamps)
    assert [event.decoded("DTSTART").hour for event in events] == [19, 20, 20, 20]
    assert ["LOCATION" in event for event in events] == [False, False, True, False]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED"] * 3 + ["CANCELLED"]


def test_all_who_were_invited_and_did_not_decline_hear_of_a_change(house):
    session = create_session(house)
    mailed()
    actions.answer(session=session, by=house.other, answer=Answer.NOT_GOING)
    groups.leave(membership=house.group.memberships.get(user=house.moderator), by=house.moderator)
    actions.change(session=session, version=session.version, where="Quay 8", by=house.organizer)
    assert set(mailed()) == {house.owner.email, house.organizer.email, house.member.email}


def test_who_has_declined_is_not_invited_again(house):
    session = create_session(house)
    actions.answer(session=session, by=house.member, answer=Answer.NOT_GOING)
    told = mailed()
    assert calendar_in(told[house.member.email][0]) is None
    assert calendar_in(told[house.other.email][0])


def test_who_left_before_the_mail_went_out_learns_nothing_of_it(house):
    create_session(house)
    groups.leave(membership=house.group.memberships.get(user=house.member), by=house.member)
    assert [calendar_in(message) for message in mailed()[house.member.email]] == [None]


def test_a_mail_that_waited_says_what_is_true_when_it_goes_out(house):
    session = create_session(house)
    actions.change(session=session, version=session.version, time=time(21), by=house.organizer)
    for message in mailed()[house.member.email]:
        assert invitation(message)[1].decoded("DTSTART").hour == 21


def test_other_mails_hold_no_calendar(house):
    factories.create_comment(house.reading, house.other, parent=factories.create_comment(house.reading, house.member))
    [message] = mailed()[house.member.email]
    assert calendar_in(message) is None
    assert message.message().get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("reader", [by_icalendar, by_vobject, by_ical_js])
def test_three_readers_understand_an_invitation(house, reader):
    if reader is by_ical_js and (why := why_no_ical_js()):
        pytest.skip(why)
    session = create_session(house, title="Ferry; list, and song", words="Öl\nund Salz")
    _method, content = calendar_in(mailed()[house.member.email][0])
    read = reader(content)[session.uid]
    assert (read.start, read.end) == (session.starts_at, session.ends_at)
    assert read.summary == "Harbour readers: Ferry; list, and song"
    assert read.description.startswith("Öl\nund Salz\n\n")


def test_hostile_names_stay_names(house):
    for words in HOSTILE:
        type(house.group).objects.filter(pk=house.group.pk).update(name=words[:100])
        house.group.memberships.filter(user=house.member).update(name_here=words[:40])
        create_session(house, title=words)
        Notice.objects.exclude(recipient=house.member).delete()
        [message] = mailed()[house.member.email]
        method, event = invitation(message)
        assert method == "REQUEST"
        assert event["ATTENDEE"] == f"mailto:{house.member.email}"
        assert event["ORGANIZER"] == "mailto:read@example.org"
        assert not [sign for sign in event["ORGANIZER"].params["CN"] if sign in "\r\n"]


# --- A series ---------------------------------------------------------------------------------------------------------


def attached(message):
    """The invitations that a message of a series has as files: (name, method, event) of each, in their order."""
    parsed = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    parts = [part for part in parsed.walk() if part.get_content_type() == "text/calendar"]
    found = []
    for part in parts:
        assert part.get_content_disposition() == "attachment"
        calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
        assert calendar["METHOD"] == part["Content-Type"].params["method"]
        [event] = calendar.walk("VEVENT")  # one message, one event: RFC 5546
        found.append((part.get_filename(), str(calendar["METHOD"]), event))
    return found


def changed(series, house, **asked):
    series.refresh_from_db()
    return actions.change_series(series=series, version=series.version, by=house.organizer, **asked)


def when(count, *, weeks=1):
    first = datetime(2027, 5, 6, 19)  # noqa: DTZ001 - a wall time
    return actions.When(rule_of(every="week", interval=weeks, first=first.date(), count=count), first, "Europe/Berlin")


def put_on_calendar(house, **details):
    series = series_of(house, **{"where": WHERE, "link": LINK} | details)
    return actions.put_series_on_calendar(series=series, by=house.organizer)


def test_the_mail_of_a_series_has_an_invitation_to_each_session(house):
    series = put_on_calendar(house)
    sessions = list(series.sessions.order_by("starts_at"))
    told = mailed()
    assert set(told) == {person.email for person in (house.owner, house.moderator, house.member, house.other)}
    [message] = told[house.member.email]
    found = attached(message)
    assert [(name, method, str(event["UID"])) for name, method, event in found] == [
        (f"{session.date}-{session.public_id}.ics", "REQUEST", session.uid) for session in sessions
    ]
    assert [event.decoded("DTSTART") for _name, _method, event in found] == [one.starts_at for one in sessions]
    for _name, _method, event in found:
        assert event["ATTENDEE"] == f"mailto:{house.member.email}"
        assert "LOCATION" not in event  # as in each invitation: for who has a place
    assert "/me/calendar/" in message.body
    assert len(message.message().as_bytes()) < 5_000 * (1 + len(sessions))


def test_the_same_events_follow_when_the_series_changes_and_is_called_off(house):
    series = put_on_calendar(house)
    first = {str(event["UID"]): event for _name, _method, event in attached(mailed()[house.member.email][0])}
    series = changed(series, house, where="Quay 8", when=when(2)).series
    moved = attached(mailed()[house.member.email][0])
    assert [method for _name, method, _event in moved] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [str(event["UID"]) for _name, _method, event in moved] == list(first)
    for _name, _method, event in moved:
        assert event["SEQUENCE"] > first[str(event["UID"])]["SEQUENCE"]
    one, _other = series.sessions.filter(state=SessionState.SCHEDULED).order_by("starts_at")
    actions.change(session=one, version=one.version, time=time(20), by=house.organizer)
    method, event = invitation(mailed()[house.member.email][0])  # of one alone: as of any session
    assert (method, str(event["UID"])) == ("REQUEST", one.uid)
    series.refresh_from_db()
    actions.cancel_series(series=series, version=series.version, reason="Ice.", by=house.organizer)
    gone = attached(mailed()[house.member.email][0])
    assert [method for _name, method, _event in gone] == ["CANCEL", "CANCEL"]
    assert {str(event["STATUS"]) for _name, _method, event in gone} == {"CANCELLED"}


def test_what_a_series_brings_anew_is_attached_for_all_and_what_one_declined_is_not(house):
    series = put_on_calendar(house)
    mailed()
    for session in series.sessions.all():
        actions.answer(session=session, by=house.other, answer=Answer.NOT_GOING)
    changed(series, house, when=when(5))
    told = mailed()
    assert len(attached(told[house.other.email][0])) == 2
    new = {str(event["UID"]) for _name, _method, event in attached(told[house.member.email][0])}
    assert len(new) == 2
    changed(series, house, where="Quay 8")
    assert len(attached(mailed()[house.other.email][0])) == 2


def test_who_left_gets_no_invitation_of_a_series(house):
    put_on_calendar(house)
    groups.leave(membership=house.group.memberships.get(user=house.member), by=house.member)
    assert attached(mailed()[house.member.email][0]) == []


def test_a_long_series_attaches_the_next_ones_and_asks_as_much_as_a_short_one(house, monkeypatch):
    def cost(notice):
        with CaptureQueriesContext(connection) as captured:
            files = invitations.attached_to(notice)
        return len(captured), files

    for count in (1, 5):
        put_on_calendar(house, count=count)
    short, long = Notice.objects.of(house.member).filter(kind="schedule/series_scheduled").order_by("pk")
    assert cost(short)[0] == cost(long)[0]
    monkeypatch.setattr(invitations, "MOST_ATTACHED", 3)
    files = cost(long)[1]
    assert [name[:10] for name, _method, _content in files] == ["2027-05-06", "2027-05-13", "2027-05-20"]


def test_an_answer_to_one_of_a_series_counts_for_that_one(house, answer_by_mail):
    series = put_on_calendar(house)
    [message] = mailed()[house.member.email]
    second = series.sessions.order_by("starts_at")[1]
    assert answer_by_mail(message, "ACCEPTED", event=attached(message)[1][2]) == 0
    assert Attendance.objects.get().session == second


# --- Asked for --------------------------------------------------------------------------------------------------------


def ask(house, session, client):
    return client.post(reverse("schedule:mail_invitation", args=[house.group.slug, session.public_id]))


def test_it_is_mailed_to_whoever_asks_for_it_whatever_mail_they_wish(house, as_user):
    session = create_session(house)
    wish(by=house.member, category=Category.SESSION, when=When.NEVER)
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    assert house.member.email not in mailed()
    page = reverse("schedule:session", args=[house.group.slug, session.public_id])
    assert "Mail me the invitation" in as_user(house.member).get(page).text
    assert "Mail me the invitation" not in as_user(None).get(page).text
    answers = [ask(house, session, as_user(house.member)) for _twice in range(2)]
    assert [answer.headers["Location"] for answer in answers] == [page, page]
    [message] = mailed()[house.member.email]
    method, event = invitation(message)
    assert (method, event["LOCATION"], event["ATTENDEE"].params["PARTSTAT"]) == ("REQUEST", WHERE, "ACCEPTED")
    assert message.subject == "Your invitation: The first ferry"


def test_there_is_no_invitation_to_what_is_no_session_yet(house, as_user):
    draft = create_session(house, scheduled=False)
    assert ask(house, draft, as_user(house.organizer)).status_code == 404
    assert ask(house, draft, as_user(house.member)).status_code == 404


# --- Answers of mail programs -----------------------------------------------------------------------------------------


@pytest.fixture
def answer_by_mail(monkeypatch, settings):
    """What a mail program sends when its person presses a button; the answer is the exit code of the command."""
    settings.INBOUND_MAIL_DOMAIN = DOMAIN

    def send(message, partstat, *, sender=None, change=lambda calendar: calendar, headers="", event=None):
        event = event or invitation(message)[1]
        assert event["ATTENDEE"].params["RSVP"] == "TRUE"
        reply = icalendar.Calendar()
        reply.add("METHOD", "REPLY")
        reply.add("PRODID", "-//A mail program")
        reply.add("VERSION", "2.0")
        answered = icalendar.Event()
        for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "ORGANIZER", "ATTENDEE", "DTSTAMP"):
            answered[name] = event[name]
        answered["ATTENDEE"].params["PARTSTAT"] = partstat
        reply.add_component(answered)
        head = (
            f"From: {sender or message.to[0]}\nTo: {str(event['ORGANIZER']).removeprefix('mailto:')}\n{headers}"
            "Message-ID: <1@mail.example.net>\nContent-Type: text/calendar; method=REPLY; charset=utf-8\n\n"
        )
        data = head.encode() + change(reply.to_ical())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        with pytest.raises(SystemExit) as ended:
            call_command("receive_mail", recipient="")
        return ended.value.code

    return send


def why_not(person):
    return [notice.facts["why"] for notice in Notice.objects.of(person).filter(kind="schedule/reply_not_taken")]


def test_the_address_of_an_invitation_is_its_person_s_and_cannot_be_made(house, settings):
    settings.INBOUND_MAIL_DOMAIN = DOMAIN
    session = create_session(house)
    address = attendance_address(house.member, session.public_id)
    local, domain = address.split("@")
    assert (len(local) <= 64, domain, address == address.lower()) == (True, DOMAIN, True)
    assert read_address(f"<{address.upper()}>") == ("come", (house.member.public_id, session.public_id))
    assert read_address(address.replace("come+", "reply+")) is None
    assert read_address(address.replace(house.member.public_id, house.other.public_id)) is None


@pytest.mark.parametrize(
    ("partstat", "answer"),
    [("ACCEPTED", Answer.GOING), ("TENTATIVE", Answer.MAYBE), ("DECLINED", Answer.NOT_GOING)],
)
def test_what_a_mail_program_answers_is_the_answer(house, answer_by_mail, partstat, answer):
    create_session(house)
    [message] = mailed()[house.member.email]
    for _again in range(2):
        assert answer_by_mail(message, partstat, headers="Auto-Submitted: auto-replied\n") == 0
    assert Attendance.objects.get(user=house.member).answer == answer
    back = mailed().get(house.member.email, [])
    assert len(back) == (answer == Answer.GOING)  # with the place, and once: two programs do not talk without end
    for message in back:
        assert invitation(message)[1]["LOCATION"] == WHERE
        assert answer_by_mail(message, partstat) == 0
    assert mailed() == {}


def test_guests_and_a_word_stay_when_the_answer_changes_by_mail(house, answer_by_mail):
    session = create_session(house)
    [message] = mailed()[house.member.email]
    actions.answer(session=session, by=house.member, answer=Answer.MAYBE, guests=1, words="After work.")
    assert answer_by_mail(message, "ACCEPTED") == 0
    mine = Attendance.objects.get(user=house.member)
    assert (mine.answer, mine.guests, mine.words) == (Answer.GOING, 1, "After work.")


def test_an_answer_to_how_it_was_is_not_an_answer_to_how_it_is(house, answer_by_mail):
    session = create_session(house)
    [message] = mailed()[house.member.email]
    actions.change(session=session, version=session.version, time=time(9), by=house.organizer)
    assert answer_by_mail(message, "ACCEPTED") == 0
    assert not Attendance.objects.exists()
    assert why_not(house.member) == ["changed"]


def test_an_invitation_that_was_handed_on_is_not_answered_for_its_person(house, answer_by_mail):
    create_session(house)
    [message] = mailed()[house.member.email]
    for sender in (house.other.email, "eve@example.net", f"{house.member.email}, eve@example.net"):
        assert answer_by_mail(message, "ACCEPTED", sender=sender) == 0
    assert not Attendance.objects.exists()
    assert why_not(house.member) == ["sender"]
    assert set(mailed()) == {house.member.email}


def test_what_takes_no_answer_says_so(house, answer_by_mail):
    session = create_session(house)
    [message] = mailed()[house.member.email]
    membership = house.group.memberships.get(user=house.member)
    groups.suspend(membership=membership, until=session.ends_at, reason="Rest.", by=house.owner)
    assert answer_by_mail(message, "ACCEPTED") == 0
    assert why_not(house.member) == ["not_possible"]
    groups.leave(membership=membership, by=house.member)
    assert answer_by_mail(message, "DECLINED") == 67  # whoever left learns nothing, not even the title
    assert not Attendance.objects.exists()


NO_ANSWERS = [
    lambda calendar: b"",
    lambda calendar: b"BEGIN:VCALENDAR",
    lambda calendar: calendar.replace(b"METHOD:REPLY", b"METHOD:CANCEL"),
    lambda calendar: calendar.replace(b"ACCEPTED", b"DELEGATED"),
    lambda calendar: calendar.replace(b"SEQUENCE:", b"SEQUENCE:x"),
    lambda calendar: calendar.replace(b"UID:", b"UID:another-"),
    lambda calendar: calendar.replace(b"ATTENDEE;", b"X-NOBODY;"),
    lambda calendar: b"\x00\xff" * 5_000,
    lambda calendar: b"BEGIN:VCALENDAR\r\n" * 5_000,
    lambda calendar: calendar + b"X" * 2_000_000,
]


def test_what_is_no_answer_changes_nothing_and_breaks_nothing(house, answer_by_mail):
    create_session(house)
    [message] = mailed()[house.member.email]
    for change in NO_ANSWERS:
        assert answer_by_mail(message, "ACCEPTED", change=change) in {0, 65, 67}
        assert not Attendance.objects.exists()
    assert mailed() == {}


def test_words_to_the_address_of_an_invitation_are_no_answer(house, answer_by_mail, monkeypatch):
    session = create_session(house)
    address = attendance_address(house.member, session.public_id)
    data = f"From: {house.member.email}\nTo: {address}\n\nI come!\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    with pytest.raises(SystemExit) as ended:
        call_command("receive_mail", recipient="")
    assert ended.value.code == 0
    assert not Attendance.objects.exists()


def test_without_an_address_for_mail_no_answer_is_asked_for(house):
    create_session(house, length=timedelta(hours=1))
    [message] = mailed()[house.member.email]
    assert invitation(message)[1]["ATTENDEE"].params["RSVP"] == "FALSE"
