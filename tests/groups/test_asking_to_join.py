"""Groups that are listed, and people who ask to be taken in."""

import pytest
from django.urls import reverse

from readinggroup.groups import actions
from readinggroup.groups.models import JoinRequest, Visibility

from .. import factories
from ..conftest import make_house
from .test_coming_and_going import address, at_once


@pytest.fixture
def listed_house(db):
    return make_house(Visibility.LISTED)


def test_a_listed_group_is_known_and_closed(listed_house, as_user):
    comment = factories.create_comment(listed_house.reading, listed_house.member, "Inside words.")
    group, reading = listed_house.group.slug, listed_house.reading.slug
    for who in (None, listed_house.outsider):
        client = as_user(who)
        front = client.get(reverse("group", args=[group])).content.decode()
        assert listed_house.group.name in front
        assert "The Ferry" not in front
        assert "The Ferry" not in client.get("/").content.decode()
        inside = client.get(reverse("readings:reading_page", args=[group, reading]))
        absent = client.get(reverse("readings:reading_page", args=[group, "no-such"]))
        assert inside.status_code == absent.status_code == (403 if who else 302)
        assert client.get(reverse("discussion:comment", args=[comment.public_id])).status_code == 404
    assert "The Ferry" in as_user(listed_house.member).get(reverse("group", args=[group])).content.decode()
    assert "The Ferry" in as_user(listed_house.member).get("/").content.decode()


def test_from_the_request_to_the_membership(listed_house, as_user):
    outsider, organizer = as_user(listed_house.outsider), as_user(listed_house.organizer)
    outsider.post(address("ask_to_join", listed_house), {"words": "I live by the river."})
    front = reverse("group", args=[listed_house.group.slug])
    assert "An organizer will answer" in outsider.get(front).content.decode()
    assert "I live by the river." in organizer.get(address("members", listed_house)).content.decode()
    assert (
        "I live by the river."
        not in as_user(listed_house.member).get(address("members", listed_house)).content.decode()
    )
    request = JoinRequest.objects.get()
    organizer.post(address("answer_join_request", listed_house, request.pk), {"answer": "accept"})
    assert "The Ferry" in outsider.get(front).content.decode()


def test_declined_is_said_and_one_may_ask_again(listed_house, as_user):
    outsider = as_user(listed_house.outsider)
    outsider.post(address("ask_to_join", listed_house), {"words": "Let me in."})
    request = JoinRequest.objects.get()
    as_user(listed_house.owner).post(address("answer_join_request", listed_house, request.pk), {"answer": "decline"})
    front = reverse("group", args=[listed_house.group.slug])
    assert "was declined" in outsider.get(front).content.decode()
    assert not listed_house.group.memberships.filter(user=listed_house.outsider).exists()
    outsider.post(address("ask_to_join", listed_house), {"words": "Please."})
    assert JoinRequest.objects.filter(answered_at=None).count() == 1


def test_asking_twice_is_one_request_in_the_newer_words(house, as_user):
    for words in ("First.", "Second."):
        as_user(house.outsider).post(address("ask_to_join", house), {"words": words})
    assert JoinRequest.objects.get().words == "Second."


@pytest.mark.parametrize("words", ["", "x" * 1_001, "a\x00b"])
def test_what_cannot_be_asked_is_said(house, as_user, words):
    assert as_user(house.outsider).post(address("ask_to_join", house), {"words": words}).status_code == 422


def test_who_may_not_ask_and_who_may_not_answer(house, closed_house, as_user):
    assert as_user(None).get(address("ask_to_join", house)).status_code == 302
    assert as_user(house.member).get(address("ask_to_join", house)).status_code == 302
    assert as_user(house.outsider).get(address("ask_to_join", closed_house)).status_code == 404
    request = actions.ask_to_join(group=house.group, words="Hello.", by=house.outsider)
    for who in (house.member, house.moderator):
        page = address("answer_join_request", house, request.pk)
        assert as_user(who).post(page, {"answer": "accept"}).status_code == 403
    elsewhere = address("answer_join_request", closed_house, request.pk)
    assert as_user(closed_house.owner).post(elsewhere, {"answer": "accept"}).status_code == 404


def test_answered_twice_the_first_answer_stands(house, as_user):
    request = actions.ask_to_join(group=house.group, words="Hello.", by=house.outsider)
    page = address("answer_join_request", house, request.pk)
    as_user(house.organizer).post(page, {"answer": "decline"})
    answer = as_user(house.owner).post(page, {"answer": "accept"}, follow=True)
    assert "answered this request already" in answer.content.decode()
    assert not house.group.memberships.filter(user=house.outsider).exists()


@pytest.mark.django_db(transaction=True)
def test_accepted_and_declined_at_once_is_one_of_them():
    house = make_house(Visibility.LISTED)
    request = actions.ask_to_join(group=house.group, words="Hello.", by=house.outsider)

    def answer(number):
        return actions.answer_join_request(request=request, accept=number % 2 == 0, by=house.owner)

    assert sorted(at_once(8, answer)) == [False] * 7 + [True]
    request.refresh_from_db()
    assert house.group.memberships.filter(user=house.outsider).exists() == request.accepted
