"""Calendars over HTTP: what stands in them for whom, what they never hold, and addresses that lead nowhere any more."""

from datetime import date, time, timedelta

import icalendar
import pytest
from django.core.signing import Signer
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups import actions as groups
from readinggroup.groups.models import Visibility
from readinggroup.readings.actions import keep_for_members
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, CalendarAddress, ReadingSession, SessionState

from .. import factories
from ..discussion.test_races import at_once
from .calendar_readers import HOSTILE

WHERE, LINK, REASON = "Quay 7, second floor", "https://meet.example.org/canary-room", "The canary is ill."
DAY = (timezone.now() + timedelta(days=30)).date()


def create_session(house, *, scheduled=True, passages=((4, 4),), **details):
    """A session at seven in the evening, in a month, in Berlin."""
    about = {"title": "The first ferry", "date": DAY, "time": time(19), "zone": "Europe/Berlin", "where": WHERE,
             "link": LINK} | details  # fmt: skip
    paragraphs = [tuple(factories.version_of(house.reading, end).paragraph for end in ends) for ends in passages]
    session = actions.create(reading=house.reading, by=house.organizer, passages=paragraphs, **about)
    return actions.put_on_calendar(session=session, by=house.organizer) if scheduled else session


def of_session(house, session):
    return reverse("schedule:session_calendar", args=[house.group.slug, session.public_id])


def of_group(house):
    return reverse("schedule:group_calendar", args=[house.group.slug])


def private_of_group(house, user):
    mine = groups.make_feed_address(group=house.group, by=user)
    return reverse("schedule:private_group_calendar", args=[mine.token])


def private(user):
    return reverse("schedule:private_calendar", args=[actions.make_calendar_address(by=user).token])


def fetch(address, client=None):
    answer = (client or Client()).get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return answer.content


def event_in(content):
    [event] = icalendar.Calendar.from_ical(content).walk("VEVENT")
    return event


def titles(content):
    return [str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(content).walk("VEVENT")]


# --- What stands in them ----------------------------------------------------------------------------------------------


def test_a_session_says_what_when_and_what_to_read(house, settings):
    settings.SITE_URL = "https://read.example.org"
    session = create_session(house, passages=[(1, 3), (5, 5)], words="Bring a pencil.", length=timedelta(minutes=90))
    event = event_in(fetch(of_session(house, session)))
    assert event["SUMMARY"] == "Harbour readers: The first ferry"
    assert event.decoded("DTSTART") == session.starts_at
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(minutes=90)
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    address = f"https://read.example.org/g/{house.group.slug}/sessions/{session.public_id}/"
    assert event["DESCRIPTION"].split("\n\n") == [
        "Bring a pencil.", "To read: paragraphs 1–3, 5 of The Ferry", address,
    ]  # fmt: skip
    assert (event["URL"], event["UID"], event["SEQUENCE"]) == (address, session.uid, session.sequence)
    assert (event["STATUS"], event["CLASS"], event["TRANSP"]) == ("CONFIRMED", "PUBLIC", "TRANSPARENT")
    assert Client().get(of_session(house, session))["Content-Disposition"].startswith("attachment;")


def test_a_calendar_asks_nothing_of_anybody_and_says_when_to_look_again(house):
    create_session(house)
    calendar = icalendar.Calendar.from_ical(fetch(of_group(house)))
    assert "METHOD" not in calendar
    assert calendar["X-WR-CALNAME"] == calendar["NAME"] == "Harbour readers: sessions"
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert not [event for event in calendar.walk("VEVENT") if "ATTENDEE" in event or "ORGANIZER" in event]


