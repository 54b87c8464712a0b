"""Chromium, and people who sit before it. Every page is watched: what the browser complains about fails the test."""

import asyncio
import os
import re
import shutil
import time
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from playwright.sync_api import expect, sync_playwright

from ..conftest import signed_in_as
from ..thoroughness import thoroughly

NARROW, WIDE = (390, 844), (1400, 900)
# Of most journeys every run walks the one on a phone, where there is the least room; both when asked.
WINDOWS = thoroughly({"narrow": NARROW, "wide": WIDE}, {"narrow": NARROW})

# Quiet: no background traffic of Chromium's own, which would be taken for ours.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# The browser tells of a breach of the policy by an event; the watch reads the console.
TELL_OF_REFUSALS = """
    addEventListener("securitypolicyviolation", (event) =>
        console.error(`refused by the policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""

PATIENCE = 20_000  # milliseconds: what is to come comes in less than one, but on a crowded machine
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items):
    """What fails with a browser is asked once more, and the summary names it: three browsers on two cores now and then
    take longer than anybody waits. A fault of ours hardly ever hides so twice; what is named is looked into.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


# What Chromium is called: first the one without windows, which needs half the time and shows no notifications.
SHELLS = ("chromium-headless-shell",)
WHOLE = ("chromium", "chromium-browser", "google-chrome")


def find(names):
    """The browser's path, from the environment or as the system calls it; fails or skips where there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path:
        return path
    why = f"no Chromium here: install one ({' or '.join(names)}), or name it in CHROMIUM"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(why, pytrace=False)
    return pytest.skip(why)


@pytest.fixture(scope="session")
def driver():
    """Playwright for the session, and the event loop that it keeps, which is out of sight between tests."""
    find(SHELLS + WHOLE)
    with sync_playwright() as playwright:
        loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        yield playwright, loop
        asyncio._set_running_loop(loop)


def launched(driver, path):
    playwright, loop = driver
    asyncio._set_running_loop(loop)
    browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
    asyncio._set_running_loop(None)
    yield browser, loop
    asyncio._set_running_loop(loop)
    browser.close()
    asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def chromium(driver):
    """One Chromium for the session, and the event loop it is driven by."""
    yield from launched(driver, find(SHELLS + WHOLE))


@pytest.fixture(scope="session")
def whole_chromium(driver):
    """One that can also show notifications, for the tests that ask for it."""
    yield from launched(driver, find(WHOLE))


@pytest.fixture
def browser(chromium, monkeypatch):
    """Chromium for one test.

    Playwright's plain API keeps an event loop running in this thread. Django would refuse to ask the database there, so
    it is told not to; and outside of these tests the loop is put out of sight, so that no other test meets it.
    """
    browser, loop = chromium
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    asyncio._set_running_loop(loop)
    yield browser
    connections.close_all()  # a thread with a loop has database connections of its own, which nobody else would close
    asyncio._set_running_loop(None)


class Watch:
    """What a browser complained of while a test ran.

    `expects` are the answers that the test provokes: a status such as 422, or a part of a line of the console.
    """

    def __init__(self, context, home, expects):
        self.home, self.expects, self.complaints = urlsplit(home).netloc, expects, []
        context.on("console", self.hear)
        context.on("weberror", lambda error: self.complain(f"a script failed: {error.error}"))
        context.on("request", self.look_where_it_goes)
        context.on("response", self.look_what_comes)

    def complain(self, line):
        self.complaints.append(line)

    def hear(self, message):
        if message.type not in {"error", "warning"}:
            return
        line = message.text
        status = re.search(r"responded with a status of (\d+)", line)
        if int(status[1]) in self.expects if status else any(str(part) in line for part in self.expects):
            return
        self.complain(f"console: {line} ({message.location.get('url')})")

    def look_where_it_goes(self, request):
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob", "about"} and address.netloc != self.home:
            self.complain(f"a request to elsewhere: {request.url}")

    def look_what_comes(self, response):
        status = response.status
        if status >= 400 and (
            status not in self.expects or f"/{django_settings.STATIC_URL.strip('/')}/" in response.url
        ):
            self.complain(f"{status} from {response.url}")


@pytest.fixture
def page_for(browser, live_server):
    """A window of a browser of their own for `user`; None is a visitor. `window` is its width and height."""
    open_ones = []

    def open_window(user=None, window=WIDE, scheme="light", *, javascript=True, expects=()):
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": window[0], "height": window[1]},
            color_scheme=scheme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE)
        watch = Watch(context, live_server.url, expects)
        open_ones.append((context, watch))
        if javascript:
            context.add_init_script(TELL_OF_REFUSALS)
        if user is not None:
            sign_in(context, user, live_server.url)
        return context.new_page()

    yield open_window
    complaints = []
    for context, watch in open_ones:
        for page in context.pages:
            page.title()  # a round trip, so that what the page has still to tell is heard
        context.close()
        complaints += watch.complaints
    let_the_server_finish()
    assert complaints == []


def let_the_server_finish():
    """Wait until no request is in the database any more: emptying the tables under one would be a deadlock.

    A page that is closed leaves requests behind, such as the one that keeps the reader's place.
    """
    busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"
    )
    quiet, give_up = 0, time.monotonic() + 10
    while quiet < 3 and time.monotonic() < give_up:
        with connection.cursor() as cursor:
            cursor.execute(busy)
            quiet = 0 if cursor.fetchone()[0] else quiet + 1
        if quiet < 3:
            time.sleep(0.03)


def sign_in(context, user, address):
    """Give the browser the login that the person would have got at the login page."""
    client = signed_in_as(user)
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])


@pytest.fixture
def outbox(settings):
    """The mails of this test, newest last, as they were written to files."""
    settings.EMAIL_BACKEND = "readinggroup.lib.mail_files.EmailBackend"
    return lambda: [file.read_text() for file in sorted(settings.MAIL_DIR.glob("*.eml"))]
