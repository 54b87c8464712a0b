"""What one reader has not seen yet of what is said about a text, paragraph by paragraph."""

from dataclasses import dataclass

from django.db import connection
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import get_language

from readinggroup.lib.kept import Kept
from readinggroup.lib.stamps import Stamp, slot

from .pages import UNREAD, Address, outline_of

_parts = Kept(10_000_000, passing=True)
MOST_LINKS = 10  # of paragraphs with something unread: a hundred bytes each; after a year away one wants "the next"
_ASK = f"SELECT {UNREAD.replace('$user', '%s').replace('$reading', '%s')}"


@dataclass(frozen=True)
class UnreadThere:
    """How much is unread at one paragraph, and the sequence of the last comment there when that was so."""

    address: Address
    comments: int
    said: int


def unread_in(outline, told: str) -> list[UnreadThere]:
    """What the database has told ("paragraph:unread:said …"), in the text's order; what is not in it is left out."""
    rows = (tuple(map(int, row.split(":"))) for row in told.split())
    found = [
        UnreadThere(there, comments, said) for paragraph, comments, said in rows if (there := outline.near(paragraph))
    ]
    return sorted(found, key=lambda there: there.address.number)


def ask_unread(reading_id, user_id) -> str:
    """The same for a page that has not asked yet: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [user_id, reading_id])
        return cursor.fetchone()[0]


def unread_part(page, token, revision_id, told) -> str:
    """How much is unread in all, the way to the next, and to be done with it. `page` is the reading page's address.

    Made once for what the database has told, since it is the same until something is said or seen.
    """
    made = _parts.get_or_make(
        (page, told, revision_id, get_language()),
        lambda: made_part(page, revision_id, told),
        size_of=lambda stamp: sum(map(len, stamp.pieces)),
    )
    return made.fill({"token": escape(token)})


def made_part(page, revision_id, told) -> Stamp:
    """The same with a slot for the token of its form."""
    unread = unread_in(outline_of(revision_id), told)
    total = sum(there.comments for there in unread)
    context = {
        "page": page,
        "token": slot("token"),
        "total": total,
        "unread": unread,
        "links": unread[:MOST_LINKS],
        "counts": " ".join(str(there.comments) for there in unread),
        "until": until_of(unread),
    }
    return Stamp(render_to_string("readings/_unread.html", context))


def until_of(unread) -> str:
    """What "mark all read" is about: each paragraph with the last comment there that can have been seen."""
    return " ".join(f"{there.address.public_id}:{there.said}" for there in unread)
