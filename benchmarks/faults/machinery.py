"""What every fault needs: a site of its own as it runs for real, people who post, and the comparison afterwards.

    with Site() as site:                       # its own Postgres, granian, a worker that is started again when it ends
        load = Load(site)
        with load:                             # people post at an even pace, each post with its key, and read
            site.postgres.restart_at_once()
            load.fault_is_over()               # from here on the time till all is well again counts
            time.sleep(10)
        outcome = load.outcome("Postgres restarted at once")

Everything listens on 127.0.0.1 or a Unix socket, lives in a folder under /tmp, and ends with the `with`.
"""

import atexit
import contextlib
import html
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg

from readinggroup.lib.embedded_postgres import keeper

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 4
PACE = 0.5  # seconds between two requests of one person: eight a second in all
RESTART_AFTER = 2  # seconds, as RestartSec in docs/deploy/readinggroup-worker.service
WELL_WITHIN = 10  # seconds after the fault is over
TOKEN = "abcdefghijABCDEFGHIJ0123456789ab"  # noqa: S105 - of a form: the cookie and the field only have to be the same

# A fresh site with so many members, each signed in; says where they may post.
PREPARE = """
import json
from django.test import Client
from readinggroup import first_run
from readinggroup.accounts.models import User
from readinggroup.groups.models import Group, Membership
first_run.prepare(None)
group = Group.objects.get()
reading = group.readings.get()
cookies = []
for number in range(%d):
    user = User.objects.create_user(email=f"person{number}@example.org", display_name=f"Person {number}")
    Membership.objects.create(group=group, user=user)
    client = Client()
    client.force_login(user, backend="readinggroup.accounts.logins.QuickModelBackend")
    cookies.append(client.cookies["sessionid"].value)
paragraphs = reading.edition.current.versions.values_list("paragraph__public_id", flat=True)[:PEOPLE]
page = f"/g/{group.slug}/read/{reading.slug}/"
print(json.dumps({"page": page, "paragraphs": list(paragraphs), "sessions": cookies}))
""".replace("%d", str(PEOPLE)).replace("PEOPLE", str(PEOPLE))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NotHereError(Exception):
    """This machine does not let the fault be made; says why."""


class Postgres:
    """A cluster of its own, with the binaries that come with the project, reached by a socket in its folder.

    `data` may be elsewhere, on a small disk. `settings` are those of postgresql.conf; whoever changes them starts anew.
    """

    def __init__(self, folder: Path, *, data: Path | None = None, **settings: object) -> None:
        self.folder, self.data, self.log = folder, data or folder / "data", folder / "postgres.log"
        self.settings = {"listen_addresses": "", "unix_socket_directories": str(folder), **settings}
        self.programs = keeper.binaries()
        folder.mkdir(parents=True, exist_ok=True)
        self.user = keeper.server_user(folder / "nothing")  # oneself; for root a stand-in, since Postgres refuses root
        if self.user:
            keeper.let_through(folder / "data")
            keeper.let_through(self.programs / "postgres")
            self.give(folder)

    def give(self, path: Path) -> None:
        """Make it the server's own."""
        if self.user:
            os.chown(path, self.user["user"], self.user["group"])

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess:
        command = [self.programs / program, *map(str, arguments)]
        return subprocess.run(  # noqa: S603
            command, check=True, capture_output=True, text=True, env=keeper.ENVIRONMENT, timeout=120, **self.user
        )

    def make(self) -> None:
        """The cluster, and the site's database under a role without rights beyond it."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.give(self.data)
        self.run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        self.start()
        with self.connect("postgres", "postgres") as admin:
            admin.execute("CREATE ROLE readinggroup LOGIN")
            admin.execute("CREATE DATABASE readinggroup OWNER readinggroup")

    def start(self) -> None:
        options = " ".join(f"-c {name}='{value}'" for name, value in self.settings.items())
        # Its output must not be our pipe: the server would hold that open.
        command = [self.programs / "pg_ctl", "-D", self.data, "-l", self.log, "-w", "-o", options, "start"]
        subprocess.run(  # noqa: S603
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=keeper.ENVIRONMENT,
            timeout=120, **self.user,
        )  # fmt: skip

    def stop(self, mode: str = "immediate") -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def restart_at_once(self) -> None:
        """`pg_ctl -m immediate restart`: as a crash, and up again."""
        self.stop()
        self.start()

    def connect(self, user: str = "readinggroup", name: str = "readinggroup", **options) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user=user, dbname=name, autocommit=True, **options)

    @property
    def url(self) -> str:
        return f"postgres://readinggroup@/readinggroup?host={self.folder}"


class Process:
    """A process of the site with its own group, so that what it started ends with it."""

    def __init__(self, name: str, command: list[str], env: dict, folder: Path) -> None:
        self.name, self.command, self.env, self.log = name, command, env, folder / f"{name}.log"
        self.folder, self.running = folder, None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", *self.command], cwd=ROOT, env=self.env, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """`kill -9` of it and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.running.pid).children()


