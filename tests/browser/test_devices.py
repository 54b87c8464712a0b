"""A browser joins, is told, and leaves.

Chromium without a window has no push service of its maker, so two edges are stood in for. What `pushManager` answers
comes from the push service of the tests; and what that service has decrypted is handed to the worker by the browser's
own debugging protocol, as a push service would.
"""

import json

import pytest
from playwright.sync_api import expect

from readinggroup.accounts.models import Login
from readinggroup.notifications.devices import add_device
from readinggroup.notifications.models import PushSubscription
from readinggroup.notifications.push import public_key, push

from ..notifications.push_service import PushService
from .conftest import NARROW
from .test_accessibility import faults_of, sideways
from .test_signing_out import sign_out

pytestmark = pytest.mark.browser

PAGE = "/me/notifications/"
# The browser's side of RFC 8030, which headless Chromium lacks. Kept over pages, as a browser would.
SUBSCRIPTION = """
    const said = %s;
    const held = () => {
        if (localStorage.getItem("stub") !== "on") return null;
        const bytes = Uint8Array.from(atob(%s), (letter) => letter.charCodeAt(0));
        return {
            options: { applicationServerKey: bytes.buffer },
            toJSON: () => ({ endpoint: said.endpoint, keys: { p256dh: said.p256dh, auth: said.auth } }),
            unsubscribe: async () => { localStorage.removeItem("stub"); return true; },
        };
    };
    PushManager.prototype.getSubscription = async () => held();
    PushManager.prototype.subscribe = async (options) => {
        if (!options.userVisibleOnly || options.applicationServerKey !== "%s") throw new Error("what key is that?");
        localStorage.setItem("stub", "on");
        return held();
    };
"""


@pytest.fixture
def chromium(whole_chromium):
    return whole_chromium


@pytest.fixture
def service(settings, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    service = PushService()
    settings.PUSH_ORIGINS = [service.origin]
    yield service
    service.stop()


def stand_in(page, service, *, key=None):
    key = key or public_key()
    said = service.subscribe(key)
    standard = key.replace("-", "+").replace("_", "/") + "="
    page.context.add_init_script(SUBSCRIPTION % (json.dumps(said), json.dumps(standard), key))
    return said


def deliver(page, message):
    """Hand the message to the page's worker as the browser does that has got it from its push service.

    The debugging protocol drops one now and then, when the worker is about to rest; then it is handed over again.
    """
    protocol = page.context.new_cdp_session(page)
    known = []
    protocol.on("ServiceWorker.workerRegistrationUpdated", lambda told: known.extend(told["registrations"]))
    protocol.send("ServiceWorker.enable")
    while not known:
        page.wait_for_timeout(20)
    before = shown(page)
    origin = page.evaluate("location.origin")
    handed = {"origin": origin, "registrationId": known[0]["registrationId"], "data": message}
    for _try in range(4):
        protocol.send("ServiceWorker.deliverPushMessage", handed)
        for _look in range(30):
            if shown(page) != before:
                return
            page.wait_for_timeout(100)


def shown(page):
    return page.evaluate(
        "navigator.serviceWorker.ready.then((worker) => worker.getNotifications()).then((all) =>"
        " all.map(({ title, body, tag, data }) => ({ title, body, tag, address: data.address })))"
    )


def shown_in_time(page, count):
    for _ in range(200):
        if len(found := shown(page)) == count:
            return found
        page.wait_for_timeout(50)
    pytest.fail(f"{count} notifications were not shown, but {shown(page)}")


def test_a_browser_joins_after_a_click_is_told_and_leaves(house, page_for, service):
    page = page_for(house.member, NARROW)
    page.context.grant_permissions(["notifications"])
    said = stand_in(page, service)
    page.goto(PAGE)
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    assert not PushSubscription.objects.exists()
    assert faults_of(page) == []
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.get_by_role("status")).to_have_text("You are told on this device now.")
    expect(page.locator("[data-here]")).to_contain_text("this device")
    expect(page.get_by_role("button", name="Not on this device any more")).to_be_focused()
    assert faults_of(page) == []
    assert sideways(page) == []
    assert PushSubscription.objects.get().endpoint == said["endpoint"]

    words = {"title": "Olga answers you", "body": "I read it <b>otherwise</b>.", "address": "/c/abcdefghij/"}
    for body in ("First.", words["body"]):
        assert push(house.member, **words | {"body": body})
    for _endpoint, message, _headers in service.got:
        deliver(page, json.dumps(message))
    [notification] = shown_in_time(page, 1)  # of one thread the newest alone
    assert notification["address"] == page.evaluate("location.origin") + words["address"]
    assert (notification["title"], notification["body"]) == (words["title"], words["body"])

    page.reload()
    expect(page.locator("[data-here]")).to_be_visible()
    page.get_by_role("button", name="Not on this device any more").click()
    expect(page.get_by_role("status")).to_have_text("You are told on this device no longer.")
    assert not PushSubscription.objects.exists()
    assert page.evaluate("localStorage.getItem('stub')") is None


