"""Calling people by name: who is offered to whom, and who is meant by what was typed."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.discussion import actions
from readinggroup.discussion.mentions import MOST_OFFERED, called_in
from readinggroup.discussion.models import Comment, Mention
from readinggroup.groups.models import Membership
from readinggroup.lib.markup import LONGEST, own_words

from .. import factories


def offered(client, group, q=""):
    answer = client.get(reverse("discussion:suggest_members", args=[group.slug]), {"q": q})
    assert answer.status_code == 200
    return [part.split("</bdi>")[0] for part in answer.text.split("<bdi>")[1:]]


# --- Offered --------------------------------------------------------------------------------------------------------


def test_members_are_offered_by_the_beginning_of_their_name_here(house, as_user):
    factories.create_member(house.group, "Anna Maria Kowalski")
    otherwise = factories.create_member(house.group, "Nobody's business")
    house.group.memberships.filter(user=otherwise).update(name_here="Kowal")
    left = factories.create_member(house.group, "Kowalke")
    house.group.memberships.filter(user=left).update(left_at=timezone.now())
    factories.create_member(factories.create_group(), "Kowaljow")
    client = as_user(house.member)
    assert offered(client, house.group, "kowa") == ["Kowal", "Anna Maria Kowalski"]
    assert offered(client, house.group, "Anna Ma") == ["Anna Maria Kowalski"]
    assert offered(client, house.group, "Nobody") == []
    assert offered(client, house.group, "Mara") == []  # oneself
    assert offered(client, house.group, "M") == ["Milo", "Mona", "Anna Maria Kowalski"]


def test_wildcards_and_hostile_words_are_only_words(house, as_user):
    factories.create_member(house.group, "100% Tom_")
    client = as_user(house.member)
    assert offered(client, house.group, "%") == []
    assert offered(client, house.group, "100%") == ["100% Tom_"]
    assert offered(client, house.group, "_") == []
    assert offered(client, house.group, "x" * 5_000) == []
    for hostile in ("<script>", "'; --", "\\"):
        assert offered(client, house.group, hostile) == []
    factories.create_member(house.group, "<b>Bold</b>")
    assert offered(client, house.group, "<b>") == ["&lt;b&gt;Bold&lt;/b&gt;"]


def test_of_a_thousand_members_eight_are_offered_and_quickly(house, as_user):
    names = [f"Zoe {number:04}" for number in range(1_000)]
    users = User.objects.bulk_create(
        User(display_name=name, email=f"{name[4:]}@zoe.example", name_skeleton=name.lower()) for name in names
    )
    Membership.objects.bulk_create(Membership(group=house.group, user=user) for user in users)
    client = as_user(house.member)
    with CaptureQueriesContext(connection) as few:
        offered(client, house.group, "Milo")
    began = time.process_time()
    with CaptureQueriesContext(connection) as many:
        assert offered(client, house.group, "zo") == names[:MOST_OFFERED]
    assert time.process_time() - began < 1
    assert len(many) <= len(few)
    assert offered(client, house.group, "0999") == ["Zoe 0999"]


# --- Meant ----------------------------------------------------------------------------------------------------------


def called(house, body):
    comment = factories.create_comment(house.reading, house.member, body)
    return sorted(comment.mentions.values_list("user__display_name", flat=True))


@pytest.mark.parametrize(
    ("body", "who"),
    [
        ("What does @Milo say?", ["Milo"]),
        ("@milo, @MONA: look.", ["Milo", "Mona"]),
        ("@Milo @Milo", ["Milo"]),
        ("(@Milo)", ["Milo"]),
        ("*@Milo*", ["Milo"]),
        ("@Milometer is a thing", []),
        ("milo@Milo.example", []),
        ("Milo", []),
        ("@ Milo", []),
        ("@Mara", []),  # oneself
        ("@Otto", []),  # does not belong
        ("> @Milo said so\n\nI do not know.", []),
        ("`@Milo`", []),
        ("    @Milo", []),
        ("@Mona\nLisa", ["Mona"]),
        ("@", []),
    ],
)
def test_whom_a_comment_calls(house, body, who):
    assert called(house, body) == who


def test_the_longest_name_is_meant(house):
    factories.create_member(house.group, "Milo Marek")
    factories.create_member(house.group, "Milo Marek Senior")
    assert called(house, "@Milo Marek Senior, and @Milo") == ["Milo", "Milo Marek Senior"]
    assert called(house, "@Milo Marek, thank you") == ["Milo Marek"]
    assert called(house, "@Milo Mar") == ["Milo"]


def test_the_name_in_this_group_counts_and_a_former_member_is_not_called(house):
    house.group.memberships.filter(user=house.other).update(name_here="The Ferryman")
    assert called(house, "@The Ferryman, @Milo") == ["Milo"]
    assert Mention.objects.get().user == house.other
    house.group.memberships.filter(user=house.other).update(left_at=timezone.now())
    assert called(house, "@The Ferryman, again") == []


def test_the_words_stay_as_typed_when_a_name_changes(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "What does @Milo say?")
    assert comment.body_html == "<p>What does @Milo say?</p>"
    house.group.memberships.filter(user=house.other).update(name_here="The Ferryman")
    assert Mention.objects.get(comment=comment).user == house.other
    page = reverse("discussion:paragraph", args=[house.group.slug, house.reading.slug, comment.paragraph.public_id])
    assert "What does @Milo say?" in as_user(house.member).get(page).text


def test_rewording_calls_others_and_no_longer_the_first(house):
    comment = factories.create_comment(house.reading, house.member, "@Milo and @Mona")
    first = Mention.objects.get(user=house.moderator)
    actions.reword(comment=comment, body="@Mona and @Olga", wording=1, by=house.member)
    assert set(comment.mentions.values_list("user__display_name", flat=True)) == {"Mona", "Olga"}
    assert Mention.objects.get(user=house.moderator) == first  # told once
    actions.reword(comment=comment, body="Nobody.", wording=2, by=house.member)
    assert not Mention.objects.exists()


def test_erased_words_call_nobody(house):
    factories.create_comment(house.reading, house.member, "@Milo")
    actions.erase_all(by=house.member)
    assert not Mention.objects.exists()


def test_a_comment_that_calls_nobody_asks_nothing_more(house):
    version = factories.version_of(house.reading)
    for body, more in (("Nobody.", 0), ("@Milo and @Mona and @nobody", 2)):
        with CaptureQueriesContext(connection) as queries:
            factories.create_comment(house.reading, house.member, body)
        asked = [query for query in queries if "discussion_mention" in query["sql"]]
        assert len(asked) == more
    assert Comment.objects.filter(version=version).count() == 2


@pytest.mark.parametrize(
    "body", ["@" * LONGEST, "@a " * (LONGEST // 3), "@" + "é" * (LONGEST - 1), "> " * 500 + "@Milo"]
)
def test_the_worst_words_are_read_in_time(house, body):
    began = time.process_time()
    called_in(body, house.group.pk)
    assert time.process_time() - began < 2


def test_own_words_leave_out_quotations_and_code():
    assert own_words("one *two*\nthree\n\n> four\n\n- five `six`\n\n```\nseven\n```") == "one two\nthree\nfive \n"