class Supervised(Process):
    """Started again whenever it ends, as systemd and containers do; `ends` counts."""

    ends = 0
    _over = False

    def start(self) -> None:
        super().start()
        threading.Thread(target=self._supervise, daemon=True).start()

    def _supervise(self) -> None:
        while not self._over:
            self.running.wait()
            if self._over:
                return
            self.ends += 1
            time.sleep(RESTART_AFTER)
            if not self._over:
                Process.start(self)

    def end(self) -> None:
        self._over = True
        self.kill()


class Site:
    """Web (granian, two processes of eight threads), worker and database, on a folder of its own."""

    def __init__(self, *, data: Path | None = None, env: dict | None = None, **postgres: object) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="faults-", dir="/tmp"))  # noqa: S108 - a socket's path must be short
        self.folder.chmod(0o755)
        self.port = free_port()
        self.postgres = Postgres(self.folder / "postgres", data=data, **postgres)
        passed = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        self.env = passed | {
            "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "readinggroup.settings", "DEBUG": "off", "HTTPS": "off",
            "SECRET_KEY": "of a benchmark of faults only " * 2, "ALLOWED_HOSTS": "127.0.0.1,testserver",
            "SITE_URL": f"http://127.0.0.1:{self.port}", "DATABASE_URL": self.postgres.url, "CONN_MAX_AGE": "600",
            "DATA_DIR": str(self.folder / "site"), "LOG_LEVEL": "WARNING", "WRITE_LIMITS": "", "REPORT_LIMITS": "",
            **(env or {}),
        }  # fmt: skip
        serve = [
            "granian", "readinggroup.wsgi:application", "--interface=wsgi", "--host=127.0.0.1", f"--port={self.port}",
            "--workers=2", "--blocking-threads=8", "--respawn-failed-workers", "--no-ws", "--log-level=warning",
        ]  # fmt: skip
        self.web = Supervised("web", serve, self.env, self.folder)
        self.worker = Supervised("worker", WORKER, self.env | {"CONN_MAX_AGE": "0"}, self.folder)
        self.known: dict = {}

    def __enter__(self) -> "Site":
        atexit.register(self.end)
        try:
            self.postgres.make()
            for command in (["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--no-input", "-v0"]):
                self.manage(*command)
            self.known = json.loads(self.manage("shell", "--no-imports", "-v0", "-c", PREPARE))
            self.web.start()
            self.worker.start()
            self.wait_until_it_answers()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_error) -> None:
        self.end()

    def end(self) -> None:
        """Everything ends, and nothing of it stays."""
        atexit.unregister(self.end)
        for process in (self.web, self.worker):
            if process.running:
                process.end()
        self.postgres.stop()
        if os.environ.get("FAULTS_KEEP"):  # for who looks for a fault of ours in the logs
            sys.stderr.write(f"Kept: {self.folder}\n")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def manage(self, *arguments: str, **env: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=self.env | env, capture_output=True, text=True, timeout=180, check=False
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]}: {done.stderr[-2000:]}")
        return done.stdout

    def wait_until_it_answers(self, path: str = "/healthz", within: float = 60) -> float:
        """How many seconds it took."""
        begun = time.monotonic()
        while time.monotonic() - begun < within:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if Person(self, 0).ask("GET", path).status == 200:
                    return time.monotonic() - begun
            time.sleep(0.1)
        raise RuntimeError(f"{path} did not answer within {within} s: {self.web.log.read_text()[-2000:]}")


WORKER = ["django", "procrastinate", "worker", "--shutdown-graceful-timeout=5"]


# --- People ----------------------------------------------------------------------------------------------------------


@dataclass
class Answer:
    """What came back: 0 where the connection broke, as it does when the web process is killed."""

    status: int
    headers: dict = field(default_factory=dict)
    body: str = ""


class Person:
    """Somebody signed in. Plain http.client, a new connection for each request: nothing is tried twice unseen."""

    def __init__(self, site: Site, number: int) -> None:
        self.site, self.number = site, number
        sessions = site.known.get("sessions", [])
        self.cookies = f"sessionid={sessions[number]}; csrftoken={TOKEN}" if sessions else ""

    def ask(self, method: str, path: str, data: dict | None = None, *, part: bool = False) -> Answer:
        headers = {"Cookie": self.cookies, **({"HX-Request": "true"} if part else {})}
        body = None
        if data is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
            body = urlencode({"csrfmiddlewaretoken": TOKEN, **data})
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(
                answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read().decode(errors="replace")
            )


