"""Moderators are accountable: each has a term, which ends by itself, and everybody who may see members sees it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from readinggroup.groups import actions
from readinggroup.groups.actions import elect_moderators, end_terms, remind_of_terms
from readinggroup.groups.inviting_by_mail import invite_by_email
from readinggroup.groups.models import CameBy, Group, GroupChange, Membership, Role, Term, Visibility
from readinggroup.moderation.actions import claim, report
from readinggroup.moderation.models import Case
from readinggroup.notifications.models import Notice
from readinggroup.tasks import mind_terms

from .. import factories
from ..conftest import make_house


def theirs(house, person) -> Membership:
    return house.group.memberships.get(user=person)


def open_term(house, person):
    return Term.objects.open().filter(membership__user=person, membership__group=house.group).first()


def hand_out(client, house, person, **data):
    return client.post(reverse("groups:hand_out_roles", args=[house.group.slug, person.public_id]), data)


def in_days(days):
    return timezone.now() + timedelta(days=days)


def end_in(days, house, person):
    """As if the term had been given long ago and ended then."""
    term = open_term(house, person)
    Term.objects.filter(pk=term.pk).update(began_at=in_days(-400), until=in_days(days))
    return term


def told(kind):
    return set(Notice.objects.filter(kind=kind).values_list("recipient", flat=True))


# --- That every moderator has one ---------------------------------------------------------------------------------


def test_whoever_moderates_has_a_term_whatever_gave_them_the_role(house):
    assert open_term(house, house.moderator).came_by == CameBy.APPOINTED
    for person in (house.owner, house.organizer, house.member):
        assert open_term(house, person) is None
    Membership.objects.filter(user=house.member).update(roles=[Role.ORGANIZER, Role.MODERATOR])  # past every action
    assert open_term(house, house.member) is not None
    Membership.objects.filter(user=house.member).update(left_at=timezone.now())
    assert open_term(house, house.member) is None
    assert Term.objects.get(membership__user=house.member).ended_at is not None


def test_the_database_keeps_one_open_term_and_an_end_after_its_beginning(house):
    membership = theirs(house, house.moderator)
    with pytest.raises(IntegrityError, match="term_open_once"), transaction.atomic():
        Term.objects.create(membership=membership)
    with pytest.raises(IntegrityError, match="term_ends_after_it_began"), transaction.atomic():
        Term.objects.filter(membership=membership).update(until=in_days(-1))


# --- Handing it out ----------------------------------------------------------------------------------------------


def test_an_owner_gives_the_role_until_a_day_in_the_groups_zone(house, as_user):
    house.group.time_zone = "Asia/Tokyo"
    house.group.save()
    day = (timezone.localtime(timezone.now(), house.group.zone) + timedelta(days=30)).date()
    client = as_user(house.owner)
    answer = hand_out(client, house, house.member, roles=["moderator"], moderates_until=day.isoformat())
    assert answer.status_code == 302
    term = open_term(house, house.member)
    assert timezone.localtime(term.until, house.group.zone).isoformat().startswith(f"{day + timedelta(days=1)}T00:00")
    assert (term.by, term.came_by) == (house.owner, CameBy.APPOINTED)
    change = GroupChange.objects.get()
    assert (change.kind, change.person, change.by, change.after) == (
        "moderates", house.member, house.owner, day.isoformat(),
    )  # fmt: skip
    page = client.get(reverse("groups:member", args=[house.group.slug, house.member.public_id])).text
    assert f'value="{day.isoformat()}"' in page


def test_saved_again_as_it_is_nothing_is_noted_and_a_later_day_is_reminded_of_anew(house, as_user):
    client = as_user(house.owner)
    day, later = [(timezone.now() + timedelta(days=days)).date().isoformat() for days in (20, 50)]
    for _again in range(2):
        hand_out(client, house, house.member, roles=["moderator"], moderates_until=day)
    assert GroupChange.objects.count() == 1
    Term.objects.filter(membership__user=house.member).update(reminded_at=timezone.now())
    hand_out(client, house, house.member, roles=["moderator", "organizer"], moderates_until=later)
    assert open_term(house, house.member).reminded_at is None
    assert [change.kind for change in GroupChange.objects.order_by("pk")] == ["moderates", "term"]
    hand_out(client, house, house.member, roles=["moderator"])
    assert open_term(house, house.member).until is None


@pytest.mark.parametrize("day", ["yesterday", "2001-01-01", "9999-12-31", "2" * 5_000, "a\x00b", "<b>", "0000-00-00"])
def test_a_day_that_is_none_is_refused_and_the_form_kept(house, as_user, day):
    answer = hand_out(as_user(house.owner), house, house.member, roles=["moderator"], moderates_until=day)
    assert answer.status_code == 422
    assert "errorlist" in answer.text
    assert "<b>" not in answer.text
    assert theirs(house, house.member).roles == []


def test_taken_early_by_an_owner_it_ends_is_told_and_stands_in_the_log(house, as_user):
    hand_out(as_user(house.owner), house, house.moderator, roles=[])
    assert open_term(house, house.moderator) is None
    change = GroupChange.objects.get()
    assert (change.kind, change.person, change.by) == ("moderated", house.moderator, house.owner)
    assert "You moderate Harbour readers no more" in as_user(house.moderator).get("/inbox/").text
    page = as_user(house.owner).get(reverse("groups:settle_group", args=[house.group.slug])).text
    assert "moderates no more: <bdi>Mona</bdi>" in page


def test_handing_a_group_over_leaves_terms_alone(house):
    end_in(40, house, house.moderator)
    until = open_term(house, house.moderator).until
    membership = theirs(house, house.moderator)
    actions.hand_out_roles(membership=membership, roles=[Role.OWNER, Role.MODERATOR], by=house.owner)
    assert open_term(house, house.moderator).until == until
    assert not GroupChange.objects.exists()


# --- Invitations -------------------------------------------------------------------------------------------------


def test_an_invitation_to_moderate_says_until_when(house, as_user):
    day = (timezone.now() + timedelta(days=90)).date().isoformat()
    page = as_user(house.owner).post(
        reverse("groups:invite", args=[house.group.slug]),
        {"uses": 1, "days": 9, "roles": ["moderator"], "moderates_until": day},
    )
    link = page.text.split('id="link" readonly value="')[1].split('"')[0]
    as_user(house.outsider).post(link.removeprefix("http://testserver"))
    term = open_term(house, house.outsider)
    assert timezone.localtime(term.last_day, house.group.zone).date().isoformat() == day
    assert term.by == house.owner
    assert GroupChange.objects.get().person == house.outsider


def test_who_may_not_hand_out_roles_gives_no_term(house, as_user):
    page = as_user(house.organizer).get(reverse("groups:invite", args=[house.group.slug])).text
    assert "moderates_until" not in page
    data = {"uses": 1, "days": 9, "roles": ["moderator"], "moderates_until": "2001-01-01"}
    as_user(house.organizer).post(reverse("groups:invite", args=[house.group.slug]), data)
    invitation = house.group.invitations.get()
    assert (invitation.roles, invitation.moderates_until) == ([], None)


def test_an_invitation_whose_term_is_over_makes_a_member(house):
    house.outsider.emailaddress_set.filter(email=house.outsider.email).update(verified=True)
    roles = [Role.ORGANIZER, Role.MODERATOR]
    invitation = invite_by_email(
        group=house.group, email=house.outsider.email, roles=roles, moderates_until=in_days(9), by=house.owner
    )
    type(invitation).objects.update(moderates_until=in_days(-1))
    invitation.refresh_from_db()
    membership = actions.accept(token=invitation.token, by=house.outsider)
    assert membership.roles == [Role.ORGANIZER]
    assert open_term(house, house.outsider) is None


# --- Its end -----------------------------------------------------------------------------------------------------


def test_fourteen_days_before_its_end_the_moderator_and_the_owners_are_reminded_once(house, as_user):
    end_in(15, house, house.moderator)
    assert remind_of_terms() == 0
    end_in(13, house, house.moderator)
    for _again in range(3):
        mind_terms(0)
    assert Notice.objects.filter(kind__in=["groups/term_ends", "groups/my_term_ends"]).count() == 2
    assert told("groups/my_term_ends") == {house.moderator.pk}
    assert told("groups/term_ends") == {house.owner.pk}
    assert "ends soon" in as_user(house.owner).get("/inbox/").text
    assert theirs(house, house.moderator).roles == [Role.MODERATOR]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "UTC", "Pacific/Honolulu"])
def test_the_last_day_is_the_same_day_wherever_it_is_read(house, as_user, zone):
    Group.objects.update(time_zone="America/New_York")
    house.group.refresh_from_db()
    last = timezone.localdate(in_days(10), house.group.zone)
    Term.objects.filter(membership__user=house.moderator).update(until=Term.end_of(last, house.group))
    assert remind_of_terms() == 1
    elect_moderators(group=house.group, people=[house.member], until=Term.end_of(last, house.group), by=house.owner)
    for person in (house.owner, house.moderator):
        type(person).objects.filter(pk=person.pk).update(time_zone=zone)
        page = as_user(person).get("/inbox/").text
        assert page.count(date_format(last, "DATE_FORMAT")) == 2, page


def test_at_its_end_the_role_goes_with_notice_log_and_claims(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    report(comment=comment, words="Look.", by=house.other)
    case = Case.objects.get()
    assert claim(case=case, by=house.moderator)
    end_in(-1, house, house.moderator)
    assert (end_terms(), end_terms()) == (1, 0)
    assert theirs(house, house.moderator).roles == []
    assert open_term(house, house.moderator) is None
    case.refresh_from_db()
    assert (case.claimed_by, case.claimed_until) == (None, None)
    change = GroupChange.objects.get()
    assert (change.kind, change.person, change.by) == ("moderated", house.moderator, None)
    assert (told("groups/my_term_ended"), told("groups/term_ended")) == ({house.moderator.pk}, {house.owner.pk})
    assert (
        "the site, by itself" in as_user(house.owner).get(reverse("groups:settle_group", args=[house.group.slug])).text
    )
    queue = reverse("moderation:queue", args=[house.group.slug])
    assert as_user(house.moderator).get(queue).status_code == 403
    assert "Mona" in as_user(house.member).get(reverse("feeds:news", args=[house.group.slug])).text
    assert "Mona" not in as_user(None).get(reverse("feeds:news", args=[house.group.slug])).text


def test_other_roles_stay(house):
    Membership.objects.filter(user=house.moderator).update(roles=[Role.OWNER, Role.ORGANIZER, Role.MODERATOR])
    end_in(-1, house, house.moderator)
    assert end_terms() == 1
    assert theirs(house, house.moderator).roles == [Role.OWNER, Role.ORGANIZER]


@pytest.mark.parametrize("change", ["roles", "left", "suspended"])
def test_whoever_may_decide_no_more_looks_at_nothing(house, change):
    comment = factories.create_comment(house.reading, house.member)
    report(comment=comment, words="Look.", by=house.other)
    twin = make_house(Visibility.PUBLIC)
    elsewhere = factories.create_comment(twin.reading, twin.member)
    report(comment=elsewhere, words="Look.", by=twin.other)
    here, there = Case.objects.order_by("pk")
    assert claim(case=here, by=house.moderator)
    assert claim(case=there, by=house.moderator)
    membership = theirs(house, house.moderator)
    if change == "roles":
        actions.hand_out_roles(membership=membership, roles=[], by=house.owner)
    elif change == "left":
        actions.leave(membership=membership, by=house.moderator)
    else:
        actions.suspend(membership=membership, until=in_days(1), reason="Rest.", by=house.owner)
    claimed = Case.objects.filter(claimed_by=house.moderator)
    assert list(claimed) == [there]


@pytest.mark.django_db(transaction=True)
def test_several_workers_end_and_remind_once():
    house = make_house(Visibility.PUBLIC)
    second = factories.create_member(house.group, "Moritz", roles=[Role.MODERATOR])
    end_in(-1, house, house.moderator)
    end_in(5, house, second)
    barrier = Barrier(6)

    def run(act):
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(run, [end_terms, remind_of_terms] * 3))
    assert sum(done[::2]) == sum(done[1::2]) == 1
    assert GroupChange.objects.count() == 1
    assert Notice.objects.filter(kind__startswith="groups/").count() == 4


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_end_it_several_times():
    """The control: the same workers, looking first and writing a moment later, each enter it in the log."""
    house = make_house(Visibility.PUBLIC)
    term = end_in(-1, house, house.moderator)
    looked = Barrier(3)

    def end_carelessly(_number):
        try:
            is_over = Term.objects.over().filter(pk=term.pk).exists()
            looked.wait(30)
            if is_over:
                GroupChange.objects.create(group=house.group, kind="moderated", person=house.moderator)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(end_carelessly, range(3)))
    assert GroupChange.objects.count() == 3


# --- Elections ---------------------------------------------------------------------------------------------------


def test_the_elected_moderate_for_their_term_and_the_members_are_told(house, as_user):
    until = in_days(180)
    terms = elect_moderators(group=house.group, people=[house.member, house.moderator], until=until, by=house.owner)
    assert {(term.membership.user, term.came_by, term.until, term.by) for term in terms} == {
        (house.member, CameBy.ELECTED, until, house.owner),
        (house.moderator, CameBy.ELECTED, until, house.owner),
    }
    assert theirs(house, house.member).roles == [Role.MODERATOR]
    assert Term.objects.filter(membership__user=house.moderator).count() == 2
    assert Term.objects.open().filter(membership__user=house.moderator).count() == 1
    assert [change.kind for change in GroupChange.objects.all()] == ["moderates", "moderates"]
    assert "has elected moderators" in as_user(house.other).get("/inbox/").text
    page = as_user(house.other).get(reverse("groups:rules", args=[house.group.slug])).text
    assert "elected by the members" in page


def test_who_left_is_suspended_or_never_belonged_is_not_made_a_moderator(house):
    actions.suspend(membership=theirs(house, house.member), until=in_days(3), reason="Rest.", by=house.owner)
    actions.leave(membership=theirs(house, house.other), by=house.other)
    people = [house.member, house.other, house.outsider]
    assert elect_moderators(group=house.group, people=people, until=in_days(9), by=house.owner) == []
    assert not Notice.objects.filter(kind="groups/elected").exists()
    assert not house.group.memberships.filter(user__in=people, roles__contains=[Role.MODERATOR]).exists()


# --- Who sees it -------------------------------------------------------------------------------------------------


def test_members_see_who_moderates_since_and_until_when_and_visitors_do_not(house, as_user):
    term = end_in(40, house, house.moderator)
    day = timezone.localtime(Term.objects.get(pk=term.pk).last_day, house.group.zone)
    said = f"until {date_format(day, 'DATE_FORMAT')}"
    in_short = f"until {date_format(day, 'SHORT_DATE_FORMAT')}"
    for page, words in (("groups:members", in_short), ("groups:rules", said)):
        assert words in as_user(house.member).get(reverse(page, args=[house.group.slug])).text, page
    for who in (None, house.outsider):
        page = as_user(who).get(reverse("groups:rules", args=[house.group.slug])).text
        assert said not in page
        assert "Mona" not in page
        assert "How this group is moderated" in page


def test_one_moderator_or_three_cost_the_same(house, as_user):
    client = as_user(house.member)

    def queries(page):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(page, args=[house.group.slug])).status_code == 200
        return len(captured)

    before = [queries(page) for page in ("groups:members", "groups:rules")]
    for _number in range(2):
        factories.create_member(house.group, roles=[Role.MODERATOR])
    assert [queries(page) for page in ("groups:members", "groups:rules")] == before
