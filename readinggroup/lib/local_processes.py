"""Processes that belong to the one that started them: their output in a file, and none of them left behind.

A process is started as `python -m readinggroup.lib.local_processes MODULE ARGUMENT...`: this file then runs the module,
with a thread that reads standard input, a pipe whose other end only the parent has. When the parent ends in whatever
way (`kill -9` too), the kernel closes the pipe, and the thread ends the process and what it started.
"""

import contextlib
import fcntl
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ENDS_WITHIN = 10  # seconds that a process has to end by itself when it is asked to


class LocalProcess:
    """A Python module run as a process, e.g. the web server. `holds` is the file of a lock that it shares."""

    def __init__(self, module: list[str], *, env: dict[str, str], cwd: Path, log: Path, holds: int) -> None:
        self.log = log
        with contextlib.suppress(FileNotFoundError):
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 -- our own modules
                [sys.executable, "-m", __spec__.name, *module],
                cwd=cwd,
                env=env,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal reaches the parent only, which then ends them in order
                pass_fds=[holds],
            )
        self.started = time.monotonic()

    def gives_way(self) -> None:
        """Let others come first where all want the processor: pages before mail."""
        os.setpriority(os.PRIO_PROCESS, self._process.pid, 10)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def ask_to_end(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        """End it and whatever it started and left, now."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()

    def last_words(self, lines: int = 5) -> str:
        """The end of what it wrote."""
        return "\n".join(self.log.read_text(errors="replace").rstrip().splitlines()[-lines:])


def end_all(processes: list[LocalProcess], hurry: Callable[[], bool]) -> None:
    """Ask all to end, wait, and kill those that do not; at once when `hurry()` says so."""
    for process in processes:
        process.ask_to_end()
    give_up = time.monotonic() + ENDS_WITHIN
    while not all(process.ended() for process in processes) and time.monotonic() < give_up and not hurry():
        time.sleep(0.02)
    for process in processes:
        process.kill()


# --- One at a time ----------------------------------------------------------------------------------------------------


class InUseError(Exception):
    """Another process holds the lock; the number is the process's."""

    def __init__(self, pid: int) -> None:
        super().__init__(pid)
        self.pid = pid


class SoleUse:
    """A lock on a file that says whose it is. The kernel releases it when its holder and the holder's processes end."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)  # for its owner only, since whoever can open it can hold the lock
        self._file = path.open("a+", encoding="utf-8")
        try:
            _wait_until_free(path, self._file)
        except InUseError:
            self._file.close()
            raise
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()

    def leave(self) -> None:
        """Say that this process is about to end: who comes now may wait for it."""
        self._file.truncate(0)

    def close(self) -> None:
        self._file.close()


def wait_for_leftovers(path: Path) -> None:
    """If a former holder was killed and its processes still are ending, wait for that. Makes nothing."""
    with contextlib.suppress(FileNotFoundError), path.open(encoding="utf-8") as file:
        _wait_until_free(path, file)


def _wait_until_free(path: Path, file) -> None:
    """Get the lock. A holder that is gone or leaving is waited for; one that stays gets a second, in case it leaves."""
    begun = time.monotonic()
    while True:
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        holder = int(path.read_text(encoding="utf-8") or 0)
        stays = bool(holder) and _lives(holder)
        if time.monotonic() - begun > (1 if stays else 2 * ENDS_WITHIN):
            raise InUseError(holder)
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, but alive
    return True


# --- In the process ---------------------------------------------------------------------------------------------------


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ENDS_WITHIN)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
