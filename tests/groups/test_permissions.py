"""Who may do what: the whole policy, cell by cell, written down a second time."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils import timezone

from readinggroup.groups.models import Membership, Role, Visibility
from readinggroup.groups.permissions import GRANTS, MEMBER, VISITOR, Can, answer, check, may, membership_in, requires

from .. import factories

READ, DISCUSS, KEEP_TEXTS, MODERATE = Can.READ, Can.DISCUSS, Can.KEEP_TEXTS, Can.MODERATE

POLICY = {
    # roles: (READ, DISCUSS, KEEP_TEXTS, MODERATE)
    "visitor": (True, False, False, False),
    "former member": (True, False, False, False),
    "former owner": (True, False, False, False),
    (): (True, True, False, False),
    (Role.ORGANIZER,): (True, True, True, False),
    (Role.MODERATOR,): (True, True, False, True),
    (Role.ORGANIZER, Role.MODERATOR): (True, True, True, True),
    (Role.OWNER,): (True, True, True, True),
    (Role.OWNER, Role.MODERATOR): (True, True, True, True),
}
VERBS = (READ, DISCUSS, KEEP_TEXTS, MODERATE)
CELLS = [(who, verb, allowed) for who, row in POLICY.items() for verb, allowed in zip(VERBS, row, strict=True)]


def membership_of(group, who):
    """The membership that the policy's row describes, as views get it; and the person."""
    if who == "visitor":
        return membership_in(AnonymousUser(), group.slug), AnonymousUser()
    former = isinstance(who, str)
    user = factories.create_member(group, roles=([Role.OWNER] if who == "former owner" else []) if former else who)
    if former:
        Membership.objects.filter(user=user).update(left_at=timezone.now())
    return membership_in(user, group.slug), user


def test_the_table_above_names_every_role_and_every_verb():
    assert set(VERBS) == set(Can)
    assert {role for who in POLICY if isinstance(who, tuple) for role in who} == set(Role)
    assert set(GRANTS) == {VISITOR, MEMBER, *Role}


@pytest.mark.django_db
@pytest.mark.parametrize(("who", "verb", "allowed"), CELLS)
def test_every_cell(who, verb, allowed):
    membership, _ = membership_of(factories.create_group(), who)
    assert may(membership, verb) is allowed


@pytest.mark.django_db
@pytest.mark.parametrize(("who", "verb", "allowed"), CELLS)
def test_check_lets_in_sends_to_the_login_or_refuses(rf, who, verb, allowed):
    membership, request = None, rf.get("/g/x/moderation/?page=2")
    membership, request.user = membership_of(factories.create_group(), who)
    if allowed:
        assert check(request, membership, verb) is None
    elif request.user.is_authenticated:
        with pytest.raises(PermissionDenied):
            check(request, membership, verb)
    else:
        assert check(request, membership, verb)["Location"] == "/accounts/login/?next=/g/x/moderation/%3Fpage%3D2"


def test_nobody_gains_by_holding_a_second_role_or_loses_by_it():
    for first in Role:
        for second in Role:
            membership = Membership(pk=1, roles=[first, second])
            assert {verb for verb in Can if may(membership, verb)} == GRANTS[first] | GRANTS[second] | GRANTS[MEMBER]


def test_an_unsaved_membership_is_a_visit_whatever_it_says():
    assert [verb for verb in Can if may(Membership(roles=[Role.OWNER]), verb)] == [READ]


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["visitor", "outsider", "former", "elsewhere"])
def test_of_a_private_group_others_do_not_learn_that_it_exists(who):
    group = factories.create_group(visibility=Visibility.MEMBERS)
    former = factories.create_member(group, roles=[Role.OWNER])
    Membership.objects.update(left_at=timezone.now())
    elsewhere = factories.create_member(factories.create_group(), roles=[Role.OWNER])
    people = {"visitor": AnonymousUser(), "outsider": factories.create_user(), "former": former, "elsewhere": elsewhere}
    for slug in (group.slug, "no-such-group"):
        with pytest.raises(Http404):
            membership_in(people[who], slug)


@pytest.mark.django_db
def test_members_of_a_private_group_are_let_in():
    group = factories.create_group(visibility=Visibility.MEMBERS)
    membership = membership_in(factories.create_member(group), group.slug)
    assert (membership.group, membership.is_member) == (group, True)


@pytest.mark.django_db
def test_a_role_in_one_group_is_nothing_in_another():
    owner = factories.create_member(factories.create_group(), roles=[Role.OWNER])
    membership = membership_in(owner, factories.create_group().slug)
    assert [verb for verb in Can if may(membership, verb)] == [READ]


@pytest.mark.django_db
@pytest.mark.parametrize(("visibility", "kept"), [(Visibility.PUBLIC, ""), (Visibility.MEMBERS, "no-store, private")])
def test_what_a_private_group_shows_is_kept_in_no_cache(rf, visibility, kept):
    group = factories.create_group(visibility=visibility)
    request = rf.get("/")
    request.user = factories.create_member(group)
    shown = answer(
        request, membership_in(request.user, group.slug), READ, lambda request, membership: HttpResponse("x")
    )
    assert set(shown.get("Cache-Control", "").split(", ")) == set(kept.split(", "))


@pytest.mark.django_db
def test_a_view_that_requires_a_verb_says_so_and_gets_the_membership(rf):
    @requires(MODERATE)
    def page(request, membership, number):
        """A page of moderators."""
        return HttpResponse(f"{membership.group.slug} {number}")

    group = factories.create_group()
    request = rf.get("/")
    request.user = factories.create_member(group, roles=[Role.MODERATOR])
    assert page.access == MODERATE
    assert page(request, group=group.slug, number=3).content.decode() == f"{group.slug} 3"
    request.user = factories.create_member(group, roles=[Role.ORGANIZER])
    with pytest.raises(PermissionDenied):
        page(request, group=group.slug, number=3)


def test_the_same_login_is_refused_as_soon_as_the_role_is_taken_away(house, as_user):
    client = as_user(house.moderator)
    page = f"/g/{house.group.slug}/moderation/"
    assert client.get(page).status_code == 200
    Membership.objects.filter(user=house.moderator).update(roles=[])
    assert client.get(page).status_code == 403
    Membership.objects.filter(user=house.moderator).update(roles=[Role.MODERATOR], left_at=timezone.now())
    assert client.get(page).status_code == 403


def test_leaving_a_private_group_shuts_the_door_within_the_same_login(closed_house, as_user):
    client, front = as_user(closed_house.owner), f"/g/{closed_house.group.slug}/"
    assert client.get(front).status_code == 200
    Membership.objects.filter(user=closed_house.owner).update(left_at=timezone.now())
    assert client.get(front).status_code == 404