def test_a_change_keeps_the_uid_and_raises_the_sequence(house):
    session = create_session(house)
    seen = [event_in(fetch(of_group(house)))]
    session = actions.change(session=session, version=session.version, time=time(20), by=house.organizer)
    seen.append(event_in(fetch(of_group(house))))
    session = actions.change(session=session, version=session.version, where="Quay 8", by=house.organizer)
    seen.append(event_in(fetch(of_group(house))))
    actions.cancel(session=session, reason="Ice.", by=house.organizer)
    seen.append(event_in(fetch(of_group(house))))
    assert len({str(event["UID"]) for event in seen}) == 1
    sequences = [event["SEQUENCE"] for event in seen]
    assert sequences == sorted(set(sequences))
    stamps = [event.decoded("DTSTAMP") for event in seen]
    assert stamps == sorted(stamps)
    assert [event.decoded("DTSTART").hour for event in seen] == [19, 20, 20, 20]


def test_what_is_cancelled_stays_and_says_so_without_the_place(house, as_user):
    session = create_session(house)
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    actions.cancel(session=session, reason=REASON, by=house.organizer)
    for person in (None, house.member, house.organizer):
        for address in (of_session(house, session), of_group(house)):
            event = event_in(fetch(address, as_user(person)))
            assert event["STATUS"] == "CANCELLED"
            assert event["SUMMARY"] == "Harbour readers: The first ferry (cancelled)"
            assert not event.walk("VALARM")
            assert "LOCATION" not in event
            assert (REASON in event["DESCRIPTION"]) == (person is not None)
    assert event_in(fetch(private(house.member)))["STATUS"] == "CANCELLED"


def test_drafts_polls_and_what_was_never_on_the_calendar_are_in_no_calendar(house, as_user):
    draft = create_session(house, scheduled=False)
    cancelled = create_session(house, scheduled=False)
    actions.cancel(session=cancelled, reason="Never mind.", by=house.organizer)
    poll = create_session(house, scheduled=False)
    ReadingSession.objects.filter(pk=poll.pk).update(state=SessionState.POLL)
    for person in (None, house.member, house.organizer):
        assert titles(fetch(of_group(house), as_user(person))) == []
        for session in (draft, cancelled, poll):
            assert as_user(person).get(of_session(house, session)).status_code == 404
    assert titles(fetch(private(house.organizer))) == []


def test_whole_days_are_days(house):
    session = create_session(house, all_day=True, time=None, length=timedelta(days=2))
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    event = event_in(fetch(private(house.member)))
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (DAY, DAY + timedelta(days=2))
    [alarm] = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(hours=-15)


def test_what_was_long_ago_is_there_no_more(house):
    old = create_session(house, title="Long ago", date=date(2020, 5, 6))
    create_session(house, title="Lately", date=(timezone.now() - timedelta(days=100)).date())
    assert titles(fetch(of_group(house))) == ["Harbour readers: Lately"]
    assert titles(fetch(of_session(house, old))) == ["Harbour readers: Long ago"]


def test_a_paragraph_that_is_in_the_text_no_more_is_not_to_be_read(house):
    session = create_session(house, passages=[(2, 2)])
    elsewhere = factories.create_reading(factories.create_group(), factories.TEXT + "\nMore.\n")
    gone = factories.version_of(elsewhere).paragraph
    session.passages.update(first=gone)
    assert "To read: paragraph 2 of" in event_in(fetch(of_group(house)))["DESCRIPTION"]
    session.passages.update(last=gone)
    assert "To read" not in event_in(fetch(of_group(house)))["DESCRIPTION"]


def test_a_group_speaks_its_language_and_a_person_theirs(house):
    create_session(house)
    house.group.language = "de"
    house.group.save(update_fields=["language"])
    type(house.member).objects.filter(pk=house.member.pk).update(language="fr")
    german, french = (event_in(fetch(address)) for address in (of_group(house), private(house.member)))
    assert "Zu lesen: Absatz 4 von „The Ferry“" in german["DESCRIPTION"]
    assert "À lire\u00a0: paragraphe 4 de «\u00a0The Ferry\u00a0»" in french["DESCRIPTION"]


# --- What is private --------------------------------------------------------------------------------------------------


