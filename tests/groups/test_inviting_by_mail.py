"""Invitations by mail: for one address, for nobody else, and no more of them than there should be."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from readinggroup.groups import actions, inviting_by_mail
from readinggroup.groups.models import EmailInvitation, Membership
from readinggroup.groups.tasks import mail_invitations, mail_late_invitations

from .. import factories
from ..conftest import make_house
from .test_coming_and_going import address, at_once

HERS = "nora@example.org"


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def invite(house, email=HERS, *, by=None, group=None):
    return inviting_by_mail.invite_by_email(group=group or house.group, email=email, roles=[], by=by or house.organizer)


def link_in(message):
    return re.search(r"https?://[^/]+(/join/\S+)", message.body)[1]


def nora():
    return factories.create_user("Nora", email=HERS)


def test_from_the_form_to_the_membership(closed_house, as_user):
    page = address("invite_by_email", closed_house)
    assert as_user(closed_house.organizer).post(page, {"email": "Nora@Example.org"}).status_code == 302
    mail_invitations()
    mail_invitations()
    [message] = mail.outbox
    assert message.to == [HERS]
    assert closed_house.group.name in message.subject
    person = nora()
    assert as_user(person).get(link_in(message)).status_code == 200
    assert not Membership.objects.filter(user=person).exists()  # opening joins nobody
    assert as_user(person).post(link_in(message)).status_code == 302
    assert closed_house.group.memberships.get(user=person).is_member
    assert "accepted" in as_user(closed_house.organizer).get(page).text


def test_the_link_is_not_in_the_database(house):
    invitation = invite(house)
    secret = invitation.token.rpartition(":")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, '') FROM groups_emailinvitation e")
        rows = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(args::text, '') FROM procrastinate_jobs")
        rows += cursor.fetchone()[0]
    assert secret not in rows


@pytest.mark.parametrize("other", ["other address", "not confirmed", "looks alike"])
def test_nobody_else_can_use_it_and_they_do_not_learn_the_address(closed_house, as_user, other):
    token = invite(closed_house).token
    person = factories.create_user("Otto", email="otto@example.org")
    if other == "not confirmed":
        person.emailaddress_set.create(email=HERS, verified=False)
    if other == "looks alike":
        person.emailaddress_set.create(email="nоra@example.org", verified=True)
    answer = as_user(person).post(reverse("groups:join", args=[token]))
    assert answer.status_code == 403
    assert "another address" in answer.text
    assert HERS not in answer.text
    assert not closed_house.group.memberships.filter(user=person).exists()


@pytest.mark.parametrize("spoil", ["taken back", "too old", "forged", "of another kind"])
def test_one_that_is_not_good_is_not_there(house, as_user, spoil):
    invitation, token = invite(house), None
    if spoil == "taken back":
        as_user(house.owner).post(address("take_back_email_invitation", house, invitation.public_id))
    if spoil == "too old":
        EmailInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if spoil == "forged":
        token = f"{invitation.public_id}:{'x' * 43}"
    if spoil == "of another kind":
        token = invitation.public_id
    client, link = as_user(nora()), reverse("groups:join", args=[token or invitation.token])
    assert (client.get(link).status_code, client.post(link).status_code) == (404, 404)


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("de", "Eine Einladung"),
        ("de-AT", "Eine Einladung"),
        ("fr-CA", "Une invitation"),
        ("en", "An invitation"),
        ("pt-BR", "An invitation"),
        ("tlh", "An invitation"),
    ],
)
def test_it_comes_in_the_groups_language_where_the_site_speaks_it(house, tag, said):
    type(house.group).objects.filter(pk=house.group.pk).update(language=tag)
    invite(house)
    with translation.override("fr"):  # whatever the worker did last
        mail_invitations()
    assert mail.outbox[0].subject.startswith(said)


def test_one_that_was_sent_again_meanwhile_is_not_given_up_with_the_first(house, settings):
    settings.EMAIL_BACKEND = f"{__name__}.AsksAgain"
    invitation = invite(house, "bad@example.org")
    EmailInvitation.objects.update(attempts=5)
    mail_invitations()
    invitation.refresh_from_db()
    assert (invitation.mails, invitation.mail_at is not None) == (2, True)


def test_what_is_taken_back_before_the_worker_comes_is_not_mailed(house):
    inviting_by_mail.take_back(invitation=invite(house), by=house.organizer)
    mail_invitations()
    assert mail.outbox == []


def test_what_is_rolled_back_was_not_sent(house):
    with transaction.atomic():
        invite(house)
        transaction.set_rollback(True)
    mail_invitations()
    assert mail.outbox == []


def test_an_address_with_an_account_and_one_without_are_answered_alike(house, as_user):
    factories.create_user("Known", email="known@example.org")
    factories.create_member(house.group, "Belongs").emailaddress_set.update(email="belongs@example.org")
    client, page, answers = as_user(house.organizer), address("invite_by_email", house), []
    for email in ("known@example.org", "unknown@example.org", "belongs@example.org"):
        answer = client.post(page, {"email": email}, follow=True)
        answers.append(
            re.sub(r'value="\w{64}"|[a-z]+@example.org|/mail/\w+/', "", answer.text.split("<li>")[1].split("</li>")[0])
        )
    assert len(set(answers)) == 1
    mail_invitations()
    assert len(mail.outbox) == 3


def test_the_address_is_shown_to_who_wrote_it_alone(house, as_user):
    invite(house)
    page = address("invite_by_email", house)
    assert HERS in as_user(house.organizer).get(page).text
    assert HERS not in as_user(house.owner).get(page).text
    assert "waiting" in as_user(house.owner).get(page).text


@pytest.mark.parametrize(
    "email", ["", "nora", "a@b@c.d", "x@example.org\r\nBcc: y@z.org", "a\x00@example.org", "x" * 300]
)
def test_what_is_no_address_is_refused_and_kept(house, as_user, email):
    assert as_user(house.organizer).post(address("invite_by_email", house), {"email": email}).status_code == 422
    assert EmailInvitation.objects.count() == 0


def test_twice_to_one_address_is_one_invitation(house, as_user):
    invite(house)
    answer = as_user(house.owner).post(address("invite_by_email", house), {"email": HERS.upper()})
    assert answer.status_code == 422
    assert "waiting already" in answer.text
    with pytest.raises(IntegrityError), transaction.atomic():
        EmailInvitation.objects.create(group=house.group, email=HERS, created_by=house.owner, expires_at=timezone.now())


def test_a_day_has_so_many_for_one_person(house, as_user, settings):
    settings.INVITATIONS_BY_MAIL_A_DAY = 2
    page, client = address("invite_by_email", house), as_user(house.organizer)
    statuses = [client.post(page, {"email": f"{number}@example.org"}).status_code for number in range(3)]
    assert statuses == [302, 302, 422]
    assert as_user(house.owner).post(page, {"email": "3@example.org"}).status_code == 302
    EmailInvitation.objects.update(
        created_at=timezone.now() - timedelta(days=2), asked_at=timezone.now() - timedelta(days=2)
    )
    assert client.post(page, {"email": "4@example.org"}).status_code == 302


def test_one_address_is_not_flooded_by_several_groups(house):
    for _ in range(inviting_by_mail.MOST_A_DAY_TO_ONE_ADDRESS):
        invite(house, group=factories.create_group(), by=factories.create_user())
    with pytest.raises(inviting_by_mail.TooMany):
        invite(house)


def test_sent_again_it_is_the_same_link_and_not_often(house, as_user):
    invitation = invite(house)
    again = address("send_email_invitation_again", house, invitation.public_id)
    client = as_user(house.organizer)
    mail_invitations()
    client.post(again)  # at once: not yet
    mail_invitations()
    assert len(mail.outbox) == 1
    for _ in range(4):
        EmailInvitation.objects.update(asked_at=timezone.now() - timedelta(hours=2))
        client.post(again)
        mail_invitations()
    assert len(mail.outbox) == EmailInvitation.MOST_MAILS
    assert len({link_in(message) for message in mail.outbox}) == 1


class Refuses(EmailBackend):
    """A relay that takes nothing for one address."""

    def send_messages(self, messages):
        if any("bad" in to for message in messages for to in message.to):
            raise OSError("550 no such person: bad@example.org")
        return super().send_messages(messages)


class AsksAgain(Refuses):
    """The same, while somebody presses the button again."""

    def send_messages(self, messages):
        EmailInvitation.objects.update(mails=2)
        return super().send_messages(messages)


def test_one_bad_address_stops_no_other_and_is_given_up_without_being_logged(house, settings, caplog):
    settings.EMAIL_BACKEND = f"{__name__}.Refuses"
    invite(house, "bad@example.org")
    invite(house)
    mail_invitations()
    assert [message.to for message in mail.outbox] == [[HERS]]
    for _ in range(8):
        EmailInvitation.objects.filter(mail_at__isnull=False).update(mail_at=timezone.now() - timedelta(seconds=1))
        mail_late_invitations(0)
    assert EmailInvitation.objects.get(email="bad@example.org").mail_at is None
    assert "bad@example.org" not in caplog.text


@pytest.mark.parametrize("name", ["a\r\nBcc: x@example.org", "a\u2028b", "<b>&amp;</b>"])
def test_a_hostile_name_of_a_group_makes_one_subject_and_no_header(house, name):
    type(house.group).objects.filter(pk=house.group.pk).update(name=name)
    invite(house)
    mail_invitations()
    raw = mail.outbox[0].message()
    assert (raw.get_all("Bcc"), len(raw.get_all("Subject"))) == (None, 1)


def test_only_owners_invite_to_a_role_by_mail(house, as_user):
    page = address("invite_by_email", house)
    as_user(house.organizer).post(page, {"email": HERS, "roles": ["owner"]})
    assert EmailInvitation.objects.get().roles == []
    as_user(house.owner).post(page, {"email": "vera@example.org", "roles": ["organizer"]})
    assert EmailInvitation.objects.get(email="vera@example.org").roles == ["organizer"]


def test_the_sign_up_leads_back_to_the_invitation(closed_house, settings):
    client, link = Client(), reverse("groups:join", args=[invite(closed_house).token])
    way = re.search(r'href="(/accounts/signup/\?next=[^"]+)"', client.get(link).text)[1]
    answer = client.post(way, {"display_name": "Nora", "email": HERS, "password1": "", "next": link})
    code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{2,4})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]
    answer = client.post(answer["Location"], {"code": code})
    assert answer["Location"] == link
    assert client.post(link)["Location"] == reverse("group", args=[closed_house.group.slug])


def test_the_list_asks_the_same_for_one_and_for_three(
    house, as_user, django_assert_max_num_queries, django_assert_num_queries
):
    client, page = as_user(house.organizer), address("invite_by_email", house)
    invite(house)
    with django_assert_max_num_queries(12) as first:
        client.get(page)
    for number in range(3):
        invite(house, f"{number}@example.org", by=house.owner)
    with django_assert_num_queries(len(first)):
        client.get(page)


@pytest.mark.django_db(transaction=True)
def test_of_thirty_two_at_once_its_own_account_comes_in_once_and_no_other():
    house = make_house("members")
    token, person = invite(house).token, nora()
    others = [factories.create_user() for _ in range(8)]

    def redeem(number):
        client = Client()
        who = others[number // 4] if number % 4 == 0 else person
        client.force_login(who, backend="readinggroup.accounts.logins.QuickModelBackend")
        return client.post(reverse("groups:join", args=[token])).status_code

    answers = at_once(32, redeem)
    assert answers.count(302) == 24
    assert set(answers) <= {302, 403, 404}
    assert house.group.memberships.filter(user=person).count() == 1
    assert not house.group.memberships.filter(user__in=others).exists()
    assert EmailInvitation.objects.get().accepted_by == person


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_are_mailed_than_a_day_has(settings):
    settings.INVITATIONS_BY_MAIL_A_DAY = 3
    house = make_house("members")

    def send(number):
        try:
            return bool(invite(house, f"{number}@example.org"))
        except inviting_by_mail.TooMany:
            return False

    assert sum(at_once(12, send)) == 3


@pytest.mark.django_db(transaction=True)
def test_several_workers_mail_each_once():
    house = make_house("members")
    for number in range(10):
        invite(house, f"{number}@example.org")
    at_once(4, lambda number: mail_invitations())
    assert sorted(message.to[0] for message in mail.outbox) == [f"{number}@example.org" for number in range(10)]


def test_a_link_made_anew_closes_the_old_one(house, as_user):
    old = actions.invite(group=house.group, uses=2, days=1, roles=[], by=house.organizer)
    invitation = house.group.invitations.get()
    answer = as_user(house.organizer).post(address("regenerate_invitation", house, invitation.pk))
    new = re.search(r'value="http://testserver(/join/[^"]+)"', answer.text)[1]
    client = as_user(house.outsider)
    assert client.get(reverse("groups:join", args=[old])).status_code == 404
    assert client.post(reverse("groups:join", args=[old])).status_code == 404
    assert client.post(new).status_code == 302


def test_a_link_to_a_role_is_made_anew_by_owners_alone(house, as_user):
    actions.invite(group=house.group, uses=2, days=1, roles=["owner"], by=house.owner)
    page = address("regenerate_invitation", house, house.group.invitations.get().pk)
    assert as_user(house.organizer).post(page).status_code == 403
    assert as_user(house.owner).post(page).status_code == 200
    actions.revoke(invitation=house.group.invitations.get(), by=house.owner)
    assert as_user(house.owner).post(page).status_code == 404
