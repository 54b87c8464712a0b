"""A small OpenID Connect provider on this machine, for tests: it signs in whoever it is told to, and misbehaves so too.

It holds to the standard where ours must: one-time codes bound to client, address of return and PKCE challenge; RS256.
"""

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "reading-group", "a secret of the two"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """`person` is whom it signs in. `claims` go into the token over its own; `answers` replace its answers by path."""

    def __init__(self):
        self.person = {"sub": "248289761001", "name": "Nora Net", "email": "nora@example.org", "email_verified": True}
        self.claims, self.answers, self.codes, self.asked = {}, {}, {}, []
        self.refuses = False
        self.answers_now = Event()  # cleared, it takes requests and says nothing
        self.answers_now.set()
        handler = type("Handler", (Handler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def stop(self):
        self.answers_now.set()  # the server waits for those who still answer
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()

    def configuration(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, asked):
        """The address that the person is sent back to: with a code, or refused."""
        back = {"state": asked["state"]}
        if self.refuses:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = asked
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, form):
        asked = self.codes.pop(form.get("code"), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET)
            or form.get("redirect_uri") != asked["redirect_uri"]
            or asked.get("code_challenge_method") != "S256"
            or asked["code_challenge"] != challenge.decode().rstrip("=")
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        told = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, **self.person, **self.claims}
        signed = jwt.encode(told, KEY, algorithm="RS256", headers={"kid": "one"})
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}

    def keys(self):
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**key, "kid": "one", "alg": "RS256", "use": "sig"}]}


class Handler(BaseHTTPRequestHandler):
    """The provider's addresses."""

    provider = None

    def log_message(self, *args):
        """Tests are quiet."""

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize" and parts.path not in self.provider.answers:
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(query))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        pages = {
            "/.well-known/openid-configuration": self.provider.configuration,
            "/userinfo": lambda: self.provider.person,
            "/jwks": self.provider.keys,
        }
        self.answer(200, pages[parts.path]())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(*self.provider.token({key: values[0] for key, values in parse_qs(body).items()}))

    def answer(self, status, told):
        path = urlsplit(self.path).path
        self.provider.asked.append(path)
        self.provider.answers_now.wait()
        status, told = self.provider.answers.get(path, (status, told))
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass  # it was not waited for