def test_place_and_link_are_for_who_comes_and_who_runs_it(house, as_user):
    session = create_session(house, places=1, minute_taker=house.moderator)
    waiting = factories.create_member(house.group, "Willa")
    others = {answer: factories.create_member(house.group) for answer in (Answer.MAYBE, Answer.NOT_GOING)}
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    actions.answer(session=session, by=waiting, answer=Answer.GOING)
    for answer, person in others.items():
        actions.answer(session=session, by=person, answer=answer)
    told = {house.member, house.organizer, house.owner, house.moderator}
    for person in (*told, None, house.outsider, house.other, waiting, *others.values()):
        addresses = [of_session(house, session), of_group(house)]
        fetched = [fetch(address, as_user(person)) for address in addresses]
        if person not in {None, house.outsider}:
            fetched += [fetch(private_of_group(house, person))]
        if person not in {None, house.outsider, others[Answer.NOT_GOING]}:
            fetched += [fetch(private(person))]
        for content in fetched:
            event = event_in(content)
            assert (event.get("LOCATION"), event.get("CONFERENCE")) == (
                (WHERE, LINK) if person in told else (None, None)
            )
            assert (b"canary" in content) == (b"Quay 7" in content) == (person in told)
            assert event["CLASS"] == ("PRIVATE" if person in told else "PUBLIC")


def test_nobody_leads_a_session_that_nobody_leads(house):
    """A visitor has no name, and a session without a facilitator names none: that is not the same person."""
    session = create_session(house)
    assert session.facilitator_id is None
    assert "LOCATION" not in event_in(fetch(of_session(house, session)))


def test_who_comes_is_reminded_and_keeps_the_time_free(house):
    session = create_session(house, places=1)
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    actions.answer(session=session, by=house.other, answer=Answer.GOING)
    comes, waits = (event_in(fetch(private(person))) for person in (house.member, house.other))
    assert (comes["TRANSP"], waits["TRANSP"]) == ("OPAQUE", "TRANSPARENT")
    [alarm] = comes.walk("VALARM")
    assert (alarm["ACTION"], alarm["TRIGGER"].dt) == ("DISPLAY", timedelta(hours=-1))
    assert waits.walk("VALARM") == []
    assert "You are on the waiting list." in waits["DESCRIPTION"]


def test_no_name_and_no_address_of_anybody_stands_in_it(house):
    session = create_session(house, facilitator=house.moderator)
    actions.answer(session=session, by=house.member, answer=Answer.GOING, words="A canary sings.")
    for content in (fetch(of_group(house)), fetch(private(house.member)), fetch(private(house.organizer))):
        for secret in ("Mona", "Mara", "Omar", "canary sings", house.member.email, house.member.public_id):
            assert secret.encode() not in content


def test_a_text_for_members_is_met_about_among_members(house, as_user):
    session = create_session(house)
    keep_for_members(reading=house.reading, keep=True, by=house.organizer)
    assert titles(fetch(of_group(house))) == []
    assert Client().get(of_session(house, session)).status_code == 404
    for content in (fetch(of_group(house), as_user(house.member)), fetch(private(house.member))):
        assert event_in(content)["CLASS"] == "PRIVATE"
    # In a group for members all is.
    assert as_user(house.outsider).get(of_session(house, session)).status_code == 404


def test_a_group_for_members_has_a_calendar_under_private_addresses_alone(closed_house, as_user):
    session = create_session(closed_house)
    for person in (None, closed_house.outsider):
        for address in (of_group(closed_house), of_session(closed_house, session)):
            assert as_user(person).get(address).status_code == 404
    assert event_in(fetch(private_of_group(closed_house, closed_house.member)))["CLASS"] == "PRIVATE"


