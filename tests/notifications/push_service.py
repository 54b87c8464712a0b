"""A push service on this machine, and browsers that subscribe there: it reads what it gets as the standards say.

Nothing here uses the libraries that the site sends with: decryption follows RFC 8291 and 8188 (and reads the RFC's
own example in a test), the signature is read by another library (RFC 8292).
"""

import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from readinggroup.lib.push_keys import decoded, encoded

KNOWN = "https://updates.push.services.mozilla.com"


def point_of(key) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def create_subscription(origin=KNOWN, *, path=None, key=None, auth=None) -> dict:
    """What a browser says of its subscription."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    auth = auth or secrets.token_bytes(16)
    endpoint = f"{origin}/wpush/v2/{path or secrets.token_urlsafe(40)}"
    return {"endpoint": endpoint, "p256dh": encoded(point_of(key)), "auth": encoded(auth)}


def derived(length, *, salt, info, secret) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def decrypted(body: bytes, *, key, auth: bytes) -> bytes:
    """One record of aes128gcm, read with the browser's private key and secret."""
    salt, record_size, length = body[:16], int.from_bytes(body[16:20]), body[20]
    sender, sealed = body[21 : 21 + length], body[21 + length :]
    assert (length, record_size >= len(sealed)) == (65, True)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    secret = derived(32, salt=auth, info=b"WebPush: info\0" + point_of(key) + sender, secret=shared)
    content_key = derived(16, salt=salt, info=b"Content-Encoding: aes128gcm\0", secret=secret)
    nonce = derived(12, salt=salt, info=b"Content-Encoding: nonce\0", secret=secret)
    padded = AESGCM(content_key).decrypt(nonce, sealed, None).rstrip(b"\0")
    assert padded[-1:] == b"\2"
    return padded[:-1]


class PushService:
    """`answers` are statuses by endpoint, else 201. `got` are the messages that browsers could read."""

    def __init__(self):
        self.browsers, self.answers, self.headers, self.got, self.asked = {}, {}, {}, [], []
        self.answers_now = Event()  # cleared, it takes requests and says nothing
        self.answers_now.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"service": self}))
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def stop(self):
        self.answers_now.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def subscribe(self, key_of_site) -> dict:
        """A browser subscribes for the site with this key."""
        key, auth = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)
        said = create_subscription(self.origin, key=key, auth=auth)
        self.browsers[said["endpoint"]] = (key, auth, key_of_site)
        return said

    def take(self, endpoint, headers, body) -> int:
        self.asked.append(endpoint)
        key, auth, key_of_site = self.browsers[endpoint]
        scheme, _, signed = headers["Authorization"].partition(" ")
        parts = dict(part.split("=", 1) for part in signed.split(","))
        assert (scheme, parts["k"]) == ("vapid", key_of_site)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(parts["k"]))
        claims = jwt.decode(parts["t"], public, algorithms=["ES256"], audience=self.origin)
        assert time.time() < claims["exp"] < time.time() + 86_400
        assert claims["sub"].startswith(("mailto:", "https:"))
        assert headers["Content-Encoding"] == "aes128gcm"
        assert len(body) <= 4_096
        said = json.loads(decrypted(body, key=key, auth=auth))
        self.got.append((endpoint, said, headers))
        return self.answers.get(endpoint, 201)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        endpoint = f"{self.service.origin}{self.path}"
        try:
            status = self.service.take(endpoint, self.headers, body)
        except Exception as failure:  # whatever is wrong with a message is the sender's fault
            status, reason = 400, repr(failure)
            self.service.got.append((endpoint, reason, self.headers))
        self.service.answers_now.wait()
        self.send_response(status)
        for name, value in self.service.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        pass
