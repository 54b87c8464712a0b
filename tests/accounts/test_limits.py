"""Tries are counted by network, also behind a proxy; and nothing tells which addresses have an account."""

import re
import statistics
import time

import pytest
from django.contrib.auth import hashers
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from .. import factories
from .test_accounts import is_signed_in, outbox  # noqa: F401 - a fixture

PASSWORD = "a long enough one"
HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def nora(db):
    return factories.create_user("Nora", email="nora@example.org", password=PASSWORD)


@pytest.fixture
def _limits(db, settings):
    """allauth's own limits, behind one proxy of ours."""
    settings.ACCOUNT_RATE_LIMITS = {}
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    cache.clear()


def log_in(forwarded, tried="wrong"):
    client = Client(headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="127.0.0.1")
    return client, client.post(reverse("account_login"), {"login": "nora@example.org", "password": tried})


def is_refused(answer):
    return answer.status_code == 429 or "Too many" in answer.content.decode()


@pytest.mark.usefixtures("_limits")
def test_row_31_a_forged_forwarded_for_does_not_evade_the_limit(nora):
    """Row 31: whoever wrote another X-Forwarded-For each time could try for ever."""
    answers = [log_in(f"10.0.{number}.1, 203.0.113.{number}, {HERE}")[1] for number in range(12)]
    assert not is_refused(answers[0])
    assert is_refused(answers[-1])
    client, answer = log_in(HERE, PASSWORD)
    assert is_refused(answer)
    assert not is_signed_in(client)


@pytest.mark.usefixtures("_limits")
def test_one_networks_limit_locks_nobody_else_out(nora):
    """Otherwise anybody could keep somebody out by trying wrong passwords."""
    for _ in range(12):
        log_in(HERE)
    assert is_refused(log_in(HERE, PASSWORD)[1])
    client, answer = log_in(THERE, PASSWORD)
    assert not is_refused(answer)
    assert is_signed_in(client)


