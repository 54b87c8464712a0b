"""A plain load: so many connections, each asking the same again and again for some seconds.

Blocking sockets in threads, since `recv_into` leaves Python's lock while it waits and copies.
"""

import socket
import threading
import time
from dataclasses import dataclass


@dataclass
class Result:
    """What came of it: requests a second, median and 95th percentile in ms, bytes and statuses."""

    per_second: float
    p50: float
    p95: float
    bytes: int
    statuses: dict


def request_bytes(method, path, host, headers, body=b"") -> bytes:
    """An HTTP/1.1 request that keeps its connection."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def exchange(connection, request, buffer) -> tuple[int, int]:
    """Send one request and read the answer: (status, bytes of the body)."""
    connection.sendall(request)
    view, filled = memoryview(buffer), 0
    while (end := buffer.find(b"\r\n\r\n", 0, filled)) < 0:
        count = connection.recv_into(view[filled:])
        if not count:
            raise ConnectionError("the server closed the connection")
        filled += count
    head = bytes(view[:end]).decode("latin-1").lower()
    length = int(head.split("content-length:")[1].split("\r\n")[0]) if "content-length:" in head else 0
    missing = length - (filled - end - 4)
    while missing > 0:
        missing -= connection.recv_into(view, min(missing, len(buffer)))
    return int(head[9:12]), length


def load(address, make_request, *, connections=8, seconds=4.0, warm_up=0.5) -> Result:
    """Ask as fast as the answers come. `make_request()` gives the bytes of the next request."""
    times, sizes, statuses, lock = [], set(), {}, threading.Lock()
    start = time.perf_counter() + warm_up
    stop = start + seconds

    def ask():
        buffer, mine, seen = bytearray(1 << 20), [], {}
        with socket.create_connection(address) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (begun := time.perf_counter()) < stop or not mine:  # once at least
                status, size = exchange(connection, make_request(), buffer)
                if begun >= start:
                    mine.append(time.perf_counter() - begun)
                    seen[status] = seen.get(status, 0) + 1
        with lock:
            times.extend(mine)
            sizes.add(size)
            for status, count in seen.items():
                statuses[status] = statuses.get(status, 0) + count

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = max(seconds, time.perf_counter() - start)
    times.sort()
    return Result(
        per_second=len(times) / took,
        p50=1000 * times[len(times) // 2],
        p95=1000 * times[len(times) * 95 // 100],
        bytes=max(sizes),
        statuses=statuses,
    )
