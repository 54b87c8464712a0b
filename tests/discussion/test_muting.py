"""Muting a person for oneself: folded, never unread, nothing told; and nobody else notices, least of all they."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.discussion import actions
from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Comment, Level, MutedPerson
from readinggroup.groups.models import Membership
from readinggroup.my_data.contents.talk import muted_people
from readinggroup.my_data.deletion import delete_due
from readinggroup.notifications.models import Notice
from readinggroup.readings.unread import ask_unread

from .. import factories
from ..feeds.test_feeds import private_feed
from .test_restrictions import page_of

FOLD = '<details class="muted">'


def mute(as_user, by, comment, act="mute", **headers):
    return as_user(by).post(reverse("discussion:mute_person", args=[comment.public_id]), {"act": act}, headers=headers)


def unread_of(house, person):
    told = ask_unread(house.reading.pk, person.pk)
    return sum(int(part.split(":")[1]) for part in told.split())


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_a_muted_person_says_is_folded_for_who_muted_them_and_for_nobody_else(house, as_user, headers):
    said = factories.create_comment(house.reading, house.other, "Loud words.")
    factories.create_comment(house.reading, house.owner, "Quiet words.", parent=said)
    muted = mute(as_user, house.member, said, **headers)
    assert muted.status_code == (200 if headers else 302)
    shown = as_user(house.member).get(page_of(house), headers=headers).text
    assert shown.count(FOLD) == 1
    folded = shown.split(FOLD)[1].split("</article>")[0]
    assert "<summary><bdi>Milo</bdi>: you have muted this person.</summary>" in folded
    assert "Loud words." in folded
    assert "Quiet words." not in folded
    for person in (house.other, house.owner, house.moderator, house.outsider, None):
        assert FOLD not in as_user(person).get(page_of(house), headers=headers).text


def test_muting_is_asked_once_and_taken_back_at_any_of_their_comments(house, as_user):
    said = factories.create_comment(house.reading, house.other)
    client = as_user(house.member)
    address = reverse("discussion:mute_person", args=[said.public_id])
    assert 'value="mute"' in client.get(address).text
    for _ in range(2):
        mute(as_user, house.member, said)
    assert MutedPerson.objects.count() == 1
    assert 'value="unmute"' in client.get(address).text
    assert "Show me what this person writes" in client.get(page_of(house)).text
    for _ in range(2):
        mute(as_user, house.member, said, "unmute")
    assert not MutedPerson.objects.exists()
    assert FOLD not in client.get(page_of(house)).text


def test_nobody_mutes_themselves(house, as_user):
    mine = factories.create_comment(house.reading, house.member)
    assert mute(as_user, house.member, mine).status_code == 404
    assert "/mute/" not in as_user(house.member).get(page_of(house)).text
    with pytest.raises(IntegrityError), transaction.atomic():
        MutedPerson.objects.create(group=house.group, by=house.member, person=house.member)


def test_a_muted_person_tells_nothing_and_is_never_unread(house, as_user):
    mine = factories.create_comment(house.reading, house.member)
    before = factories.create_comment(house.reading, house.other)
    choose(by=house.member, reading=house.reading, level=Level.WATCH)
    choose(by=house.owner, reading=house.reading, level=Level.WATCH)
    assert unread_of(house, house.member) == 1
    mute(as_user, house.member, before)
    assert unread_of(house, house.member) == 0
    Notice.objects.all().delete()
    answered = factories.create_comment(house.reading, house.other, "@Mara, an answer.", parent=mine)
    factories.create_comment(house.reading, house.other, "@Mara, look.", number=5)
    assert not Notice.objects.of(house.member).exists()
    assert Notice.objects.of(house.owner).count() == 2
    assert unread_of(house, house.member) == 0
    assert unread_of(house, house.owner) == 4
    edited = {"body": "@Mara, again.", "wording": 1}
    as_user(house.other).post(reverse("discussion:edit_comment", args=[answered.public_id]), edited)
    assert not Notice.objects.of(house.member).exists()
    mute(as_user, house.member, before, "unmute")
    factories.create_comment(house.reading, house.other, "Back again.")
    assert unread_of(house, house.member) == 1
    assert Notice.objects.of(house.member).count() == 1


def test_what_is_put_back_or_withdrawn_keeps_the_count_of_unread_true(house, as_user):
    said = factories.create_comment(house.reading, house.other)
    mute(as_user, house.member, said)
    later = factories.create_comment(house.reading, house.other)
    factories.create_comment(house.reading, house.owner)
    for act in (actions.withdraw, actions.put_back):
        for comment in (said, later):
            act(comment=comment, by=house.other)
        assert unread_of(house, house.member) == 1
    shown = as_user(house.member).get(page_of(house)).text
    assert shown.count("comment new") == 1


def test_the_pill_of_new_comments_does_not_count_them(house, as_user):
    said = factories.create_comment(house.reading, house.other)
    mute(as_user, house.member, said)
    address = reverse("discussion:pulse", args=[house.group.slug, house.reading.slug])
    asked = {"at": said.paragraph.public_id, "since": 0}
    assert as_user(house.member).get(address, asked).json()["new"] == 0
    assert as_user(house.owner).get(address, asked).json()["new"] == 1


def test_they_are_folded_in_search_in_their_contributions_and_in_the_whole_text(house, as_user):
    said = factories.create_comment(house.reading, house.other, "Halyards everywhere.")
    factories.create_comment(house.reading, house.owner, "Halyards again.")
    pages = [
        reverse("discussion:search", args=[house.group.slug]) + "?q=halyards",
        reverse("discussion:contributions", args=[house.group.slug, house.other.public_id]),
        reverse("discussion:whole", args=[house.group.slug, house.reading.slug]),
        reverse("discussion:save_whole", args=[house.group.slug, house.reading.slug]),
    ]
    assert [FOLD in as_user(house.member).get(page).text for page in pages] == [False] * 4
    mute(as_user, house.member, said)
    for page in pages:
        shown = as_user(house.member).get(page).text
        assert shown.count(FOLD) == 1, page
        assert "everywhere." in shown
        for person in (house.owner, house.other):
            assert FOLD not in as_user(person).get(page).text


def test_they_are_not_in_ones_own_feed(house, as_user):
    said = factories.create_comment(house.reading, house.other, "Loud words.")
    factories.create_comment(house.reading, house.owner, "Quiet words.")
    mute(as_user, house.member, said)
    for person, count in ((house.member, 0), (house.owner, 1)):
        fed = as_user(None).get(private_feed(house, person)).text
        assert fed.count("Loud words.") == count
        assert fed.count("Quiet words.") == 1


def test_a_mute_is_of_one_group_so_that_a_pseudonym_elsewhere_stays_one(house, as_user):
    said = factories.create_comment(house.reading, house.other)
    elsewhere = factories.create_group()
    reading = factories.create_reading(elsewhere)
    for person in (house.member, house.other):
        Membership.objects.create(group=elsewhere, user=person, name_here=f"Called {person.pk}")
    factories.create_comment(reading, house.other, "Under another name.")
    mute(as_user, house.member, said)
    paragraph = factories.version_of(reading).paragraph.public_id
    page = reverse("discussion:paragraph", args=[elsewhere.slug, reading.slug, paragraph])
    assert FOLD not in as_user(house.member).get(page).text
    listed = as_user(house.member).get(reverse("discussion:my_muted")).text
    assert "Milo" in listed
    assert f"Called {house.other.pk}" not in listed


def test_ones_own_list_takes_back_what_is_ones_own(house, as_user):
    said = factories.create_comment(house.reading, house.other)
    mute(as_user, house.member, said)
    [row] = MutedPerson.objects.all()
    address = reverse("discussion:my_muted")
    assert "Milo" in as_user(house.member).get(address).text
    assert "Milo" not in as_user(house.owner).get(address).text
    for wrong in ("", "x", "²", "9" * 30, "\x00", str(row.pk + 1)):
        assert as_user(house.member).post(address, {"muted": wrong}).status_code in {302, 400}
    as_user(house.owner).post(address, {"muted": row.pk})
    assert MutedPerson.objects.exists()
    assert as_user(house.member).post(address, {"muted": row.pk}).status_code == 302
    assert not MutedPerson.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_muting_costs_the_page_and_the_list_no_question(house, as_user, count, django_assert_num_queries):
    people = [house.other, house.owner, house.organizer]
    said = [factories.create_comment(house.reading, person) for person in people]
    client, listed = as_user(house.member), reverse("discussion:my_muted")
    client.get(page_of(house))
    with CaptureQueriesContext(connection) as without:
        client.get(page_of(house))
    questions = len(without)
    for comment in said[:count]:
        mute(as_user, house.member, comment)
    with django_assert_num_queries(questions):
        assert client.get(page_of(house)).text.count(FOLD) == count
    with django_assert_num_queries(2):
        assert client.get(listed).text.count("Read again</button>") == count


def test_what_one_has_muted_is_in_ones_archive_and_goes_with_either_account(house, as_user):
    said = factories.create_comment(house.reading, house.other)
    mine = factories.create_comment(house.reading, house.member)
    mute(as_user, house.member, said)
    mute(as_user, house.other, mine)
    [row] = muted_people(house.member)
    assert row["name"] == "Milo"
    assert list(muted_people(house.owner)) == []
    User.objects.filter(pk=house.other.pk).update(
        deletion_due_at=timezone.now() - timedelta(minutes=1), deletion_choice="pseudonym"
    )
    assert delete_due() == 1
    assert not MutedPerson.objects.exists()


def test_a_moderators_queue_and_log_are_none_of_it(house, as_user):
    """Who is muted by their moderator is moderated all the same."""
    said = factories.create_comment(house.reading, house.other, key=uuid.uuid4())
    mute(as_user, house.moderator, said)
    assert Comment.objects.get().state == "visible"
    as_user(house.member).post(reverse("moderation:report_comment", args=[said.public_id]), {"words": "Look."})
    waiting = as_user(house.moderator).get(reverse("moderation:queue", args=[house.group.slug])).text
    assert f"/moderation/cases/{said.cases.get().pk}/" in waiting
    assert FOLD not in waiting
