"""Founding a group, inviting, joining, handing out roles, leaving."""

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups import actions
from readinggroup.groups.models import Group, Invitation, Membership, Role, Visibility
from readinggroup.groups.permissions import MEANING, Can

from .. import factories
from ..moderation.steps import decide_about

BACKEND = "readinggroup.accounts.logins.QuickModelBackend"
ITS_PLACE = {"language": "en", "time_zone": "UTC"}


def address(name, house, *more):
    return reverse(f"groups:{name}", args=[house.group.slug, *more])


def invited_by(client, house, **data):
    """The path of the link that the page shows."""
    answer = client.post(address("invite", house), {"uses": 1, "days": 7} | data)
    found = re.search(r'value="http://testserver(/join/[^"]+)"', answer.content.decode())
    return found and found[1]


def at_once(count, act):
    """Run `act(number)` in so many threads that begin together; their answers."""
    barrier, answers = Barrier(count), []

    def run(number):
        barrier.wait()
        try:
            answers.append(act(number))
        finally:
            connection.close()

    threads = [Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_who_founds_a_group_owns_it(db, as_user):
    founder = factories.create_user("Fina")
    answer = as_user(founder).post(
        reverse("groups:found_group"), {"name": "Dock workers", "description": "We read.", "visibility": "members"}
    )
    group = Group.objects.get()
    assert answer["Location"] == reverse("group", args=["dock-workers"])
    assert group.memberships.get().roles == [Role.OWNER]
    assert as_user(None).get(answer["Location"]).status_code == 404
    assert as_user(None).get(reverse("groups:found_group")).status_code == 302


def test_founding_can_be_kept_to_staff(db, as_user, settings):
    settings.ONLY_STAFF_FOUND_GROUPS = True
    assert as_user(factories.create_user()).get(reverse("groups:found_group")).status_code == 403
    assert as_user(factories.create_user(is_staff=True)).get(reverse("groups:found_group")).status_code == 200


def test_a_group_without_a_name_is_refused_with_what_was_typed(db, as_user):
    answer = as_user(factories.create_user()).post(
        reverse("groups:found_group"), {"name": "", "description": "typed with care", "visibility": "members"}
    )
    assert answer.status_code == 422
    assert "typed with care" in answer.content.decode()
    assert Group.objects.count() == 0


def test_from_the_invitation_to_the_first_words(closed_house, as_user):
    path = invited_by(as_user(closed_house.organizer), closed_house)
    visitor = as_user(None).get(path)
    assert closed_house.group.name in visitor.content.decode()
    newcomer = as_user(closed_house.outsider)
    assert "Join the group" in newcomer.get(path).content.decode()
    assert not Membership.objects.filter(user=closed_house.outsider).exists()  # opening joins nobody
    assert newcomer.post(path)["Location"] == reverse("group", args=[closed_house.group.slug])
    assert newcomer.get(reverse("group", args=[closed_house.group.slug])).status_code == 200


def test_a_visitor_is_led_to_the_login_and_back(house, as_user):
    path = invited_by(as_user(house.organizer), house)
    assert f'href="/accounts/login/?next={path}"' in as_user(None).get(path).content.decode()
    as_user(None).post(path)
    assert house.group.memberships.count() == 5


@pytest.mark.parametrize("spoil", ["revoked", "expired", "used up", "made up"])
def test_an_invitation_that_is_not_good_is_not_there(house, as_user, spoil):
    path = invited_by(as_user(house.organizer), house)
    if spoil == "revoked":
        as_user(house.owner).post(address("revoke_invitation", house, Invitation.objects.get().pk))
    if spoil == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if spoil == "used up":
        as_user(factories.create_user()).post(path)
    if spoil == "made up":
        path = "/join/made-up/"
    client = as_user(house.outsider)
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    assert not Membership.objects.filter(user=house.outsider).exists()


def test_the_token_itself_is_not_kept(house, as_user):
    path = invited_by(as_user(house.organizer), house)
    assert path.split("/")[2] not in str(Invitation.objects.values().get())


def test_who_belongs_already_does_not_use_it_up_and_keeps_their_roles(house, as_user):
    path = invited_by(as_user(house.organizer), house)
    as_user(house.moderator).post(path)
    assert Invitation.objects.get().used == 0
    assert house.group.memberships.get(user=house.moderator).roles == [Role.MODERATOR]


def test_only_owners_invite_to_a_role(house, as_user):
    invited_by(as_user(house.organizer), house, roles=["owner"])
    assert Invitation.objects.get().roles == []
    path = invited_by(as_user(house.owner), house, roles=["moderator"])
    as_user(house.outsider).post(path)
    assert house.group.memberships.get(user=house.outsider).roles == ["moderator"]


@pytest.mark.parametrize(
    "data", [{"uses": 0}, {"uses": 501}, {"days": 0}, {"days": 91}, {"uses": "x"}, {"days": ""}, {"uses": "1\x00"}]
)
def test_invitations_have_limits(house, as_user, data):
    answer = as_user(house.owner).post(address("invite", house), {"uses": 1, "days": 7} | data)
    assert answer.status_code == 422
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("who", ["member", "moderator"])
def test_members_do_not_invite(house, as_user, who):
    assert as_user(getattr(house, who)).get(address("invite", house)).status_code == 403


def test_an_invitation_of_another_group_cannot_be_taken_back(house, as_user):
    other = factories.create_group()
    actions.invite(group=other, uses=1, days=1, roles=[], by=house.owner)
    answer = as_user(house.owner).post(address("revoke_invitation", house, Invitation.objects.get().pk))
    assert answer.status_code == 404
    assert Invitation.objects.good().count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_thirty_two_at_once_a_link_for_one_lets_in_one():
    group = factories.create_group()
    token = actions.invite(group=group, uses=1, days=1, roles=[], by=factories.create_member(group))
    people = [factories.create_user() for _ in range(32)]

    def redeem(number):
        client = Client()
        client.force_login(people[number], backend=BACKEND)
        return client.post(reverse("groups:join", args=[token])).status_code

    answers = at_once(32, redeem)
    assert sorted(answers) == [302, *[404] * 31]
    assert group.memberships.filter(user__in=people).count() == 1


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_let_in_several():
    """The control: the same crowd, with a check that looks before it leaps."""
    group = factories.create_group()
    actions.invite(group=group, uses=1, days=1, roles=[], by=factories.create_member(group))
    people = [factories.create_user() for _ in range(8)]
    barrier = Barrier(8)

    def redeem_carelessly(number):
        invitation = Invitation.objects.get()
        free = invitation.used < invitation.uses
        barrier.wait()
        if free:
            actions.take_in(group=group, user=people[number])

    at_once(8, redeem_carelessly)
    assert group.memberships.filter(user__in=people).count() > 1


def test_leaving_says_what_becomes_of_what_one_wrote(closed_house, as_user):
    factories.create_comment(closed_house.reading, closed_house.member, "I was here.")
    client, page = as_user(closed_house.member), reverse("discussion:leave", args=[closed_house.group.slug])
    assert "stays in the discussion" in client.get(page).content.decode()
    assert client.post(page, {"contributions": "name"})["Location"] == "/"
    assert client.get(reverse("group", args=[closed_house.group.slug])).status_code == 404
    whole = reverse("discussion:whole", args=[closed_house.group.slug, closed_house.reading.slug])
    assert "I was here." in as_user(closed_house.other).get(whole).content.decode()


def test_the_last_owner_stays(house, as_user):
    client = as_user(house.owner)
    page = reverse("discussion:leave", args=[house.group.slug])
    answer = client.post(page, {"contributions": "withdrawn"}, follow=True)
    assert "needs an owner" in answer.content.decode()
    client.post(address("hand_out_roles", house, house.owner.public_id), {"roles": ["moderator"]})
    assert house.group.memberships.get(user=house.owner).roles == [Role.OWNER]


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one_behind():
    for _ in range(10):
        group = factories.create_group()
        owners = [factories.create_member(group, roles=[Role.OWNER]) for _ in range(2)]

        def go(number, group=group, owners=owners):
            client = Client()
            client.force_login(owners[number], backend=BACKEND)
            return client.post(reverse("discussion:leave", args=[group.slug]), {"contributions": "name"})["Location"]

        answers = at_once(2, go)
        assert sorted(answers) == ["/", reverse("groups:members", args=[group.slug])]
        assert group.memberships.active().count() == 1


def test_an_owner_hands_out_roles_and_removes(house, as_user):
    client = as_user(house.owner)
    client.post(address("hand_out_roles", house, house.member.public_id), {"roles": ["organizer", "moderator"]})
    assert house.group.memberships.get(user=house.member).roles == ["organizer", "moderator"]
    decide_about(client, house, house.member, "remove", words="Agreed with them.")
    assert not house.group.memberships.active().filter(user=house.member).exists()
    assert client.get(address("member", house, house.member.public_id)).status_code == 404


@pytest.mark.parametrize("who", ["member", "organizer", "moderator"])
def test_nobody_else_hands_out_roles(house, as_user, who):
    page = address("hand_out_roles", house, house.other.public_id)
    assert as_user(getattr(house, who)).post(page, {"roles": ["owner"]}).status_code == 403
    assert house.group.memberships.get(user=house.other).roles == []


def test_an_unknown_role_is_refused(house, as_user):
    answer = as_user(house.owner).post(address("hand_out_roles", house, house.other.public_id), {"roles": ["emperor"]})
    assert answer.status_code == 422


def test_who_was_removed_can_be_invited_again_without_their_old_roles(house, as_user):
    decide_about(as_user(house.owner), house, house.moderator, "remove", words="Agreed.")
    as_user(house.moderator).post(invited_by(as_user(house.organizer), house))
    assert house.group.memberships.active().get(user=house.moderator).roles == []


def test_the_members_page_shows_names_and_roles_and_no_address(house, as_user):
    page = as_user(house.member).get(address("members", house)).content.decode()
    assert "Olga" in page
    assert "owner" in page
    assert "@example.org" not in page
    assert "Invite people" not in page
    assert "Invite people" in as_user(house.organizer).get(address("members", house)).content.decode()
    assert as_user(house.outsider).get(address("members", house)).status_code == 403
    assert as_user(None).get(address("members", house)).status_code == 302


def test_one_member_or_three_cost_the_same(house, as_user, django_assert_num_queries):
    client = as_user(house.owner)
    actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
    with django_assert_num_queries(9):
        client.get(address("members", house))
    for _ in range(2):
        factories.create_member(house.group)
        actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
    with django_assert_num_queries(9):
        client.get(address("members", house))


def test_the_table_of_who_may_what_is_the_one_the_site_goes_by(house, as_user):
    page = as_user(None).get(address("who_may", house)).content.decode()
    assert page.count("<tr>") == 2 * len(Can) + 1  # each verb, and below it who may
    for verb in Can:
        assert str(MEANING[verb]).replace("'", "&#x27;") in page


def test_a_change_of_who_sees_it_is_said_and_confirmed(house, as_user):
    client = as_user(house.owner)
    typed = {"name": house.group.name, "description": "New words.", "visibility": "members", **ITS_PLACE}
    page = client.post(address("settle_group", house), typed).content.decode()
    assert "From now on only members see the group" in page
    house.group.refresh_from_db()
    assert house.group.visibility == Visibility.PUBLIC
    client.post(address("settle_group", house), typed | {"confirmed": "members"})
    house.group.refresh_from_db()
    assert house.group.visibility == Visibility.MEMBERS
    assert as_user(None).get(reverse("group", args=[house.group.slug])).status_code == 404


def test_a_confirmation_of_something_else_does_not_count(house, as_user):
    typed = {"name": house.group.name, "visibility": "members", "confirmed": "public", **ITS_PLACE}
    as_user(house.owner).post(address("settle_group", house), typed)
    house.group.refresh_from_db()
    assert house.group.visibility == Visibility.PUBLIC


def test_only_owners_settle_the_group(house, as_user):
    assert as_user(house.organizer).get(address("settle_group", house)).status_code == 403


def test_the_database_keeps_an_owner(house):
    with pytest.raises(actions.LastOwner):
        actions.hand_out_roles(membership=house.group.memberships.get(user=house.owner), roles=[], by=house.owner)