def test_all_my_groups_are_in_mine_and_what_i_have_declined_is_not(house, closed_house):
    create_session(house, title="One")
    declined = create_session(house, title="Two")
    create_session(closed_house, title="Three")
    elsewhere = factories.create_group("Elsewhere")
    groups.take_in(group=closed_house.group, user=house.member, name_here="Mara of the quay")
    groups.take_in(group=elsewhere, user=house.other)
    actions.answer(session=declined, by=house.member, answer=Answer.NOT_GOING)
    assert titles(fetch(private(house.member))) == ["Harbour readers: One", "Harbour readers: Three"]
    assert titles(fetch(private_of_group(house, house.member))) == ["Harbour readers: One", "Harbour readers: Two"]
    assert titles(fetch(private(house.other))) == ["Harbour readers: One", "Harbour readers: Two"]


# --- Addresses --------------------------------------------------------------------------------------------------------


def test_an_address_is_made_replaced_and_revoked(house, as_user):
    client, page = as_user(house.member), reverse("schedule:my_calendar")
    assert "sessions.ics" not in client.get(page).text
    addresses = []
    for _again in range(2):
        client.post(reverse("schedule:make_calendar_address"))
        address = reverse("schedule:private_calendar", args=[CalendarAddress.objects.standing().get().token])
        assert address in client.get(page).text
        addresses.append(address)
    assert [Client().get(address).status_code for address in addresses] == [404, 200]
    client.post(reverse("schedule:revoke_calendar_address"))
    assert [Client().get(address).status_code for address in addresses] == [404, 404]
    assert "sessions.ics" not in client.get(page).text


def test_another_s_address_is_not_shown_and_not_revoked(house, as_user):
    address = private(house.member)
    client = as_user(house.other)
    assert address not in client.get(reverse("schedule:my_calendar")).text
    client.post(reverse("schedule:revoke_calendar_address"))
    assert Client().get(address).status_code == 200


