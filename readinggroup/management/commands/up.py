"""`manage.py up [FILE]`: everything that the site needs, on this machine, until Ctrl-C.

The order matters: first what can be refused without having made anything (the port, the file), then the data directory
and its lock, then the database, then the two processes: the web server and the worker for background tasks.
"""

import errno
import http.client
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
import webbrowser
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as AnyDatabaseError
from django.db import connection
from django.utils.translation import gettext as _

from readinggroup.lib.local_processes import InUseError, LocalProcess, SoleUse, end_all, wait_for_leftovers
from readinggroup.lib.push_keys import new_private_key

HOST = "127.0.0.1"
# Of a site for this machine alone, unless the environment says otherwise: it is served without a proxy, so without
# https; and all who write here are at home, so that nobody is told to slow down.
LOCAL = {"HTTPS": "off", "WRITE_LIMITS": "", "REPORT_LIMITS": ""}
READY_WITHIN = 60  # seconds for the site to answer for the first time
FULL_BELOW = 20 * 2**20  # bytes left: Postgres needs 16 MB for its next log segment
WORKER_PAUSES = [1, 2, 4, 8, 16]  # seconds before a worker that ended is started again; then we give up
WORKER_IS_WELL_AFTER = 120  # seconds, after which earlier ends are forgotten


class Stopped(KeyboardInterrupt):
    """We were asked to end.

    A class of its own, since Python remembers where a plain KeyboardInterrupt has passed through `eval` or `exec` (the
    making of a namedtuple is enough), and at the end kills itself by SIGINT although it was caught.
    """


