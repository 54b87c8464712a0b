"""The button that leads to an OpenID Connect provider, in a browser that holds to our policy."""

import copy

import pytest
from playwright.sync_api import expect

from readinggroup.accounts.models import User

from ..accounts.provider import CLIENT, SECRET, Provider
from .conftest import PATIENCE
from .steps import until

pytestmark = pytest.mark.browser


@pytest.fixture
def provider(settings):
    provider = Provider()
    app = {"provider_id": "oidc", "name": "Harbour House", "client_id": CLIENT, "secret": SECRET}
    app["settings"] = {"server_url": provider.url}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield provider
    provider.stop()


@pytest.fixture
def page(browser, live_server):
    """A browser that is not watched: here, going elsewhere is the point."""
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def allow_forms_to(settings, *origins):
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"] = ["'self'", *origins]
    settings.CONTENT_SECURITY_POLICY = policy


def test_the_button_leads_there_and_back(provider, page, settings):
    allow_forms_to(settings, provider.url)
    page.goto("/accounts/login/?next=/me/")
    page.get_by_role("button", name="Sign in with Harbour House").click()
    expect(page.locator(".masthead")).to_contain_text("Nora Net")
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    assert User.objects.get().email == "nora@example.org"


def test_to_a_site_that_the_policy_does_not_name_no_form_leads(provider, page, settings):
    """The control: without the provider's origin in the policy, the browser does not go there."""
    allow_forms_to(settings)
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with Harbour House").click()
    until(page, lambda: any("form-action" in line for line in refused))
    assert not User.objects.exists()