@pytest.mark.parametrize("end", ["left", "removed", "account"])
def test_who_belongs_no_more_sees_no_more_with_an_etag_neither(closed_house, end):
    house = closed_house
    session = create_session(house)
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    mine, of_the_group = private(house.member), private_of_group(house, house.member)
    etags = [Client().get(address)["ETag"] for address in (mine, of_the_group)]
    membership = house.group.memberships.get(user=house.member)
    if end == "left":
        groups.leave(membership=membership, by=house.member)
    elif end == "removed":
        groups.remove(membership=membership, reason="Too loud.", by=house.owner)
    else:
        type(house.member).objects.filter(pk=house.member.pk).update(is_active=False)
    answers = [
        Client().get(address, headers={"If-None-Match": etag})
        for address, etag in zip((mine, of_the_group), etags, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [404 if end == "account" else 200, 404]
    if end != "account":
        assert titles(answers[0].content) == []


def test_no_address_is_made_up(house):
    token = actions.make_calendar_address(by=house.member).token
    mine = CalendarAddress.objects.get()
    foreign = [Signer(salt=salt).sign(mine.public_id) for salt in ("groups.feed_address", "groups.email_invitation")]
    wrong = [mine.public_id, f"{mine.public_id}:", token[:-1], f"{token}x", *foreign, "x" * 500, "%00", "\ud7ff"]
    for made_up in wrong:
        for address in (f"/calendar/{made_up}/sessions.ics", f"/feed/{made_up}/sessions.ics"):
            assert Client().get(address).status_code in {400, 404}, made_up
    assert Client().get(f"/feed/{token}/sessions.ics").status_code == 404  # one kind of address is not another
    assert not CalendarAddress.objects.filter(public_id=token).exists()  # the key itself stands nowhere


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_address(house, as_user):
    clients = [as_user(house.member) for _ in range(8)]
    address = reverse("schedule:make_calendar_address")
    assert set(at_once(*(lambda client=client: client.post(address).status_code for client in clients))) == {302}
    assert CalendarAddress.objects.standing().count() == 1


def test_nobody_else_keeps_what_is_private(house):
    create_session(house)
    for address in (private(house.member), private_of_group(house, house.member)):
        answer = Client().get(address)
        assert "private" in answer["Cache-Control"]
        assert "no-cache" in answer["Cache-Control"]
        assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("no-referrer", "noindex")
        assert Client().post(address).status_code == 405
        head = Client().head(address)
        assert (head.status_code, head.content, head["ETag"]) == (200, b"", answer["ETag"])


def test_the_page_of_feeds_names_the_calendars(house, closed_house, as_user):
    page = reverse("feeds:addresses", args=[house.group.slug])
    assert of_group(house) in as_user(None).get(page).text
    address = private_of_group(house, house.member)
    assert address in as_user(house.member).get(page).text
    closed = reverse("feeds:addresses", args=[closed_house.group.slug])
    assert of_group(closed_house) not in as_user(closed_house.member).get(closed).text


def test_a_fetch_is_noted_once_an_hour(house):
    address = private(house.member)
    Client().get(address)
    first = CalendarAddress.objects.get().last_fetched_at
    Client().get(address)
    assert CalendarAddress.objects.get().last_fetched_at == first
    CalendarAddress.objects.update(last_fetched_at=first - timedelta(hours=2))
    Client().get(address)
    assert CalendarAddress.objects.get().last_fetched_at >= first


# --- What somebody may have typed -------------------------------------------------------------------------------------


def test_lines_are_short_and_end_as_they_should(house):
    for words in HOSTILE:
        create_session(house, title=words, words=words * 3, where=words)
    content = fetch(private(house.organizer))
    assert content.endswith(b"END:VCALENDAR\r\n")
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75  # in bytes
    assert not [line for line in lines if b"\r" in line or b"\n" in line]
    for line in lines:
        line.decode()  # no character is cut in two
    assert not [byte for byte in content if byte < 0x20 and byte not in b"\r\n"]


@pytest.mark.parametrize(
    "link",
    [
        "https://x.test/\r\nX-EVIL:1",
        "javascript:alert(1)",
        'https://x.test/a b;c,d"e',
        "ftp://x.test/",
        "https://bü.test/ö",
    ],
)
def test_a_hostile_link_is_one_line_and_no_property(house, link):
    session = create_session(house, where="")
    ReadingSession.objects.filter(pk=session.pk).update(link=link)
    event = event_in(fetch(private(house.organizer)))
    assert "X-EVIL" not in event
    assert ("CONFERENCE" in event) == link.startswith("https:")


# --- What it costs ----------------------------------------------------------------------------------------------------


def questions(address, client):
    with CaptureQueriesContext(connection) as captured:
        fetch(address, client)
    return len(captured)


def test_one_session_and_three_cost_as_many_questions(house, as_user):
    addresses = {
        of_group(house): as_user(house.member),
        private(house.member): Client(),
        private_of_group(house, house.member): Client(),
    }
    counts = []
    for times in (1, 2):
        for _number in range(times):
            create_session(house, passages=[(1, 2), (4, 4)])
        for address, client in addresses.items():
            fetch(address, client)  # which is noted
        counts.append([questions(address, client) for address, client in addresses.items()])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 8


def test_three_groups_cost_no_more_than_one(house, as_user):
    address = private(house.member)
    create_session(house)
    fetch(address)
    one = questions(address, Client())
    for number in range(2):
        other = factories.create_group(f"Other {number}", visibility=Visibility.MEMBERS)
        groups.take_in(group=other, user=house.member)
        house.reading = factories.create_reading(other, factories.TEXT + f"\n{number}\n")
        house.organizer = factories.create_member(other, roles=["organizer"])
        create_session(house)
    assert questions(address, Client()) == one


def test_who_has_it_as_it_is_gets_304(house):
    session = create_session(house)
    for address in (of_group(house), private(house.member), private_of_group(house, house.member)):
        etag = Client().get(address)["ETag"]
        answer = Client().get(address, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")
    session = actions.change(session=session, version=session.version, time=time(20), by=house.organizer)
    assert Client().get(address, headers={"If-None-Match": etag}).status_code == 200