class Command(BaseCommand):
    help = "Start the site on this machine: database, web server and worker. Ctrl-C ends everything."
    requires_system_checks = []  # run in handle(), after what costs nothing and says more

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", type=Path, help="a text to read: imported, with a group that reads it")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--data", type=Path, metavar="DIR", help="where data is kept (default: .data)")
        parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
        parser.add_argument("--demo", action="store_true", help="fill the site with a small living group")
        parser.add_argument(
            "--workers", type=int, default=min(2, os.cpu_count() or 1), help="processes that serve pages"
        )

    def handle(self, *, file, port, data, no_browser, demo, workers, **options):
        self.stop_asked_at = None  # when the first signal to end came
        self.hurry = False  # a second one came
        self.interruptible = True  # a signal ends what is being done
        self.url = f"http://{HOST}:{port}"
        self.port = port
        self.processes = []
        try:
            try:
                obey_signals(self.on_signal)
                if data and data.expanduser().absolute() != settings.DATA_DIR:
                    start_over_with(data)
                if file:
                    check_readable(file)
                check_data_dir_is_free(settings.DATA_DIR)
                self.check_port()
                self.sole_use = take_data_dir(settings.DATA_DIR)
                self.run(file, demo=demo, workers=workers, browser=not no_browser)
            finally:
                self.interruptible = False
        except Stopped:
            return
        except (CommandError, AnyDatabaseError, OSError) as error:
            # Not raised on: Django would put the class's name before it.
            self.stderr.write(one_line(error))
            sys.exit(1)
        finally:
            # `uv run` may pass on the Ctrl-C that we have obeyed already: it must not turn a good end into a bad one.
            obey_signals(signal.SIG_IGN)

    # --- Before anything is made --------------------------------------------------------------------------------------

    def check_port(self):
        if not 0 < self.port < 65536:
            raise CommandError(_("%(port)s is not a port: choose one from 1 to 65535.") % {"port": self.port})
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    message = _("Port %(port)s is busy: something else answers there. Choose another with --port.")
                else:
                    message = _("Port %(port)s cannot be used: %(reason)s. Choose another with --port.")
                raise CommandError(message % {"port": self.port, "reason": error.strerror}) from error

    # --- The run ------------------------------------------------------------------------------------------------------

    def run(self, file, *, demo, workers, browser):
        try:
            try:
                keep_secret_key(settings.DATA_DIR)
                keep_push_key(settings.DATA_DIR)
                settings.SITE_URL = self.url
                (settings.DATA_DIR / "site_url").write_text(self.url)  # so that sign_in_link names the same address
                first = self.prepare(file, demo=demo)
                self.start_web(workers)
                self.start_worker()
                self.wait_until_it_answers()
                self.say_ready(first, browser=browser)
                self.watch()
            finally:
                # From here on a signal only hastens. One that comes just before this is the only one that interrupts,
                # and cannot reach what follows.
                self.interruptible = False
        finally:
            self.stop_asked_at = self.stop_asked_at or time.monotonic()
            self.sole_use.leave()
            end_all(self.processes, lambda: self.hurry)
            release_database()
            self.sole_use.close()

    def prepare(self, file, *, demo):
        from readinggroup import first_run  # imports models

        self.check()
        self.say(_("Preparing the database ..."))
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        if not settings.DEBUG:  # in DEBUG, static files are served from where they are
            call_command("collectstatic", verbosity=0, interactive=False)
        first = first_run.prepare(file.absolute() if file else None, demo=demo)
        connection.close()
        return first

    def start_web(self, workers):
        serve = [
            "granian",
            "readinggroup.wsgi:application",
            "--interface=wsgi",
            f"--host={HOST}",
            f"--port={self.port}",
        ]
        serve += [f"--workers={workers}", "--blocking-threads=8", "--log-level=warning", "--no-ws"]
        serve += ["--respawn-failed-workers", "--workers-kill-timeout=2"]
        # One arena: else each thread keeps the room of the pages it has served to itself, a tenth of all memory.
        own = {"CONN_MAX_AGE": "600", "MALLOC_ARENA_MAX": "1"}
        self.web = self.start("web", serve, **{name: os.environ.get(name, value) for name, value in own.items()})

    def start_worker(self):
        work = ["django", "worker", "--shutdown-graceful-timeout=5"]
        self.worker = self.start("worker", work)
        self.worker.gives_way()

    def start(self, name, module, **env):
        logs = settings.DATA_DIR / "logs"
        logs.mkdir(exist_ok=True)
        hosts = {*settings.ALLOWED_HOSTS, HOST, "localhost"}
        env = {
            **LOCAL,
            **os.environ,
            "DATA_DIR": str(settings.DATA_DIR),
            "SECRET_KEY": settings.SECRET_KEY,
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": ",".join(sorted(hosts)),
            **env,
        }
        env.setdefault("DJANGO_SETTINGS_MODULE", "readinggroup.settings")
        process = LocalProcess(
            module, env=env, cwd=settings.BASE_DIR, log=logs / f"{name}.log", holds=self.sole_use.fileno()
        )
        self.processes.append(process)
        return process

    def wait_until_it_answers(self):
        give_up = time.monotonic() + READY_WITHIN
        while not answers(self.port):
            self.mind_signals()
            if self.web.ended():
                raise CommandError(_("The web server did not start:") + "\n" + self.web.last_words())
            if self.worker.ended():
                raise CommandError(_("The worker did not start:") + "\n" + self.worker.last_words())
            if time.monotonic() > give_up:
                message = _("The site did not answer within %(seconds)s seconds. Its last words:")
                raise CommandError(message % {"seconds": READY_WITHIN} + "\n" + self.web.last_words())
            time.sleep(0.05)

    def say_ready(self, first, *, browser):
        self.say(_("Logs: %(folder)s") % {"folder": settings.DATA_DIR / "logs"})
        for message in first.messages:
            self.say(message)
        self.say(_("Ready: %(url)s") % {"url": f"{self.url}/"})
        for label, path in first.sign_in_links:
            self.say(_("Sign in as %(who)s: %(url)s") % {"who": label, "url": self.url + path})
        # Without a display `webbrowser` would open a browser in this terminal.
        if browser and (sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(self.url)  # not the link: it is good once, and the reader may want it elsewhere

    def watch(self):
        parent = parent_if_uv()
        pauses = iter(WORKER_PAUSES)
        while True:
            time.sleep(0.25)
            self.mind_signals()
            if parent and os.getppid() != parent:
                raise Stopped  # `uv run` was killed, and nobody could end us with Ctrl-C
            if self.web.ended():
                raise CommandError(_("The web server ended:") + "\n" + self.web.last_words())
            if self.worker.ended():
                if time.monotonic() - self.worker.started > WORKER_IS_WELL_AFTER:
                    pauses = iter(WORKER_PAUSES)
                self.restart_worker(next(pauses, None))

    def restart_worker(self, pause):
        if pause is None:
            raise CommandError(_("The worker ended again and again:") + "\n" + self.worker.last_words())
        self.stderr.write(_("The worker ended and is started again; see %(log)s") % {"log": self.worker.log})
        self.worker.kill()
        self.processes.remove(self.worker)
        time.sleep(pause)
        self.start_worker()

    def on_signal(self, *_args):
        now = time.monotonic()
        # `uv run` may pass on the very Ctrl-C that the terminal has sent us too.
        self.hurry = self.hurry or (self.stop_asked_at is not None and now - self.stop_asked_at > 1)
        self.stop_asked_at = self.stop_asked_at or now
        if self.interruptible:
            self.interruptible = False  # once
            raise Stopped

    def mind_signals(self):
        """End if we were asked to. What a signal raises may be lost: Python drops it where an object is deleted."""
        if self.stop_asked_at is not None:
            raise Stopped

    def say(self, line):
        self.stdout.write(line)
        self.stdout.flush()


# --- Steps ------------------------------------------------------------------------------------------------------------


def obey_signals(handler):
    """What asks us to end: Ctrl-C, a supervisor, the terminal that is closed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def start_over_with(data):
    """The settings are read already, so the same command begins anew with the other data directory."""
    os.environ["DATA_DIR"] = str(data.expanduser().absolute())
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 -- this very command line


def check_readable(file):
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError as error:
        message = _("%(file)s cannot be read: %(reason)s.") % {"file": file, "reason": error.strerror}
        raise CommandError(message) from error


def check_data_dir_is_free(data_dir):
    """Before the port is tried: the `up` that has it may be one that was killed, whose web server is just ending."""
    try:
        with suppress(OSError):  # said by take_data_dir()
            wait_for_leftovers(data_dir / "up.lock")
    except InUseError as error:
        raise in_use(data_dir, error) from error


def in_use(data_dir, error):
    message = _("The data directory %(dir)s is in use by another `up` (process %(pid)s).")
    return CommandError(message % {"dir": data_dir, "pid": error.pid})


def take_data_dir(data_dir):
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # mail and the key are private
        return SoleUse(data_dir / "up.lock")
    except InUseError as error:
        raise in_use(data_dir, error) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise CommandError(_("%(dir)s cannot keep data: it is not a directory.") % {"dir": data_dir}) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        message = _("The data directory %(dir)s cannot be used: %(reason)s.")
        raise CommandError(message % {"dir": data_dir, "reason": error.strerror}) from error


def keep_secret_key(data_dir):
    """The key that signs cookies and links: the environment's, or one that this installation makes once and keeps."""
    if not os.environ.get("SECRET_KEY"):
        settings.SECRET_KEY = keep_key(data_dir / "secret_key", lambda: secrets.token_urlsafe(50))


def keep_push_key(data_dir):
    """The key by which browsers know this site; the two processes find it where it is kept."""
    if not os.environ.get("VAPID_PRIVATE_KEY"):
        keep_key(data_dir / "vapid_private_key", new_private_key)


def keep_key(path, draw) -> str:
    """The key that this file holds; it is drawn where there is none yet."""
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.", delete=False) as file:  # 0600
            try:
                file.write(draw())
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except OSError:
                Path(file.name).unlink()
                raise
    return path.read_text(encoding="utf-8").strip()


def answers(port):
    try:
        site = http.client.HTTPConnection(HOST, port, timeout=5)  # not urllib: no proxy is to stand between
        site.request("GET", "/healthz")
        return site.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        site.close()


def parent_if_uv():
    """The number of the `uv run` that started us, if one did."""
    import psutil

    with suppress(psutil.Error):
        parent = psutil.Process(os.getppid())
        return parent.pid if parent.name() == "uv" else None


def release_database():
    """Close the connection; the embedded server stops if nobody else uses it."""
    if hasattr(connection, "release_server"):
        connection.release_server()
    else:
        connection.close()


def one_line(error):
    """What went wrong, in a line. A full disk has many voices: an OSError, an SQL error, a server that went away."""
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left on device" in str(error)
    if not full and isinstance(error, AnyDatabaseError):
        with suppress(OSError):
            full = shutil.disk_usage(settings.DATA_DIR).free < FULL_BELOW
    if full:
        return _("There is not enough space left on the disk for %(dir)s.") % {"dir": settings.DATA_DIR}
    if isinstance(error, CommandError):
        return str(error)
    if isinstance(error, AnyDatabaseError):
        return _("The database failed: %(reason)s") % {"reason": str(error).strip().splitlines()[0]}
    return _("That did not work: %(reason)s") % {"reason": error}
