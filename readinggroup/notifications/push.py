"""Messages to people's devices: encrypted for each (RFC 8291), signed by this site (RFC 8292), sent as RFC 8030 says.

They go through the push services of the browsers' makers, which learn when a message comes for whom, and not a word of
it. Endpoints come from browsers, that is from anybody: only services that are known are ever asked, and nowhere else.
"""

import hashlib
import json
import logging
import re
import time
from email.utils import parseaddr
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db.models import Exists, F
from django.utils import timezone
from django.utils.text import Truncator
from py_vapid import Vapid02

from readinggroup.accounts.logins import still_stands
from readinggroup.lib.push_keys import decoded, encoded

from .models import PushSubscription, RestoredCopy

log = logging.getLogger(__name__)

A_DAY = 24 * 60 * 60  # seconds for which the service keeps a message for a device that is off
SIGNED_FOR = 12 * 60 * 60  # seconds for which a signature is good; a day at most
TIMEOUT = (3, 5)  # seconds to connect, and to wait for the answer
TAKEN = range(200, 300)
GONE = {404, 410}  # the browser has given the subscription up
PLAIN_HOST = re.compile(r"[a-z0-9.-]+")
PLAIN_ADDRESS = re.compile(r"[!#-;=?-\[\]-~]+")  # visible ASCII without " < > \\


def push(person, *, title: str, body: str, address: str, thread: str = "") -> bool:
    """Tell the person on each of their devices; whether at least one took it.

    `address` is the path on this site where it leads. Of one `thread` (else: address) a device shows the newest only.
    """
    import requests  # here, and below: five megabytes that web processes do not need, since they send nothing

    devices = list(devices_of(person))
    if not devices:
        return False
    topic = digest_of(thread or address)
    message = payload(title=title, body=body, address=address, tag=topic)
    taken, gone, failed, silent = [], [], [], set()
    for device in devices:
        service = urlsplit(device.endpoint).netloc
        if service in silent:
            continue  # not asked again for each device; it is not the device's failure
        try:
            status = send(device, message, topic=topic)
        except (requests.RequestException, ValueError) as error:
            status = type(error).__name__  # its words would name the endpoint, by which others could write there
            if isinstance(error, requests.ConnectionError | requests.Timeout):
                silent.add(service)
        if status in GONE:
            gone.append(device.pk)
        elif status in TAKEN:
            taken.append(device.pk)
        else:
            failed.append(device.pk)
            log.warning("Device %s at %s was not reached: %s", device.pk, service, status)
    note(taken=taken, gone=gone, failed=failed)
    return bool(taken)


def devices_of(person):
    """Where this person may be told: nowhere without a key or from a restored copy, nor where they signed out."""
    if not settings.VAPID_PRIVATE_KEY or not person.is_active:
        return
    devices = PushSubscription.objects.of(person).exclude(Exists(RestoredCopy.objects.all()))
    for device in devices.select_related("login").order_by("pk"):
        if is_known_service(device.endpoint) and still_stands(device.login, person):
            yield device


def note(*, taken, gone, failed) -> None:
    """What became of it; who cannot be reached any more is forgotten."""
    if taken:
        PushSubscription.objects.filter(pk__in=taken).update(last_used_at=timezone.now(), failures=0)
    if failed:
        devices = PushSubscription.objects.filter(pk__in=failed)
        devices.filter(failures__lt=PushSubscription.MOST_FAILURES).update(failures=F("failures") + 1)
        devices.given_up().delete()
    if gone:
        PushSubscription.objects.filter(pk__in=gone).delete()


# --- One message -----------------------------------------------------------------------------------------------------


def payload(*, title, body, address, tag) -> bytes:
    """What the device gets to read: less than the 4,096 bytes that a message may have."""
    said = {"title": Truncator(title).chars(120), "body": Truncator(body).chars(300), "address": address, "tag": tag}
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def digest_of(words) -> str:
    """A name of 32 letters at most for a thread (RFC 8030, 5.4), from which nobody reads which one it is."""
    secret = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return encoded(hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=24, key=secret).digest())


def send(device, message: bytes, *, topic) -> int:
    """Hand one message to the device's push service; its answer's status. Of what it says more nothing is read."""
    import requests

    headers = {"Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream"}
    headers |= {"TTL": str(A_DAY), "Urgency": "normal", "Topic": topic}
    with requests.post(
        device.endpoint,
        data=encrypted(message, device),
        headers=headers,
        auth=_signed,
        timeout=TIMEOUT,
        allow_redirects=False,
        stream=True,
    ) as answer:
        return answer.status_code


def encrypted(message: bytes, device) -> bytes:
    """The message for this device alone, with a key that is used once."""
    import http_ece

    return http_ece.encrypt(
        message,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decoded(device.p256dh),
        auth_secret=decoded(device.auth),
        version="aes128gcm",
    )


def _signed(request):
    """Say who sends it. As the request's `auth`, so that no .netrc of this machine puts something else there."""
    service = urlsplit(request.url)
    claims = {
        "aud": f"{service.scheme}://{service.netloc}",
        "exp": int(time.time()) + SIGNED_FOR,
        "sub": settings.VAPID_SUBJECT or f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}",
    }
    request.headers.update(_signer(settings.VAPID_PRIVATE_KEY).sign(claims))
    return request


# --- Keys and services ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _signer(private_key) -> Vapid02:
    return Vapid02.from_raw(private_key.encode())


def public_key() -> str:
    """The key by which browsers know this site again; empty if it tells nobody on their devices."""
    if not settings.VAPID_PRIVATE_KEY:
        return ""
    point = _signer(settings.VAPID_PRIVATE_KEY).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return encoded(point)


def is_known_service(endpoint: str) -> bool:
    """Whether the endpoint is at a push service that the site sends to: https, the usual port, a host of PUSH_HOSTS."""
    try:
        parts = urlsplit(endpoint)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    if f"{parts.scheme}://{parts.netloc}" in settings.PUSH_ORIGINS:
        return True
    # A plain address: no credentials, no brackets, nothing that two readers of addresses would read differently.
    plain = PLAIN_HOST.fullmatch(host) and parts.netloc in {host, f"{host}:443"} and PLAIN_ADDRESS.fullmatch(endpoint)
    known = any(fnmatchcase(host, pattern.lower()) for pattern in settings.PUSH_HOSTS)
    return bool(parts.scheme == "https" and port in {None, 443} and plain and known)
