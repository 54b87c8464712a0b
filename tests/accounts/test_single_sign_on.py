"""Signing in through an OpenID Connect provider, tried against one that runs here; and the ways it may misbehave."""

import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from readinggroup.accounts.models import User
from readinggroup.accounts.names import validate_display_name
from readinggroup.accounts.single_sign_on import name_from

from .. import factories
from .provider import CLIENT, SECRET, Provider
from .test_accounts import code_in, is_signed_in, outbox  # noqa: F401 - a fixture

LOGIN = reverse("openid_connect_login", kwargs={"provider_id": "oidc"})
CALLBACK = reverse("openid_connect_callback", kwargs={"provider_id": "oidc"})


@pytest.fixture
def provider(db, settings):
    """The provider, configured here as the environment would."""
    provider = Provider()
    app = {
        "provider_id": "oidc",
        "name": "Harbour House",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": provider.url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    yield provider
    provider.stop()


def go_there(client, **more):
    """Press the button; the way back from the provider, not yet gone."""
    answer = client.post(LOGIN, {"process": "login", **more})
    assert answer.status_code == 302, answer.content.decode()
    back = requests.get(answer["Location"], allow_redirects=False, timeout=5).headers["Location"]
    return back.removeprefix("http://testserver")


def sign_in(client, **more):
    """There and back again."""
    return client.get(go_there(client, **more))


def said(client, answer):
    """The page that the answer leads to."""
    if answer.status_code == 302:
        answer = client.get(answer["Location"], follow=True)
    return answer.content.decode()


def test_the_button_stands_only_where_a_provider_is_configured(db, provider, settings):
    for page in ("account_login", "account_signup"):
        assert "Sign in with Harbour House" in Client().get(reverse(page)).content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    html = Client().get(reverse("account_login")).content.decode()
    assert "Sign in with" not in html.replace("Sign in with a passkey", "")
    assert Client().post(LOGIN).status_code == 404


def test_a_newcomer_signs_up_and_signs_in_again(provider, mailoutbox):
    client = Client()
    assert sign_in(client)["Location"] == "/"
    assert is_signed_in(client)
    user = User.objects.get()
    assert (user.display_name, user.email, user.has_usable_password()) == ("Nora Net", "nora@example.org", False)
    other = Client()
    assert sign_in(other)["Location"] == "/"
    assert is_signed_in(other)
    assert User.objects.count() == SocialAccount.objects.count() == 1


def test_the_way_there_is_bound_by_state_and_pkce(provider):
    there = Client().post(LOGIN)["Location"]
    asked = {key: values[0] for key, values in parse_qs(urlsplit(there).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 16
    assert asked["response_type"] == "code"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}


def test_opening_the_address_does_not_send_anybody_away(provider):
    """The way there is a POST: a link on another site cannot begin a login. Opened, it asks."""
    page = Client().get(LOGIN)
    assert page.status_code == 200
    assert "Sign in with Harbour House</h1>" in page.content.decode()
    assert Client(enforce_csrf_checks=True).post(LOGIN).status_code == 403


def test_the_way_back_leads_where_one_was(provider):
    client = Client()
    answer = client.post(f"{LOGIN}?process=login&next=/g/harbour/")
    back = requests.get(answer["Location"], allow_redirects=False, timeout=5).headers["Location"]
    assert client.get(back.removeprefix("http://testserver"))["Location"] == "/g/harbour/"


def test_an_address_that_has_an_account_here_is_not_taken_over(provider):
    """What others were caught by: the provider's word about an address opened the account that has it."""
    nora = factories.create_user("Nora", email="nora@example.org", password="a long enough one")
    client = Client()
    page = said(client, sign_in(client))
    assert "Your address has an account here already" in page
    assert 'class="masthead"' in page
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.get() == nora


def test_another_spelling_of_the_address_does_not_help(provider):
    factories.create_user("Nora", email="nora@example.org")
    provider.person["email"] = "NORA@Example.org"
    client = Client()
    sign_in(client)
    assert not is_signed_in(client)
    assert User.objects.count() == 1


def test_an_unverified_address_tells_nothing_and_mails_its_owner(provider, outbox):  # noqa: F811
    """A provider where anybody writes any address: the page is that of an unknown address, the mail tells the owner."""
    provider.person["email_verified"] = False
    unknown = Client()
    as_unknown = said(unknown, sign_in(unknown))
    assert "To: nora@example.org" in outbox()[-1]
    User.objects.all().delete()
    factories.create_user("Nora", email="nora@example.org")
    known = Client()
    as_known = said(known, sign_in(known))

    def same(page):
        return re.sub(r'value="\w{64}"', "", page)

    assert same(as_known) == same(as_unknown)
    assert len(outbox()) == 2
    assert "To: nora@example.org" in outbox()[-1]
    assert not is_signed_in(known)
    assert not SocialAccount.objects.filter(user__display_name="Nora").exists()


def test_an_unverified_address_is_confirmed_by_code(provider, outbox):  # noqa: F811
    provider.person["email_verified"] = False
    client = Client()
    answer = sign_in(client)
    assert not is_signed_in(client)
    client.post(answer["Location"], {"code": code_in(outbox()[-1])})
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Nora \u202eNet", "Nora Net"),
        ("  Nora\n\tNet\u200b ", "Nora Net"),
        ("x" * 500, "x" * 60),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Nora\x00", "Nora"),
    ],
)
def test_a_hostile_name_is_cleaned(provider, told, shown):
    provider.person["name"] = told
    client = Client()
    sign_in(client)
    assert User.objects.get().display_name == shown
    page = client.get(reverse("accounts:profile")).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize("told", [None, "", "\u200b\u2063", "\x00", 17, ["Nora"], {"a": 1}])
