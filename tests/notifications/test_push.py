"""Messages to devices: readable by that browser alone, sent to known services alone, and to nobody who signed out."""

import json
import logging
import runpy
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from urllib.parse import urlencode

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readinggroup import settings as site_settings
from readinggroup.accounts.logins import SessionStore
from readinggroup.accounts.models import Login
from readinggroup.lib.push_keys import decoded, new_private_key
from readinggroup.notifications import push as pushing
from readinggroup.notifications.devices import add_device, name_of_device
from readinggroup.notifications.models import PushSubscription
from readinggroup.notifications.push import is_known_service, public_key, push

from .. import factories
from .push_service import KNOWN, PushService, create_subscription, decrypted

PAGE, DEVICES = "/me/notifications/", "/me/devices/"
HERE = "<li data-here>"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
WORDS = {"title": "Mara answers you", "body": "I read it otherwise.", "address": "/c/abcdefghij/"}


@pytest.fixture
def service(settings, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    service = PushService()
    settings.PUSH_ORIGINS = [service.origin]
    yield service
    service.stop()


@pytest.fixture
def subscribed(service, as_user):
    """A browser of somebody who wants to be told there: (client, endpoint)."""

    def join(user, said=None, client=None):
        client = client or as_user(user)
        said = said or service.subscribe(public_key())
        answer = client.post(DEVICES, said, headers={"User-Agent": FIREFOX})
        assert answer.status_code == 200, answer.text
        return client, said["endpoint"]

    return join


def refused(client, said):
    answer = client.post(DEVICES, said)
    assert answer.status_code == 422, answer.text
    assert not PushSubscription.objects.exists()
    return answer.text


# --- One message ------------------------------------------------------------------------------------------------------


def test_the_service_of_the_tests_reads_the_example_of_rfc_8291():
    """Appendix A: whoever reads this reads what others send, not only what we do."""
    number = int.from_bytes(decoded("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
    body = decoded(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    key = ec.derive_private_key(number, ec.SECP256R1())
    words = decrypted(body, key=key, auth=decoded("BTBZMqHH6r4Tts7J_aSIgg"))
    assert words == b"When I grow up, I want to be a watermelon"


def test_each_device_gets_it_encrypted_and_signed(db, service, subscribed):
    ana = factories.create_user()
    endpoints = {subscribed(ana)[1] for _ in range(2)}
    subscribed(factories.create_user())
    assert push(ana, **WORDS)
    assert {endpoint for endpoint, _said, _headers in service.got} == endpoints
    for _endpoint, said, headers in service.got:
        assert {name: said[name] for name in WORDS} == WORDS
        assert (headers["TTL"], headers["Urgency"]) == ("86400", "normal")
        assert headers["Topic"] == said["tag"]
        assert len(headers["Topic"]) == 32
    assert all(device.last_used_at for device in PushSubscription.objects.of(ana))


def test_what_belongs_to_one_thread_replaces_itself_and_nothing_else(db, service, subscribed):
    ana = factories.create_user()
    subscribed(ana)
    for thread in ("one", "one", "two"):
        push(ana, **WORDS, thread=thread)
    push(ana, **WORDS)
    first, second, third, fourth = [headers["Topic"] for _endpoint, _said, headers in service.got]
    assert first == second
    assert len({first, third, fourth}) == 3


@pytest.mark.parametrize("words", ["x" * 9_000, "𝄞" * 9_000, "\r\n\x0b\u2028" * 900, "\ud800" * 900, '"\\' * 900, ""])
def test_whatever_was_written_fits_and_arrives(db, service, subscribed, words):
    ana = factories.create_user()
    subscribed(ana)
    assert push(ana, title=words, body=words, address="/c/abcdefghij/", thread=words)
    [(_endpoint, said, headers)] = service.got
    assert len(said["body"]) <= 300
    assert len(said["title"]) <= 120
    assert len(headers["Topic"]) == 32


def test_nobody_is_told_without_a_key_and_the_page_says_so(db, settings, service, subscribed, as_user):
    ana = factories.create_user()
    client, _endpoint = subscribed(ana)
    settings.VAPID_PRIVATE_KEY = ""
    assert not push(ana, **WORDS)
    assert "does not tell on devices" in client.get(PAGE).text
    assert "data-key" not in client.get(PAGE).text
    PushSubscription.objects.all().delete()
    assert "does not tell" in refused(client, create_subscription())


@pytest.mark.parametrize("key", ["short", "ä" * 43, "x" * 200])
def test_a_key_that_is_none_stops_the_site_at_its_start(monkeypatch, key):
    monkeypatch.setenv("VAPID_PRIVATE_KEY", key)
    with pytest.raises(ImproperlyConfigured, match="VAPID_PRIVATE_KEY"):
        runpy.run_path(site_settings.__file__)
    monkeypatch.setenv("VAPID_PRIVATE_KEY", new_private_key())
    runpy.run_path(site_settings.__file__)


# --- When it is not taken ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_has_given_up_is_forgotten(db, service, subscribed, status):
    ana = factories.create_user()
    _client, gone = subscribed(ana)
    _client, there = subscribed(ana)
    service.answers[gone] = status
    assert push(ana, **WORDS)
    assert [device.endpoint for device in PushSubscription.objects.all()] == [there]
    service.answers[there] = status
    assert not push(ana, **WORDS)
    assert not push(ana, **WORDS)
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize("status", [400, 403, 413, 429, 500, 503])
def test_other_failures_are_counted_and_a_success_forgets_them(db, service, subscribed, status):
    ana = factories.create_user()
    _client, endpoint = subscribed(ana)
    service.answers[endpoint] = status
    for _ in range(3):
        assert not push(ana, **WORDS)
    assert PushSubscription.objects.get().failures == 3
    del service.answers[endpoint]
    assert push(ana, **WORDS)
    assert PushSubscription.objects.get().failures == 0


def test_ten_failures_in_a_row_are_enough_unless_it_is_an_outage_of_some_hours(db, service, subscribed):
    ana = factories.create_user()
    _client, endpoint = subscribed(ana)
    service.answers[endpoint] = 500
    for _ in range(12):
        push(ana, **WORDS)
    assert PushSubscription.objects.get().failures == 10
    PushSubscription.objects.update(created_at=timezone.now() - timedelta(days=3), failures=8)
    push(ana, **WORDS)
    assert PushSubscription.objects.exists()
    push(ana, **WORDS)
    assert not PushSubscription.objects.exists()


def test_a_redirect_is_not_followed(db, service, subscribed):
    """A push service that was taken over would lead us into the network that the server stands in."""
    ana = factories.create_user()
    _client, endpoint = subscribed(ana)
    service.answers[endpoint] = 307
    service.headers["Location"] = f"{service.origin}/secret/"
    assert not push(ana, **WORDS)
    assert service.asked == [endpoint]
    assert PushSubscription.objects.get().failures == 1


def test_a_service_that_hangs_is_waited_for_once(db, service, subscribed, monkeypatch, caplog):
    ana = factories.create_user()
    for _ in range(3):
        subscribed(ana)
    monkeypatch.setattr(pushing, "TIMEOUT", (0.2, 0.2))
    service.answers_now.clear()
    assert not push(ana, **WORDS)
    assert len(service.asked) == 1
    assert [device.failures for device in PushSubscription.objects.order_by("pk")] == [1, 0, 0]
    assert ana.display_name not in caplog.text
    assert service.asked[0] not in caplog.text  # who knows an endpoint can write there


def test_a_service_that_is_away_stops_nothing_and_its_endpoint_is_not_logged(db, service, subscribed, caplog, settings):
    """The words of a failed connection name the address, and who knows that can write there."""
    ana = factories.create_user()
    _client, there = subscribed(ana)
    away = PushService()
    settings.PUSH_ORIGINS = [service.origin, away.origin]
    subscribed(ana, away.subscribe(public_key()))
    away.stop()
    for _ in range(2):
        assert push(ana, **WORDS)
    assert service.asked == [there] * 2
    assert "ConnectionError" in caplog.text
    assert "wpush" not in caplog.text


def test_a_netrc_of_the_machine_signs_nothing(db, service, subscribed, monkeypatch, tmp_path):
    """requests would put its password in the place of our signature."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login u password p\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(service.origin) == ("u", "p")
    ana = factories.create_user()
    subscribed(ana)
    assert push(ana, **WORDS)


# --- Where we send ----------------------------------------------------------------------------------------------------

ELSEWHERE = [
    "http://fcm.googleapis.com/x", "https://fcm.googleapis.com:8443/x", "https://fcm.googleapis.com.example.org/x",
    "https://example.org/fcm.googleapis.com", "https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/x",
    "https://fcm.googleapis.com@example.org/x", "https://example.org@fcm.googleapis.com/x", "https://example.org#.push.apple.com/",
    "https://example.org\\.push.apple.com/", "https://example.org%2f.push.apple.com/", "https://example.org?.push.apple.com/",
    "https://push.apple.com/x", "https://apush.apple.com/x", "https://fcm.googleapis.com\t/x", "https://fcm。googleapis.com/x",
    "https://fcm.googleapis.com:99999/x", "https://fcm.googleapis.com:/x", "//fcm.googleapis.com/x", "file:///etc/passwd",
    "gopher://fcm.googleapis.com/x", "https://fcm.googleapis.com./x", "https:///x", "https://", "http://127.0.0.1:1/x",
    "https://fcm.googleapis.com/ x", "https://fcm.googleapis.com/\u202e", "javascript:alert(1)", "https://FCM.googleapis.com:80/",
    "https://[fcm.googleapis.com]/", "https://fcm.googleapis.com /x",
]  # fmt: skip


@pytest.mark.parametrize("endpoint", ELSEWHERE)
def test_endpoints_elsewhere_are_refused_and_never_asked(db, as_user, endpoint, monkeypatch):
    """Server-side request forgery: a browser says where to send, and a browser is anybody."""
    ana = factories.create_user()
    client = as_user(ana)
    said = refused(client, create_subscription() | {"endpoint": endpoint})
    assert "push service" in said
    if endpoint.startswith("http"):  # even where one stands in the database, as after PUSH_HOSTS was narrowed
        login = Login.objects.get(pk=client.session.session_key)
        PushSubscription.objects.create(user=ana, login=login, **create_subscription() | {"endpoint": endpoint})
        monkeypatch.setattr(requests, "post", lambda *_args, **_more: pytest.fail("it was asked"))
        assert not push(ana, **WORDS)


@pytest.mark.parametrize(
    "host", ["fcm.googleapis.com", "web.push.apple.com", "db5p.notify.windows.com", "fcm.googleapis.com:443"]
)
def test_the_services_of_the_browsers_makers_are_known(host):
    assert is_known_service(f"https://{host}/fcm/send/abc:DEF-_=?x=1")


BAD = {
    "no endpoint": {"endpoint": ""},
    "a long endpoint": {"endpoint": f"{KNOWN}/{'x' * 1_000}"},
    "a giant endpoint": {"endpoint": f"{KNOWN}/{'x' * 1_000_000}"},
    "NUL": {"endpoint": f"{KNOWN}/\0"},
    "no key": {"p256dh": ""},
    "no point of the curve": {"p256dh": "BP" + "A" * 85},
    "a compressed point": {"p256dh": "AuJzzTpxM4WL2Rr5GpYxPGVd4H6kYB2yJvWnUO5zO1nL"},
    "a key in letters of no alphabet": {"p256dh": "ä" * 87},
    "a giant key": {"p256dh": "B" * 1_000_000},
    "a short secret": {"auth": "AAAA"},
    "a long secret": {"auth": "A" * 43},
    "no secret": {"auth": "\ud800"},
    "hostile HTML": {"auth": "<script>alert(1)</script>"},
}


@pytest.mark.parametrize("wrong", BAD)
def test_what_is_no_subscription_is_refused_in_words(db, as_user, wrong):
    body = urlencode(create_subscription() | BAD[wrong], errors="surrogatepass")
    client = as_user(factories.create_user())
    answer = client.post(DEVICES, body, content_type="application/x-www-form-urlencoded")
    words = answer.text
    assert answer.status_code == 422, words
    assert not PushSubscription.objects.exists()
    assert words
    assert "<" not in words


def test_keys_are_kept_in_one_form(db, as_user):
    """Some browsers pad base64, as the standard forbids and all do without."""
    said = create_subscription()
    padded = said | {"p256dh": said["p256dh"] + "=", "auth": said["auth"] + "=="}
    assert as_user(factories.create_user()).post(DEVICES, padded).status_code == 200
    kept = PushSubscription.objects.get()
    assert (kept.p256dh, kept.auth) == (said["p256dh"], said["auth"])


# --- Whose device it is -----------------------------------------------------------------------------------------------


def test_the_list_names_the_device_and_a_click_removes_it(db, subscribed, as_user):
    ana = factories.create_user()
    client, _endpoint = subscribed(ana)
    page = client.get(PAGE).text
    assert "Firefox, Linux" in page
    assert HERE in page
    other = as_user(ana)
    assert HERE not in other.get(PAGE).text
    remove = reverse("notifications:remove_device", args=[PushSubscription.objects.get().public_id])
    assert as_user(factories.create_user()).post(remove).status_code == 404
    assert PushSubscription.objects.exists()
    assert "told no longer" in other.post(remove, follow=True).text
    assert not PushSubscription.objects.exists()


def test_a_browser_leaves_by_itself(db, subscribed):
    ana = factories.create_user()
    client, _endpoint = subscribed(ana)
    _client, there = subscribed(ana)
    answer = client.post(reverse("notifications:unsubscribe_device"))
    assert HERE not in answer.text
    assert [device.endpoint for device in PushSubscription.objects.all()] == [there]


def test_who_signs_out_leaves_no_device_behind_even_without_scripts(db, service, subscribed):
    ana = factories.create_user()
    client, _endpoint = subscribed(ana)
    client.post(reverse("account_logout"))
    assert not PushSubscription.objects.exists()
    assert not push(ana, **WORDS)
    assert service.got == []


def test_signed_out_from_afar_expired_or_with_an_old_password_it_is_told_nothing(db, service, subscribed):
    ana = factories.create_user(password="a long enough one")
    client, _endpoint = subscribed(ana)
    login = client.session.session_key
    assert push(ana, **WORDS)
    Login.objects.filter(pk=login).update(expire_date=timezone.now())
    assert not push(ana, **WORDS)
    Login.objects.filter(pk=login).update(expire_date=timezone.now() + timedelta(days=1))
    assert push(ana, **WORDS)
    ana.set_password("another long one")  # elsewhere; this login is good no more, though its row is there
    ana.save()
    assert not push(ana, **WORDS)
    subscribed(ana)
    assert push(ana, **WORDS)
    ana.is_active = False
    assert not push(ana, **WORDS)
    Login.objects.filter(user=ana).delete()  # "sign out everywhere"
    assert not PushSubscription.objects.exists()
    assert len(service.got) == 3


def test_the_same_browser_belongs_to_who_asked_last(db, service, subscribed):
    ana, ben = factories.create_user(), factories.create_user()
    said = service.subscribe(public_key())
    subscribed(ana, said)
    PushSubscription.objects.update(failures=9)
    subscribed(ben, said)
    device = PushSubscription.objects.get()
    assert (device.user, device.failures) == (ben, 0)
    assert not push(ana, **WORDS)
    assert push(ben, **WORDS)


def test_a_browser_that_subscribes_anew_is_one_device(db, service, subscribed):
    """As when the browser itself has changed its subscription, or the site its key."""
    ana = factories.create_user()
    client, _first = subscribed(ana)
    _client, second = subscribed(ana, client=client)
    assert PushSubscription.objects.get().endpoint == second


def test_of_more_than_twenty_devices_the_oldest_gives_way(db, subscribed):
    ana = factories.create_user()
    endpoints = [subscribed(ana)[1] for _ in range(21)]
    kept = set(PushSubscription.objects.of(ana).values_list("endpoint", flat=True))
    assert kept == set(endpoints[1:])


def test_the_page_asks_no_more_for_three_devices_than_for_one(db, subscribed, django_assert_num_queries):
    ana = factories.create_user()
    client, _endpoint = subscribed(ana)
    with django_assert_num_queries(5):
        client.get(PAGE)
    for _ in range(2):
        subscribed(ana)
    with django_assert_num_queries(5):
        assert client.get(PAGE).text.count("Firefox, Linux") >= 3


def test_sending_asks_no_more_for_three_devices_than_for_one(db, service, subscribed, django_assert_num_queries):
    ana = factories.create_user()
    subscribed(ana)
    with django_assert_num_queries(2):
        push(ana, **WORDS)
    for _ in range(2):
        subscribed(ana)
    with django_assert_num_queries(2):
        push(ana, **WORDS)
    assert len(service.got) == 4


def test_a_browser_learns_the_key_and_a_token_only_when_signed_in(db, as_user):
    said = as_user(factories.create_user()).get(DEVICES).json()
    assert said["key"] == public_key()
    assert len(decoded(said["key"])) == 65
    assert said["token"]
    answer = Client().get(DEVICES)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/me/devices/")


def test_without_a_token_no_other_site_subscribes_anybody(db, as_user):
    client = as_user(factories.create_user(), enforce_csrf_checks=True)
    assert client.post(DEVICES, create_subscription()).status_code == 403
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/128.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/128.0 Safari/537.36 Edg/128.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) Version/17.6 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) Version/17.6 Safari/605.1.15", "Safari, Mac"),
        ("<script>alert(1)</script>" * 900, ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_device_is_called_by_what_one_knows_it_by(user_agent, name):
    assert name_of_device(user_agent) == name


def test_the_worker_has_one_address_and_is_asked_for_again_within_a_day(db, settings):
    answer = Client().get("/push-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert "max-age=3600" in answer["Cache-Control"]
    assert "addEventListener" in answer.text
    assert "Service-Worker-Allowed" not in answer  # it stands at the root, and needs nobody's leave


# --- At once ----------------------------------------------------------------------------------------------------------


def at_once(*acts):
    """Each in its own thread, with its own connection."""
    start = Barrier(len(acts))

    def run(act):
        start.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def login_of(client):
    return client.session.session_key


@pytest.mark.django_db(transaction=True)
def test_two_people_who_subscribe_one_browser_at_once_leave_one_row(as_user):
    people = [factories.create_user() for _ in range(4)]
    clients = [as_user(person) for person in people]
    said = create_subscription()
    answers = at_once(*[lambda client=client: client.post(DEVICES, said).status_code for client in clients])
    assert answers == [200] * 4
    assert PushSubscription.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", [True, False])
def test_devices_added_at_once_do_not_become_too_many(as_user, monkeypatch, held):
    """With the control: without the person's row being held, each sees room that another one takes."""
    monkeypatch.setattr(PushSubscription, "A_PERSON", 1)
    ana = factories.create_user()
    logins = [login_of(as_user(ana)) for _ in range(2)]
    counted = Barrier(2)
    if not held:
        monkeypatch.setattr("readinggroup.notifications.devices.User.objects.select_for_update", lambda **_: ana_only)
        ana_only = type("Nobody", (), {"get": staticmethod(lambda **_: ana)})

    def add(login):
        with transaction.atomic():
            added = add_device(login_key=login, name="", by=ana, **create_subscription())
            if not held:
                counted.wait(30)  # neither is there for the other before both have counted
        return added

    assert at_once(*(partial(add, login) for login in logins)) == [True, True]
    assert PushSubscription.objects.count() == (1 if held else 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tries_again", [True, False])
def test_signing_out_while_the_device_is_added_ends_the_login(as_user, monkeypatch, tries_again):
    """With the control: Django looks what hangs on a login, then deletes it; what was added between is in the way."""
    ana = factories.create_user()
    login = login_of(as_user(ana))
    if not tries_again:
        monkeypatch.delattr(SessionStore, "delete")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert add_device(login_key=login, name="", by=ana, **create_subscription())

            def sign_out():
                try:
                    SessionStore(login).delete()
                except IntegrityError:
                    return "refused"
                finally:
                    connection.close()
                return "out"

            signing_out = pool.submit(sign_out)
            wait_until_somebody_waits()
        assert signing_out.result(10) == ("out" if tries_again else "refused")
    assert PushSubscription.objects.exists() is not tries_again
    assert Login.objects.filter(pk=login).exists() is not tries_again


def wait_until_somebody_waits():
    """For a lock that we hold."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_sleep(0.01) IS NOT NULL")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    pytest.fail("nobody waits")


def test_a_login_that_has_ended_meanwhile_adds_nothing(db, as_user):
    ana = factories.create_user()
    client = as_user(ana)
    login = login_of(client)
    assert not add_device(login_key="no such login", name="", by=ana, **create_subscription())
    assert not add_device(login_key=login, name="", by=factories.create_user(), **create_subscription())
    assert not PushSubscription.objects.exists()


def test_no_endpoint_is_shown_to_anybody_or_logged(db, as_user, caplog):
    """Who knows an endpoint and the keys can write to that device."""
    caplog.set_level(logging.DEBUG)
    ana, said = factories.create_user(), create_subscription()
    client = as_user(ana)
    client.post(DEVICES, said)
    for channel in (client.get(PAGE).text, client.get("/me/data/").text, json.dumps(client.get(DEVICES).json())):
        for secret in said.values():
            assert secret not in channel
    assert said["auth"] not in caplog.text
