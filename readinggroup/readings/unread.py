"""What one reader has not seen yet of what is said about a text, paragraph by paragraph."""

from dataclasses import dataclass

from django.db import connection
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readinggroup.lib.stamps import stamp

from .pages import UNREAD, Address

MOST_LINKS = 30  # of paragraphs with something unread; whoever comes back after a year wants "the next"
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
        UnreadThere(outline.by_paragraph[paragraph], comments, said)
        for paragraph, comments, said in rows
        if paragraph in outline.by_paragraph
    ]
    return sorted(found, key=lambda there: there.address.number)


def ask_unread(reading_id, user_id) -> str:
    """The same for a page that has not asked yet: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [user_id, reading_id])
        return cursor.fetchone()[0]


def unread_part(page, token, unread) -> str:
    """How much is unread in all, the way to the next, and to be done with it. `page` is the reading page's address."""
    total = sum(there.comments for there in unread)
    if not total:
        return stamp("readings/_unread.html", (), some=False).fill({})
    words = ngettext("%(count)d unread comment", "%(count)d unread comments", total) % {"count": total}
    paragraphs = ngettext("in %(count)d paragraph", "in %(count)d paragraphs", len(unread)) % {"count": len(unread)}
    link = stamp("readings/_unread_there.html", ("href", "number", "comments"))
    return stamp(
        "readings/_unread.html", ("page", "token", "words", "paragraphs", "links", "map", "until"), some=True
    ).fill(
        {
            "page": escape(page),
            "token": escape(token),
            "words": words,
            "paragraphs": paragraphs,
            "links": "".join(
                link.fill(
                    {
                        "href": f"{escape(page)}p/{there.address.public_id}/",
                        "number": str(there.address.number),
                        "comments": escape(_("%(count)d new") % {"count": there.comments}),
                    }
                )
                for there in unread[:MOST_LINKS]
            ),
            "map": " ".join(f"{there.address.public_id}:{there.comments}" for there in unread),
            "until": until_of(unread),
        }
    )


def until_of(unread) -> str:
    """What "mark all read" is about: each paragraph with the last comment there that can have been seen."""
    return " ".join(f"{there.address.public_id}:{there.said}" for there in unread)
