"""One shown name a group: what looks alike is one name, whoever comes first, however it is written."""

import re
from io import BytesIO
from threading import Barrier
from zipfile import ZipFile

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from readinggroup.accounts.models import User
from readinggroup.accounts.names import new_pseudonym, skeleton, validate_display_name
from readinggroup.groups import actions, settling
from readinggroup.groups.models import GroupExport, Membership, Role
from readinggroup.notifications.models import Notice
from readinggroup.tasks import make_group_export

from .. import factories
from .test_coming_and_going import address, at_once

ALIKE = [
    ("paypal", "pаypal"),  # a Cyrillic а
    ("paypal", "ＰＡＹＰＡＬ"),  # fullwidth
    ("paypal", "PayPaI"),  # a capital I for the l
    ("Olga", "0lga"),
    ("Mara", "Маra"),
    ("Marnie", "Mamie"),  # rn and m
    ("José", "Jose\u0301"),
    ("Ana B", "  ana   b "),
    ("Ana", "𝐀𝐧𝐚"),
    ("Straße", "STRASSE"),
    ("Ida \u2764", "Ida \u2764\ufe0f"),
]
APART = [("Ana", "Anna"), ("Jose", "José"), ("Мила", "Мила 2"), ("Ana B", "AnaB"), ("ندى", "نور")]


def shown_to(client, reading):
    page = client.get(reverse("discussion:whole", args=[reading.group.slug, reading.slug])).text
    return re.findall(r'<bdi class="author">([^<]*)</bdi>', page)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_alike_are_one(one, other):
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_that_differ_stay_two(one, other):
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    "name", ["a\u202eb", "a\u200bb", "\u3164", "\u2800\u2800", "a\x00b", "\ud800", " ", "Z" + "\u0300" * 5, "\u00a0"]
)
def test_names_that_cannot_be_seen_or_run_over_the_page_are_refused(name):
    with pytest.raises(ValidationError):
        validate_display_name(name)


def test_the_longest_name_of_the_widest_letters_has_a_skeleton_that_fits():
    assert len(skeleton("\ufdfa" * 60)) <= 200


def test_a_skeleton_is_kept_however_a_name_is_written(db):
    user = factories.create_user("Mara")
    user.display_name = "Nora"
    user.save(update_fields=["display_name"])
    assert User.objects.get(pk=user.pk).name_skeleton == skeleton("Nora")
    User.objects.filter(pk=user.pk).update(display_name="Vera")
    assert User.objects.get(pk=user.pk).name_skeleton == skeleton("Vera")
    [made] = User.objects.bulk_create([User(email="bulk@example.org", display_name="Lea")])
    assert User.objects.get(pk=made.pk).name_skeleton == skeleton("Lea")


@pytest.mark.parametrize("name", ["Mara", "Маra", "mara", "Ｍara"])
def test_who_joins_under_a_name_that_is_taken_is_asked_for_another(house, as_user, name):
    newcomer = factories.create_user(name)
    token = actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
    client, link = as_user(newcomer), reverse("groups:join", args=[token])
    refused = client.post(link)
    assert refused.status_code == 422
    assert f'value="{name}"' in refused.text
    assert "called that already" in refused.text
    again = client.post(link, {"name_here": "MARA"})
    assert (again.status_code, 'value="MARA"' in again.text) == (422, True)
    assert house.group.invitations.get().used == 0
    assert client.post(link, {"name_here": "Mara of the quay"}).status_code == 302
    factories.create_comment(house.reading, newcomer)
    assert shown_to(as_user(None), house.reading) == ["Mara of the quay"]


def test_the_name_of_who_has_left_is_not_free(house, as_user):
    actions.leave(membership=house.group.memberships.get(user=house.member), by=house.member)
    with pytest.raises(actions.NameTaken):
        actions.take_in(group=house.group, user=factories.create_user("Mara"))


