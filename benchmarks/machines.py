"""A site of several machines on one: a primary, a replica, two web servers behind Caddy, a worker.

Everything listens on 127.0.0.1, lives in a folder under /tmp, and ends with the `with`. The servers speak TCP, as they
would between machines. Caddy takes the part of docs/deploy/Caddyfile that leads to the web servers, without TLS.
"""

import atexit
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg

from readinggroup.lib.embedded_postgres import keeper

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
RESTART_AFTER = 2  # seconds, as RestartSec in docs/deploy/readinggroup-worker.service

# A fresh site with a public group, a member, and so many logins of theirs; says where they may post.
PREPARE = """
import json
from django.test import Client
from readinggroup import first_run
from readinggroup.accounts.models import User
from readinggroup.groups.actions import take_in
from readinggroup.groups.models import Group
first_run.prepare(None)
group = Group.objects.get()
reading = group.readings.get()
user = User.objects.create_user(email="person@example.org", display_name="A Person")
take_in(group=group, user=user, roles=["moderator"])  # of whom nothing is held, however much they write
sessions = []
for number in range(LOGINS):
    client = Client()
    client.force_login(user, backend="readinggroup.accounts.logins.QuickModelBackend")
    sessions.append(client.cookies["sessionid"].value)
paragraphs = list(reading.edition.current.versions.values_list("paragraph__public_id", flat=True)[:20])
page = f"/g/{group.slug}/read/{reading.slug}/"
print(json.dumps({"group": f"/g/{group.slug}/", "page": page, "paragraphs": paragraphs, "sessions": sessions}))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def caddyfile(port: int, web_ports: list[int]) -> str:
    """That of docs/deploy/ on this port of this machine, without TLS, before these web servers."""
    text = (ROOT / "docs" / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    text = text.replace("{$SITE_HOST} {\n\tencode", f"http://{HOST}:{port} {{\n\tencode")
    text = text.replace("{$SITE_HOST}", HOST)
    text = text.replace("{$UPSTREAM}", " ".join(f"{HOST}:{each}" for each in web_ports))
    return f"{{\n\tadmin off\n\tauto_https off\n}}\n{text}"


class Server:
    """A PostgreSQL of the project's own binaries."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.data, self.log, self.port = name, folder / name, folder / f"{name}.log", free_port()
        self.programs = keeper.binaries()
        self.user = keeper.server_user(self.data)
        if self.user:
            keeper.let_through(self.data)
            keeper.let_through(self.programs / "postgres")
            os.chown(folder, self.user["user"], self.user["group"])

    def run(self, program: str, *arguments) -> None:
        """One of its programs, to its end."""
        log = self.log.with_suffix(f".{program}")  # no pipe: a server that it starts would hold that open
        with log.open("wb") as output:
            subprocess.run(
                [self.programs / program, *map(str, arguments)], check=True, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env=keeper.ENVIRONMENT, timeout=120, cwd="/", **self.user,
            )  # fmt: skip

    def make(self) -> None:
        """As a primary with the site's database, which replicas may follow."""
        self.run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        self.start()
        with self.connect("postgres", "postgres") as admin:
            admin.execute("CREATE ROLE readinggroup LOGIN")
            admin.execute("CREATE DATABASE readinggroup OWNER readinggroup")

    def copy(self, primary: "Server") -> None:
        """As a replica: `pg_basebackup`, standby.signal, streaming."""
        there = f"host={HOST} port={primary.port} user=postgres application_name={self.name}"
        self.run("pg_basebackup", "-D", self.data, "-R", "--checkpoint=fast", "-d", there)
        self.start()

    def start(self, **settings) -> None:
        settings = {"port": self.port, "listen_addresses": HOST, "unix_socket_directories": "", **settings}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self.run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-o", options, "start")

    def stop(self, mode="immediate") -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def change(self, name, value) -> None:
        """A setting, while it runs."""
        with self.connect("postgres") as admin:
            admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            admin.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-w", "promote")

    def processes(self) -> list[psutil.Process]:
        """All of it: the postmaster first."""
        number = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        postmaster = psutil.Process(number)
        return [postmaster, *postmaster.children(recursive=True)]

    def send(self, sign: signal.Signals) -> None:
        """A signal to each of its processes: SIGKILL as when a machine is lost, SIGSTOP as when one hangs."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
        if sign == signal.SIGKILL:
            time.sleep(0.2)
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def vanish(self) -> None:
        """As when its machine loses the network: nothing comes, nothing goes, nobody is told. Else PermissionError."""
        self._drop("-I")

    def come_back(self) -> None:
        with contextlib.suppress(PermissionError):
            self._drop("-D")

    def _drop(self, act):
        for end in ("--dport", "--sport"):
            command = ["iptables", act, "INPUT", "-i", "lo", "-p", "tcp", end, str(self.port), "-j", "DROP"]
            try:
                subprocess.run(command, check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise PermissionError("iptables is not here, or not for us") from error

    def connect(self, user="readinggroup", name="readinggroup", **options) -> psycopg.Connection:
        return psycopg.connect(host=HOST, port=self.port, user=user, dbname=name, autocommit=True, **options)

    def ask(self, query, *values):
        """One value, asked by an administrator."""
        with self.connect("postgres") as admin:
            row = admin.execute(query, values).fetchone()
            return row and row[0]

    @property
    def url(self) -> str:
        return f"postgres://readinggroup@{HOST}:{self.port}/readinggroup"


class Process:
    """A process of the site, with its output in a file. `supervised` starts it again when it ends, as systemd does."""

    def __init__(self, name: str, command: list[str], env: dict, folder: Path, *, supervised=False) -> None:
        self.command, self.env, self.log, self.supervised = command, env, folder / f"{name}.log", supervised
        self.running, self.ends, self.over = None, 0, False

    def start(self) -> None:
        self._start()
        if self.supervised:
            threading.Thread(target=self._supervise, daemon=True).start()

    def _start(self):
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def _supervise(self):
        while True:
            self.running.wait()
            if self.over:
                return
            self.ends += 1
            time.sleep(RESTART_AFTER)
            if not self.over:
                self._start()

    def end(self) -> None:
        self.over = True
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()


class Machines:
    """The site. `env` is added to the web servers' and the worker's."""

    def __init__(self, *, logins=1, env=None) -> None:
        if not shutil.which("caddy"):
            sys.exit("This needs Caddy: apt-get install caddy")
        self.folder = Path(tempfile.mkdtemp(prefix="machines-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.logins = logins
        self.primary, self.replica = (Server(self.folder, name) for name in ("primary", "replica"))
        self.postgres = self.primary  # whichever is the primary
        self.port, self.web_ports, self.metrics_ports = (
            free_port(),
            [free_port(), free_port()],
            [free_port(), free_port()],
        )
        ours = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
        both = f"{HOST}:{self.primary.port},{HOST}:{self.replica.port}"
        self.env = ours | {
            "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "readinggroup.settings", "DEBUG": "off", "HTTPS": "off",
            "SECRET_KEY": "of a trial with many machines only " * 2, "ALLOWED_HOSTS": HOST,
            "SITE_URL": f"http://{HOST}:{self.port}", "BEHIND_PROXY": "on", "ALLAUTH_TRUSTED_PROXY_COUNT": "1",
            "DATABASE_URL": f"postgres://readinggroup@{both}/readinggroup?target_session_attrs=read-write",
            "REPLICA_URL": self.replica.url, "DATA_DIR": str(self.folder / "site"), "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "line", "WRITE_LIMITS": "", "REPORT_LIMITS": "", **(env or {}),
        }  # fmt: skip
        self.webs = [self._web(number) for number in range(2)]
        work = [sys.executable, "-m", "django", "worker"]
        self.worker = Process("worker", work, self.env, self.folder, supervised=True)
        self.caddy = Process("caddy", ["caddy", "run", "--config", "Caddyfile"], dict(os.environ), self.folder)
        self.known = {}

    def _web(self, number):
        serve = [
            sys.executable, "-m", "granian", "readinggroup.wsgi:application", "--interface=wsgi", f"--host={HOST}",
            f"--port={self.web_ports[number]}", "--workers=1", "--blocking-threads=8", "--respawn-failed-workers",
            "--no-ws", "--log-level=warning",
        ]  # fmt: skip
        own = {"CONN_MAX_AGE": "600", "METRICS_PORT": str(self.metrics_ports[number])}
        return Process(f"web{number + 1}", serve, self.env | own, self.folder)

    def __enter__(self) -> "Machines":
        atexit.register(self.end)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started ends then, too
        try:
            self.primary.make()
            for command in (["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--no-input", "-v0"]):
                self.manage(*command)
            made = PREPARE.replace("LOGINS", str(self.logins))
            self.known = json.loads(self.manage("shell", "--no-imports", "-v0", "-c", made))
            self.replica.copy(self.primary)
            self.begin()
        except BaseException:
            self.end()
            raise
        return self

    def begin(self) -> None:
        """Web servers, worker and proxy, until pages come."""
        (self.folder / "Caddyfile").write_text(caddyfile(self.port, self.web_ports))
        self.caddy.command[-1] = str(self.folder / "Caddyfile")
        for process in (*self.webs, self.worker, self.caddy):
            process.start()
        visitor = Browser(self.port)
        self.until(lambda: visitor.get("/healthz").status == 200, 60)
        for port in self.web_ports:
            Browser(port).get(self.known["page"])
        self.until(self.replica_serves, 30)

    def replica_serves(self) -> bool:
        return all(self.of_replica(port) == "ok" for port in self.web_ports)

    def of_replica(self, port) -> str:
        """What /readyz of this web server says of the replica."""
        return json.loads(Browser(port).get("/readyz").body).get("replica", "")

    def answered(self) -> dict[str, int]:
        """Pages of visitors, by who answered, of both web servers."""
        found = {}
        for port in self.metrics_ports:
            page = Browser(port).get("/metrics").body
            for by, number in re.findall(r'readinggroup_visitors_answered_total{by="([\w ]+)"} ([\d.e+]+)', page):
                found[by] = found.get(by, 0) + int(float(number))
        return found

    def __exit__(self, *_error) -> None:
        self.end()

    def end(self) -> None:
        atexit.unregister(self.end)
        for process in (self.caddy, *self.webs, self.worker):
            process.end()
        for server in (self.replica, self.primary):
            with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
                server.send(signal.SIGCONT)
            server.come_back()
            server.stop()
        if os.environ.get("MACHINES_KEEP"):
            print(f"Kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def manage(self, *arguments) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        env = self.env | {"DATABASE_URL": self.primary.url}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]}: {done.stderr[-2000:]}")
        return done.stdout

    @staticmethod
    def until(holds, seconds) -> float:
        """Wait until it holds; how many seconds that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            with contextlib.suppress(OSError, http.client.HTTPException, psycopg.Error, ValueError):
                if holds():
                    return time.monotonic() - begun
            time.sleep(0.05)
        raise RuntimeError(f"not within {seconds} s: {holds}")


