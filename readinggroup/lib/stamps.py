"""A template that is rendered once and then stamped, row by row, by joining strings.

A template costs about 30 microseconds a tag; a page of 500 comments would spend most of its time there. The HTML still
stands in a template, where designers find it; only its slots are filled here. A stamp lives as long as the process, one
for each language and each set of flags.
"""

import secrets
import zlib
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.translation import get_language

# What stands for a slot. Drawn anew by each process, so that no text, wherever it came from, can hold one.
MARK = f"\x1f{secrets.token_hex(8)}\x1f"


def slot(name: str) -> str:
    """What stands in the rendered template where `name` is to be filled in."""
    return f"{MARK}{name}{MARK}"


class Stamp:
    """The constant pieces of a rendered template, and the names of the slots between them."""

    def __init__(self, html: str):
        parts = html.split(MARK)  # a piece, a name, a piece, …
        self.pieces, self.names = parts[0::2], parts[1::2]

    def fill(self, values) -> str:
        """The HTML with `values[name]` in each slot. The values are HTML already: escape what people wrote."""
        out = [""] * (2 * len(self.pieces) - 1)
        out[0::2] = self.pieces
        out[1::2] = [values[name] for name in self.names]
        return "".join(out)


class PackedStamp:
    """A stamp of much text that is asked for now and then: a third of the room, for half a millisecond a use."""

    def __init__(self, html: str):
        self.packed = zlib.compress(html.encode(), level=1)  # more takes longer, and saves little

    def __len__(self):
        return len(self.packed)

    def fill(self, values) -> str:
        """As Stamp.fill."""
        return Stamp(zlib.decompress(self.packed).decode()).fill(values)


class Page:
    """A whole page as a stamp, in bytes: a request fills a few short slots in two hundred thousand characters."""

    def __init__(self, html: str):
        made = Stamp(html)
        self.pieces, self.names = [piece.encode() for piece in made.pieces], made.names

    def __len__(self):
        return sum(map(len, self.pieces))

    def fill(self, values) -> bytes:
        """The page with `values[name]`, HTML already, in each slot."""
        # Without a loop in Python: a discussion has thousands of slots.
        out = [b""] * (2 * len(self.pieces) - 1)
        out[0::2] = self.pieces
        out[1::2] = list(map(str.encode, map(values.__getitem__, self.names)))
        return b"".join(out)


def stamp(template: str, slots: tuple[str, ...], **flags) -> Stamp:
    """The template's stamp in the active language, with these flags in its context."""
    return _stamp(template, slots, get_language(), tuple(sorted(flags.items())))


@lru_cache(maxsize=1_000)
def _stamp(template, slots, language, flags):
    context = {name: slot(name) for name in slots} | dict(flags)
    return Stamp(render_to_string(template, context))