def test_a_rename_to_a_name_of_ones_group_is_refused_and_the_group_named(house, as_user):
    client = as_user(house.other)
    answer = client.post(reverse("accounts:profile"), {"display_name": "МАRA"})
    assert answer.status_code == 422
    assert house.group.name in answer.text
    assert 'value="МАRA"' in answer.text
    assert User.objects.get(pk=house.other.pk).display_name == "Milo"
    assert client.post(reverse("accounts:profile"), {"display_name": "Milena"}).status_code == 302
    assert house.group.memberships.get(user=house.other).name_skeleton == skeleton("Milena")


def test_in_another_group_the_same_name_is_nobodys(house):
    other = factories.create_group()
    assert actions.take_in(group=other, user=factories.create_user("Mara")).name_here == ""


def test_a_name_of_this_group_alone_is_shown_everywhere_in_it_and_nowhere_else(house, as_user):
    client = as_user(house.member)
    assert client.post(address("name_here", house), {"name_here": "Quay"}).status_code == 302
    chain = factories.create_comment(house.reading, house.member)
    for _ in range(6):
        chain = factories.create_comment(house.reading, house.member, parent=chain)
    group, reading = house.group.slug, house.reading.slug
    pages = [
        reverse("groups:members", args=[group]),
        reverse("groups:member", args=[group, house.member.public_id]),
        reverse("discussion:contributions", args=[group, house.member.public_id]),
        reverse("discussion:whole", args=[group, reading]),
        reverse("discussion:paragraph", args=[group, reading, chain.paragraph.public_id]),
        reverse("discussion:answer_comment", args=[chain.public_id]),
        reverse("moderation:report_comment", args=[chain.public_id]),
    ]
    for page in pages:
        text = as_user(house.moderator).get(page).text
        assert "Quay" in text, page
        assert "Mara" not in text, page
    assert "in answer to <bdi>Quay</bdi>" in as_user(house.moderator).get(pages[3]).text
    assert "Mara" in client.get("/").text
    client.post(address("name_here", house), {"name_here": ""})
    assert set(shown_to(client, house.reading)) == {"Mara"}


@pytest.mark.parametrize("name", ["Milo", "МILO", "a\u202eb", "x" * 61, "a\x00"])
def test_a_name_here_that_cannot_be_is_refused_and_kept_typed(house, as_user, name):
    answer = as_user(house.member).post(address("name_here", house), {"name_here": name})
    assert answer.status_code == 422
    assert house.group.memberships.get(user=house.member).name_here == ""


def test_a_hostile_name_is_text_in_a_box_of_its_own(house, as_user):
    name = "<b>x</b>\u0627\u0628 & {{ 7 }}"
    house.member.display_name = name
    house.member.save()
    factories.create_comment(house.reading, house.member)
    assert shown_to(as_user(house.other), house.reading) == ["&lt;b&gt;x&lt;/b&gt;\u0627\u0628 &amp; {{ 7 }}"]
    assert "<bdi>&lt;b&gt;x" in as_user(house.other).get(address("members", house)).text


def test_who_is_accepted_under_a_name_that_is_taken_gets_a_number_and_is_told(house, as_user):
    asker = factories.create_user("Mara")
    request = actions.ask_to_join(group=house.group, words="Hello.", by=asker)
    as_user(house.organizer).post(address("answer_join_request", house, request.pk), {"answer": "accept"})
    assert house.group.memberships.get(user=asker).name_here == "Mara 2"
    assert "Mara 2" in as_user(asker).get("/inbox/").text


def test_pseudonyms_differ_and_may_be_shown():
    drawn = {new_pseudonym() for _ in range(200)}
    assert len(drawn) == 200
    for name in drawn:
        validate_display_name(name)


def test_names_of_many_cost_no_further_query(house, as_user, django_assert_max_num_queries, django_assert_num_queries):
    factories.create_comment(house.reading, house.member)
    client = as_user(house.owner)
    page = reverse("discussion:whole", args=[house.group.slug, house.reading.slug])
    client.get(page)
    with django_assert_max_num_queries(20) as first:
        client.get(page)
    for number in range(3):
        user = factories.create_member(house.group, f"Writer {number}x")
        actions.change_name_here(membership=house.group.memberships.get(user=user), name=f"Pen {number}x", by=user)
        factories.create_comment(house.reading, user)
    with django_assert_num_queries(len(first)):
        assert "Pen 2x" in client.get(page).text


