"""What every fault needs: a site of its own as it runs for real. `people.py` has those who post meanwhile.

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
import urllib.request
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg

from readinggroup.lib.embedded_postgres import keeper

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 4
RESTART_AFTER = 2  # seconds, as RestartSec in docs/deploy/readinggroup-worker.service
WORKER = ["django", "worker", "--shutdown-graceful-timeout=5"]

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
        return subprocess.run(
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
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=keeper.ENVIRONMENT,
            timeout=120, **self.user,
        )  # fmt: skip

    def stop(self, mode: str = "immediate") -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def is_running(self) -> bool:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.run("pg_ctl", "-D", self.data, "status")
            return True
        return False

    def restart_at_once(self) -> None:
        """`pg_ctl -m immediate restart`: as a crash, and up again."""
        self.stop()
        self.start()

    def connect(self, user: str = "readinggroup", name: str = "readinggroup", **options) -> psycopg.Connection:
        options = {"port": self.settings.get("port", 5432), **options}
        return psycopg.connect(host=str(self.folder), user=user, dbname=name, autocommit=True, **options)

    @property
    def url(self) -> str:
        return f"postgres://readinggroup@/readinggroup?host={self.folder}"


class Process:
    """A process of the site with its own group, so that what it started ends with it."""

    def __init__(self, name: str, command: list[str], env: dict, folder: Path, *, code: Path = ROOT) -> None:
        self.name, self.command, self.env, self.log = name, command, env, folder / f"{name}.log"
        self.folder, self.code, self.running = folder, code, None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", *self.command], cwd=self.code, env=self.env, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.started = time.monotonic()

    def kill(self) -> None:
        """`kill -9` of it and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.running.send_signal(number)

    def is_alive(self) -> bool:
        return self.running.poll() is None

    def seconds(self) -> float:
        """Since it was started last."""
        return time.monotonic() - self.started

    def children(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.running.pid).children()
        return []


class Supervised(Process):
    """Started again whenever it ends, as systemd and containers do; `ends` counts."""

    ends = 0
    _over = False

    def start(self) -> None:
        self._over = False
        super().start()
        self._watching = threading.Thread(target=self._supervise, daemon=True)
        self._watching.start()

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

    def restart(self, grace: float) -> None:
        """As `systemctl restart`: asked to end, killed if it has not after so many seconds, and started anew."""
        self.stop(grace)
        self.start()

    def stop(self, grace: float) -> None:
        self._over = True
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.running.wait(grace)
        self.kill()
        self._watching.join()


class Site:
    """Web (granian, two processes of eight threads), worker and database, on a folder of its own."""

    model: ClassVar[Path | None] = None
    known: ClassVar[dict] = {}  # where people may post, and their logins

    def __init__(
        self, *, data: Path | None = None, env: dict | None = None, code: Path = ROOT, **postgres: object
    ) -> None:
        self.code = code
        self.folder = Path(tempfile.mkdtemp(prefix="faults-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.postgres = Postgres(self.folder / "postgres", data=data, **postgres)
        passed = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        self.env = passed | {
            "PYTHONPATH": str(code), "DJANGO_SETTINGS_MODULE": "readinggroup.settings", "DEBUG": "off", "HTTPS": "off",
            "SECRET_KEY": "of a benchmark of faults only " * 2, "ALLOWED_HOSTS": "127.0.0.1,testserver",
            "SITE_URL": f"http://127.0.0.1:{self.port}", "DATABASE_URL": self.postgres.url, "CONN_MAX_AGE": "600",
            "DATA_DIR": str(self.folder / "site"), "LOG_LEVEL": "WARNING", "WRITE_LIMITS": "", "REPORT_LIMITS": "",
            **(env or {}),
        }  # fmt: skip
        serve = [
            "granian", "readinggroup.wsgi:application", "--interface=wsgi", "--host=127.0.0.1", f"--port={self.port}",
            "--workers=2", "--blocking-threads=8", "--respawn-failed-workers", "--no-ws", "--log-level=warning",
        ]  # fmt: skip
        self.web = Supervised("web", serve, self.env, self.folder, code=code)
        self.worker = Supervised("worker", WORKER, self.env | {"CONN_MAX_AGE": "0"}, self.folder, code=code)

    def __enter__(self) -> "Site":
        atexit.register(self.end)
        try:
            self._prepare()
            self.web.start()
            self.worker.start()
            self.wait_until_it_answers()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_error) -> None:
        self.end()

    def _prepare(self) -> None:
        """The database of a fresh site with its people; after the first time in a process, a copy of that."""
        if Site.model is None:
            self.postgres.make()
            for command in (["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--no-input", "-v0"]):
                self.manage(*command)
            known = json.loads(self.manage("shell", "--no-imports", "-v0", "-c", PREPARE))
            self.postgres.stop("fast")
            folder = Path(tempfile.mkdtemp(prefix="faults-model-", dir="/tmp"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            subprocess.run(["cp", "-a", self.postgres.data, folder / "data"], check=True)
            subprocess.run(["cp", "-a", self.folder / "site", folder / "site"], check=True)
            Site.model, Site.known = folder, known
        else:
            subprocess.run(["cp", "-a", Site.model / "data", self.postgres.data], check=True)
            subprocess.run(["cp", "-a", Site.model / "site", self.folder / "site"], check=True)
        self.postgres.start()

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
        command = [sys.executable, str(self.code / "manage.py"), *arguments]
        done = subprocess.run(
            command, cwd=self.code, env=self.env | env, capture_output=True, text=True, timeout=180, check=False
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]}: {done.stderr[-2000:]}")
        return done.stdout

    def wait_until_it_answers(self, path: str = "/healthz", within: float = 90) -> float:
        """How many seconds it took."""
        begun = time.monotonic()
        while time.monotonic() - begun < within:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20).close()
                return time.monotonic() - begun
            time.sleep(0.1)
        raise RuntimeError(f"{path} did not answer within {within} s: {self.web.log.read_text()[-2000:]}")
