"""`uv run python -m benchmarks.growth`: what pages cost as comments, and paragraphs, become more.

Each size has a database of its own, made anew and removed afterwards: 1,000 to 1,000,000 comments about one text of 211
paragraphs, then 1,000 comments about texts of 200 to 12,000 paragraphs. Comments beyond the first hundred thousand are
copies of these, made in the database with the triggers at rest, and the counters are counted anew.
"""

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .results import write_section

COMMENTS = (1_000, 10_000, 100_000, 1_000_000)
PARAGRAPHS = (200, 2_000, 12_000)
FOLDER = Path(__file__).parent.parent / ".data" / "benchmark-growth"


def main():
    options = parse()
    if options.json:
        return measure_one(options)
    found = []
    for comments, paragraphs in sizes(options):
        print(
            f"{time.strftime('%H:%M:%S')} {comments:,} comments, {paragraphs:,} paragraphs", file=sys.stderr, flush=True
        )
        found.append(in_a_database_of_its_own(options, comments, paragraphs))
    return report(options, found)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the two largest sizes: to see that all works")
    parser.add_argument("--only-comments", type=int, metavar="N", help="this many comments, and nothing else")
    parser.add_argument("--only-paragraphs", type=int, metavar="N", help="this many paragraphs, and nothing else")
    parser.add_argument("--invented", type=int, default=100_000, help="comments of the crowd's own; more are copies")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each page is asked, each round")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--port", type=int, default=8781)
    parser.add_argument("--no-results", action="store_true", help="print only, leave results.md as it is")
    # Of the processes that this one starts, one for each size:
    parser.add_argument("--comments", type=int, default=1_000, help=argparse.SUPPRESS)
    parser.add_argument("--paragraphs", type=int, default=211, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def sizes(options):
    """(comments, paragraphs) to be measured."""
    if options.only_comments:
        return [(options.only_comments, 211)]
    if options.only_paragraphs:
        return [(1_000, options.only_paragraphs)]
    comments = COMMENTS[:2] if options.quick else COMMENTS
    paragraphs = PARAGRAPHS[:2] if options.quick else PARAGRAPHS
    return [*((each, 211) for each in comments), *((1_000, each) for each in paragraphs)]


def in_a_database_of_its_own(options, comments, paragraphs) -> dict:
    """What one size costs, measured by a process of its own: settings and server belong to one data directory."""
    data = FOLDER / f"{comments}-{paragraphs}"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    told = data / "told.json"
    command = [sys.executable, "-m", "benchmarks.growth", f"--comments={comments}", f"--paragraphs={paragraphs}"]
    command += [f"--invented={options.invented}"]
    command += [
        f"--json={told}",
        f"--seconds={options.seconds / (3 if options.quick else 1)}",
        f"--port={options.port}",
    ]
    try:
        env = os.environ | {"BENCHMARK_DATA": str(data), "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
        subprocess.run(command, env=env, check=True)
        return json.loads(told.read_text())
    finally:
        shutil.rmtree(data, ignore_errors=True)


# --- One size ---------------------------------------------------------------------------------------------------------


def measure_one(options) -> None:
    """Make the data, measure, and write what was found to the file `options.json`."""
    import django

    django.setup()
    from django.db import connection

    from . import inside, kept_promises
    from .__main__ import cookie_header, signed_in
    from .serving import check_port_is_free, memory_of, running, web_memory

    check_port_is_free(options.port)
    begun = time.monotonic()
    pages = prepare(options)
    took = time.monotonic() - begun
    wrong = kept_promises.miscounted()
    if wrong:
        raise SystemExit(f"The data is not what it should be: {wrong}")
    cookies = signed_in()
    with running(options) as processes:
        rows = [told_of(row) for row in asked(options, pages, cookie_header(cookies), cookies["csrftoken"].value)]
        memory = web_memory(memory_of(processes))
    counted = {each.name: each for each in inside.measure(pages, cookies)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
    found = {
        "comments": options.comments,
        "paragraphs": options.paragraphs,
        "rows": rows,
        "queries": {name: each.queries for name, each in counted.items()},
        "memory": memory,
        "database": size,
        "made_in": took,
    }
    options.json.write_text(json.dumps(found))
    connection.close()
    if hasattr(connection, "release_server"):
        connection.release_server()  # so that its files can be removed


def prepare(options) -> dict:
    """A group with one text of so many paragraphs and so many comments; addresses by name."""
    from django.core.management import call_command

    from readinggroup import first_run
    from readinggroup.groups.models import Group
    from readinggroup.readings.actions import bring_text
    from texts.importing import read
    from texts.importing.saving import keep_source

    from . import data, selects

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    first_run.prepare(None)
    group = Group.objects.get()
    content = long_text(options.paragraphs)
    reading = bring_text(
        group=group,
        document=read(content, filename="text.html"),
        source_file=keep_source(content, "text.html"),
        title="Long",
    )
    invented = min(options.comments, options.invented)
    call_command("demo", reading=reading.slug, comments=invented, people=max(20, invented // 50), verbosity=0)
    data.let_birds_in(reading)
    if options.comments > invented:
        multiply(reading, options.comments // invented)
    selects.prepare()
    thread = data.discussion_of_500(group)
    busiest = reading.activity.order_by("-comments").first().paragraph.public_id
    page = f"/g/{group.slug}/read/{reading.slug}/"
    return {
        "talked": page,
        "thread": f"/g/{group.slug}/read/{thread.reading.slug}/p/{thread.paragraph.public_id}/",
        "busiest": f"{page}p/{busiest}/",
        "post": f"{page}p/{busiest}/comment/",
        "answer": f"/c/{reading.comments.filter(parent=None, state='visible').first().public_id}/answer/",
        "group": f"/g/{group.slug}/",
        "search": f"/g/{group.slug}/search/",
    }


def long_text(paragraphs) -> bytes:
    """So many paragraphs, a heading before each fifty."""
    sentence = "The river rose by {} hands that day, and the clerk wrote it down for whoever would ask. "
    parts = ["<!doctype html><title>A long text</title><h1>A long text</h1>"]
    for number in range(1, paragraphs + 1):
        if number % 50 == 1:
            parts.append(f"<h2>Chapter {number // 50 + 1}</h2>")
        parts.append(f"<p>{sentence.format(number) * 6}</p>")  # 211 of them are read whole
    return "\n".join(parts).encode()


def multiply(reading, times) -> None:
    """Each comment so many times: as many people have said each, and every number and counter is as if they had."""
    from django.db import connection, transaction

    from readinggroup.discussion.models import Comment

    fields = [field.column for field in Comment._meta.concrete_fields]
    own = {"id", "parent_id", "root_id", "public_id", "key", "sequence"}
    others = ", ".join(f"said.{name}" for name in fields if name not in own)
    names = ", ".join(name for name in fields if name not in own)
    letters = random.Random("multiply").sample("23456789abcdefghjkmnpqrstuvwxyz", 16)  # for the sixteen of a digest
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # the triggers rest
        indexes = words_indexes(cursor)
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SELECT max(id) FROM discussion_comment")
        span = cursor.fetchone()[0]
        cursor.execute(
            f"""
            INSERT INTO discussion_comment (id, parent_id, root_id, public_id, key, sequence, {names})
            SELECT said.id + turn * %s, said.parent_id + turn * %s, said.root_id + turn * %s,
                translate(substr(md5('copy' || said.id || ' ' || turn), 1, 10), '0123456789abcdef', %s),
                gen_random_uuid(), said.sequence + turn * activity.said, {others}
            FROM generate_series(1, %s) turn, discussion_comment said JOIN readings_paragraphactivity activity
                ON activity.reading_id = said.reading_id AND activity.paragraph_id = said.paragraph_id
            WHERE said.reading_id = %s ORDER BY turn, said.id
            """,  # noqa: S608 - names of our own columns
            [span, span, span, "".join(letters), times - 1, reading.pk],
        )
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute(
            "UPDATE readings_paragraphactivity SET comments = comments * %s, waiting = waiting * %s, said = said * %s,"
            " changes = changes + 1 WHERE reading_id = %s",
            [times, times, times, reading.pk],
        )
        cursor.execute("DELETE FROM readings_seen WHERE reading_id = %s", [reading.pk])
        cursor.execute(
            """
            INSERT INTO readings_seen (reading_id, paragraph_id, user_id, sequences, comments)
            SELECT reading_id, paragraph_id, author_id,
                range_agg(int4range(sequence::integer, sequence::integer, '[]')),
                count(*) FILTER (WHERE state = 'visible')
            FROM discussion_comment WHERE reading_id = %s GROUP BY 1, 2, 3
            """,
            [reading.pk],
        )
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('discussion_comment', 'id'), max(id)) FROM discussion_comment"
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE discussion_comment, readings_seen, readings_paragraphactivity")


def words_indexes(cursor) -> list:
    """(name, definition) of the indexes of words: filled anew in a minute, where row by row it takes ten."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE tablename = 'discussion_comment' AND indexdef LIKE '%USING gin%'"
    )
    return cursor.fetchall()


def asked(options, pages, cookie, token):
    """A Row for each page; two rounds."""
    from .data import COMMON, RARE
    from .pages import Asker

    ask = Asker(options, cookie, token)
    for who, headers in (("signed out", {}), ("signed in", ask.member)):
        yield ask.page(f"reading page, {who}", pages["talked"], headers, rounds=2)
        yield ask.page(f"busiest paragraph's discussion, {who}", pages["busiest"], headers, rounds=2)
    bare = ask.get("/bare/", ask.member)
    yield ask.in_turn("pulse, nothing new", ask.unchanged(f"{pages['talked']}pulse/"), bare, rounds=2)
    yield ask.in_turn("post a comment", ask.post(pages["post"]), bare, rounds=2)
    for share, word in (("30 %", COMMON), ("1 %", RARE)):
        yield ask.page(f"search, a word of {share}", f"{pages['search']}?q={word}", ask.member, rounds=2)
    yield ask.page("group's page, signed in", pages["group"], ask.member, rounds=2)
    yield ask.page("inbox", "/inbox/", ask.member, rounds=2)


def told_of(row) -> dict:
    return {
        "name": row.name,
        "share": row.share(row.bares),
        "p50": row.page.p50,
        "bytes": row.page.bytes,
        "bad": row.failed,
    }


# --- What is told -----------------------------------------------------------------------------------------------------


def report(options, found):
    """A table for each of the two that grow, printed and kept."""
    lines = [
        (
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; 1 web process,"
            f" {options.connections} connections. In each field: the share of the bare view of the same bytes, and the"
            " median in ms. A text of more than 25,000 words is read by section: its page is one of fifty paragraphs."
        )
    ]
    of_211 = [each for each in found if each["paragraphs"] == 211]
    others = [each for each in found if each["paragraphs"] != 211]
    for each, what in ((of_211, "comments"), (others, "paragraphs")):
        if each:
            lines += ["", *table(each, what)]
    print("\n".join(lines))
    if not options.no_results:
        write_section("Growth", "uv run python -m benchmarks.growth", lines)


def table(found, what):
    yield f"| {what} | " + " | ".join(f"{each[what]:,}" for each in found) + " |"
    yield "|---|" + "---|" * len(found)
    for number, row in enumerate(found[0]["rows"]):
        fields = [f"{each['rows'][number]['share']:.2f}, {each['rows'][number]['p50']:.1f}" for each in found]
        yield f"| {row['name']} | " + " | ".join(fields) + " |"
    yield "| queries of all pages | " + " | ".join(str(sum(each["queries"].values())) for each in found) + " |"
    bad = [sum(row["bad"] for row in each["rows"]) for each in found]
    yield "| answers that were not 2xx or 3xx | " + " | ".join(map(str, bad)) + " |"
    yield "| reading page, bytes | " + " | ".join(f"{each['rows'][0]['bytes']:,}" for each in found) + " |"
    yield "| web server's memory, MB | " + " | ".join(f"{each['memory']:.0f}" for each in found) + " |"
    yield "| database, MB | " + " | ".join(f"{each['database'] / 1e6:,.0f}" for each in found) + " |"
    yield "| made in, s | " + " | ".join(f"{each['made_in']:.0f}" for each in found) + " |"


if __name__ == "__main__":
    main()