class Answer:
    def __init__(self, status, headers, body) -> None:
        self.status, self.headers, self.body = status, headers, body


class Browser:
    """Somebody with cookies, which they forget when they are told to. Nothing is tried twice."""

    def __init__(self, port, session=None, *, timeout=30, headers=None) -> None:
        self.port, self.timeout, self.headers = port, timeout, headers or {}
        self.cookies, self.gone_at = {"csrftoken": "a" * 32}, {}
        if session:
            self.cookies["sessionid"] = session

    def get(self, path) -> Answer:
        return self._ask("GET", path)

    def post(self, path, **fields) -> Answer:
        fields["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        return self._ask("POST", path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})

    def _ask(self, method, path, body=None, headers=()):
        for name in [name for name, moment in self.gone_at.items() if moment <= time.monotonic()]:
            self.cookies.pop(name, None)
            del self.gone_at[name]
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with contextlib.closing(http.client.HTTPConnection(HOST, self.port, timeout=self.timeout)) as site:
            site.request(method, path, body, {**self.headers, **dict(headers), "Cookie": cookies})
            answer = site.getresponse()
            said = Answer(answer.status, answer.headers, answer.read().decode())
        for line in said.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                self.gone_at.pop(name, None)
                if morsel["max-age"]:
                    self.gone_at[name] = time.monotonic() + int(morsel["max-age"])
        return said
