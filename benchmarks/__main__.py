"""`uv run python -m benchmarks`: the site's pages as shares of a bare Django view in the same run, and what they take.

Ratios, not seconds: machines differ and are busy, but page and yardstick are asked in turn, so what slows one slows the
other. Each is asked three times; the middle ratio counts. `--growth` also runs `benchmarks.growth`.
"""

import argparse
import os
import platform
import subprocess
import sys
import time

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

import django

from .results import write_section
from .serving import check_port_is_free, memory_of, running, web_memory

WITHOUT_PHONE = "no Chromium, or --no-phone"


def main():
    options = parse()
    check_port_is_free(options.port)
    django.setup()
    from . import aims, forbidden, inside, pages, phone
    from .data import prepare
    from .selects import prepare as prepare_selects

    tell("data")
    addresses = prepare(options.comments)
    cookies = signed_in()
    told = aims.Told()
    if options.only == "phone":
        look_on_a_phone(options, addresses, cookies, told)
        print("\n".join([*phone.table(told.phone), "", *aims.table(told)]))
        return
    prepare_selects()
    hidden = forbidden.prepare()
    with running(options):
        for row in pages.measure(options, addresses, cookie_header(cookies), cookies["csrftoken"].value):
            tell(row.name)
            told.rows.append(row)
        pairs = list(forbidden.measure(options, hidden, turns=300 if options.quick else forbidden.TIMES))
    told.inside = list(inside.measure(addresses, cookies))
    tell("memory")
    told.idle, told.after = memory(options, addresses, cookie_header(cookies))
    if not options.no_phone:
        look_on_a_phone(options, addresses, cookies, told)
    report(options, told, pairs)
    if options.growth:
        more = ["--quick"] if options.quick else []
        subprocess.run([sys.executable, "-m", "benchmarks.growth", *more], check=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each page is asked, each round")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1, help="web processes while pages are compared")
    parser.add_argument("--port", type=int, default=8777)
    parser.add_argument("--quick", action="store_true", help="a third of a second a round: to see that all works")
    parser.add_argument("--no-phone", action="store_true", help="without the browser")
    parser.add_argument("--only", choices=["phone"], help="that part alone, printed; results.md stays as it is")
    parser.add_argument("--growth", action="store_true", help="also with 1,000 to 1,000,000 comments")
    parser.add_argument("--no-results", action="store_true", help="print only, leave results.md as it is")
    options = parser.parse_args()
    if options.quick:
        options.seconds = 0.3
    return options


def look_on_a_phone(options, addresses, cookies, told):
    from . import phone

    tell("a phone")
    with phone.serving_compressed(options):
        told.phone = phone.measure(options, addresses, cookies)


def tell(what):
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def signed_in():
    """The cookies of a member."""
    from django.test import Client

    from readinggroup.first_run import owner_of
    from readinggroup.groups.models import Group

    client = Client()
    client.force_login(
        owner_of(Group.objects.exclude(slug="hidden-group").get()),
        backend="readinggroup.accounts.logins.QuickModelBackend",
    )
    client.get("/me/")
    return client.cookies


def cookie_header(cookies) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())


def memory(options, addresses, cookie):
    """Megabytes by process of two web processes and a worker: before anybody came, and after all pages were asked."""
    from .load import load
    from .pages import Asker

    ask = Asker(options, cookie, "")
    two = argparse.Namespace(**{**vars(options), "workers": 2})
    with running(two, worker=True, threads=8) as processes:  # as `up` starts them
        time.sleep(3)
        idle = memory_of(processes)
        for name in ("quiet", "some", "talked", "thread", "group", "search"):
            for headers in ({}, ask.member):
                path = f"{addresses[name]}?q=ferry" if name == "search" else addresses[name]
                load(("127.0.0.1", options.port), ask.get(path, headers), seconds=options.seconds)
        return idle, memory_of(processes)


def report(options, told, pairs):
    """The tables, printed and kept."""
    from . import aims, inside, pages, phone

    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    load = (
        f"{options.workers} worker, {options.connections} connections, {options.seconds:g} s a round,"
        f" {pages.ROUNDS} rounds"
    )
    lines = [
        f"{machine}, Django {django.__version__}; {load}, {options.comments:,} comments.",
        "",
        *pages.table(told.rows),
        "",
        "| forbidden, and absent | p50 ms | p50 ms, absent | told apart (0.50 is a coin) |",
        "|---|---|---|---|",
        *(f"| {name} | {pair.forbidden:.2f} | {pair.absent:.2f} | {pair.told_apart:.2f} |" for name, pair in pairs),
        "",
        *inside.table(told.inside),
        "",
        "| memory (PSS), two web processes and a worker | MB idle | MB after the pages |",
        "|---|---|---|",
        *(f"| {name} | {told.idle.get(name, 0):.0f} | {size:.0f} |" for name, size in told.after.items()),
        f"| web server, all of it | {web_memory(told.idle):.0f} | {web_memory(told.after):.0f} |",
        "",
        *(phone.table(told.phone) if told.phone else [f"Not looked at on a phone: {WITHOUT_PHONE}."]),
        "",
        *aims.table(told),
    ]
    print("\n".join(lines))
    if not options.no_results:
        write_section("Pages", "uv run python -m benchmarks", lines)


if __name__ == "__main__":
    main()