@pytest.mark.django_db(transaction=True)
def test_of_many_who_join_at_once_under_one_name_one_gets_it():
    for _ in range(5):
        group = factories.create_group()
        people = [factories.create_user(name) for name in ("Iris", "iris", "Irls", "ІRIS", "IRIS ", "lris")]

        def join(number, group=group, people=people):
            try:
                return bool(actions.take_in(group=group, user=people[number]))
            except actions.NameTaken:
                return False

        assert sorted(at_once(6, join)) == [False] * 5 + [True]
        assert group.memberships.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_joining_and_renaming_at_once_to_one_name_one_gets_it(as_user):
    for turn in range(5):
        group = factories.create_group()
        member, newcomer = factories.create_member(group, f"Lena {turn}"), factories.create_user("Iris")
        token = actions.invite(group=group, uses=1, days=1, roles=[], by=member)
        clients = [as_user(member), as_user(newcomer)]

        def act(number, clients=clients, token=token):
            if number == 0:
                return clients[0].post(reverse("accounts:profile"), {"display_name": "Iris"}).status_code
            return clients[1].post(reverse("groups:join", args=[token])).status_code

        assert sorted(at_once(2, act)) == [302, 422]
        assert group.memberships.filter(name_skeleton=skeleton("Iris")).count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_joins_while_renaming_is_known_by_the_new_name():
    """The trigger waits for the person, so that no membership keeps the name before."""
    for turn in range(10):
        group, user = factories.create_group(), factories.create_user(f"Before {turn}")

        def act(number, group=group, user=user, turn=turn):
            if number:
                User.objects.filter(pk=user.pk).update(display_name=f"After {turn}")
            else:
                actions.take_in(group=group, user=user)

        at_once(2, act)
        assert group.memberships.get().name_skeleton == skeleton(f"After {turn}")


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_let_in_two_of_one_name():
    """The control: the same crowd without the constraint, and a check that looks before it leaps."""
    group = factories.create_group()
    people = [factories.create_user("Iris") for _ in range(4)]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE groups_membership DROP CONSTRAINT membership_name_once")
    barrier = Barrier(4)

    def join_carelessly(number):
        free = not group.memberships.filter(name_skeleton=skeleton("Iris")).exists()
        barrier.wait()
        if free:
            Membership.objects.create(group=group, user=people[number])

    try:
        at_once(4, join_carelessly)
        assert group.memberships.count() > 1
    finally:
        group.memberships.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE groups_membership ADD CONSTRAINT membership_name_once UNIQUE (group_id, name_skeleton)"
            )


def test_who_is_called_otherwise_here_is_named_so_in_settings_rules_notices_and_the_export(house, as_user):
    house.group.memberships.filter(user=house.owner).update(name_here="Harbourmaster")
    other = factories.create_member(house.group, "Odile", roles=[Role.OWNER])
    group = house.group
    settling.archive(group=group, by=house.owner)
    settling.reopen(group=group, by=house.owner)
    settling.change_rules(group=group, rules=[("Be brief", "Two screens.")], by=house.owner)
    settling.offer_group(group=group, to=other, by=house.owner)
    factories.create_comment(house.reading, house.owner, "Counted them twice.")
    pages = [address(name, house) for name in ("settle_group", "rules_history", "answer_handover")]
    shown = [as_user(other).get(page).text for page in pages]
    shown += [as_user(house.owner).get(address("hand_over", house)).text]
    shown += [str(notice.facts) for notice in Notice.objects.filter(recipient=other)]
    assert len(shown) >= 7
    export = settling.ask_for_export(group=group, by=other)
    make_group_export(export=export.pk)
    with ZipFile(BytesIO(GroupExport.objects.get().content)) as archive:
        shown += [archive.read(name).decode() for name in archive.namelist()]
    assert sum("Harbourmaster" in text for text in shown) >= 7
    masthead = re.compile(r"<bdi>Olga</bdi></a>\s*<form")  # one's own account bears one's own name
    assert [text for text in shown if "Olga" in masthead.sub("", text)] == []
