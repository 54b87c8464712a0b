"""How long the site takes to say "not there": of what is there but not for this person, and of what is nowhere.

The two are asked for in turn on one connection. `told apart` is how often the forbidden one of two answers took longer,
over all pairs: 0.50 is a coin, 1.00 would give it away.
"""

import bisect
import socket
import statistics
import time
from dataclasses import dataclass

from .load import exchange, request_bytes

TIMES = 1_500


@dataclass
class Pair:
    """Median times in ms, and how well they could be told apart."""

    forbidden: float
    absent: float
    told_apart: float


def prepare() -> dict:
    """A hidden group with a reading and a comment; addresses in it beside addresses of nothing, by name."""
    from readinggroup.discussion.models import Comment
    from readinggroup.first_run import owner_of
    from readinggroup.groups.models import Group, Membership, Role, Visibility

    from .data import text

    group, new = Group.objects.get_or_create(
        slug="hidden-group", defaults={"name": "Hidden", "visibility": Visibility.MEMBERS}
    )
    owner = owner_of(Group.objects.exclude(pk=group.pk).first())
    if new:
        Membership.objects.create(group=group, user=owner, roles=[Role.OWNER])
    reading = text(group, "hidden")
    version = reading.edition.current.versions.first()
    comment = Comment.objects.filter(reading=reading).first() or Comment.objects.create(
        reading=reading, paragraph=version.paragraph, version=version, author=owner, body="x", body_html="<p>x</p>"
    )
    return {
        "a hidden group's page": ("/g/hidden-group/", "/g/absent-group/"),
        "its reading page": (f"/g/hidden-group/read/{reading.slug}/", f"/g/absent-group/read/{reading.slug}/"),
        "a comment in it": (f"/c/{comment.public_id}/", "/c/zzzzzzzzzz/"),
    }


def measure(options, addresses, turns=TIMES):
    """(what, Pair) for each pair of addresses."""
    for name, pair in addresses.items():
        asked = [request_bytes("GET", path, f"127.0.0.1:{options.port}", {}) for path in pair]
        times = ([], [])
        with socket.create_connection(("127.0.0.1", options.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            buffer = bytearray(1 << 20)
            for turn in range(turns + 50):
                for which in (0, 1) if turn % 2 else (1, 0):
                    begun = time.perf_counter()
                    status, _length = exchange(connection, asked[which], buffer)
                    if status != 404:
                        raise SystemExit(f"{pair[which]} answered {status}")
                    if turn >= 50:
                        times[which].append(1000 * (time.perf_counter() - begun))
        yield name, Pair(statistics.median(times[0]), statistics.median(times[1]), told_apart(*times))


def told_apart(one, other) -> float:
    """The share of all pairs in which the first is the larger (Mann and Whitney's U, over the number of pairs)."""
    other = sorted(other)
    return sum(bisect.bisect_left(other, value) for value in one) / (len(one) * len(other))
