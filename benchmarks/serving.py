"""The site as `up` starts it, on the benchmark's own data: web server and worker, and what memory they take."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress

import psutil

LONGEST_START = 30  # seconds


def start_server(options, *, threads=4):
    """The web server, with `options.workers` processes at `options.port`."""
    serve = [
        "granian",
        "readinggroup.wsgi:application",
        "--interface=wsgi",
        "--host=127.0.0.1",
        f"--port={options.port}",
    ]
    serve += [f"--workers={options.workers}", f"--blocking-threads={threads}", "--log-level=warning", "--no-ws"]
    return subprocess.Popen(
        [sys.executable, "-m", *serve], env=os.environ | {"CONN_MAX_AGE": "600", "MALLOC_ARENA_MAX": "1"}
    )


def start_worker():
    """What does background tasks; it gives way to pages, as `up` has it."""
    work = ["django", "worker", "--shutdown-graceful-timeout=5"]
    worker = subprocess.Popen([sys.executable, "-m", *work], env=os.environ.copy())
    os.setpriority(os.PRIO_PROCESS, worker.pid, 10)
    return worker


def end(process) -> None:
    """Ask it to end, and see to it with all that it started."""
    with suppress(psutil.Error):
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        for one in family:
            with suppress(psutil.Error):
                one.kill()
    process.wait(5)


@contextmanager
def running(options, *, worker=False, threads=4):
    """The site while it is needed: its processes by name. It ends with the block, also when we are asked to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to end"))
    processes = {"web": start_server(options, threads=threads)}
    try:
        if worker:
            processes["worker"] = start_worker()
        wait_for(options.port)
        yield processes
    finally:
        for process in processes.values():
            end(process)


def wait_for(port) -> None:
    """Until the server answers."""
    give_up = time.monotonic() + LONGEST_START
    while time.monotonic() < give_up:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def check_port_is_free(port) -> None:
    """SystemExit where something else answers: it would be measured in our place."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            raise SystemExit(f"port {port}: {problem.strerror}") from None


def memory_of(processes) -> dict:
    """Megabytes of memory that each process has for itself (PSS: what several share is parted among them), by name."""
    found = {}
    for name, started in processes.items():
        with suppress(psutil.Error):
            parent = psutil.Process(started.pid)
            children = sorted(parent.children(recursive=True), key=lambda child: child.pid)
            found[name if not children else f"{name}, parent"] = megabytes(parent)
            for number, child in enumerate(children, 1):
                found[f"{name} {number}"] = megabytes(child)
    return found


def megabytes(process) -> float:
    """PSS in units of 10^6 bytes."""
    return process.memory_full_info().pss / 1e6


def web_memory(memory) -> float:
    """All of the web server's processes together."""
    return sum(size for name, size in memory.items() if name.startswith("web"))
