"""The page "What we read": everything has its dates, what is counted is what can be listed, nothing leaks."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup import what_we_read
from readinggroup.readings.actions import change_state, set_start
from readinggroup.readings.models import Reading, ReadingState

from . import factories
from .proposals.counted import accepted, closed_ballot, proposed, receipts
from .schedule.houses import draft_session, scheduled_session

TEXT = "The Lock\n\nby Ida Renner\n\nThe lock was built of oak, part {}.\n\nIt held.\n"


def another(house, number, **details):
    return factories.create_reading(house.group, TEXT.format(number), filename=f"{number}.txt", **details)


def page_of(house, client, query=""):
    return client.get(reverse("what_we_read", args=[house.group.slug]) + query)


def entry(page, title):
    """What is said of one text, as words."""
    for card in re.findall(r"<li>(.*?)</li>", page, re.DOTALL):
        if f">{title}<" in card:
            return " ".join(re.sub(r"<[^>]+>", " ", card).split())
    raise AssertionError(f"no {title}")


def test_what_is_read_was_read_and_will_be_each_with_its_dates(house, as_user):
    finished, planned = another(house, 1, title="The Lock"), another(house, 2, title="The Weir", state="planned")
    change_state(reading=finished, state=ReadingState.FINISHED, by=house.organizer)
    begun, read = (timezone.now().replace(year=2025, month=month, day=9, hour=12) for month in (3, 5))
    Reading.objects.filter(pk=finished.pk).update(begun_at=begun, finished_at=read)
    set_start(reading=planned, starts_on=timezone.now().replace(year=2099, month=1, day=12).date())
    factories.create_comment(finished, house.member, number=3)
    factories.create_comment(finished, house.other, number=3)
    factories.create_comment(finished, house.other, number=4)
    accepted(house, "The Barge")
    page = page_of(house, as_user(house.member)).text
    assert entry(page, "The Lock").endswith("March 9, 2025 to May 9, 2025 · 3 comments at 2 paragraphs")
    assert entry(page, "The Weir").endswith("begins on Jan. 12, 2099")
    assert "since" in entry(page, "The Ferry")
    assert "its text is not here yet" in entry(page, "The Barge")
    order = [page.index(f">{title}<") for title in ("The Ferry", "The Barge", "The Weir", "The Lock")]
    assert order == sorted(order)


def test_a_reading_keeps_its_dates_whoever_changes_its_state(house):
    reading = another(house, 1, state="planned")

    def dates(state):
        Reading.objects.filter(pk=reading.pk).update(state=state)
        reading.refresh_from_db()
        return reading.begun_at, reading.finished_at

    assert (reading.begun_at, reading.finished_at) == (None, None)
    begun, finished = dates("current")
    assert begun is not None
    assert finished is None
    assert dates("finished")[0] == begun
    assert reading.finished_at is not None
    assert dates("current") == (begun, None)
    assert dates("planned") == (None, None)


def test_sessions_that_were_held_count_and_no_others(house, as_user):
    past = timezone.now() - timedelta(days=9)
    for state, starts_at in (("held", past), ("scheduled", past), ("cancelled", past)):
        session = scheduled_session(house)
        fields = {"state": state, "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
        if state == "cancelled":
            fields |= {"cancelled_at": timezone.now(), "cancelled_by": house.organizer}
        type(session).objects.filter(pk=session.pk).update(**fields)
    draft_session(house)
    assert "2 sessions held" in entry(page_of(house, as_user(None)).text, "The Ferry")
    scheduled_session(house)
    assert "next session" in entry(page_of(house, as_user(None)).text, "The Ferry")


def test_of_a_text_for_members_a_visitor_learns_that_it_is_there(house, as_user):
    Reading.objects.filter(pk=house.reading.pk).update(for_members=True)
    factories.create_comment(house.reading, house.member)
    for person in (None, house.outsider):
        page = page_of(house, as_user(person)).text
        assert entry(page, "The Ferry").endswith("for members")
        assert f"/read/{house.reading.slug}/" not in page
    assert "1 comment at 1 paragraph" in entry(page_of(house, as_user(house.member)).text, "The Ferry")


def test_it_leads_to_how_it_was_chosen_and_shows_no_words_of_proposals_as_a_text(house, as_user):
    winner = accepted(house, "The Ferry, proposed")
    winner.reading = house.reading
    winner.save(update_fields=["reading"])
    proposed(house, "The Barge")
    ballot = closed_ballot(house, papers=receipts({"named": [1]}), options=[winner])
    page = page_of(house, as_user(None)).text
    assert reverse("proposals:result", args=[house.group.slug, ballot.public_id]) in page
    assert reverse("proposals:proposal", args=[house.group.slug, winner.public_id]) in page
    assert "The Barge" not in page


def test_an_empty_group_says_so(db, as_user):
    group = factories.create_group()
    page = as_user(None).get(reverse("what_we_read", args=[group.slug])).text
    assert "Nothing at the moment." in page
    assert "Nothing yet." in page


def test_what_was_read_comes_in_pages(house, as_user, monkeypatch):
    monkeypatch.setattr(what_we_read, "A_PAGE", 2)
    for number in (1, 2, 3):
        another(house, number, title=f"Lock {number}", state="finished")
    client = as_user(None)
    assert page_of(house, client).text.count(">Lock ") == 2
    assert page_of(house, client, "?page=2").text.count(">Lock ") == 1
    for wrong in ("0", "3", "x"):
        assert page_of(house, client, f"?page={wrong}").status_code == 404


@pytest.mark.parametrize("who", [None, "member"])
def test_more_texts_are_no_more_questions(house, as_user, who):
    client = as_user(who and house.member)

    def asked():
        page_of(house, client)
        with CaptureQueriesContext(connection) as captured:
            page_of(house, client)
        return len(captured)

    def more(number):
        for state in ("finished", "planned", "current"):
            reading = another(house, f"{state} {number}", state=state)
            factories.create_comment(reading, house.member, number=3)
        accepted(house)

    more(1)
    one = asked()
    more(2)
    more(3)
    assert asked() == one