@dataclass
class Post:
    """A comment that somebody wants to say, with the key that makes it one however often it is sent."""

    person: Person
    path: str
    part: bool
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    acknowledged: bool = False

    @property
    def words(self) -> str:
        return f"Words <worth> keeping & “saying”, {self.key}"

    def send(self) -> Answer:
        try:
            answer = self.person.ask("POST", self.path, {"key": self.key, "body": self.words}, part=self.part)
        except (OSError, http.client.HTTPException):
            return Answer(0)
        if answer.status in {200, 302}:
            self.acknowledged = True
        return answer

    def is_kept_in(self, answer: Answer) -> bool:
        """Whether a refusal leaves the words: on a page in a form that can be sent again under the same key; for htmx
        a line that the composer shows, whose words stay where they are."""
        if self.part:
            return "data-refusal" in answer.body and "<html" not in answer.body
        shown = html.unescape(answer.body)
        return self.words in shown and self.key in answer.body and f'action="{self.path}"' in answer.body


class Load:
    """People who post and read at an even pace; as a context, till its end. Whatever they see is noted."""

    def __init__(self, site: Site, *, may_break: bool = False) -> None:
        self.site, self.may_break = site, may_break  # whether connections may break: where the web process is killed
        self.posts: list[Post] = []
        self.refused: list[tuple[Post, Answer]] = []
        self.reads: Counter = Counter()
        self.seen: Counter = Counter()
        self.problems: list[str] = []
        self.last_bad = self.over_at = 0.0
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._be, args=(number,)) for number in range(PEOPLE)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(40)

    def fault_is_over(self) -> None:
        self.over_at = time.monotonic()

    def _be(self, number: int) -> None:
        person, known = Person(self.site, number), self.site.known
        for turn in itertools.count():
            if self._stop.wait(PACE):
                return
            if turn % 2:
                self._read(person, known["page"])
            else:
                path = f"{known['page']}p/{known['paragraphs'][number]}/comment/"
                self._post(Post(person, path, part=turn % 4 == 0))

    def _read(self, person: Person, path: str) -> None:
        try:
            answer = person.ask("GET", path)
        except (OSError, http.client.HTTPException):
            answer = Answer(0)
        with self._lock:
            self.reads[answer.status] += 1
            self._judge(f"GET {path}", answer)

    def _post(self, post: Post) -> None:
        answer = post.send()
        with self._lock:
            self.posts.append(post)
            self.seen[answer.status] += 1
            self._judge(f"POST {post.path}", answer)
            if not post.acknowledged:
                self.refused.append((post, answer))
                if answer.status and not post.is_kept_in(answer):
                    self.problems.append(
                        f"{answer.status}: the words are not there ({'part' if post.part else 'page'})"
                    )

    def _judge(self, what: str, answer: Answer) -> None:
        if answer.status in {200, 302}:
            return
        self.last_bad = time.monotonic()
        if answer.status == 0 and self.may_break:
            return
        if answer.status != 503 or "retry-after" not in answer.headers or "Traceback" in answer.body:
            self.problems.append(f"{what}: {answer.status} {answer.body[:200]!r}")

    def outcome(self, name: str, *, remarks: str = "") -> "Outcome":
        """Send again what was refused, once and once more, and hold what was acknowledged against what is stored."""
        before = {post.key for post in self.posts if post.acknowledged}
        missing = before - self.stored().keys()
        for post, _answer in self.refused:
            for _time in (1, 2):
                status = post.send().status
                if status not in {200, 302}:
                    self.problems.append(f"sent again: {status}")
        stored, wanted = self.stored(), {post.key: post.words for post in self.posts}
        problems = [*self.problems]
        problems += [f"acknowledged and not stored: {len(missing)}"] if missing else []
        problems += [f"stored {number} times" for _words, number in stored.values() if number != 1]
        if {key: words for key, (words, _number) in stored.items()} != wanted:
            problems.append("what is stored is not what was said")
        recovered = max(0.0, self.last_bad - self.over_at) if self.over_at else 0.0
        if recovered > WELL_WITHIN:
            problems.append(f"well again only after {recovered:.1f} s")
        return Outcome(
            name, acknowledged=len(before), stored=len(before) - len(missing), kept=self.seen[503], broken=self.seen[0],
            sent_again=len(self.refused), reads=self.reads[200], reads_refused=self.reads.total() - self.reads[200],
            recovered=recovered, problems=problems, remarks=remarks,
        )  # fmt: skip

    def stored(self) -> dict[str, tuple[str, int]]:
        """Key -> (words, how often) of every comment in the database."""
        with self.site.postgres.connect("postgres") as admin:
            rows = admin.execute("SELECT key::text, min(body), count(*) FROM discussion_comment GROUP BY key")
            return {key: (body, number) for key, body, number in rows}


@dataclass
class Outcome:
    """What came of a fault: a row of the table."""

    name: str
    acknowledged: int = 0
    stored: int = 0
    kept: int = 0
    broken: int = 0
    sent_again: int = 0
    reads: int = 0
    reads_refused: int = 0
    recovered: float = 0
    problems: list[str] = field(default_factory=list)
    remarks: str = ""
    skipped: str = ""
