"""What a page asks of the database, and how many bytes it is: counted in this process, on the same data."""

import gzip
import time
import uuid
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from .data import COMMON


@dataclass
class Inside:
    """Queries, bytes as they are and as gzip makes them, and milliseconds of the processor."""

    name: str
    queries: int
    bytes: int
    compressed: int
    cpu: float


def measure(pages, cookies):
    """An Inside for each page, when it is asked again: what is kept ready is ready."""
    visitor, member = Client(), Client()
    member.cookies.load(cookies)
    search = f"{pages['search']}?q={COMMON}"
    for name, path, client in [
        ("reading page, signed out", pages["talked"], visitor),
        ("reading page, signed in", pages["talked"], member),
        ("discussion of 500, first page, signed out", pages["thread"], visitor),
        ("discussion of 500, first page, signed in", pages["thread"], member),
        ("discussion of 500, whole, signed in", f"{pages['thread']}?from=1&page=3", member),
        ("pulse", f"{pages['talked']}pulse/", member),
        ("search", search, member),
        ("group's page, signed out", pages["group"], visitor),
        ("group's page, signed in", pages["group"], member),
        ("inbox", "/inbox/", member),
    ]:
        yield counted(name, lambda client=client, path=path: client.get(path))
    for name, path in (("post a comment", pages["post"]), ("post an answer", pages["answer"])):
        yield counted(
            name, lambda path=path: member.post(path, {"body": f"Counted {uuid.uuid4()}", "key": uuid.uuid4()})
        )


def counted(name, ask) -> Inside:
    """Asked three times; the third counts."""
    for _ in range(2):
        ask()
    begun = time.process_time()
    with CaptureQueriesContext(connection) as queries:
        answer = ask()
    cpu = 1000 * (time.process_time() - begun)
    if answer.status_code >= 400:
        raise SystemExit(f"{name} answered {answer.status_code}")
    asked = [query for query in queries if query["sql"].split()[0] not in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}]
    return Inside(name, len(asked), len(answer.content), len(gzip.compress(answer.content, 6)), cpu)


def table(rows):
    """The rows as lines of Markdown."""
    yield "| what | queries | bytes | as gzip sends them | ms of the processor, web only |"
    yield "|---|---|---|---|---|"
    for row in rows:
        yield f"| {row.name} | {row.queries} | {row.bytes:,} | {row.compressed:,} | {row.cpu:.1f} |"
