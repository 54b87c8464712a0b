"""One-time codes, recovery codes, devices, and a change of address."""

import re
import time
from datetime import timedelta
from unittest import mock

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.core.signing import TimestampSigner
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts import address_change
from readinggroup.accounts.models import User

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
    recovery = re.findall(r"(?<![#%\w])[0-9a-f]{8}\b", page)[0]
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


# --- One-time codes, the whole way ---------------------------------------------------------------------------------


def test_a_wrong_code_turns_nothing_on(nora):
    client = Client()
    sign_in_fresh(client)
    client.get(reverse("mfa_activate_totp"))
    answer = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert "errorlist" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_a_code_is_good_once(nora):
    client = Client()
    sign_in_fresh(client)
    secret = enrol(client)
    cache.clear()
    code = code_of(secret)
    for opens in (True, False):
        other = Client()
        sign_in(other)
        other.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(other) == opens


def test_new_recovery_codes_end_the_old_ones(nora):
    client = Client()
    sign_in_fresh(client)
    enrol(client)

    def codes():
        return re.findall(r"(?<![#%\w])[0-9a-f]{8}\b", client.get(reverse("mfa_view_recovery_codes")).content.decode())

    old = codes()
    assert len(set(old)) == 10
    assert client.get(reverse("mfa_generate_recovery_codes")).status_code == 200
    client.post(reverse("mfa_generate_recovery_codes"))
    new = codes()
    assert len(set(new)) == 10
    assert not set(old) & set(new)
    assert set(client.get(reverse("mfa_download_recovery_codes")).content.decode().split()) >= set(new)
    for code, opens in ((old[0], False), (new[0], True)):
        other = Client()
        sign_in(other)
        other.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(other) == opens


def test_turning_codes_off_asks_who_one_is_and_tells_by_mail(nora, outbox):  # noqa: F811
    client = Client()
    sign_in_fresh(client)
    secret = enrol(client)
    cache.clear()
    later = Client()
    sign_in(later)
    later.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    stale(later)
    answer = later.post(reverse("mfa_deactivate_totp"))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert Authenticator.objects.filter(type="totp").exists()
    later.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    later.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert "To: nora@example.org" in outbox()[-1]
    other = Client()
    sign_in(other)
    assert is_signed_in(other)


def stale(client):
    """As if the login were an hour old."""
    session = client.session
    methods = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**method, "at": method["at"] - 3600} for method in methods]
    session.save()


@pytest.mark.parametrize("page", ["account_email", "account_change_password", "mfa_generate_recovery_codes"])
def test_what_is_sensitive_asks_again_after_a_while(nora, page):
    """Also changes of address and password: whoever finds a browser open has not found the account."""
    client = Client()
    sign_in_fresh(client)
    enrol(client)
    stale(client)
    form = {"action_add": "1", "email": "new@example.org"}
    answer = client.post(reverse(page), form)
    assert answer.status_code == 302 or page == "account_change_password"  # which asks for the old password itself
    if answer.status_code == 302:
        assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_guessing_codes_is_slowed_down(nora, settings):
    client = Client()
    sign_in_fresh(client)
    enrol(client)
    other = Client()
    sign_in(other)
    settings.ACCOUNT_RATE_LIMITS = {}  # those of allauth
    cache.clear()
    answers = [other.post(reverse("mfa_authenticate"), {"code": "000000"}) for _ in range(12)]
    assert "Too many" in answers[-1].content.decode()
    assert not is_signed_in(other)


# --- Devices -------------------------------------------------------------------------------------------------------


def test_one_other_device_is_signed_out(nora):
    phone, desk, tablet = (Client(headers={"user-agent": f"A {name}"}) for name in ("phone", "desk", "tablet"))
    for client in (phone, desk, tablet):
        sign_in(client)
    theirs = {device.user_agent: device.pk for device in UserSession.objects.filter(user=nora)}
    page = desk.get(reverse("usersessions_list")).content.decode()
    assert f'value="{theirs["A phone"]}"' in page
    desk.post(reverse("usersessions_list"), {"device": theirs["A phone"]})
    assert is_signed_in(desk)
    assert is_signed_in(tablet)
    assert not is_signed_in(phone)