@pytest.mark.usefixtures("_limits")
def test_without_a_proxy_the_header_is_believed_by_nobody(nora, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    answers = [log_in(f"203.0.113.{number}")[1] for number in range(12)]
    assert is_refused(answers[-1])


@pytest.mark.usefixtures("_limits")
def test_who_comes_beside_the_proxies_is_counted_by_the_address_they_come_from(nora, settings):
    """With fewer addresses in the header than there are proxies, every page that counts tries was a 500."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3
    answers = [log_in(f"203.0.113.{number}")[1] for number in range(12)]
    assert not is_refused(answers[0])
    assert is_refused(answers[-1])  # a forged one does not evade it
    assert not is_refused(log_in(f"{HERE}, 10.0.0.1, 10.0.0.2")[1])  # who comes through them is somebody else


@pytest.mark.usefixtures("_limits")
@pytest.mark.parametrize("sender", ["", "a socket"])
def test_who_comes_from_no_address_is_refused(nora, settings, sender):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3
    client = Client(headers={"X-Forwarded-For": HERE}, REMOTE_ADDR=sender)
    assert client.post(reverse("account_login"), {"login": "nora@example.org", "password": "x"}).status_code == 403


@pytest.mark.usefixtures("_limits")
@pytest.mark.parametrize("proxies", [1, 2])
@pytest.mark.parametrize("forwarded", ["", "unknown", "a, b", "\u202e", "1.2.3.4:567", "[2001:db8::1]:80", "x" * 5000])
def test_an_odd_forwarded_for_is_no_fault_of_ours(nora, settings, forwarded, proxies):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    assert log_in(forwarded.encode().decode("latin-1"))[1].status_code < 500


@pytest.mark.usefixtures("_limits")
def test_an_ipv6_network_is_one(nora):
    """Who has a network of 2^64 addresses is still one who tries."""
    answers = [log_in(f"2001:db8:1:2::{number:x}")[1] for number in range(12)]
    assert is_refused(answers[-1])
    assert not is_refused(log_in("2001:db8:1:3::1")[1])


@pytest.mark.usefixtures("_limits")
@pytest.mark.parametrize("page", ["account_reset_password", "account_request_login_code"])
def test_row_40_mail_to_one_address_is_limited(nora, outbox, page):  # noqa: F811
    """Row 40: a form that mails was used to flood somebody."""
    answers = []
    for number in range(15):
        client = Client(headers={"X-Forwarded-For": f"203.0.113.{number}"})
        answers.append(client.post(reverse(page), {"email": "nora@example.org"}))
    assert answers[-1].status_code == 429 or "Too many" in answers[-1].content.decode()
    assert 1 <= len(outbox()) <= 6


@pytest.mark.usefixtures("_limits")
def test_too_many_tries_has_a_page_of_ours(db):
    for number in range(25):
        answer = Client(headers={"X-Forwarded-For": HERE}).post(
            reverse("account_reset_password"), {"email": f"{number}@example.org"}
        )
    assert answer.status_code == 429
    html = answer.content.decode()
    assert "<h1>Too many tries</h1>" in html
    assert 'class="masthead"' in html


# --- Which addresses have an account -------------------------------------------------------------------------------

FORMS = {
    "account_signup": lambda email: {"display_name": "N", "email": email, "password1": ""},
    "account_request_login_code": lambda email: {"email": email},
    "account_reset_password": lambda email: {"email": email},
    "account_login": lambda email: {"login": email, "password": "wrong, but long"},
}
KNOWN, UNKNOWN = "nora@example.org", "nope@example.org"


def told(answer):
    """Status, headers and text, without what is drawn anew each time and without the address that was typed."""
    html = answer.content.decode().replace(KNOWN, "…").replace(UNKNOWN, "…")
    html = re.sub(r'value="[\w-]{20,}"', "", html)
    headers = {name: value.replace(KNOWN, "…").replace(UNKNOWN, "…") for name, value in answer.headers.items()}
    cookies = sorted(
        (name, sorted(key for key, value in morsel.items() if value)) for name, morsel in answer.cookies.items()
    )
    headers = {name: value for name, value in headers.items() if name not in {"Expires", "Content-Length"}}
    return answer.status_code, headers, cookies, html


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
@pytest.mark.parametrize("page", FORMS)
def test_row_30_no_form_tells_who_has_an_account(nora, outbox, page, htmx):  # noqa: F811
    """Row 30: accounts could be listed by the answers of login, reset and sign-up."""
    seen, mails = {}, {}
    for email in (KNOWN, UNKNOWN):
        client, before = Client(headers=htmx), len(outbox())
        answer = client.post(reverse(page), FORMS[page](email))
        seen[email] = [told(answer)]
        if answer.status_code == 302:
            seen[email].append(told(client.get(answer["Location"])))
            # A wrong code is answered alike too.
            seen[email].append(told(client.post(answer["Location"], {"code": "AAAA-AAAA"})))
        mails[email] = len(outbox()) - before
    assert seen[KNOWN] == seen[UNKNOWN]
    assert mails[KNOWN] == mails[UNKNOWN] == (0 if page == "account_login" else 1)


@pytest.mark.parametrize("email", ["NORA@EXAMPLE.ORG", " nora@example.org ", "nora@example.org\u200b"])
def test_another_spelling_of_the_address_tells_no_more(nora, outbox, email):  # noqa: F811
    answers = [Client().post(reverse("account_request_login_code"), {"email": email}) for _ in range(2)]
    assert told(answers[0]) == told(answers[1])
    assert all("To: nora@example.org\n" in mail for mail in outbox())


def work_of(page, email, monkeypatch):
    """What the server does for this address: passwords hashed, queries asked."""
    hashed = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda self, *a, **k: hashed.append(1) or encode(self, *a, **k)
    )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        Client().post(reverse(page), FORMS[page](email))
    monkeypatch.undo()
    return len(hashed), len(queries)


def test_row_30_a_login_costs_one_hash_whether_or_not_there_is_an_account(nora, monkeypatch):
    """Row 30: accounts could be told by time; hashing is what takes it."""
    known, unknown = (work_of("account_login", email, monkeypatch) for email in (KNOWN, UNKNOWN))
    assert known[0] == unknown[0] > 0


class SlowHasher(hashers.PBKDF2PasswordHasher):
    """As slow as to be told from everything else that a login does, and no slower."""

    iterations = 100_000


def medians_of(page, rounds=15):
    """Seconds that the answer takes for an address with an account, and for one without; turn about."""
    took = {KNOWN: [], UNKNOWN: []}
    for number in range(rounds):
        for email in (KNOWN, UNKNOWN) if number % 2 else (UNKNOWN, KNOWN):
            client, begun = Client(), time.perf_counter()
            client.post(reverse(page), FORMS[page](email))
            took[email].append(time.perf_counter() - begun)
    return [statistics.median(times) for times in took.values()]


@pytest.mark.parametrize("page", ["account_login", "account_request_login_code", "account_reset_password"])
def test_row_30_known_and_unknown_take_the_same_time(nora, settings, outbox, page):  # noqa: F811
    """Row 30: by time. Generous, and tried again, since this machine has other things to do."""
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher"]
    nora.set_password(PASSWORD)
    nora.save()
    apart = []
    for _ in range(4):
        known, unknown = medians_of(page)
        apart.append(abs(known - unknown) / max(known, unknown))
        if apart[-1] < 0.3:
            return
    pytest.fail(f"{page}: the medians lie apart by {apart}")
