"""How much one person, and one network, may write in a while: said with 429, and the words are kept."""

import time
import uuid
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.limits import limited, network_of
from readinggroup.accounts.models import Pace
from readinggroup.accounts.tasks import clear_expired_logins
from readinggroup.discussion.models import Comment, Draft

from .. import factories
from ..conftest import signed_in_as
from .test_races import at_once
from .test_restrictions import answer, page_of, post

HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def _three(settings):
    """Three in five minutes, five an hour; a network three times as much, behind one proxy."""
    settings.LIMITS = {"write": "3/5m,5/h", "report": "2/h"}
    settings.LIMITS_OF_A_NETWORK = 3
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


pytestmark = pytest.mark.usefixtures("_three")


def at(user, address=HERE):
    return signed_in_as(user, headers={"X-Forwarded-For": f"10.9.8.7, {address}"}, REMOTE_ADDR="127.0.0.1")


def statuses(client, house, number):
    return [post(client, house, f"Thought {n}").status_code for n in range(number)]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_who_writes_too_much_is_told_when_again_with_the_words_kept(house, headers):
    client = at(house.member)
    assert statuses(client, house, 3) == [302] * 3
    refused = post(client, house, "What I <meant>.", **headers)
    assert refused.status_code == 429
    assert 290 < int(refused["Retry-After"]) <= 300
    assert "in 5 minutes" in refused.text
    assert "What I &lt;meant&gt;." in refused.text
    assert Comment.objects.count() == 3
    assert statuses(at(house.other), house, 1) == [302]


def test_answers_and_edits_count_as_comments_do_and_drafts_and_previews_do_not(house):
    root = factories.create_comment(house.reading, house.other)
    mine = factories.create_comment(house.reading, house.member)
    client = at(house.member)
    edit = reverse("discussion:edit_comment", args=[mine.public_id])
    draft = f"{page_of(house)}comment/draft/"
    for number in range(6):
        assert client.post(draft, {"body": f"Begun {number}", "sequence": number}).status_code in {200, 302}
        assert post(client, house, "").status_code == 422
        preview = {"body": "Look", "key": uuid.uuid4(), "preview": "1"}
        assert client.post(f"{page_of(house)}comment/", preview).status_code == 200
    assert answer(client, root).status_code == 302
    assert client.post(edit, {"body": "Other words.", "wording": 1}).status_code == 302
    assert answer(client, root).status_code == 302
    for refused in (
        answer(client, root, "Kept here."),
        client.post(edit, {"body": "Kept here.", "wording": 2}),
        post(client, house, "Kept here."),
    ):
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0
        assert "Kept here." in refused.text
    assert Draft.objects.get().body == "Begun 5"
    assert client.post(draft, {"body": "Begun 6", "sequence": 6}).status_code in {200, 302}


def test_what_is_refused_is_not_counted_and_the_longer_stretch_holds_too(house):
    client = at(house.member)
    assert statuses(client, house, 8) == [302] * 3 + [429] * 5
    end_stretches(300)
    assert statuses(client, house, 3) == [302, 302, 429]
    refused = post(client, house)
    assert int(refused["Retry-After"]) > 3_000
    end_stretches(3_600)
    assert statuses(client, house, 1) == [302]


def end_stretches(seconds):
    """As if so much time had passed."""
    for pace in Pace.objects.all():
        Pace.objects.filter(pk=pace.pk).update(ends_at=pace.ends_at - timedelta(seconds=seconds))


def test_a_network_has_a_limit_of_its_own_past_the_proxy(house):
    people = [house.member, house.other, house.owner, house.organizer]
    found = [statuses(at(person, f"192.0.2.{place}"), house, 3) for place, person in enumerate(people)]
    assert found == [[302] * 3, [302] * 3, [302] * 3, [429] * 3]
    assert statuses(at(house.organizer, THERE), house, 1) == [302]


def test_another_forwarded_address_each_time_evades_nothing(house):
    forged = [
        signed_in_as(house.member, headers={"X-Forwarded-For": f"203.0.113.{n}, {HERE}"}, REMOTE_ADDR="127.0.0.1")
        for n in range(4)
    ]
    assert [post(client, house).status_code for client in forged] == [302] * 3 + [429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
    ],
)
def test_what_a_network_is(settings, address, network):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert network_of(RequestFactory().get("/", REMOTE_ADDR=address)) == network


def test_nothing_of_a_person_or_an_address_stands_in_the_table_and_it_is_swept(house):
    post(at(house.member), house)
    assert Pace.objects.count() == 4
    for key in Pace.objects.values_list("key", flat=True):
        assert len(key) == 64
        assert HERE not in key
    Pace.objects.filter(pk=Pace.objects.first().pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    clear_expired_logins(timestamp=int(time.time()))
    assert Pace.objects.count() == 3


def test_reports_have_a_limit_of_their_own(house, django_assert_num_queries):
    request = RequestFactory().post("/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": HERE})
    request.user = house.member
    with django_assert_num_queries(1):
        assert limited("report", request) is None
    assert limited("report", request) is None
    limit = limited("report", request)
    assert 3_500 < limit.seconds <= 3_600
    assert "60 minutes" in limit.sentence
    assert limited("write", request) is None


def test_without_limits_nothing_is_counted(house, settings, django_assert_num_queries):
    settings.LIMITS = {"write": ""}
    with django_assert_num_queries(0):
        assert limited("write", user=house.member) is None


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_no_more_than_the_limit(house, as_user):
    clients = [at(house.member) for _ in range(12)]
    found = at_once(*(lambda client=client: post(client, house).status_code for client in clients))
    # What is refused is counted for a moment: fewer may come through, never more.
    assert 1 <= found.count(302) <= 3
    assert set(found) == {302, 429}
    assert Comment.objects.count() == found.count(302)


def test_this_machine_itself_is_no_network(house, settings):
    """A proxy that nobody has declared would make everybody one network."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    settings.LIMITS_OF_A_NETWORK = 1
    for address, status in (("127.0.0.1", 302), ("203.0.113.4", 429)):
        people = [factories.create_member(house.group) for _ in range(4)]
        found = [post(signed_in_as(person, REMOTE_ADDR=address), house).status_code for person in people]
        assert found == [302, 302, 302, status]
