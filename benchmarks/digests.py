"""`uv run python -m benchmarks.digests`: the digests of 2,000 members, and what pages feel of it meanwhile.

A relay on this machine takes the mails. A page is asked at an even pace, as people ask, first while the worker rests,
then while it works, on the same cores.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from socket import socket

RELAY = int(os.environ.get("BENCHMARK_RELAY") or 0)
if not RELAY:
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        RELAY = probe.getsockname()[1]
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
    "BENCHMARK_DATA": str(Path(__file__).parent.parent / ".data" / "benchmark-digests"),
    "BENCHMARK_RELAY": str(RELAY),
    "EMAIL_URL": f"smtp://127.0.0.1:{RELAY}",
}

import django  # noqa: E402 - it reads the environment

PACE = 0.05  # seconds between two requests
RESTS = 20  # seconds for which the page is asked while the worker rests


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--told", type=int, default=20, help="comments that wait in each digest")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--port", type=int, default=8778)
    parser.add_argument("--work", action="store_true", help="be the worker")
    options = parser.parse_args()
    django.setup()
    if options.work:
        return work()
    page = prepare(options)
    return measure(options, page)


def work():
    """What the worker's task does."""
    from readinggroup.tasks import mail_digests

    os.nice(10)  # as `up` starts it
    mail_digests(0)


def prepare(options) -> str:
    """So many members for whom so many comments wait; the address of a page."""
    from django.core.management import call_command
    from django.utils import timezone

    from readinggroup import first_run
    from readinggroup.discussion.models import Comment
    from readinggroup.groups.models import Group, Membership
    from readinggroup.notifications.models import Category, Delivery, Digest, Notice

    from .data import text

    for name in ("migrate", "createcachetable"):
        call_command(name, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    first_run.prepare(None)
    group = Group.objects.get()
    reading = text(group, "talked")
    if not reading.comments.exists():
        call_command("demo", reading=reading.slug, comments=1_000, people=options.people, verbosity=0)
    Digest.objects.all().delete()
    Notice.objects.all().delete()
    kind, category = f"discussion/{Category.FOLLOWED.value}", Category.FOLLOWED
    said = list(Comment.objects.filter(reading=reading, state="visible").order_by("-pk")[: options.told])
    people = Membership.objects.active().filter(group=group).values_list("user", flat=True)[: options.people]
    Notice.objects.bulk_create(
        (
            Notice(
                recipient_id=person, kind=kind, category=category, event=f"comment-{comment.public_id}",
                group_key=group.pk, about=comment.public_id, thread=comment.public_id,
                address=f"/c/{comment.public_id}/", delivery=Delivery.DAILY,
                created_at=timezone.now() - timedelta(days=2),
            )
            for person in people
            for comment in said
        ),
        batch_size=2_000,
    )  # fmt: skip
    return f"/g/{group.slug}/read/{reading.slug}/"


def measure(options, page):
    """Ask the page while the worker rests, and while it works."""
    from aiosmtpd.controller import Controller

    from readinggroup.notifications.models import Digest

    from .serving import start_server, wait_for

    taken = Counter()

    class Relay:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 - as aiosmtpd calls it
            taken[envelope.rcpt_tos[0]] += 1
            return "250 OK"

    relay = Controller(Relay(), hostname="127.0.0.1", port=RELAY)
    relay.start()
    server = start_server(options)
    try:
        wait_for(options.port)
        address = f"http://127.0.0.1:{options.port}{page}"
        asked(address, until(3))  # to warm up
        rested = asked(address, until(RESTS))
        began = time.monotonic()
        worker = subprocess.Popen([sys.executable, "-m", "benchmarks.digests", "--work"], env=os.environ)
        meanwhile = asked(address, lambda: worker.poll() is None)
        took = time.monotonic() - began
    finally:
        server.terminate()
        server.wait(20)
        relay.stop()
    sent = Digest.objects.filter(delivery="sent").count()
    sys.stdout.write(
        f"{sent:,} digests of {options.told} comments each in {took:.0f} s ({sent / took:.0f} a second); the relay took"
        f" {sum(taken.values()):,}, {sum(count > 1 for count in taken.values())} twice.\n"
        f"A page, p95 and median in ms: {p95(meanwhile):.1f} and {statistics.median(meanwhile):.1f} meanwhile,"
        f" {p95(rested):.1f} and {statistics.median(rested):.1f} while the worker rests; p95 is"
        f" {p95(meanwhile) / p95(rested):.2f} of that.\n"
    )


def until(seconds):
    """Whether these seconds are not over yet, to be asked again and again."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def asked(address, goes_on) -> list[float]:
    """How many milliseconds each answer took, asked at an even pace by threads that do not wait for one another."""
    times, threads = [], []

    def ask():
        begun = time.perf_counter()
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - our own server
            answer.read()
        times.append((time.perf_counter() - begun) * 1_000)

    while goes_on():
        thread = threading.Thread(target=ask)
        thread.start()
        threads.append(thread)
        time.sleep(PACE)
    for thread in threads:
        thread.join()
    return times


def p95(times) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
