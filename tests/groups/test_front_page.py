"""A group's front page: the text first with a way in, what waits for whom, and the owner's acts behind Settings."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups import actions, settling
from readinggroup.groups.models import Membership
from readinggroup.moderation.actions import Verdict, decide_about_member, report
from readinggroup.moderation.models import Action, Ground
from readinggroup.readings.actions import keep_place

from .. import factories
from .test_coming_and_going import address

OWNERS_ACTS = ["archive_group", "hand_over", "delete_group"]


def front(house):
    return reverse("group", args=[house.group.slug])


def test_the_way_into_the_text_leads_to_where_one_stopped(house, as_user):
    client, page = as_user(house.member), reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    assert f'class="button send" href="{page}"' in client.get(front(house)).text
    stopped_at = factories.version_of(house.reading, 5).paragraph
    keep_place(reading=house.reading, user=house.member, paragraph=stopped_at)
    shown = client.get(front(house)).text
    assert f'href="{page}#{stopped_at.public_id}"' in shown
    assert "Go on at paragraph 5" in shown
    assert "Go on at" not in as_user(house.other).get(front(house)).text, "the place of another"
    assert "Begin to read" in as_user(None).get(front(house)).text


def test_a_text_for_members_has_no_way_in_for_others(house, as_user):
    house.group.readings.update(for_members=True)
    assert "Begin to read" in as_user(house.member).get(front(house)).text
    assert "Begin to read" not in as_user(house.outsider).get(front(house)).text


def test_what_waits_is_told_to_who_may_answer_it_alone(house, as_user):
    actions.ask_to_join(group=house.group, words="Hello.", by=house.outsider)
    comment = factories.create_comment(house.reading, house.member)
    report(comment=comment, words="Look at this.", by=house.other)
    asks, waits = "1 asks to join", "What waits for moderators (1)"
    told = {
        name: (asks in page, waits in page)
        for name in ("owner", "organizer", "moderator", "member", "outsider")
        for page in [as_user(getattr(house, name)).get(front(house)).text]
    }
    assert told == {
        "owner": (True, True),
        "organizer": (True, False),
        "moderator": (False, True),
        "member": (False, False),
        "outsider": (False, False),
    }


def test_the_owners_acts_stand_behind_settings(house, as_user):
    client = as_user(house.owner)
    page, settings_page = client.get(front(house)).text, client.get(address("settle_group", house)).text
    acts = [*(address(act, house) for act in OWNERS_ACTS), reverse("group_export", args=[house.group.slug])]
    assert [act for act in acts if act in page] == []
    assert [act for act in acts if act not in settings_page] == []
    assert address("settle_group", house) in page
    assert address("settle_group", house) not in as_user(house.organizer).get(front(house)).text


@pytest.mark.parametrize(
    ("close", "way_back"), [(settling.archive, "archive_group"), (settling.announce_deletion, "delete_group")]
)
def test_the_settings_of_a_closed_group_show_the_way_back_and_settle_nothing(house, as_user, close, way_back):
    close(group=house.group, by=house.owner)
    client, page = as_user(house.owner), address("settle_group", house)
    assert page in client.get(front(house)).text
    shown = client.get(page).text
    assert address(way_back, house) in shown
    assert 'name="name"' not in shown
    assert client.post(page, {"name": "Changed", "visibility": "public"}).status_code == 403
    house.group.refresh_from_db()
    assert house.group.name == "Harbour readers"


def test_who_has_left_is_told_so_and_finds_what_they_wrote(house, as_user):
    Membership.objects.filter(user=house.member).update(left_at=timezone.now())
    page = as_user(house.member).get(front(house)).text
    assert "You were a member until" in page
    assert reverse("discussion:left", args=[house.group.slug]) in page
    assert address("ask_to_join", house) in page


def test_who_may_not_come_back_is_told_before_they_write_a_request(house, as_user):
    membership = house.group.memberships.get(user=house.member)
    until = timezone.now() + timedelta(days=5)
    actions.remove(membership=membership, reason="Noise.", not_before=until, by=house.owner)
    page = as_user(house.member).get(front(house)).text
    assert "You cannot join this group before" in page
    assert address("ask_to_join", house) not in page


def test_no_welcome_where_nobody_writes(house, as_user):
    newcomer = factories.create_member(house.group)
    assert 'id="welcome"' in as_user(newcomer).get(front(house)).text
    settling.archive(group=house.group, by=house.owner)
    assert 'id="welcome"' not in as_user(newcomer).get(front(house)).text


def test_more_texts_cost_no_more_queries(house, as_user):
    client = as_user(house.owner)

    def queries():
        for reading in house.group.readings.all():
            keep_place(reading=reading, user=house.owner, paragraph=factories.version_of(reading).paragraph)
        client.get(front(house))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(front(house)).text.count("Go on at") == house.group.readings.count()
        return len(captured)

    with_one = queries()
    for number in range(2):
        factories.create_reading(house.group, f"{factories.TEXT}\nMore {number}.", filename=f"more-{number}.txt")
    assert queries() == with_one


def test_days_in_notices_are_those_of_the_reader(house, as_user):
    """What is over at 23:30 in Greenwich is over a day later in Auckland; and nobody reads 2026-11-25."""
    house.member.time_zone = "Pacific/Auckland"
    house.member.save()
    until = timezone.now().replace(hour=23, minute=30) + timedelta(days=30)
    membership = house.group.memberships.get(user=house.member)
    verdict = {"action": Action.LEAVE, "ground": Ground.LAW, "words": "Noise.", "person": Action.SUSPEND}
    decide_about_member(member=membership, verdict=Verdict(**verdict, person_until=until), by=house.moderator)
    day = until + timedelta(days=1)
    page = as_user(house.member).get("/inbox/").text
    assert f" {day.day}, {day.year} you can read" in page
    assert until.date().isoformat() not in page


def test_a_quiet_group_asks_three_questions_however_long_its_shelf(house, as_user, django_assert_num_queries):
    Membership.objects.update(welcomed_at=timezone.now())
    for _time in range(2):
        for person, queries in ((None, 3), (house.member, 4), (house.owner, 4)):
            client = as_user(person)
            client.get(front(house))
            with django_assert_num_queries(queries):
                client.get(front(house))
        for name in ("one", "two"):
            factories.create_reading(house.group, f"{factories.TEXT} {name} {_time}", title=f"{name} {_time}")
