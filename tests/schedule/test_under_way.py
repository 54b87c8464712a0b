"""While the group meets, the pages of its text ask more often what is new; and not for ever."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from readinggroup.schedule import actions

from .coming import session_in


def pulse_of(client, house, tag=""):
    address = reverse("discussion:pulse", args=[house.group.slug, house.reading.slug])
    return client.get(address, headers={"If-None-Match": tag})


def test_pages_learn_that_the_group_meets_and_that_it_is_over(house, as_user):
    client = as_user(house.member)
    quiet = pulse_of(client, house)
    assert quiet.json()["every"] == 15
    session = session_in(house, minutes=5)
    assert pulse_of(client, house, quiet["ETag"]).status_code == 304
    session = actions.open_session(session=session, by=house.organizer)
    meets = pulse_of(client, house, quiet["ETag"])
    assert meets.json()["every"] == 5
    assert pulse_of(client, house, meets["ETag"]).status_code == 304
    actions.close_session(session=session, by=house.organizer)
    assert pulse_of(client, house, meets["ETag"]).json()["every"] == 15


def test_a_session_that_nobody_closes_is_over_two_hours_after_its_end(house, as_user):
    session = actions.open_session(session=session_in(house, minutes=5), by=house.organizer)
    client, now = as_user(house.member), timezone.now()
    for ago, every in [(timedelta(minutes=119), 5), (timedelta(minutes=121), 15)]:
        times = {"starts_at": now - ago - timedelta(hours=1), "ends_at": now - ago}
        type(session).objects.filter(pk=session.pk).update(**times)
        assert pulse_of(client, house).json()["every"] == every


def test_another_text_of_the_group_is_at_rest(house, as_user):
    actions.open_session(session=session_in(house, minutes=5), by=house.organizer)
    other = house.group.readings.create(edition=house.reading.edition, slug="again")
    house.reading = other
    assert pulse_of(as_user(house.member), house).json()["every"] == 15
