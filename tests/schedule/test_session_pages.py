"""Pages of sessions: who sees what, whose clock they tell, what is next, a month; and how much they ask."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.readings.models import Reading
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, ReadingSession

from .. import factories
from .houses import draft_session, passages, scheduled_session, session_in


def page_of(session, name="session", *more):
    return reverse(f"schedule:{name}", args=[session.reading.group.slug, session.public_id, *more])


def list_of(house):
    return reverse("schedule:sessions", args=[house.group.slug])


def front_of(house):
    return reverse("group", args=[house.group.slug])


def test_a_draft_is_for_organizers(house, as_user):
    session = draft_session(house)
    for person, status in [(None, 404), (house.outsider, 404), (house.member, 404), (house.moderator, 404),
                           (house.organizer, 200), (house.owner, 200)]:  # fmt: skip
        assert as_user(person).get(page_of(session)).status_code == status
        shown = as_user(person).get(list_of(house)).text
        assert ("The first ferry" in shown) == (status == 200)
        assert "The first ferry" not in as_user(person).get(front_of(house)).text


def test_a_session_about_a_text_for_members_is_for_members(house, as_user):
    session = scheduled_session(house)
    Reading.objects.filter(pk=house.reading.pk).update(for_members=True)
    for person, status in [(None, 404), (house.outsider, 404), (house.member, 200)]:
        client = as_user(person)
        assert client.get(page_of(session)).status_code == status
        for page in (list_of(house), front_of(house)):
            assert ("The first ferry" in client.get(page).text) == (status == 200)


def test_a_session_of_another_group_is_not_there(house, closed_house, as_user):
    theirs = scheduled_session(closed_house)
    elsewhere = reverse("schedule:session", args=[house.group.slug, theirs.public_id])
    assert as_user(house.owner).get(elsewhere).status_code == 404
    for name in ("change_session", "choose_passages", "cancel_session"):
        page = reverse(f"schedule:{name}", args=[house.group.slug, theirs.public_id])
        assert as_user(house.owner).get(page).status_code == 404


def test_where_it_is_those_see_who_go_and_who_organize(house, as_user):
    session = scheduled_session(
        house, where="The quay, third door", link="https://meet.example.org/quay", places=1,
        minute_taker=house.moderator,
    )  # fmt: skip
    waits = factories.create_member(house.group, "Wanda")
    for person, answer in ((house.member, "going"), (waits, "going"), (house.other, "maybe")):
        actions.answer(session=session, by=person, answer=answer)
    sees = {house.member, house.organizer, house.owner, house.moderator}
    for person in (None, house.outsider, house.other, waits, *sees):
        for page in (page_of(session), list_of(house), front_of(house)):
            shown = as_user(person).get(page).text
            assert ("third door" in shown) == (page == page_of(session) and person in sees)
            assert ("meet.example.org" in shown) == (page == page_of(session) and person in sees)
    actions.answer(session=session, by=house.member, answer=Answer.NOT_GOING)
    assert "third door" not in as_user(house.member).get(page_of(session)).text
    house.group.memberships.filter(user=waits).update(left_at=timezone.now())
    assert "third door" not in as_user(waits).get(page_of(session)).text


def test_who_leads_is_told_to_who_may_see_who_belongs(house, as_user):
    session = scheduled_session(house, facilitator=house.other)
    for person, sees in [(None, False), (house.outsider, False), (house.member, True)]:
        assert ("Milo" in as_user(person).get(page_of(session)).text) == sees


@pytest.mark.parametrize(
    ("zone", "here", "there"),
    [
        ("Europe/Berlin", "Thursday, May 6, 2027, 7 p.m.–8:30 p.m.", ""),
        ("Europe/Rome", "Thursday, May 6, 2027, 7 p.m.–8:30 p.m.", ""),
        ("Asia/Kathmandu", "Thursday, May 6, 2027, 10:45 p.m., to Friday, May 7, 2027, 12:15 a.m.", "7 p.m."),
        ("America/Los_Angeles", "Thursday, May 6, 2027, 10 a.m.–11:30 a.m.", "7 p.m."),
        ("", "Thursday, May 6, 2027, 7 p.m.–8:30 p.m.", ""),
    ],
)
def test_the_time_is_told_in_the_readers_zone_with_the_venues_beside_it(house, as_user, zone, here, there):
    session = scheduled_session(house)
    User.objects.filter(pk=house.member.pk).update(time_zone=zone)
    for page in (page_of(session), list_of(house), front_of(house)):
        shown = as_user(house.member).get(page).text
        assert f">{here}</time>" in shown
        assert 'datetime="2027-05-06T17:00:00Z"' in shown
        assert ("where it takes place" in shown) == bool(there)
        assert there in shown
        assert (zone or "Europe/Berlin") in shown


def test_a_visitor_whose_zone_nobody_knows_reads_the_time_of_the_place(house, as_user):
    session = scheduled_session(house)
    assert '7 p.m.–8:30 p.m.</time> <span class="help">(Europe/Berlin)' in as_user(None).get(page_of(session)).text


def test_a_day_is_the_same_day_everywhere(house, as_user):
    session = scheduled_session(house, time=None, all_day=True, length=timedelta(days=2))
    User.objects.filter(pk=house.member.pk).update(time_zone="Pacific/Auckland")
    shown = as_user(house.member).get(page_of(session)).text
    assert "Thursday, May 6, 2027 to Friday, May 7, 2027, all day" in shown


def test_a_notice_tells_the_time_in_its_readers_zone(house, as_user):
    User.objects.filter(pk=house.member.pk).update(time_zone="America/New_York")
    scheduled_session(house)
    shown = as_user(house.member).get(reverse("inbox")).text
    assert "Harbour readers meets: The first ferry" in shown
    assert "1 p.m.–2:30 p.m. (America/New_York); where it takes place: Thursday, May 6, 2027, 7 p.m." in shown


def test_the_front_page_says_what_is_next_what_to_read_and_whether_one_goes(house, as_user):
    session_in(house, timedelta(days=9), title="The one after")
    session = session_in(house, timedelta(days=2), passages=passages(house, (4, 6), (9, 9)), places=1)
    client = as_user(house.member)
    shown = client.get(front_of(house)).text
    assert "The one after" not in shown
    assert "paragraphs 4–6" in shown
    assert f'#{factories.version_of(house.reading, 4).paragraph.public_id}"' in shown
    assert "You have not said whether you come." in shown
    for answer, words in [("maybe", "You may come."), ("not_going", "You do not come."), ("going", "You go.")]:
        actions.answer(session=session, by=house.member, answer=answer)
        assert words in client.get(front_of(house)).text
    actions.answer(session=session, by=house.other, answer="going")
    assert "You wait for a place." in as_user(house.other).get(front_of(house)).text
    assert "whether you come" not in as_user(None).get(front_of(house)).text
    actions.cancel(session=session, reason="Ice.", by=house.organizer)
    assert "The one after" in client.get(front_of(house)).text


def test_what_is_over_is_next_no_more(house, as_user):
    session = session_in(house, timedelta(hours=-1), length=timedelta(minutes=30))
    assert "Next session" not in as_user(house.member).get(front_of(house)).text
    shown = as_user(house.member).get(list_of(house)).text
    assert shown.index("No session is coming.") < shown.index("What was") < shown.index(session.title)


def test_a_session_that_runs_over_is_still_under_way(house, as_user):
    session = session_in(house, timedelta(hours=-2), length=timedelta(hours=1))
    actions.open_session(session=session, by=house.organizer)
    assert "Session under way" in as_user(house.member).get(front_of(house)).text
    long_ago = timezone.now() - timedelta(days=2)
    ReadingSession.objects.update(starts_at=long_ago, ends_at=long_ago + timedelta(hours=1))
    assert "Session under way" not in as_user(house.member).get(front_of(house)).text


def test_the_month_shows_each_session_on_its_day_in_the_organizers_zone(house, as_user):
    scheduled_session(house, title="Late at night", date=date(2027, 5, 31), time=time(23, 30))
    draft_session(house, title="A draft", date=date(2027, 5, 1), time=time(0, 30))
    draft_session(house, title="No time yet", date=None, time=None)
    draft_session(house, title="A whole day", date=date(2027, 5, 1), time=None, all_day=True)
    months = {number: reverse("schedule:month", args=[house.group.slug, 2027, number]) for number in (4, 5, 6)}
    User.objects.filter(pk=house.organizer.pk).update(time_zone="Pacific/Auckland")
    shown = as_user(house.organizer).get(months[6]).text
    assert 'datetime="2027-06-01">Tue, June 1</time><ul class="plain"><li>9:30 a.m.' in shown
    shown = as_user(house.organizer).get(months[5]).text
    assert shown.index('datetime="2027-05-01"') < shown.index("A draft") < shown.index('datetime="2027-05-02"')
    assert shown.index('datetime="2027-05-01"') < shown.index("A whole day") < shown.index('datetime="2027-05-02"')
    assert shown.index("Without a time yet") < shown.index("No time yet")
    User.objects.filter(pk=house.organizer.pk).update(time_zone="America/New_York")
    shown = as_user(house.organizer).get(months[4]).text
    assert shown.index('datetime="2027-04-30"') < shown.index("A draft") < shown.index('datetime="2027-05-01"')
    assert shown.index('datetime="2027-05-01"') < shown.index("A whole day")


@pytest.mark.parametrize("address", ["2027-0", "2027-13", "1-1", "9999-12", "0-1", "2027-99999999999"])
def test_a_month_that_is_none_is_not_there(house, as_user, address):
    page = f"{list_of(house)}month/{address}/"
    assert as_user(house.organizer).get(page).status_code == 404


@pytest.mark.parametrize("zone", ["Europe/London", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia", "America/Asuncion"])
def test_every_month_of_a_year_is_there_in_every_zone(house, as_user, zone):
    User.objects.filter(pk=house.organizer.pk).update(time_zone=zone)
    client = as_user(house.organizer)
    assert client.get(reverse("schedule:this_month", args=[house.group.slug]), follow=True).status_code == 200
    for number in range(1, 13):
        assert client.get(reverse("schedule:month", args=[house.group.slug, 2027, number])).status_code == 200


def test_pages_ask_as_much_for_three_sessions_as_for_one(house, as_user):
    pages = [list_of(house), front_of(house), reverse("schedule:month", args=[house.group.slug, 2027, 5])]

    def asked(page):
        client = as_user(house.organizer)
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        return len(captured)

    def one_more(number):
        for made in (scheduled_session, draft_session):
            made(house, title=f"Of {number}", passages=passages(house, (4, 5), (9, 9)))
        over = session_in(house, timedelta(days=-number), passages=passages(house, (5, 6)))
        actions.cancel(session=scheduled_session(house), reason="Ice.", by=house.organizer)
        return over

    session = one_more(1)
    once = [asked(page) for page in (*pages, page_of(session))]
    one_more(2)
    one_more(3)
    actions.change(
        session=session, version=session.version, passages=passages(house, (1, 2), (4, 5), (9, 9)), by=house.organizer
    )
    assert [asked(page) for page in (*pages, page_of(session))] == once
    assert max(once) <= 14


def test_a_long_list_has_pages(house, as_user):
    for number in range(25):
        session_in(house, timedelta(days=-1 - number), title=f"Of {number} days ago")
    client = as_user(house.member)
    assert "Of 3 days ago" in client.get(list_of(house)).text
    assert "Of 24 days ago" in client.get(f"{list_of(house)}?page=2").text
    assert client.get(f"{list_of(house)}?page=3").status_code == 404


def test_a_session_from_before_midnight_tells_both_days(house, as_user):
    session = scheduled_session(house, time=time(23), length=timedelta(hours=2))
    assert "11 p.m., to Friday, May 7, 2027, 1 a.m." in as_user(None).get(page_of(session)).text
    assert session.ends_at - session.starts_at == timedelta(hours=2)
