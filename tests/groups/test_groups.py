"""Groups, memberships, and the words that stand in their addresses."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.groups.actions import found_group, free_slug, take_in
from readinggroup.groups.models import Group, Membership, Role, Visibility

from .. import factories

pytestmark = pytest.mark.django_db


def test_who_founds_a_group_owns_it():
    user = factories.create_user()
    group = found_group(name="Harbour readers", by=user, visibility=Visibility.PUBLIC)
    assert group.slug == "harbour-readers"
    assert Membership.objects.get(group=group).roles == [Role.OWNER]
    assert found_group(name="Harbour readers", by=user).visibility == Visibility.MEMBERS


@pytest.mark.parametrize(
    ("language", "zone", "place"),
    [
        ("de", "Asia/Tokyo", ("de", "Asia/Tokyo")),
        ("", "", ("en", "UTC")),
        ("fr", "Asia/Atlantis", ("fr", "UTC")),  # a zone that was known once
    ],
)
def test_a_new_group_is_where_its_founder_is(as_user, language, zone, place):
    user = factories.create_user()
    User.objects.filter(pk=user.pk).update(language=language, time_zone=zone)
    form = {"name": "Harbour readers", "visibility": "members", "language": "tlh", "time_zone": "Mars/Olympus"}
    assert as_user(user).post(reverse("groups:found_group"), form).status_code == 302
    group = Group.objects.get()
    assert (group.language, group.time_zone) == place


def test_what_is_said_of_a_new_group_is_stronger():
    user = factories.create_user()
    user.language, user.time_zone = "de", "Asia/Tokyo"
    group = found_group(name="Harbour readers", by=user, language="fr", time_zone="Europe/Paris")
    assert (group.language, group.time_zone) == ("fr", "Europe/Paris")


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        (["A Well", "A Well", "a  well!"], ["a-well", "a-well-2", "a-well-3"]),
        (["A Well 2", "A Well", "A Well", "A Well"], ["a-well-2", "a-well", "a-well-3", "a-well-4"]),
        (["港", "读书会", "---"], ["group", "group-2", "group-3"]),
        (["Ünïcode — Café"], ["unicode-cafe"]),
    ],
)
def test_each_group_has_an_address_of_its_own(names, slugs):
    user = factories.create_user()
    assert [found_group(name=name, by=user).slug for name in names] == slugs


@pytest.mark.parametrize("length", [1, 53, 54, 55, 57, 59, 60, 61, 100])
def test_long_names_that_are_alike_still_get_addresses_of_their_own(length):
    user = factories.create_user()
    slugs = [found_group(name="x" * length, by=user).slug for _ in range(12)]
    assert len(set(slugs)) == 12
    assert max(map(len, slugs)) <= 60


def test_readings_of_one_long_title_get_addresses_of_their_own():
    group = factories.create_group()
    for number in range(4):
        factories.create_reading(
            group, f"One.\n\nTwo {number}.\n", title="An essay upon " + "very " * 20 + "long titles"
        )
    assert group.readings.count() == 4


def test_a_free_word_is_left_alone():
    assert free_slug("New", Group.objects, longest=60, fallback="group") == "new"


def test_taken_in_twice_is_a_member_once():
    group, user = factories.create_group(), factories.create_user()
    first, second = take_in(group=group, user=user), take_in(group=group, user=user)
    assert first == second
    assert (second.roles, second.is_member) == ([], True)


def test_who_has_left_comes_back_to_the_same_row_without_the_former_roles():
    group = factories.create_group()
    user = factories.create_member(group, roles=[Role.MODERATOR])
    before = Membership.objects.get(user=user)
    Membership.objects.update(left_at=timezone.now())
    after = take_in(group=group, user=user)
    assert (after.pk, after.left_at, after.roles) == (before.pk, None, [])


def test_an_owner_who_is_taken_in_again_stays_owner():
    """Twice is once: an invitation opened by who belongs already takes nothing away."""
    group = factories.create_group()
    user = factories.create_member(group, roles=[Role.OWNER])
    take_in(group=group, user=user)
    assert Membership.objects.get(user=user).roles == [Role.OWNER]


def test_the_database_refuses_a_second_membership():
    group = factories.create_group()
    user = factories.create_member(group)
    with pytest.raises(IntegrityError, match="membership_once"), transaction.atomic():
        Membership.objects.create(group=group, user=user)


@pytest.mark.parametrize("roles", [["emperor"], ["owner", "emperor"], [""], ["OWNER"], ["member"]])
def test_the_database_refuses_a_role_that_is_none(roles):
    factories.create_member(factories.create_group())
    with pytest.raises(IntegrityError, match="membership_roles_are_known"), transaction.atomic():
        Membership.objects.update(roles=roles)


@pytest.mark.parametrize("visibility", ["", "everyone", "PUBLIC"])
def test_the_database_refuses_a_visibility_that_is_none(visibility):
    factories.create_group()
    with pytest.raises(IntegrityError, match="group_visibility_is_known"), transaction.atomic():
        Group.objects.update(visibility=visibility)


def test_a_person_who_belongs_somewhere_cannot_be_deleted_under_it():
    user = factories.create_member(factories.create_group())
    with pytest.raises(ProtectedError):
        user.delete()


def test_active_members_and_the_exceptions_among_them():
    group = factories.create_group()
    owner, member = factories.create_member(group, roles=[Role.OWNER]), factories.create_member(group)
    former = factories.create_member(group, roles=[Role.MODERATOR])
    Membership.objects.filter(user=former).update(left_at=timezone.now())
    assert {membership.user for membership in Membership.objects.active()} == {owner, member}
    Membership.objects.filter(user=member).update(name_here="Called otherwise")
    assert {membership.user for membership in Membership.objects.exceptions()} == {owner, member, former}


# --- The pages --------------------------------------------------------------------------------------------------------


def front(house):
    return reverse("group", args=[house.group.slug])


def test_the_front_page_shows_each_what_they_may_do(house, as_user):
    ways = {"keep": reverse("readings:import_text", args=[house.group.slug]), "moderate": f"{front(house)}moderation/"}
    shown = {}
    for who in (None, "outsider", "member", "organizer", "moderator", "owner"):
        page = as_user(who and getattr(house, who)).get(front(house)).content.decode()
        assert house.group.name in page
        assert "The Ferry" in page
        shown[who] = [name for name, address in ways.items() if f'"{address}"' in page]
    assert shown == {
        None: [], "outsider": [], "member": [], "organizer": ["keep"], "moderator": ["moderate"],
        "owner": ["keep", "moderate"],
    }  # fmt: skip


def test_a_private_group_is_on_the_pages_of_its_members_only(closed_house, house, as_user):
    Group.objects.filter(pk=closed_house.group.pk).update(name="Behind the door")
    for who, status in ((None, 404), (house.owner, 404), (closed_house.outsider, 404), (closed_house.member, 200)):
        client = as_user(who)
        assert client.get(front(closed_house)).status_code == status
        assert ("Behind the door" in client.get("/").content.decode()) == (status == 200)
