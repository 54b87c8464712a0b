"""`uv run python -m benchmarks.scans`: wapiti and sqlmap on the demo, and on faults planted beside it (`planted.py`).

Their silence about the site counts only if they have found what was planted. As a visitor and as a member who may
write. Both are fetched by `uv tool run`, apart from our own packages: wapiti brings a proxy with requirements of its
own. Of wapiti's modules those are left out that ask a server of its makers.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.scanned"

import django

from .results import write_section

PORT = 8787
SITE = f"http://127.0.0.1:{PORT}/"
WAPITI = ["uv", "tool", "run", "--from", "wapiti3==3.2.3", "wapiti"]
SQLMAP = ["uv", "tool", "run", "--from", "sqlmap==1.10.10", "sqlmap"]
MODULES = "sql,timesql,xss,permanentxss,file,exec,redirect,crlf"
# What each of the planted faults is called by wapiti.
PLANTED = {
    "words": "Reflected Cross Site Scripting",
    "row": "SQL Injection",
    "go": "Open Redirect",
    "file": "Path Traversal",
}
SECONDS = int(os.environ.get("SCAN_SECONDS", "300"))  # for each crawl, and again for each of wapiti's modules


def main():
    django.setup()
    member, addresses = prepare()
    log = Path(os.environ["BENCHMARK_DATA"], "scanned.log")
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "readinggroup.wsgi:application", "--interface=wsgi", "--host=127.0.0.1",
         f"--port={PORT}", "--workers=1", "--blocking-threads=4", "--log-level=warning", "--no-ws"],
        env=os.environ | {"CONN_MAX_AGE": "600"}, stdout=log.open("w"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        from .serving import wait_for

        wait_for(PORT)
        rows = list(scanned(member, addresses))
    finally:
        server.terminate()
        server.wait(20)
    errors = [line for line in log.read_text().splitlines() if '"error"' in line and "/planted/" not in line]
    rows.append(("", "errors of the site meanwhile", "", "", str(len(errors))))
    print(*errors[:5], sep="\n")
    lines = ["| scanner | what | as | requests or seconds | found |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    print("\n".join(lines))
    write_section("Scanners", "uv run python -m benchmarks.scans", lines)


def prepare():
    """A demo; the cookies of a member, and the addresses with something typed in them."""
    from django.core.management import call_command
    from django.test import Client

    from readinggroup import first_run
    from readinggroup.groups.models import Group, Membership
    from readinggroup.readings.models import Reading

    for command in ("migrate", "createcachetable"):
        call_command(command, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if not Group.objects.exists():
        first_run.prepare(None, demo=True)
    group, reading = Group.objects.earliest("pk"), Reading.objects.earliest("pk")
    client = Client()
    # Wapiti presses every button, also the one by which a member leaves: each run takes another.
    member = Membership.objects.filter(group=group, left_at=None, roles=[]).earliest("pk").user
    client.force_login(member, backend="readinggroup.accounts.logins.QuickModelBackend")
    client.get("/me/")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    text = f"g/{group.slug}/read/{reading.slug}/"
    comment = reading.comments.first()
    return cookies, {
        "search": f"g/{group.slug}/search/?q=ferry&page=1",
        "a discussion": f"{text}p/{comment.version.paragraph.public_id}/?page=1&from=1&sort=new",
        "names offered": f"g/{group.slug}/suggest-members/?q=a",
        "sessions": f"g/{group.slug}/sessions/?month=2026-11",
    }


def scanned(member, addresses):
    """(scanner, what, as whom, how much, what was found) for each scan."""
    found = wapiti(f"{SITE}planted/", None, 1)
    missed = set(PLANTED.values()) - set(found[1])
    if missed:
        raise SystemExit(f"wapiti did not find what was planted: {missed}")
    yield "wapiti", "planted faults", "visitor", found[0], ", ".join(sorted(found[1]))
    asked, injectable = sqlmap(f"{SITE}planted/row?id=1", None)
    if not injectable:
        raise SystemExit("sqlmap did not find what was planted")
    yield "sqlmap", "planted fault", "visitor", asked, "injectable"
    for name, address in addresses.items():
        asked, injectable = sqlmap(f"{SITE}{address}", member)
        yield "sqlmap", name, "member", asked, "INJECTABLE" if injectable else "nothing"
    for who, cookies in (("visitor", None), ("member", member)):
        asked, faults = wapiti(SITE, cookies, 4)
        yield "wapiti", "the site", who, asked, ", ".join(faults) or "nothing"


def wapiti(address, cookies, depth):
    """How many requests were made, and the kinds of faults that were found."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [
            *WAPITI,
            "-u",
            address,
            "-m",
            MODULES,
            "--scope",
            "folder",
            "-d",
            str(depth),
            "-v",
            "0",
            "-f",
            "json",
        ]
        command += ["-o", str(report), "--store-session", folder, "--no-bugreport", "--max-links-per-page", "60"]
        command += ["--max-scan-time", str(SECONDS), "--max-attack-time", str(SECONDS), "--tasks", "8"]
        command += ["-x", f"{SITE}accounts/logout/", "-x", f"{SITE}static/*"]
        command += ["-H", f"Cookie: {cookies}"] if cookies else []
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=20 * SECONDS)
        said = json.loads(report.read_text())
    faults = {name: rows for name, rows in said["vulnerabilities"].items() if rows}
    for name, rows in faults.items():
        print(name, *(f"{row['path']} {row['info']}" for row in rows[:5]), sep="\n  ")
    return f"{said['infos'].get('crawled_pages_nbr', '?')} pages", list(faults)


def sqlmap(address, cookies):
    """How long it looked, and whether something is injectable."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*SQLMAP, "-u", address, "--batch", "--level", "2", "--output-dir", folder, "--threads", "4"]
        command += ["--dbms", "postgresql", "--technique", "BEU", "--disable-coloring", "--timeout", "30"]
        command += ["--cookie", cookies] if cookies else []
        began = time.monotonic()
        said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=4 * SECONDS).stdout
    found = "identified the following injection point" in said
    if not found and "do not appear to be injectable" not in said:
        raise SystemExit(f"sqlmap came to no end:\n{said[-3000:]}")
    return f"{time.monotonic() - began:.0f} s", found


if __name__ == "__main__":
    main()