def test_nobody_signs_anothers_device_out(nora, as_user):
    phone = Client()
    sign_in(phone)
    other = as_user(factories.create_user("Otto"))
    other.get(reverse("usersessions_list"))
    other.post(reverse("usersessions_list"), {"device": UserSession.objects.get(user=nora).pk})
    assert is_signed_in(phone)


# --- A change of address taken back --------------------------------------------------------------------------------


def take_over(client, outbox, address="new@example.org"):  # noqa: F811
    """Change the address as somebody would who found a browser open and knows the password; the link in the mail."""
    client.post(reverse("account_email"), {"action_add": "1", "email": address}, follow=True)
    mails = [mail for mail in outbox() if f"To: {address}" in mail]
    client.post(reverse("account_email_verification_sent"), {"code": code_in(mails[-1])})
    told = [mail for mail in outbox() if "/not-me/" in mail]
    return re.search(r"http://testserver(/not-me/\S+)", told[-1].replace("=\n", "").replace("=3D", "="))[1]


def test_who_lost_the_account_takes_the_change_of_address_back(nora, outbox):  # noqa: F811
    thief = Client()
    sign_in_fresh(thief)
    link = take_over(thief, outbox)
    enrol(thief)
    assert is_signed_in(thief)
    owner = Client()
    page = owner.get(link)
    assert page.status_code == 200
    assert "nora@example.org" in page.content.decode()
    nora.refresh_from_db()
    assert nora.email == "new@example.org"  # opening the link, as mail checkers do, is not yet a wish
    answer = owner.post(link)
    assert answer["Location"] == reverse("account_request_login_code")
    nora.refresh_from_db()
    assert nora.email == "nora@example.org"
    assert not nora.has_usable_password()
    assert not is_signed_in(thief)
    assert not Authenticator.objects.exists()
    answer = owner.post(reverse("account_request_login_code"), {"email": "nora@example.org"})
    owner.post(answer["Location"], {"code": code_in(outbox()[-1])})
    assert is_signed_in(owner)


def test_a_second_change_does_not_outrun_the_link(nora, outbox):  # noqa: F811
    thief = Client()
    sign_in_fresh(thief)
    link = take_over(thief, outbox)
    take_over(thief, outbox, "newer@example.org")
    Client().post(link)
    nora.refresh_from_db()
    assert nora.email == "nora@example.org"
    assert not is_signed_in(thief)


def test_passkeys_that_were_there_long_before_stay(nora, outbox):  # noqa: F811
    client = Client()
    sign_in_fresh(client)
    enrol(client)
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=30))
    Client().post(take_over(client, outbox))
    assert Authenticator.objects.filter(type="totp").exists()


@pytest.mark.parametrize("how", ["old", "forged", "gone", "taken"])
def test_a_link_that_takes_nothing_back(nora, outbox, how):  # noqa: F811
    client = Client()
    sign_in_fresh(client)
    link = take_over(client, outbox)
    if how == "old":
        token = link.split("/")[2]
        long_ago = TimestampSigner(salt=address_change.SALT)
        data = long_ago.unsign(token)
        with mock.patch("time.time", return_value=time.time() - 8 * 24 * 3600):
            link = link.replace(token, long_ago.sign(data))
    if how == "forged":
        link = link[:-3] + ("aa/" if link[-3:] != "aa/" else "bb/")
    if how == "gone":
        nora.delete()
    if how == "taken":
        factories.create_user("Nina", email="nora@example.org")
    owner = Client()
    answer = owner.post(link)
    assert answer["Location"] == reverse("account_login")
    assert 'class="error"' in owner.get(answer["Location"]).content.decode()
    assert not User.objects.filter(email="nora@example.org", display_name="Nora").exists()
