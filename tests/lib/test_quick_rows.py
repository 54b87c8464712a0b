"""A row read in plain SQL is the very instance that the ORM would give."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readinggroup.accounts.logins import QuickModelBackend, SessionStore
from readinggroup.accounts.models import User
from readinggroup.groups.models import Group, Membership, Role
from readinggroup.groups.permissions import Can, may
from readinggroup.lib.quick_rows import columns_of, quick_row
from texts.models import Edition

from .. import factories


def fields_of(instance):
    """Every field of the instance, and whether it is saved and from where."""
    fields = {field.attname: getattr(instance, field.attname) for field in type(instance)._meta.concrete_fields}
    return fields | {
        "database": instance._state.db,
        "adding": instance._state.adding,
        "deferred": instance.get_deferred_fields(),
    }


@pytest.mark.parametrize("model", [User, Group, Membership, Edition])
def test_the_same_fields_as_the_orm(house, model):
    found = quick_row(model, "id = %s", [model.objects.first().pk])
    assert fields_of(found) == fields_of(model.objects.first())
    assert found == model.objects.first()
    assert columns_of(model) == [field.attname for field in model._meta.concrete_fields]


def test_nothing_is_none_and_values_are_values(house):
    assert quick_row(User, "id = %s", [0]) is None
    assert quick_row(User, "email = %s", ["' OR 1=1 --"]) is None
    assert quick_row(User, "display_name = %s", ["%s %(x)s"]) is None


def test_it_can_be_saved_again(house):
    found = quick_row(User, "id = %s", [house.member.pk])
    found.display_name = "Mara the Second"
    found.save()
    house.member.refresh_from_db()
    assert house.member.display_name == "Mara the Second"


def test_the_person_of_a_request_is_who_the_orm_says(house):
    assert fields_of(QuickModelBackend().get_user(house.member.pk)) == fields_of(User.objects.get(pk=house.member.pk))
    User.objects.filter(pk=house.member.pk).update(is_active=False)
    assert QuickModelBackend().get_user(house.member.pk) is None
    assert QuickModelBackend().get_user(0) is None


def test_a_login_is_found_until_it_expires(db):
    login = SessionStore()
    login["x"] = 1
    login.save()
    assert SessionStore(login.session_key)["x"] == 1
    login.set_expiry(-1)
    login.save()
    assert SessionStore(login.session_key).get("x") is None


@pytest.mark.parametrize("who", ["owner", "organizer", "moderator", "member"])
def test_a_members_standing_is_their_membership(house, who):
    user = getattr(house, who)
    found = Membership.objects.standing(user.pk, house.group.slug)
    assert fields_of(found) == fields_of(Membership.objects.get(user=user))
    assert fields_of(found.group) == fields_of(house.group.__class__.objects.get(pk=house.group.pk))
    assert found.is_member


def test_two_roles_are_both_there(house):
    Membership.objects.filter(user=house.member).update(roles=[Role.ORGANIZER, Role.MODERATOR])
    assert Membership.objects.standing(house.member.pk, house.group.slug).roles == [Role.ORGANIZER, Role.MODERATOR]


def test_visitors_strangers_and_former_members_have_no_membership(house):
    Membership.objects.filter(user=house.member).update(left_at=timezone.now())
    elsewhere = factories.create_member(factories.create_group(), roles=[Role.OWNER])
    for user_id in (None, house.outsider.pk, house.member.pk, elsewhere.pk):
        found = Membership.objects.standing(user_id, house.group.slug)
        assert found.pk is None
        assert not found.is_member
        assert found.user_id is None
        assert found.roles == []
        assert found.group == house.group


def test_in_no_group_one_is_nobody_and_may_nothing(house):
    for found in (
        Membership.objects.standing(house.member.pk, "no-such-group"),
        Membership.objects.standing(None, "'; --"),
    ):
        assert (found.pk, found.group.pk, found.is_member) == (None, None, False)
        assert not any(may(found, verb) for verb in Can)


def test_standing_is_one_query(house):
    for user_id in (house.member.pk, None):
        with CaptureQueriesContext(connection) as captured:
            Membership.objects.standing(user_id, house.group.slug).group.is_public  # noqa: B018 - asks for the group
        assert len(captured) == 1
