"""Where one is in a text, and how far the group is: numbers of people, and names of those alone who chose so."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.groups.actions import leave
from readinggroup.groups.models import Membership
from readinggroup.readings.actions import keep_place, settle_place
from readinggroup.readings.models import Place

from .. import factories


def page_of(reading):
    return reverse("readings:where_we_are", args=[reading.group.slug, reading.slug])


def at(reading, number):
    return factories.version_of(reading, number).paragraph


def everybody_begins(house):
    for number, person in enumerate((house.owner, house.organizer, house.moderator, house.other), start=3):
        keep_place(reading=house.reading, user=person, paragraph=at(house.reading, number))


def test_a_place_is_set_by_number_and_kept_as_one_reads_on(house, as_user):
    client = as_user(house.member)
    assert client.post(page_of(house.reading), {"number": "5"}).status_code == 302
    place = Place.objects.get()
    assert (place.user, place.paragraph, place.shows_name) == (house.member, at(house.reading, 5), False)
    client.post(page_of(house.reading), {"number": "5", "shows_name": "on"})
    keep_place(reading=house.reading, user=house.member, paragraph=at(house.reading, 6))
    place.refresh_from_db()
    assert (place.paragraph, place.shows_name) == (at(house.reading, 6), True), "what one chose stays as one reads"
    page = client.get(page_of(house.reading)).text
    assert 'name="number" value="6"' in page
    assert "Mara" in page.split("Who says where they are")[1]


@pytest.mark.parametrize("number", ["", "0", "-1", "99999", "four", "5\0", "9" * 400, "<b>5</b>", "\ud800"])
def test_nonsense_is_refused_and_what_was_typed_is_kept(house, as_user, number):
    answer = as_user(house.member).post(
        page_of(house.reading), {"number": number.encode("utf-8", "surrogatepass"), "shows_name": "on"}
    )
    assert answer.status_code in {400, 422}
    assert not Place.objects.exists()
    if answer.status_code == 422:
        assert "errorlist" in answer.text
        assert "<b>5</b>" not in answer.text


def test_numbers_are_told_from_three_on_and_names_of_who_chose_so(house, as_user):
    client = as_user(house.member)
    assert "Fewer than three of you have begun" in client.get(page_of(house.reading)).text
    everybody_begins(house)
    settle_place(reading=house.reading, user=house.other, paragraph=at(house.reading, 7).pk, shows_name=True)
    page = client.get(page_of(house.reading)).text
    assert "4 of 5 members have begun to read." in page
    assert "<bdi>Milo</bdi>: paragraph 7" in page
    for name in ("Olga", "Omar", "Mona"):
        assert name not in page


@pytest.mark.parametrize("end", ["left", "withdrawn"])
def test_who_leaves_or_thinks_better_of_it_is_not_named(house, as_user, end):
    everybody_begins(house)
    settle_place(reading=house.reading, user=house.other, paragraph=at(house.reading, 7).pk, shows_name=True)
    if end == "left":
        leave(membership=Membership.objects.get(user=house.other, group=house.group), by=house.other)
    else:
        as_user(house.other).post(page_of(house.reading), {"number": "7"})
    assert "Milo" not in as_user(house.member).get(page_of(house.reading)).text


def test_nobody_outside_learns_how_far_who_is(house, as_user):
    everybody_begins(house)
    assert as_user(house.outsider).get(page_of(house.reading)).status_code == 403
    assert as_user(None).get(page_of(house.reading)).status_code == 302


def test_one_name_and_three_ask_the_same(house, as_user):
    def questions():
        client = as_user(house.member)
        client.get(page_of(house.reading))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page_of(house.reading)).status_code == 200
        return len(asked)

    settle_place(reading=house.reading, user=house.other, paragraph=at(house.reading, 7).pk, shows_name=True)
    few = questions()
    everybody_begins(house)
    Place.objects.update(shows_name=True)
    assert questions() == few
