"""The embedded server: started when asked for, shared, stopped after its last user, and never in the way afterwards."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from readinggroup.lib.embedded_postgres import keeper

ROOT = Path(__file__).resolve().parents[2]
USE = """
import json, os, sys, time
from django.conf import settings
database = {"ENGINE": "readinggroup.lib.embedded_postgres", "NAME": "site", "DATA_DIR": sys.argv[1]}
settings.configure(DATABASES={"default": {**database, **json.loads(sys.argv[2])}})
import django
django.setup()
from django.db import connection

def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None

def tell(words):
    print(words, flush=True)

exec(sys.argv[3])
"""


def use(data_dir: Path, code: str, **database) -> subprocess.Popen:
    """A process that uses the server of `data_dir`: `code` may `ask(sql)` and `tell(words)`."""
    database = {"SERVER_OPTIONS": {"fsync": "off"}, **database}
    command = [sys.executable, "-c", USE, str(data_dir), json.dumps(database), code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


def told(process: subprocess.Popen, expect: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == expect, err
    return out.strip(), err.strip()


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """The keeper, the server and the server's helpers."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            is_keeper = keeper.__file__ in command and str(data_dir) in command
            if is_keeper or process.cwd() == f"{data_dir}/cluster":
                found.append(process)
    return found


def wait_until(condition, seconds: float = 15) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.05)


def kill_9(processes) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a server's helper may end by itself when the first is gone
            process.send_signal(signal.SIGKILL)


@pytest.fixture
def data_dir(tmp_path):
    folder = tmp_path / "postgres"
    yield folder
    kill_9(processes_of(folder))


def test_two_processes_that_start_it_at_once_share_one_server_and_the_last_stops_it(data_dir):
    code = "tell(ask('select pg_postmaster_start_time()::text')[0]); sys.stdin.readline()"
    both = [use(data_dir, code), use(data_dir, code)]
    first, second = (process.stdout.readline() for process in both)
    assert first
    assert first == second
    told(both[0])
    time.sleep(0.3)
    assert processes_of(data_dir)
    told(both[1])
    wait_until(lambda: not processes_of(data_dir))


def test_commands_in_a_row_start_quickly_and_find_their_data(data_dir):
    told(use(data_dir, "ask('create table kept as select 7 as n')"))
    begun = time.monotonic()
    assert told(use(data_dir, "tell(ask('select n from kept')[0])"))[0] == "7"
    assert time.monotonic() - begun < 15  # 1 s here; the rest is for a crowded machine


def test_safe_settings_unless_asked_otherwise(data_dir):
    names = "'fsync', 'synchronous_commit', 'listen_addresses', 'server_encoding'"
    code = f"tell([ask('show ' + name)[0] for name in ({names})])"
    assert told(use(data_dir, code, SERVER_OPTIONS={}))[0] == "['on', 'on', '', 'UTF8']"
    assert (data_dir / "cluster").stat().st_mode & 0o777 == 0o700


def test_everything_killed_then_it_starts_again_with_what_was_committed(data_dir):
    user = use(data_dir, "ask('create table kept as select 7 as n'); tell('made'); time.sleep(60)")
    assert user.stdout.readline() == "made\n"
    kill_9([psutil.Process(user.pid), *processes_of(data_dir)])
    user.communicate()
    assert told(use(data_dir, "tell(ask('select n from kept')[0])"))[0] == "7"


def test_a_server_whose_keeper_was_killed_is_replaced(data_dir):
    user = use(data_dir, "ask('select 1'); tell('connected'); time.sleep(60)")
    user.stdout.readline()
    keepers = [process for process in processes_of(data_dir) if process.name() != "postgres"]
    assert len(keepers) == 1
    kill_9([*keepers, psutil.Process(user.pid)])
    user.communicate()
    told(use(data_dir, "ask('select 1')"))
    wait_until(lambda: not processes_of(data_dir))