def test_who_comes_without_a_name_is_asked_for_one(provider, told):
    provider.person["name"] = told
    client = Client()
    answer = sign_in(client)
    assert answer["Location"] == reverse("socialaccount_signup")
    page = client.get(answer["Location"]).content.decode()
    assert 'name="display_name"' in page
    assert 'class="masthead"' in page
    form = {"display_name": "\u202e", "email": "nora@example.org"}
    assert "invisible" in client.post(answer["Location"], form).content.decode()
    assert not User.objects.exists()
    client.post(answer["Location"], form | {"display_name": "Nora"})
    assert is_signed_in(client)
    assert User.objects.get().display_name == "Nora"


@pytest.mark.parametrize("character", ["\x00", "\u202e", "\u2066", "\ud800", "\ue000", "\u2028", "\ufeff", " ", "\xa0"])
def test_whatever_is_told_as_a_name_what_is_made_of_it_may_be_shown(character):
    for told in (character, f"A{character}", f"{character}A", f"A{character}B", "A" * 59 + character * 5 + "B"):
        name = name_from([told])
        assert name == name.strip()
        if name:
            validate_display_name(name)
            assert len(name) <= 60


def test_who_comes_without_an_address_is_asked_for_one(provider, outbox):  # noqa: F811
    del provider.person["email"]
    client = Client()
    assert sign_in(client)["Location"] == reverse("socialaccount_signup")
    answer = client.post(reverse("socialaccount_signup"), {"display_name": "Nora", "email": "typed@example.org"})
    assert not is_signed_in(client)
    client.post(answer["Location"], {"code": code_in(outbox()[-1])})
    assert is_signed_in(client)


def test_refused_there_is_said_here(provider):
    provider.refuses = True
    client = Client()
    page = said(client, sign_in(client))
    assert "You turned back" in page
    assert not is_signed_in(client)


def test_a_state_that_is_not_ours_signs_nobody_in(provider):
    """A forged way back, as when somebody sends you a link that signs you in as themselves."""
    theirs = go_there(Client())
    mine = Client()
    answer = mine.get(theirs)
    assert answer.status_code == 401
    assert "You were not signed in" in answer.content.decode()
    assert not is_signed_in(mine)
    for bad in ("?code=x", "?state=x", "", "?state=x&code=x&error=server_error"):
        assert mine.get(CALLBACK + bad).status_code == 401
    assert not User.objects.exists()


def test_a_code_of_another_login_is_worth_nothing(provider):
    """Code injection, which a nonce or PKCE is against: my state with the code that was given to another browser."""
    theirs, mine = go_there(Client()), Client()
    state = parse_qs(urlsplit(go_there(mine)).query)["state"][0]
    code = parse_qs(urlsplit(theirs).query)["code"][0]
    answer = mine.get(CALLBACK, {"state": state, "code": code})
    assert answer.status_code == 401
    assert not is_signed_in(mine)


def test_the_way_back_is_good_once(provider):
    client = Client()
    back = go_there(client)
    client.get(back)
    client.post(reverse("account_logout"))
    assert client.get(back).status_code == 401
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"iss": "https://evil.example"},
        {"aud": "another-site"},
        {"exp": "soon"},
        {"aud": None},
        {"iss": None},
    ],
)
def test_a_token_that_is_too_old_or_for_another_site_is_refused(provider, claims):
    provider.claims = claims
    client = Client()
    answer = sign_in(client)
    assert answer.status_code == 401
    assert "did not confirm who you are" in answer.content.decode()
    assert not is_signed_in(client)
    assert not User.objects.exists()


