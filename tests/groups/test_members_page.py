"""Who belongs, where what they said is, who asks to come in, and the welcome."""

import pytest
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.discussion.models import Comment, State
from readinggroup.groups import actions
from readinggroup.groups.models import JoinRequest, Membership
from readinggroup.notifications.models import Notice

from .. import factories
from ..thoroughness import thoroughly
from .test_coming_and_going import address


def contributions(house, person):
    return reverse("discussion:contributions", args=[house.group.slug, person.public_id])


def test_no_page_shows_an_address(house, as_user):
    for who in (house.member, house.owner):
        client = as_user(who)
        for page in (
            address("members", house),
            address("member", house, house.other.public_id),
            contributions(house, house.other),
        ):
            assert "@example.org" not in client.get(page).text


MANY = thoroughly(2_000, 420)


def test_very_many_members_come_by_the_page(house, as_user, django_assert_max_num_queries):
    users = User.objects.bulk_create(
        [User(email=f"many-{number}@example.org", display_name=f"Many {number}") for number in range(MANY)]
    )
    Membership.objects.bulk_create([Membership(group=house.group, user=user) for user in users])
    client, page = as_user(house.owner), address("members", house)
    with django_assert_max_num_queries(10):
        first = client.get(page)
    assert f"{MANY + 5} members" in first.text
    assert first.text.count("<tr>") == 51
    seen = set()
    pages = -(-(MANY + 5) // 50)
    for number in range(1, pages + 1):
        seen |= set(client.get(page, {"page": number}).text.split("<bdi>")[1:])
    assert len({name.split("</bdi>")[0] for name in seen} & {f"Many {number}" for number in range(MANY)}) == MANY
    assert client.get(page, {"page": pages + 1}).status_code == 404


@pytest.mark.parametrize("page", ["0", "2", "x", "٣", "9" * 30, ""])
def test_a_page_of_members_that_is_not_there(house, as_user, page):
    assert as_user(house.member).get(address("members", house), {"page": page}).status_code == 404


def test_contributions_are_what_the_reader_may_see(house, as_user):
    factories.create_comment(house.reading, house.member, "Seen by all.")
    for state, words in [(State.HELD, "Held words."), (State.HIDDEN, "Hidden words.")]:
        comment = factories.create_comment(house.reading, house.member, words)
        factories.create_comment(house.reading, house.other, "Answer.", parent=comment)
        Comment.objects.filter(pk=comment.pk).update(state=state)
    page = contributions(house, house.member)
    other, moderator = as_user(house.other).get(page).text, as_user(house.moderator).get(page).text
    assert "Seen by all." in other
    assert "The Ferry, paragraph 4" in other
    assert "Held words." not in other
    assert "Held words." in moderator
    assert "Hidden words." not in other + moderator
    assert "Answer." not in other


def test_contributions_elsewhere_are_not_among_them(house, as_user):
    elsewhere = factories.create_reading(factories.create_group())
    actions.take_in(group=elsewhere.group, user=house.member)
    factories.create_comment(elsewhere, house.member, "Said elsewhere.")
    assert "Said elsewhere." not in as_user(house.other).get(contributions(house, house.member)).text
    stranger = factories.create_member(elsewhere.group, "Stranger")
    assert as_user(house.other).get(contributions(house, stranger)).status_code == 404


def test_one_contribution_or_three_cost_the_same(
    house, as_user, django_assert_max_num_queries, django_assert_num_queries
):
    client, page = as_user(house.other), contributions(house, house.member)
    factories.create_comment(house.reading, house.member)
    client.get(page)  # so that what is kept of the text is made
    with django_assert_max_num_queries(10) as first:
        client.get(page)
    for _ in range(2):
        factories.create_comment(house.reading, house.member)
    with django_assert_num_queries(len(first)):
        client.get(page)


def test_contributions_come_by_the_page(house, as_user):
    for number in range(31):
        factories.create_comment(house.reading, house.member, f"Number {number}.")
    client, page = as_user(house.other), contributions(house, house.member)
    assert client.get(page).text.count('<article class="comment">') == 30
    assert "Number 0." in client.get(page, {"page": 2}).text


def test_organizers_are_told_once_of_a_request(house, as_user):
    for words in ("First.", "Second."):
        as_user(house.outsider).post(address("ask_to_join", house), {"words": words})
    told = Notice.objects.filter(kind="groups/join_requested")
    assert sorted(notice.recipient.display_name for notice in told) == ["Olga", "Omar"]
    assert "Otto asks to join" in as_user(house.organizer).get("/inbox/").text


def test_the_answer_brings_its_word(house, as_user):
    request = actions.ask_to_join(group=house.group, words="Hello.", by=house.outsider)
    page = address("answer_join_request", house, request.pk)
    form = {"answer": "decline", "words": "We are <full>. Ask in spring."}
    assert as_user(house.organizer).post(page, form | {"words": "x" * 1_001}).status_code == 422
    assert JoinRequest.objects.get().answered_at is None
    as_user(house.organizer).post(page, form)
    client = as_user(house.outsider)
    assert "We are &lt;full&gt;. Ask in spring." in client.get("/inbox/").text
    assert "We are &lt;full&gt;. Ask in spring." in client.get(reverse("group", args=[house.group.slug])).text


def test_a_newcomer_is_welcomed_until_they_have_read_it(house, as_user):
    front = reverse("group", args=[house.group.slug])
    token = actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
    client = as_user(house.outsider)
    page = client.post(reverse("groups:join", args=[token]), follow=True).text
    assert 'id="welcome"' in page
    assert reverse("readings:reading_page", args=[house.group.slug, house.reading.slug]) in page
    assert client.post(address("put_welcome_away", house))["Location"] == front
    assert 'id="welcome"' not in client.get(front).text
    actions.leave(membership=house.group.memberships.get(user=house.outsider), by=house.outsider)
    actions.take_in(group=house.group, user=house.outsider)
    assert 'id="welcome"' not in client.get(front).text
    assert 'id="welcome"' not in as_user(None).get(front).text


def test_who_founds_a_group_is_not_welcomed_to_it(db, as_user):
    founder = factories.create_user()
    group = actions.found_group(name="Dock workers", by=founder)
    assert group.memberships.get().welcomed_at <= timezone.now()
    assert 'id="welcome"' not in as_user(founder).get(reverse("group", args=[group.slug])).text
