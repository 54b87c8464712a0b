"""What was aimed at, and whether this run reached it.

The aims are told as shares of yardsticks that are measured in the same run, since machines differ. Those for the first
page of a discussion and for what is unread come from multiples of other programs' requests a second, of which we keep
the share that these were of the yardstick on the machine where both were measured once.
"""

from dataclasses import dataclass, field

from .serving import web_memory

WHOLE_A_SECOND = 20  # times a second a discussion of 500 is given whole
MOST_MEMORY = 250  # megabytes of two web processes, idle or not
MOST_REQUESTS, MOST_BYTES = 6, 250_000  # of the reading page in a browser, before compression
FIRST_PAINT = 1.3  # of the bare page's

# A row's name begins so -> (of which yardstick, at least so much of it).
SHARES = {
    "reading page, signed out": ("one SELECT", 3),
    "reading page, signed in": ("one SELECT", 2),
    "discussion of 500, first page, signed out": ("one SELECT", 5 * 50 / 227),
    "discussion of 500, first page, signed in": ("one SELECT", 3 * 50 / 227),
    "post a comment": ("one SELECT", 1 / 3),
    "post an answer": ("one SELECT", 1 / 3),
    "pulse, nothing new": ("the bare view", 3 * 87 / 2_174),
    "search": ("one SELECT", 1 / 2),
}


@dataclass
class Told:
    """All that one run has found; of what was not looked at, nothing."""

    rows: list = field(default_factory=list)
    inside: list = field(default_factory=list)
    idle: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    phone: list = field(default_factory=list)


def aims(told):
    """(aim, what was found, whether it was reached)."""
    for row in told.rows:
        for name, (of, least) in SHARES.items():
            found = row.share(row.bares if of == "the bare view" else row.selects)
            if row.name.startswith(name) and found is not None:
                yield f"{row.name}: at least {least:.2f} of {of}", f"{found:.2f}", found >= least
        if "whole" in row.name:
            found = row.page.per_second
            yield f"{row.name}: at least {WHOLE_A_SECOND} a second", f"{found:.0f}", found >= WHOLE_A_SECOND
    for when, memory in (("idle", told.idle), ("after the pages", told.after)):
        if not memory:
            continue
        found = web_memory(memory)
        yield f"two web processes, {when}: at most {MOST_MEMORY} MB", f"{found:.0f} MB", found <= MOST_MEMORY
    for seen in told.phone:
        if seen.bare:
            share = seen.first_paint / seen.bare
            yield (
                f"{seen.name}: first paint within {FIRST_PAINT} of the bare page",
                f"{share:.2f}",
                share <= FIRST_PAINT,
            )
        if seen.name.startswith("reading page"):
            yield f"{seen.name}: at most {MOST_REQUESTS} requests", f"{seen.requests}", seen.requests <= MOST_REQUESTS
            found = seen.bytes
            yield f"{seen.name}: at most {MOST_BYTES:,} bytes, not compressed", f"{found:,}", found <= MOST_BYTES


def table(told):
    """The aims as lines of Markdown."""
    yield "| aim | found | reached |"
    yield "|---|---|---|"
    for aim, found, reached in aims(told):
        yield f"| {aim} | {found} | {'yes' if reached else '**no**'} |"
