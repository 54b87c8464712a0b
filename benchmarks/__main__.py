"""`uv run python -m benchmarks`: the site's pages as shares of a bare Django view in the same run.

Ratios, not seconds: machines differ and are busy, but page and yardstick are asked in turn, so what slows one slows the
other. Each pair is asked three times; the middle ratio counts.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from urllib.parse import quote, urlencode

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

import django

from .results import write_section

ROUNDS = 3


def main():
    options = parse()
    django.setup()
    from . import forbidden
    from .data import prepare

    pages = prepare(options.comments)
    hidden = forbidden.prepare()
    cookie, token = signed_in()
    server = start_server(options)
    try:
        wait_for(options.port)
        rows = list(measure(options, pages, cookie, token))
        pairs = list(forbidden.measure(options, hidden))
    finally:
        server.terminate()
        server.wait(20)
    report(options, rows, pairs)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each page is asked, each round")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--port", type=int, default=8777)
    return parser.parse_args()


def signed_in():
    """The cookies of a member, and the token that a post needs."""
    from django.test import Client

    from readinggroup.first_run import owner_of
    from readinggroup.groups.models import Group

    client = Client()
    client.force_login(
        owner_of(Group.objects.exclude(slug="hidden-group").get()),
        backend="readinggroup.accounts.logins.QuickModelBackend",
    )
    client.get("/me/")
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()), client.cookies[
        "csrftoken"
    ].value


def start_server(options):
    """The server as `up` starts it, with the yardstick's addresses added."""
    serve = [
        "granian",
        "readinggroup.wsgi:application",
        "--interface=wsgi",
        "--host=127.0.0.1",
        f"--port={options.port}",
    ]
    serve += [f"--workers={options.workers}", "--blocking-threads=4", "--log-level=warning", "--no-ws"]
    return subprocess.Popen([sys.executable, "-m", *serve], env=os.environ | {"CONN_MAX_AGE": "600"})


def wait_for(port):
    """Until the server answers."""
    import socket

    from .load import exchange, request_bytes

    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                exchange(connection, request_bytes("GET", "/healthz", f"127.0.0.1:{port}", {}), bytearray(1 << 16))
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def measure(options, pages, cookie, token):
    """(what, the page's results, the yardstick's results) for each thing that is measured."""
    from .data import COMMON, RARE, SOME

    member = {"Cookie": cookie}
    many, thread = f"{options.comments:,} comments", pages["thread"]
    for name, page, headers in [
        ("reading page, signed out, no comments", pages["quiet"], {}),
        (f"reading page, signed out, {SOME:,} comments", pages["some"], {}),
        (f"reading page, signed out, {many}", pages["talked"], {}),
        ("reading page, signed in, no comments", pages["quiet"], member),
        (f"reading page, signed in, {SOME:,} comments", pages["some"], member),
        (f"reading page, signed in, {many}", pages["talked"], member),
        ("discussion of 500, first page, signed out", thread, {}),
        ("discussion of 500, first page, signed in", thread, member),
        ("discussion of 500, whole, signed out", f"{thread}?from=1&page=3", {}),
        ("discussion of 500, whole, signed in", f"{thread}?from=1&page=3", member),
        (f"pulse, nothing new, {SOME:,} comments", *unchanged(options, f"{pages['some']}pulse/", member)),
        (f"pulse, nothing new, {many}", *unchanged(options, f"{pages['talked']}pulse/", member)),
    ]:
        bare = f"/bare/?page={quote(page)}"
        yield name, *in_turn(options, get(options, page, headers), get(options, bare, headers))

    def post():
        return request(options, "POST", pages["post"], member, posted(token))

    yield "post a comment", *in_turn(options, post, get(options, "/bare/", member))
    for name, words in [("30 %", COMMON), ("1 %", RARE)]:
        for number in (1, 20):
            page = f"{pages['search']}?{urlencode({'q': words, 'page': number})}"
            bare = f"/bare/?page={quote(page)}"
            what = f"search {options.comments:,} comments, a word of {name} of them, page {number}"
            yield what, *in_turn(options, get(options, page, member), get(options, bare, member))
    yield "(one SELECT)", *in_turn(options, get(options, "/select/", {}), get(options, "/bare/", {}))


def unchanged(options, page, headers):
    """The page's address, and headers with which it answers that nothing has changed."""
    asked = urllib.request.Request(f"http://127.0.0.1:{options.port}{page}", headers=headers)
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - our own server
        return page, headers | {"If-None-Match": answer.headers["ETag"]}


def posted(token) -> bytes:
    """The form of a new comment, with a key of its own."""
    body = "Posted by the benchmark: the ferry left before anyone had counted the sacks."
    return urlencode({"body": body, "key": uuid.uuid4(), "csrfmiddlewaretoken": token}).encode()


def request(options, method, path, headers, body=b""):
    from .load import request_bytes

    headers = headers | ({"Content-Type": "application/x-www-form-urlencoded"} if body else {})
    return request_bytes(method, path, f"127.0.0.1:{options.port}", headers, body)


def get(options, path, headers):
    """A maker of the same GET again and again."""
    made = request(options, "GET", path, headers)
    return lambda: made


def in_turn(options, page, bare):
    """Page and yardstick, one after the other, so that a busy moment falls on both."""
    from .load import load

    address = ("127.0.0.1", options.port)
    pages, bares = [], []
    for _ in range(ROUNDS):
        pages.append(load(address, page, connections=options.connections, seconds=options.seconds))
        bares.append(load(address, bare, connections=options.connections, seconds=options.seconds))
    return pages, bares


def report(options, rows, pairs):
    """The table, printed and kept."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    load = (
        f"{options.workers} worker, {options.connections} connections, {options.seconds:g} s a round, {ROUNDS} rounds"
    )
    lines = [
        f"{machine}, Django {django.__version__}; {load}, {options.comments:,} comments.",
        "",
        "| what | share of the bare view | requests a second | bare | p50 ms | p95 ms | bytes | not 2xx or 3xx |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, pages, bares in rows:
        share = statistics.median(page.per_second / bare.per_second for page, bare in zip(pages, bares, strict=True))
        page = sorted(pages, key=lambda result: result.per_second)[ROUNDS // 2]
        bare = sorted(bares, key=lambda result: result.per_second)[ROUNDS // 2]
        failed = sum(count for result in pages for status, count in result.statuses.items() if not 200 <= status < 400)
        lines.append(
            f"| {name} | {share:.2f} | {page.per_second:.0f} | {bare.per_second:.0f} | {page.p50:.1f} | {page.p95:.1f}"
            f" | {page.bytes:,} | {failed} |"
        )
    lines += [
        "",
        "| forbidden, and absent | p50 ms | p50 ms, absent | told apart (0.50 is a coin) |",
        "|---|---|---|---|",
    ]
    for name, pair in pairs:
        lines.append(f"| {name} | {pair.forbidden:.2f} | {pair.absent:.2f} | {pair.told_apart:.2f} |")
    print("\n".join(lines))
    write_section("Pages", "uv run python -m benchmarks", lines)


if __name__ == "__main__":
    main()