def test_signing_out_puts_away_what_was_shown_and_tells_nothing_more(house, page_for, service):
    page = page_for(house.member)
    page.context.grant_permissions(["notifications"])
    stand_in(page, service)
    page.goto(PAGE)
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.locator("[data-here]")).to_be_visible()
    assert push(house.member, title="Olga answers you", body="Said among ourselves.", address="/c/abcdefghij/")
    deliver(page, json.dumps(service.got[0][1]))
    shown_in_time(page, 1)
    sign_out(page)
    assert not PushSubscription.objects.exists()
    assert not push(house.member, title="x", body="y", address="/")
    shown_in_time(page, 0)
    assert page.evaluate("localStorage.getItem('stub')") is None


@pytest.mark.parametrize(
    "message",
    ["", "no JSON", "null", "[]", "7", '{"title": 7, "address": 9}', '{"title": "T", "address": "https://example.org/"}',
     '{"title": "T", "address": "//example.org/"}', '{"title": "T", "address": "https://["}'],
)  # fmt: skip
def test_whatever_comes_is_shown_and_leads_nowhere_else(house, page_for, service, message):
    page = page_for(house.member)
    page.context.grant_permissions(["notifications"])
    stand_in(page, service)
    page.goto(PAGE)
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.locator("[data-here]")).to_be_visible()
    deliver(page, message)
    [notification] = shown_in_time(page, 1)
    assert notification["title"]
    assert notification["address"].startswith(page.evaluate("location.origin") + "/")


def test_a_click_brings_the_tab_to_the_front_or_opens_one(house, page_for, service):
    """Scripts cannot click a notification: the worker's own function is asked, with the browser's answers noted."""
    page = page_for(house.member)
    page.context.grant_permissions(["notifications"])
    stand_in(page, service)
    page.goto(PAGE)
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.locator("[data-here]")).to_be_visible()
    worker = page.context.service_workers[0]
    worker.evaluate(
        """() => {
            self.went = [];
            WindowClient.prototype.focus = async function () { went.push(`focus ${new URL(this.url).pathname}`); };
            Clients.prototype.openWindow = async (address) => { went.push(`open ${new URL(address).pathname}`); };
        }"""
    )
    worker.evaluate(f"goTo(addressIn({{ address: '{PAGE}' }}))")
    worker.evaluate("goTo(addressIn({ address: '/inbox/' }))")
    assert worker.evaluate("went") == [f"focus {PAGE}", "open /inbox/"]


def test_a_browser_that_changes_its_subscription_tells_the_site(house, page_for, service):
    page = page_for(house.member)
    page.context.grant_permissions(["notifications"])
    before = stand_in(page, service)
    page.goto(PAGE)
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.locator("[data-here]")).to_be_visible()
    after = service.subscribe(public_key())
    said = {"endpoint": after["endpoint"], "keys": {"p256dh": after["p256dh"], "auth": after["auth"]}}
    page.context.service_workers[0].evaluate("(said) => renew({ toJSON: () => said })", said)
    assert PushSubscription.objects.get().endpoint == after["endpoint"] != before["endpoint"]
    assert push(house.member, title="x", body="y", address="/")


def test_who_refuses_is_told_in_words_how_to_allow_it(house, page_for, service):
    page = page_for(house.member)
    stand_in(page, service)
    page.context.add_init_script(
        "Object.defineProperty(Notification, 'permission', { get: () => window.answered ?? 'default' });"
        "Notification.requestPermission = async () => (window.answered = 'denied');"
    )
    page.goto(PAGE)
    expect(page.get_by_role("status")).to_have_text("")
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.get_by_role("status")).to_contain_text("You have refused notifications")
    expect(page.get_by_role("button", name="Tell me on this device")).to_be_hidden()
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("delete window.PushManager", "cannot show notifications"),
        ("PushManager.prototype.subscribe = async () => { throw Error('x'); }", "did not answer"),
        ("window.fetch = async () => { throw new TypeError('x'); }", "Reload the page"),
    ],
)  # fmt: skip
def test_a_browser_that_cannot_says_so(house, page_for, service, script, words):
    page = page_for(house.member)
    page.context.grant_permissions(["notifications"])
    stand_in(page, service)
    page.context.add_init_script(script)
    page.goto(PAGE)
    button = page.get_by_role("button", name="Tell me on this device")
    if "delete" not in script:
        button.click()
    expect(page.get_by_role("status")).to_contain_text(words)
    assert not PushSubscription.objects.exists()


def test_a_service_that_we_do_not_know_is_said_in_the_servers_words(house, page_for, service, settings):
    page = page_for(house.member, expects=[422])
    page.context.grant_permissions(["notifications"])
    stand_in(page, service)
    settings.PUSH_ORIGINS = []
    page.goto(PAGE)
    page.get_by_role("button", name="Tell me on this device").click()
    expect(page.get_by_role("status")).to_contain_text("not one that this site sends to")


def test_without_javascript_it_says_what_is_missing_and_a_device_can_be_removed(house, page_for, service):
    page = page_for(house.member, javascript=False)
    login = Login.objects.get(user=house.member)
    assert add_device(login_key=login.pk, name="Firefox, Linux", by=house.member, **service.subscribe(public_key()))
    page.goto(PAGE)
    expect(page.get_by_text("JavaScript is needed")).to_be_visible()
    expect(page.get_by_role("button", name="Tell me on this device")).to_be_hidden()
    page.locator("#push-devices li", has_text="Firefox, Linux").get_by_role("button").click()
    expect(page.get_by_text("You are told no longer on that device.")).to_be_visible()
    assert not PushSubscription.objects.exists()
