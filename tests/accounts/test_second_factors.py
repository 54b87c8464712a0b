"""One-time codes, recovery codes, devices, and a change of address."""

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from .. import factories
from .test_accounts import code_in, is_signed_in, outbox  # noqa: F401 - a fixture

PASSWORD = "a long enough one"


@pytest.fixture
def nora(db):
    return factories.create_user("Nora", email="nora@example.org", password=PASSWORD)


def sign_in(client, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": "nora@example.org", "password": password})


def sign_in_fresh(client):
    """Signed in, and the password said once more: what is sensitive asks for it."""
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def enrol(client):
    """Turn one-time codes on; the secret that the page shows."""
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', page)[1]
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    return secret


def test_with_one_time_codes_a_password_alone_does_not_open(nora):
    client = Client()
    sign_in_fresh(client)
    secret = enrol(client)
    other = Client()
    answer = sign_in(other)
    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert not is_signed_in(other)
    other.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not is_signed_in(other)
    cache.clear()  # a code is good once; this one was used to enrol
    other.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_signed_in(other)


def test_a_recovery_code_opens_once(nora):
    client = Client()
    sign_in_fresh(client)
    enrol(client)
    page = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    recovery = re.findall(r"\b[0-9a-f]{8}\b", page)[0]
    for opens in (True, False):
        other = Client()
        sign_in(other)
        other.post(reverse("mfa_authenticate"), {"code": recovery})
        assert is_signed_in(other) == opens


def test_what_is_sensitive_asks_for_the_password_again(nora):
    client = Client()
    sign_in(client)
    for page in ("mfa_activate_totp", "mfa_add_webauthn"):
        assert client.get(reverse(page))["Location"].startswith(reverse("account_reauthenticate"))


def test_devices_are_listed_and_the_others_signed_out(nora):
    phone, desk = Client(headers={"user-agent": "A phone"}), Client(headers={"user-agent": "A desk"})
    for client in (phone, desk):
        sign_in(client)
    page = desk.get(reverse("usersessions_list")).content.decode()
    assert "A phone" in page
    assert "A desk" in page
    desk.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    desk.post(reverse("usersessions_list"))
    assert is_signed_in(desk)
    assert not is_signed_in(phone)


def test_an_address_changes_only_when_the_new_one_is_confirmed(nora, outbox):  # noqa: F811
    client = Client()
    sign_in_fresh(client)
    client.post(reverse("account_email"), {"action_add": "1", "email": "new@example.org"}, follow=True)
    nora.refresh_from_db()
    assert nora.email == "nora@example.org"
    to_the_new = [mail for mail in outbox() if "To: new@example.org" in mail]
    client.post(reverse("account_email_verification_sent"), {"code": code_in(to_the_new[-1])})
    nora.refresh_from_db()
    assert nora.email == "new@example.org"
    assert any("To: nora@example.org" in mail for mail in outbox())


@pytest.mark.parametrize(
    "page", ["mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "usersessions_list"]
)
def test_these_pages_look_like_the_rest_and_keep_the_policy(nora, page):
    client = Client()
    sign_in_fresh(client)
    answer = client.get(reverse(page))
    assert answer.status_code == 200
    html = answer.content.decode()
    assert 'class="masthead"' in html
    assert " style=" not in html
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)


def test_after_a_change_of_password_other_devices_are_out(nora):
    phone, desk = Client(), Client()
    for client in (phone, desk):
        sign_in(client)
    desk.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"},
    )
    assert is_signed_in(desk)
    assert not is_signed_in(phone)
