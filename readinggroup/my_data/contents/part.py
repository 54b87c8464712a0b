"""What a part of the archive is, and what all parts use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

A_CHUNK = 500  # rows that are in memory at a time


class Words(str):
    """What somebody wrote, as typed; `html` is what it became."""

    __slots__ = ("html",)

    def __new__(cls, text, html):
        words = super().__new__(cls, text)
        words.html = html
        return words


@dataclass(frozen=True)
class Part:
    """A part of the archive: its name in the JSON, its title for people, what it covers, and its rows."""

    name: str
    title: str
    covers: tuple[str, ...]
    rows: Callable[[object], Iterable[dict]]


def each(rows):
    """The rows, a chunk at a time."""
    return rows.order_by("pk").iterator(chunk_size=A_CHUNK)


def on_this_site(name, *args) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


def in_texts(rows):
    """Rows that hang on a paragraph of a reading, with what `place_of` tells."""
    return each(rows.select_related("reading__group", "reading__edition", "paragraph"))


def place_of(row) -> dict:
    """Where something stands: in which group, in which text, and at which paragraph if at one."""
    return {
        "group": row.reading.group.name,
        "text": row.reading.edition.title,
        "paragraph_id": row.paragraph and row.paragraph.public_id,
    }
