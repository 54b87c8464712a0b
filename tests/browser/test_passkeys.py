"""Passkeys, with the authenticator that Chromium plays for tests."""

import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import expect

from .steps import sign_in_by_password

pytestmark = pytest.mark.browser

PASSWORD = "a long enough one"


@pytest.fixture
def mara(house):
    house.member.set_password(PASSWORD)
    house.member.save()
    return house.member


def with_authenticator(page):
    """Give the browser a key that knows its owner, as a telephone does by fingerprint."""
    chrome = page.context.new_cdp_session(page)
    chrome.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    key = chrome.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return lambda: chrome.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]


def confirm(page):
    """What is sensitive asks for the password."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm", exact=True).click()


def add_passkey(page):
    page.goto("/accounts/2fa/webauthn/add/")
    confirm(page)
    page.get_by_label("Name").fill("My telephone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    # The first key brings recovery codes with it.
    expect(page).to_have_url(re.compile(r"/2fa/(recovery-codes/|webauthn/(?!add/))"))


def test_a_passkey_is_added_signs_in_and_is_removed(mara, page_for):
    page = page_for()
    credentials = with_authenticator(page)
    page.goto("/accounts/login/")
    sign_in_by_password(page, mara, PASSWORD)
    expect(page.locator(".masthead")).to_contain_text("Mara")
    add_passkey(page)
    assert len(credentials()) == 1
    assert credentials()[0]["isResidentCredential"]

    page.get_by_role("button", name="Sign out").first.click()
    expect(page.locator(".masthead")).to_contain_text("Sign in")
    page.goto("/accounts/login/?next=/me/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile(r"/me/$"))
    expect(page.locator(".masthead")).to_contain_text("Mara")
    assert Authenticator.objects.get(user=mara, type="webauthn").last_used_at

    page.goto("/accounts/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("My telephone")
    page.get_by_role("link", name="Remove").click()
    assert Authenticator.objects.filter(user=mara, type="webauthn").exists()
    confirm(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("No security keys")
    assert not Authenticator.objects.filter(user=mara, type="webauthn").exists()


def test_after_a_while_removing_a_passkey_asks_who_one_is(mara, page_for, settings):
    page = page_for()
    with_authenticator(page)
    page.goto("/accounts/login/")
    sign_in_by_password(page, mara, PASSWORD)
    expect(page.locator(".masthead")).to_contain_text("Mara")
    add_passkey(page)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    page.goto(f"/accounts/2fa/webauthn/keys/{Authenticator.objects.get(type='webauthn').pk}/remove/")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Confirm"))
    assert Authenticator.objects.filter(type="webauthn").exists()
    # The key itself is good for that too.
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    page.get_by_role("link", name=re.compile("security key", re.IGNORECASE)).click()
    page.get_by_role("button", name="Use a security key").click()
    expect(page).to_have_url(re.compile("/remove/"))
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("No security keys")


def test_a_strangers_key_signs_nobody_in(mara, page_for):
    """A key that the account no longer has."""
    page = page_for(expects=[400])
    with_authenticator(page)
    page.goto("/accounts/login/")
    sign_in_by_password(page, mara, PASSWORD)
    expect(page.locator(".masthead")).to_contain_text("Mara")
    add_passkey(page)
    Authenticator.objects.all().delete()
    page.get_by_role("button", name="Sign out").first.click()
    page.goto("/accounts/login/")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Sign in with a passkey").click()
    page.goto("/me/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
