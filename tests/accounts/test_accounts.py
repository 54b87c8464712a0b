"""Signing up, in and out: by link, by e-mailed code, by password."""

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import SignInLink, User
from readinggroup.accounts.names import validate_display_name
from readinggroup.accounts.tasks import clear_expired_logins

from .. import factories


@pytest.fixture
def outbox(settings):
    """The mails of this test, newest last, as (headers and text)."""
    settings.EMAIL_BACKEND = "readinggroup.lib.mail_files.EmailBackend"

    def read():
        return [file.read_text() for file in sorted(settings.MAIL_DIR.glob("*.eml"))]

    return read


def code_in(mail):
    """The code that a mail asks to be typed."""
    return re.search(r"^([A-Z0-9]{3,5}-?[A-Z0-9]{3,5})\s*$", mail, re.MULTILINE)[1]


def is_signed_in(client):
    return client.get(reverse("accounts:profile")).status_code == 200


def test_a_newcomer_signs_up_with_a_code_from_the_mail(db, outbox):
    client = Client()
    answer = client.post(
        reverse("account_signup"), {"display_name": "Nora", "email": "Nora@Example.org", "password1": ""}
    )
    assert answer.status_code == 302, answer.content.decode()
    user = User.objects.get()
    assert (user.display_name, user.email) == ("Nora", "nora@example.org")
    assert not is_signed_in(client)
    client.post(answer["Location"], {"code": code_in(outbox()[-1])})
    assert is_signed_in(client)


def test_an_address_that_is_taken_looks_like_one_that_is_not(db, outbox):
    factories.create_user("Nora", email="nora@example.org")
    forms = [
        {"display_name": "N", "email": email, "password1": ""} for email in ("nora@example.org", "new@example.org")
    ]
    known, unknown = (Client().post(reverse("account_signup"), form) for form in forms)
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_login_by_emailed_code(db, outbox):
    factories.create_user("Nora", email="nora@example.org")
    client = Client()
    answer = client.post(reverse("account_request_login_code"), {"email": "nora@example.org"})
    client.post(answer["Location"], {"code": code_in(outbox()[-1])})
    assert is_signed_in(client)


def test_login_by_password_and_logout(db):
    factories.create_user("Nora", email="nora@example.org", password="a long enough one")
    client = Client()
    client.post(reverse("account_login"), {"login": "nora@example.org", "password": "a long enough one"})
    assert is_signed_in(client)
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_a_wrong_password_is_said(db):
    factories.create_user("Nora", email="nora@example.org", password="a long enough one")
    answer = Client().post(reverse("account_login"), {"login": "nora@example.org", "password": "wrong"})
    assert "errorlist" in answer.content.decode()


