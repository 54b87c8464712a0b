"""Who may do what: the whole policy, cell by cell, written down a second time."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils import timezone

from readinggroup.groups.models import DECIDING, Group, Membership, Role, Visibility
from readinggroup.groups.permissions import (
    GRANTS,
    MEANING,
    MEMBER,
    VISITORS,
    Can,
    answer,
    check,
    may,
    membership_in,
    requires,
)

from .. import factories

PUBLIC, LISTED, CLOSED = Visibility.PUBLIC, Visibility.LISTED, Visibility.MEMBERS
OUTSIDE = ["visitor", "outsider", "former member", "former owner", "owner elsewhere"]
INSIDE = [
    (), (Role.ORGANIZER,), (Role.MODERATOR,), (Role.ORGANIZER, Role.MODERATOR), (Role.OWNER,),
    (Role.MODERATOR, Role.OWNER),
]  # fmt: skip

# In which groups those outside may do it, and which of those inside: a letter for each of INSIDE, in that order.
POLICY = {
    Can.KNOW: ({PUBLIC, LISTED}, "yyyyyy"),
    Can.ASK_TO_JOIN: ({PUBLIC, LISTED}, "nnnnnn"),
    Can.READ: ({PUBLIC}, "yyyyyy"),
    Can.READ_ALL: (set(), "yyyyyy"),
    Can.DISCUSS: (set(), "yyyyyy"),
    Can.ATTEND: (set(), "yyyyyy"),
    Can.PROPOSE: (set(), "yyyyyy"),
    Can.VOTE: (set(), "yyyyyy"),
    Can.SEE_MEMBERS: (set(), "yyyyyy"),
    Can.SCHEDULE: (set(), "ny" + "nyyy"),
    Can.HOLD_BALLOTS: (set(), "ny" + "nyyy"),
    Can.KEEP_TEXTS: (set(), "ny" + "nyyy"),
    Can.INVITE: (set(), "ny" + "nyyy"),
    Can.MODERATE: (set(), "nn" + "yyyy"),
    Can.SETTLE_QUESTIONS: (set(), "ny" + "yyyy"),
    Can.WRITE_TO_ALL: (set(), "ny" + "nyyy"),
    Can.SETTLE: (set(), "nn" + "nnyy"),
    Can.HAND_OUT_ROLES: (set(), "nn" + "nnyy"),
    Can.END: (set(), "nn" + "nnyy"),
}
STILL = {Can.KNOW, Can.READ, Can.READ_ALL, Can.SEE_MEMBERS, Can.END}  # while a group is closed
CELLS = [
    *((who, visibility, verb, visibility in groups)
      for verb, (groups, _) in POLICY.items() for visibility in Visibility for who in OUTSIDE),
    *((who, visibility, verb, letter == "y")
      for verb, (_, letters) in POLICY.items() for visibility in Visibility
      for who, letter in zip(INSIDE, letters, strict=True)),
]  # fmt: skip


def person(group, who):
    """Somebody who stands to the group as the name says."""
    factories.create_member(group, roles=[Role.OWNER])  # a group always has one
    if who == "visitor":
        return AnonymousUser()
    if who == "outsider":
        return factories.create_user()
    if who == "owner elsewhere":
        return factories.create_member(factories.create_group(), roles=[Role.OWNER])
    if who in OUTSIDE:
        user = factories.create_member(group, roles=[Role.OWNER] if who == "former owner" else [])
        Membership.objects.filter(user=user).update(left_at=timezone.now())
        return user
    return factories.create_member(group, roles=who)


def test_the_table_above_names_every_role_and_every_verb():
    assert set(POLICY) == set(Can) == set(MEANING)
    assert {role for roles in INSIDE for role in roles} == set(Role)
    assert set(GRANTS) == {MEMBER, *Role}
    assert set(VISITORS) == set(Visibility)
    assert len(CELLS) == 19 * 3 * 11


@pytest.mark.django_db
@pytest.mark.parametrize("closed", ["", "archived_at", "delete_at"])
@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("who", [*OUTSIDE, *INSIDE])
def test_every_cell_lets_in_sends_to_the_login_refuses_or_tells_nothing(rf, who, visibility, closed):
    group = factories.create_group(visibility=visibility, **({closed: timezone.now()} if closed else {}))
    request = rf.get("/g/x/?page=2")
    request.user = person(group, who)
    row = {verb: allowed for one, where, verb, allowed in CELLS if (one, where) == (who, visibility)}
    assert len(row) == len(Can)
    if closed:
        row = {verb: allowed and verb in STILL for verb, allowed in row.items()}
    if not row[Can.KNOW]:
        assert not any(row.values())
        with pytest.raises(Http404):
            membership_in(request.user, group.slug)
        return
    membership = membership_in(request.user, group.slug)
    for verb, allowed in row.items():
        assert may(membership, verb) is allowed, verb
        if allowed:
            assert check(request, membership, verb) is None
        elif request.user.is_authenticated:
            with pytest.raises(PermissionDenied):
                check(request, membership, verb)
        else:
            assert check(request, membership, verb)["Location"] == "/accounts/login/?next=/g/x/%3Fpage%3D2"


def test_nobody_gains_by_holding_a_second_role_or_loses_by_it():
    for first in Role:
        for second in Role:
            membership = Membership(pk=1, group=Group(), roles=[first, second])
            assert {verb for verb in Can if may(membership, verb)} == GRANTS[first] | GRANTS[second] | GRANTS[MEMBER]


def test_an_unsaved_membership_is_a_visit_whatever_it_says():
    membership = Membership(group=Group(visibility=PUBLIC), roles=[Role.OWNER])
    assert {verb for verb in Can if may(membership, verb)} == {Can.KNOW, Can.ASK_TO_JOIN, Can.READ}


@pytest.mark.django_db
def test_a_group_that_is_not_there_is_like_one_that_is_hidden():
    closed = factories.create_group(visibility=CLOSED)
    for slug in (closed.slug, "no-such-group"):
        with pytest.raises(Http404) as hidden:
            membership_in(factories.create_user(), slug)
        assert hidden.value.args == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("visibility", "kept"), [(PUBLIC, ""), (LISTED, "no-store, private"), (CLOSED, "no-store, private")]
)
def test_what_a_private_group_shows_is_kept_in_no_cache(rf, visibility, kept):
    group = factories.create_group(visibility=visibility)
    request = rf.get("/")
    request.user = factories.create_member(group)
    shown = answer(
        request, membership_in(request.user, group.slug), Can.READ, lambda request, membership: HttpResponse("x")
    )
    assert set(shown.get("Cache-Control", "").split(", ")) == set(kept.split(", "))


@pytest.mark.django_db
def test_a_view_that_requires_a_verb_says_so_and_gets_the_membership(rf):
    @requires(Can.MODERATE)
    def page(request, membership, number):
        """A page of moderators."""
        return HttpResponse(f"{membership.group.slug} {number}")

    group = factories.create_group()
    request = rf.get("/")
    request.user = factories.create_member(group, roles=[Role.MODERATOR])
    assert page.access == Can.MODERATE
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
    client, front = as_user(closed_house.moderator), f"/g/{closed_house.group.slug}/"
    assert client.get(front).status_code == 200
    Membership.objects.filter(user=closed_house.moderator).update(left_at=timezone.now())
    assert client.get(front).status_code == 404


def test_the_list_of_who_decides_is_what_the_table_grants():
    assert set(DECIDING) == {role for role in Role if Can.MODERATE in GRANTS[role]}
