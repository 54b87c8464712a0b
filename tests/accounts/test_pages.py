"""Every one of allauth's pages is one of ours: the same head, one heading, nothing that the policy forbids."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from ..steps_over_http import ACCOUNT_PAGES, ENTRANCES
from .test_accounts import is_signed_in, outbox  # noqa: F401 - a fixture
from .test_second_factors import PASSWORD, enrol, nora, sign_in, sign_in_fresh  # noqa: F401 - a fixture

# Opened on a way that they belong to; the tests below take it.
ON_THE_WAY = {
    "account_email_verification_sent", "account_confirm_login_code", "account_reset_password_from_key",
    "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_deactivate_totp",
    "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_remove_webauthn", "mfa_edit_webauthn",
    "socialaccount_signup", "openid_connect_login", "openid_connect_callback",
}  # fmt: skip
NO_PAGES = {"mfa_login_webauthn", "mfa_download_recovery_codes", None}  # data for a script, a file; old addresses


def names(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name
        else:
            yield from names(pattern.url_patterns)


def test_all_pages_of_allauth_are_known_here():
    theirs = next(one for one in get_resolver().url_patterns if str(one.pattern) == "accounts/")
    assert set(names(theirs.url_patterns)) == {*ACCOUNT_PAGES, *ENTRANCES} | ON_THE_WAY | NO_PAGES


def looks_like_ours(answer):
    html = answer.content.decode()
    assert html.count('class="masthead"') == 1
    assert len(re.findall(r"<h1[\s>]", html)) == 1
    assert re.search(r"<title>\s*\S", html)
    assert not re.search(r"\sstyle=|<style|\son\w+=", html)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)
    assert "csrfmiddlewaretoken" not in html or "no-store" in answer["Cache-Control"]
    for field in re.findall(r'<(?:input|textarea|select)(?![^>]*type="(?:hidden|submit)")[^>]*>', html):
        name = re.search(r'\sid="([^"]+)"', field)
        assert (name and f'for="{name[1]}"' in html) or "<label><input" in html, field
    return html


@pytest.mark.parametrize("page", ENTRANCES)
def test_entrances(db, page):
    looks_like_ours(Client().get(reverse(page)))


@pytest.mark.parametrize("page", ACCOUNT_PAGES)
def test_pages_about_oneself(nora, page):  # noqa: F811
    client = Client()
    sign_in_fresh(client)
    answer = client.get(reverse(page), follow=True)
    assert answer.status_code == 200
    assert "My account" in looks_like_ours(answer) or page in {"account_logout", "account_reauthenticate"}


@pytest.mark.parametrize("page", ACCOUNT_PAGES)
def test_pages_about_oneself_lead_visitors_to_the_login(db, page):
    answer = Client().get(reverse(page))
    assert answer.status_code == 302
    assert answer["Location"].startswith(("/accounts/login/", "/"))


def test_pages_with_second_factors(nora):  # noqa: F811
    client = Client()
    sign_in_fresh(client)
    enrol(client)
    key = Authenticator.objects.create(user=nora, type="webauthn", data={"name": "Telephone", "credential": {}})
    for page in ("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_index"):
        looks_like_ours(client.get(reverse(page)))
    for page in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        looks_like_ours(client.get(reverse(page, args=[key.pk])))
    file = client.get(reverse("mfa_download_recovery_codes"))
    assert file["Content-Type"].startswith("text/plain")
    assert "attachment" in file["Content-Disposition"]
    key.delete()
    for page in ("mfa_reauthenticate", "account_reauthenticate"):
        looks_like_ours(client.get(reverse(page)))
    other = Client()
    answer = sign_in(other)
    looks_like_ours(other.get(answer["Location"]))


def test_pages_that_ask_for_a_code(nora, outbox):  # noqa: F811
    client = Client()
    answer = client.post(reverse("account_request_login_code"), {"email": "nora@example.org"})
    looks_like_ours(client.get(answer["Location"]))
    client = Client()
    answer = client.post(reverse("account_signup"), {"display_name": "N", "email": "n@example.org", "password1": ""})
    looks_like_ours(client.get(answer["Location"]))
    looks_like_ours(client.post(answer["Location"], {"code": "wrong"}))
    client.post(reverse("account_reset_password"), {"email": "nora@example.org"})
    link = re.search(r"http://testserver(/\S+)", outbox()[-1].replace("=\n", ""))[1]
    looks_like_ours(client.get(link, follow=True))
    looks_like_ours(client.get("/accounts/password/reset/key/1-x/"))


def test_a_change_that_waits_for_its_code(nora, outbox):  # noqa: F811
    client = Client()
    sign_in_fresh(client)
    client.post(reverse("account_email"), {"action_add": "1", "email": "new@example.org"})
    looks_like_ours(client.get(reverse("account_email_verification_sent")))
    looks_like_ours(client.get(reverse("account_email")))
    wrong = client.post(reverse("account_email"), {"action_add": "1", "email": "no address"})
    assert "errorlist" in looks_like_ours(wrong)


def test_row_32_a_closed_account_is_out_everywhere_at_once(nora):  # noqa: F811
    """Row 32: a login outlived the account that it was of."""
    clients = [Client() for _ in range(4)]
    for client in clients:
        sign_in(client)
        assert client.get(reverse("accounts:profile")).status_code == 200
    nora.is_active = False
    nora.save()
    for client in clients:
        assert client.get(reverse("accounts:profile")).status_code == 302
    other = Client()
    answer = sign_in(other)
    assert answer.status_code == 200 or answer["Location"] == reverse("account_inactive")
    assert not is_signed_in(other)