def test_a_forgotten_password_is_reset_by_mail(db, outbox):
    user = factories.create_user("Nora", email="nora@example.org", password="a long enough one")
    client = Client()
    client.post(reverse("account_reset_password"), {"email": "nora@example.org"})
    link = re.search(r"http://testserver(/\S+)", outbox()[-1].replace("=\n", ""))[1]
    page = client.get(link, follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": "another long one", "password2": "another long one"})
    user.refresh_from_db()
    assert user.check_password("another long one")


@pytest.mark.parametrize(
    "page", ["account_login", "account_signup", "account_reset_password", "account_request_login_code"]
)
def test_the_account_pages_look_like_the_rest(db, page):
    answer = Client().get(reverse(page))
    assert answer.status_code == 200
    assert 'class="masthead"' in answer.content.decode()


def test_a_sign_in_link_is_good_once(db):
    user = factories.create_user()
    path = reverse("accounts:sign_in_by_link", args=[SignInLink.issue(user)])
    first, second = Client(), Client()
    assert first.head(path).status_code == 405
    assert first.get(path)["Location"] == "/"
    assert is_signed_in(first)
    assert second.get(path)["Location"] == reverse("account_login")
    assert not is_signed_in(second)
    assert "has been used" in second.get(reverse("account_login")).content.decode()


@pytest.mark.parametrize("why", ["old", "inactive", "made up"])
def test_a_sign_in_link_that_is_not_good(db, why):
    user = factories.create_user()
    token = SignInLink.issue(user)
    if why == "old":
        SignInLink.objects.update(created_at=timezone.now() - timedelta(days=2))
    if why == "inactive":
        User.objects.update(is_active=False)
    client = Client()
    client.get(reverse("accounts:sign_in_by_link", args=["made-up" if why == "made up" else token]))
    assert not is_signed_in(client)


def test_the_token_itself_is_not_kept(db):
    token = SignInLink.issue(factories.create_user())
    assert token not in str(SignInLink.objects.values().get())


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_signs_in():
    token = SignInLink.issue(factories.create_user())
    signed_in = []

    def redeem():
        signed_in.append(SignInLink.redeem(token))
        connection.close()

    threads = [Thread(target=redeem) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([user for user in signed_in if user]) == 1
    assert len(signed_in) == 16


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_let_several_in():
    """The control: the same crowd against a check that looks before it leaps."""
    SignInLink.issue(factories.create_user())
    barrier, signed_in = Barrier(8), []

    def redeem_carelessly():
        link = SignInLink.objects.get()
        free = link.used_at is None
        barrier.wait()
        if free:
            SignInLink.objects.filter(pk=link.pk).update(used_at=timezone.now())
            signed_in.append(link)
        connection.close()

    threads = [Thread(target=redeem_carelessly) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signed_in) > 1


def test_the_command_prints_a_link(db, capsys, settings):
    settings.SITE_URL = "https://read.example"
    factories.create_user(email="nora@example.org")
    call_command("sign_in_link", "NORA@example.org")
    link = capsys.readouterr().out.strip()
    assert link.startswith("https://read.example/sign-in/")
    assert Client().get(link.removeprefix("https://read.example"))["Location"] == "/"
    with pytest.raises(CommandError, match="nobody@example"):
        call_command("sign_in_link", "nobody@example.org")


def test_the_shown_name_can_be_changed(house, as_user):
    client = as_user(house.member)
    client.post(reverse("accounts:profile"), {"display_name": "Mara the Second"})
    house.member.refresh_from_db()
    assert house.member.display_name == "Mara the Second"
    assert as_user(None).get(reverse("accounts:profile")).status_code == 302


@pytest.mark.parametrize("name", ["", "   ", "a\u202eb", "a\u200bb", "\u2063", "x" * 61, "a\x00b", "a\nb"])
def test_names_that_cannot_be_shown_are_refused(house, as_user, name):
    """Rows 46 and 48: names without end, blank ones, ones that turn the text around them."""
    answer = as_user(house.member).post(reverse("accounts:profile"), {"display_name": name})
    assert answer.status_code == 422
    house.member.refresh_from_db()
    assert house.member.display_name == "Mara"


@pytest.mark.parametrize("name", ["Ana", "李小龍", "Ångström", "O’Neill-Smith", "عائشة", "🙂 Ada"])
def test_names_that_can(name):
    validate_display_name(name)


def test_two_spellings_of_an_address_are_one_account(db):
    factories.create_user(email="nora@example.org")
    with pytest.raises(Exception, match="already exists"):
        User.objects.create_user(email="Nora@Example.Org")


def test_housekeeping_forgets_old_links(db):
    SignInLink.issue(factories.create_user())
    SignInLink.objects.update(created_at=timezone.now() - timedelta(days=31))
    clear_expired_logins(0)
    assert SignInLink.objects.count() == 0


@pytest.mark.parametrize("bad", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_leads_nowhere_else(db, bad):
    factories.create_user("Nora", email="nora@example.org", password="a long enough one")
    answer = Client().post(
        reverse("account_login"), {"login": "nora@example.org", "password": "a long enough one", "next": bad}
    )
    assert answer["Location"] == "/"