def test_a_server_that_was_killed_comes_back_for_those_who_use_it(data_dir):
    code = "ask('select 1'); tell('connected'); sys.stdin.readline(); connection.close(); tell(ask('select 2')[0])"
    user = use(data_dir, code, OPTIONS={"pool": {"min_size": 1, "max_size": 1, "timeout": 5}}, CONN_HEALTH_CHECKS=True)
    user.stdout.readline()
    kill_9(process for process in processes_of(data_dir) if process.name() == "postgres")
    wait_until(lambda: not processes_of(data_dir))
    assert told(user)[0] == "2"


def test_a_number_in_postmaster_pid_that_now_is_somebody_elses(data_dir):
    told(use(data_dir, "ask('select 1')"))
    wait_until(lambda: not processes_of(data_dir))
    stale = data_dir / "cluster" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{data_dir}/cluster\n1\n5432\n{data_dir}/cluster\n\n 0 0\nready   \n")
    told(use(data_dir, "ask('select 1')"))


@pytest.mark.parametrize("name", ["with a space, a comma and 'quotes\"", "long" * 30])
def test_odd_and_long_paths(tmp_path, name):
    folder = tmp_path / name / "postgres"
    told(use(folder, "ask('select 1')"))
    wait_until(lambda: not processes_of(folder))


def test_a_cluster_of_another_version_is_left_alone(data_dir):
    told(use(data_dir, "ask('select 1')"))
    wait_until(lambda: not processes_of(data_dir))
    (data_dir / "cluster" / "PG_VERSION").write_text("16\n")
    assert "was made by PostgreSQL 16" in told(use(data_dir, "ask('select 1')"), expect=1)[1]


def test_a_server_that_somebody_else_started_there_is_not_touched(data_dir):
    told(use(data_dir, "ask('select 1')"))
    wait_until(lambda: not processes_of(data_dir))
    command = [keeper.binaries() / "postgres", "-D", data_dir / "cluster", "-c", "listen_addresses="]
    user = keeper.server_user(data_dir / "cluster")
    foreign = subprocess.Popen([*command, "-k", data_dir / "cluster"], stderr=subprocess.DEVNULL, **user)
    wait_until(lambda: keeper._is_ready(data_dir / "cluster", foreign.pid))
    assert f"in use by another PostgreSQL server: process {foreign.pid}" in told(use(data_dir, "ask('x')"), expect=1)[1]
    assert foreign.poll() is None
    foreign.send_signal(signal.SIGQUIT)
    foreign.wait()


def test_no_directory(tmp_path):
    (tmp_path / "file").write_text("")
    assert "did not start" in told(use(tmp_path / "file" / "postgres", "ask('x')"), expect=1)[1]


def test_a_directory_that_may_not_be_written():
    error = told(use(Path("/proc/nowhere"), "ask('x')"), expect=1)[1].splitlines()[-1]
    assert "EmbeddedPostgresError: The database in /proc/nowhere" in error


def test_a_full_disk_leaves_nothing_half_made(tmp_path, small_disk):
    data_dir = small_disk("30m") / "postgres"
    assert "not enough space left on the disk" in told(use(data_dir, "ask('x')"), expect=1)[1]
    assert not list(data_dir.glob("cluster*"))


def test_a_disk_that_fills_up_while_the_cluster_is_made(tmp_path, small_disk, monkeypatch):
    data_dir = small_disk("30m") / "postgres"
    data_dir.mkdir()
    user = keeper.server_user(data_dir / "cluster")
    if user:
        keeper.open_to_stand_in(data_dir, keeper.binaries())
    monkeypatch.setattr(keeper, "NEW_CLUSTER_NEEDS", 0)
    with pytest.raises(keeper.ProblemError) as caught:
        keeper.make_cluster(data_dir, keeper.binaries(), user, {})
    assert caught.value.code == "disk_full"
    assert not list(data_dir.iterdir())


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a small file system; only root may."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("a small file system cannot be mounted here (only root may)")
        return folder

    yield mount
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
