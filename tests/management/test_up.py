"""`manage.py up` as it is run: a process, its children, signals. On a small site, so that it is quick."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from readinggroup.lib.push_keys import decoded

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = """
from readinggroup.settings import *
DEBUG = True
INSTALLED_APPS = [
    "django.contrib.contenttypes", "django.contrib.auth", "procrastinate.contrib.django", "readinggroup",
]
AUTH_USER_MODEL = "auth.User"
ROOT_URLCONF = "small_urls"
MIDDLEWARE = []
DATABASES["default"]["SERVER_OPTIONS"] = {"fsync": "off"}
SILENCED_SYSTEM_CHECKS = ["auth.E003", "auth.W004"]
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""  # the tasks and views of the site need all its apps
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
"""
URLS = """
import os
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.urls import path

def healthz(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(f"{settings.SITE_URL} {settings.SECRET_KEY}")

urlpatterns = [path("healthz", healthz)]
"""
MANAGE = """
import os, signal, sys
from types import ModuleType, SimpleNamespace
import readinggroup
from django.core.management import execute_from_command_line

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

class Deleted:
    def __del__(self):
        interrupt()

INTERRUPTED = {
    "never": lambda: None, "at work": interrupt, "in eval": lambda: eval("interrupt()"), "in a deletion": Deleted,
}

def prepare(file, *, demo):
    INTERRUPTED[os.environ.get("INTERRUPTED", "never")]()
    return SimpleNamespace(sign_in_links=[("owner", "/sign-in/1/")], messages=[f"file {file}, demo {demo}"])

readinggroup.first_run = ModuleType("readinggroup.first_run")
readinggroup.first_run.prepare = prepare
if __name__ == "__main__":
    execute_from_command_line(sys.argv)
"""


class Up:
    """One run of `up`, with what it printed in files."""

    def __init__(self, folder: Path, *arguments: str, data: Path, **env: str) -> None:
        self.out, self.err = (folder / f"{len(list(folder.iterdir()))}.{name}" for name in ("out", "err"))
        keep = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
        path = os.pathsep.join([str(folder), str(ROOT)])
        env = {
            **keep,
            "DATA_DIR": str(data),
            "DJANGO_SETTINGS_MODULE": "small_settings",
            "PYTHONPATH": path,
            "LOG_LEVEL": "WARNING",
            **env,
        }
        command = [sys.executable, str(folder / "small_manage.py"), "up", "--no-browser", "--workers=1", *arguments]
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=err)

    def ready(self) -> "Up":
        wait_until(lambda: self.process.poll() is not None or "Sign in" in self.out.read_text(), 40)
        assert self.process.poll() is None, self.err.read_text()
        return self

    def end(self, status: int = 0) -> None:
        self.process.terminate()
        assert self.process.wait(20) == status

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def refused(self) -> str:
        """The one line that it ended with."""
        assert self.process.wait(30) == 1
        (line,) = self.err.read_text().splitlines()
        assert not self.out.read_text()
        return line


def wait_until(condition, seconds: float = 15) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.05)


def processes_of(data: Path) -> dict[psutil.Process, str]:
    """Everything that runs for this data directory, with what it is."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = " ".join(process.cmdline())
            # Helpers of the database have titles instead of a command line; the others have the directory in it
            # or in their environment.
            ours = process.cwd() == f"{data}/postgres/cluster" or f"{data}/postgres" in command
            if ours or process.environ().get("DATA_DIR") == str(data):
                found[process] = command
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(port: int) -> str:
    import http.client

    site = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    site.request("GET", "/healthz")
    answer = site.getresponse().read().decode()
    site.close()
    return answer


@pytest.fixture
def folder(tmp_path):
    for name, text in (("small_settings", SETTINGS), ("small_urls", URLS), ("small_manage", MANAGE)):
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


@pytest.fixture
def data(folder):
    data = folder / "data"
    yield data
    for process in processes_of(data):
        with contextlib.suppress(psutil.Error):
            process.kill()


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A data directory whose database is migrated, to copy: making one takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    for name, text in (("small_settings", SETTINGS), ("small_urls", URLS), ("small_manage", MANAGE)):
        (folder / f"{name}.py").write_text(text)
    Up(folder, f"--port={free_port()}", data=folder / "data").ready().end()
    return folder / "data"


@pytest.fixture
def made_data(made, data):
    shutil.copytree(made, data)
    if os.geteuid() == 0:
        owner = (made / "postgres" / "cluster").stat()
        for path in [data / "postgres" / "cluster", *(data / "postgres" / "cluster").rglob("*")]:
            os.chown(path, owner.st_uid, owner.st_gid)
    return data


def test_it_says_when_it_is_ready_and_ctrl_c_leaves_nothing_running(folder, made_data):
    port = free_port()
    (folder / "essay.md").write_text("# Essay")
    up = Up(folder, "essay.md", f"--port={port}", data=made_data).ready()
    site = f"http://127.0.0.1:{port}"
    assert up.out.read_text().splitlines()[-3:] == [
        f"file {folder}/essay.md, demo False",
        f"Ready: {site}/",
        f"Sign in as owner: {site}/sign-in/1/",
    ]
    assert fetch(port) == f"{site} {(made_data / 'secret_key').read_text()}"
    assert (made_data / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (made_data / "vapid_private_key").stat().st_mode & 0o777 == 0o600
    assert len(decoded((made_data / "vapid_private_key").read_text())) == 32
    assert (made_data / "site_url").read_text() == site  # for `sign_in_link` in another window
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(20) == 0
    assert not up.err.read_text()
    assert not processes_of(made_data)


@pytest.mark.parametrize("where", ["at work", "in eval", "in a deletion"])
def test_ctrl_c_is_obeyed_wherever_it_comes(folder, made_data, where):
    """What passes through `eval` was remembered by Python, which then ended as killed; in a deletion it was lost."""
    up = Up(folder, f"--port={free_port()}", data=made_data, INTERRUPTED=where)
    assert up.process.wait(40) == 0
    assert "Ready" not in up.out.read_text()
    wait_until(lambda: not processes_of(made_data))


def test_ctrl_c_again_and_again_is_obeyed_once(folder, made_data):
    up = Up(folder, f"--port={free_port()}", data=made_data).ready()
    while up.process.poll() is None:  # also while it cleans up, and while Python ends
        up.process.send_signal(signal.SIGINT)
        time.sleep(0.005)
    assert up.process.returncode == 0
    assert not up.err.read_text()
    assert not processes_of(made_data)


def test_killed_it_takes_its_children_along_and_starts_again(folder, made_data):
    port = free_port()
    Up(folder, f"--port={port}", data=made_data).ready().kill()
    Up(folder, f"--port={port}", data=made_data).ready().kill()  # at once, on the same port
    wait_until(lambda: not processes_of(made_data))


def test_everything_killed_then_it_starts_again(folder, made_data):
    port = free_port()
    up = Up(folder, f"--port={port}", data=made_data).ready()
    for process in processes_of(made_data):
        with contextlib.suppress(psutil.Error):
            process.kill()
    up.process.wait()
    Up(folder, f"--port={port}", data=made_data).ready().end()
    assert not processes_of(made_data)


def test_a_second_one_is_refused_and_the_first_goes_on(folder, made_data):
    port = free_port()
    up = Up(folder, f"--port={port}", data=made_data).ready()
    for second_port in (port, free_port()):
        line = Up(folder, f"--port={second_port}", data=made_data).refused()
        assert line == f"The data directory {made_data} is in use by another `up` (process {up.process.pid})."
    assert fetch(port)
    up.end()


def test_a_worker_that_ends_is_started_again_and_without_a_web_server_it_ends(folder, made_data):
    up = Up(folder, f"--port={free_port()}", data=made_data).ready()

    def child(word):
        return [process for process, command in processes_of(made_data).items() if f"local_processes {word}" in command]

    (worker,) = child("django worker")
    worker.kill()
    wait_until(lambda: (workers := child("django worker")) and worker not in workers)
    assert "The worker ended and is started again" in up.err.read_text()
    for process in child("granian"):
        process.kill()
    assert up.process.wait(20) == 1
    assert "The web server ended:" in up.err.read_text()
    assert not processes_of(made_data)


def test_a_site_that_cannot_start_says_why(folder, made_data):
    (folder / "small_settings.py").write_text(SETTINGS + "\nimport os\nif 'CONN_MAX_AGE' in os.environ: boom()\n")
    up = Up(folder, f"--port={free_port()}", data=made_data)
    assert up.process.wait(40) == 1
    assert "The web server did not start:" in up.err.read_text()
    assert "NameError: name 'boom' is not defined" in up.err.read_text()
    assert not processes_of(made_data)


def test_data_elsewhere(folder, made_data):
    up = Up(folder, f"--port={free_port()}", "--data", "data", data=folder / "not-this").ready()
    up.end()
    assert not (folder / "not-this").exists()


def test_a_busy_port(folder, data):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = Up(folder, f"--port={port}", data=data).refused()
    assert line == f"Port {port} is busy: something else answers there. Choose another with --port."
    assert not data.exists()


@pytest.mark.parametrize(("name", "why"), [("missing.md", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read(folder, data, name, why):
    assert Up(folder, name, f"--port={free_port()}", data=data).refused() == f"{name} cannot be read: {why}."
    assert not data.exists()


@pytest.mark.parametrize("below", [".", "below"])
def test_a_data_directory_that_is_none(folder, below):
    (folder / "file").write_text("")
    data = folder / "file" / below
    line = Up(folder, f"--port={free_port()}", data=data).refused()
    assert line == f"{data} cannot keep data: it is not a directory."


def test_a_full_disk(folder, data):
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=30m,mode=755", "tmpfs", str(data)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here (only root may)")
    try:
        up = Up(folder, f"--port={free_port()}", data=data)
        assert up.process.wait(30) == 1
        (line,) = up.err.read_text().splitlines()
        assert "not enough space left on the disk" in line
        assert not list((data / "postgres").glob("cluster*"))
        assert not processes_of(data)
    finally:
        subprocess.run(["umount", "-l", str(data)], check=False)