NONSENSE = [
    (500, {}),
    (404, b"gone"),
    (200, b""),
    (200, b"<html>maintenance</html>"),
    (200, []),
    (200, None),
    (200, "text"),
    (200, {}),
    (200, {"id_token": "x.y.z", "access_token": "a"}),
    (200, {"access_token": {"a": 1}, "expires_in": "never"}),
    (200, {"sub": {"a": 1}, "email": ["nora@example.org"]}),
    (200, {"sub": "1\x00", "name": "N", "email": "n@example.org"}),
    (200, {"sub": "x" * 5000, "name": "N", "email": "n@example.org"}),
    (200, {"sub": "1", "name": "N", "email": "n@example.org", "email_verified": {"a": 1}}),
    (200, {"sub": "1", "name": "N", "email": "x" * 500 + "@example.org"}),
]


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/userinfo"])
def test_a_provider_that_talks_nonsense_leads_to_a_page(provider, path, nonsense):
    client = Client()
    if path == "/.well-known/openid-configuration":
        provider.answers[path] = nonsense
        answer = client.post(LOGIN)
    else:
        back = go_there(client)
        provider.answers[path] = nonsense
        answer = client.get(back)
    assert answer.status_code in {302, 401, 503}
    page = said(client, answer)
    assert 'class="masthead"' in page
    assert page.count("<h1") == 1
    # An empty userinfo is no nonsense: the token tells who it is.
    assert is_signed_in(client) == (path == "/userinfo" and nonsense[0] == 200 and nonsense[1] in ({}, [], None))


def test_userinfo_of_another_person_than_the_tokens_is_refused(provider):
    provider.claims = {"sub": "somebody else"}
    client = Client()
    assert sign_in(client).status_code == 401
    assert not is_signed_in(client)


def test_no_more_is_kept_of_the_providers_word_than_is_shown(provider):
    provider.person |= {"birthdate": "1911-03-02", "address": {"locality": "Harbour"}, "picture": "https://x.example/p"}
    sign_in(Client())
    assert set(SocialAccount.objects.get().extra_data["userinfo"]) == {"sub", "email", "name"}


def test_the_configuration_may_break_while_one_is_away(provider):
    client = Client()
    back = go_there(client)
    provider.answers["/.well-known/openid-configuration"] = (200, b"{")
    answer = client.get(back)
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()


@pytest.mark.parametrize("how", ["down", "slow"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_provider_that_is_down_or_slow_leads_to_a_page(provider, settings, how, when):
    client = Client()
    back = go_there(client) if when == "after" else ""
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.2  # only now: the way there is to arrive, however busy the machine is
    if how == "down":
        provider.stop()
    else:
        provider.answers_now.clear()  # for as long as one waits
    answer = client.get(back) if back else client.post(LOGIN)
    assert answer.status_code == 503
    assert "The other site does not answer" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_an_account_is_connected_and_disconnected(provider, outbox):  # noqa: F811
    nora = factories.create_user("Nora", email="here@example.org", password="a long enough one")
    client = Client()
    client.post(reverse("account_login"), {"login": "here@example.org", "password": "a long enough one"})
    page = client.get(reverse("socialaccount_connections")).content.decode()
    assert "Connect Harbour House" in page
    assert page.count("<h1") == 1
    address = re.search(r'action="([^"]*process=connect[^"]*)"', page)[1].replace("&amp;", "&")
    client.post(reverse("account_reauthenticate"), {"password": "a long enough one"})
    there = client.post(address)["Location"]
    back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
    assert client.get(back.removeprefix("http://testserver"))["Location"] == reverse("socialaccount_connections")
    connected = SocialAccount.objects.get()
    assert connected.user == nora
    other = Client()
    sign_in(other)
    assert is_signed_in(other)
    assert User.objects.get() == nora
    assert f'value="{connected.pk}"' in client.get(reverse("socialaccount_connections")).content.decode()
    client.post(reverse("socialaccount_connections"), {"account": connected.pk})
    assert not SocialAccount.objects.exists()
    assert "To: here@example.org" in outbox()[-1]


def test_nobody_disconnects_anothers(provider, as_user):
    sign_in(Client())
    other = as_user(factories.create_user("Otto"))
    answer = other.post(reverse("socialaccount_connections"), {"account": SocialAccount.objects.get().pk})
    assert answer.status_code == 200
    assert SocialAccount.objects.count() == 1


def test_the_policy_lets_the_button_lead_to_the_provider_and_nowhere_else(monkeypatch):
    """Browsers hold a form to the policy also where it is redirected."""
    program = (
        "from readinggroup import settings as s;"
        "print(*s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'],"
        "      len(s.SOCIALACCOUNT_PROVIDERS['openid_connect']['APPS']))"
    )
    monkeypatch.setenv("SECRET_KEY", "of this test")
    assert subprocess.check_output([sys.executable, "-c", program], text=True).split() == ["'self'", "0"]
    monkeypatch.setenv("OIDC_SERVER_URL", "https://sso.example/realms/house")
    monkeypatch.setenv("OIDC_CLIENT_ID", "a")
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "b")
    told = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert told == ["'self'", "https://sso.example", "1"]
