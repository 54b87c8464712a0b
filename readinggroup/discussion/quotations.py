"""What comments quote, as one reader sees it above them.

Who may not read a comment now does not read what others have quoted of it.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db.models import FilteredRelation, Q
from django.urls import reverse
from django.utils.html import escape

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.prepared import AnyOf, Parameter, prepared
from readinggroup.lib.stamps import slot, stamp
from readinggroup.readings.pages import outline_of

from .linked import readings_beside
from .models import Comment, Quote, Viewer
from .naming import name_slot


@dataclass(frozen=True)
class Shown:
    """A quotation as one reader sees it: without words, if they may not read what is quoted."""

    comment_id: int
    exact: str = ""
    start: int = 0
    end: int = 0
    paragraph: str = ""  # public id, of a passage of the text
    number: int | None = None
    section: int | None = None
    is_elsewhere: bool = False  # at another paragraph than the comment
    is_lost: bool = False  # its words are not in the text any more
    address: str = ""
    source: str = ""  # public id, of a passage of a comment
    author_id: int | None = None
    author: str = ""
    edition: str = ""  # the title, of a passage of another edition than the comment is about
    language: str = ""


_COLUMNS = (
    "comment_id", "comment__paragraph_id", "comment__reading__slug", "comment__reading__edition__current_id", "exact",
    "start", "end", "version__paragraph_id", "version__paragraph__public_id", "version__number", "source_id",
    "source__paragraph_id", "wording", "anchor__pk", "anchor__start", "anchor__end", "anchor__version__paragraph_id",
    "anchor__version__paragraph__public_id",
    "comment__reading__edition_id", "version__revision__edition_id",
)  # fmt: skip


class _Row(NamedTuple):
    comment_id: int
    at: int
    reading: str
    revision: int
    exact: str
    start: int
    end: int
    paragraph_id: int | None
    paragraph: str | None
    number: int | None
    source_id: int | None
    source_at: int | None
    wording: int | None
    # Where its words stand since the text was revised; without a paragraph: nowhere.
    anchor: int | None
    anchor_start: int | None
    anchor_end: int | None
    anchor_paragraph_id: int | None
    anchor_paragraph: str | None
    edition: int
    quoted_edition: int | None


def quotes_shown(membership, comment_pks) -> dict:
    """What each of these comments quotes, as this reader may see it: comment's key -> list.

    Two queries; a third where comments are quoted, for how the group calls people, once an answer; one more where
    another edition is quoted, for who may read that.
    """
    viewer = Viewer.of(membership)
    rows = _quotes(viewer.traits).rows(group=viewer.group, user=viewer.user, comments=list(comment_pks))
    rows = [_Row(*row) for row in rows]
    sources = {}
    asked = {row.source_id for row in rows} - {None}
    if asked:
        readable = Comment.objects.visible_to(membership).exclude(shown_html="")
        columns = ("pk", "public_id", "author_id", "author__display_name", "oldest_shown")
        sources = {pk: source for pk, *source in readable.filter(pk__in=asked).values_list(*columns)}
    others = {row.quoted_edition for row in rows if row.quoted_edition != row.edition} - {None}
    beside = readings_beside(membership).filter(edition__in=others).with_text() if others else ()
    beside = {each.edition_id: each for each in beside}
    shown = defaultdict(list)
    for row in rows:
        if row.source_id is not None:
            one = of_comment(membership, row, sources.get(row.source_id))
        elif row.quoted_edition != row.edition:
            one = of_another_edition(membership, row, beside.get(row.quoted_edition))
        else:
            one = of_text(membership, row)
        shown[row.comment_id].append(one)
    return dict(shown)


@prepared
def _quotes(traits):
    readable = Comment.objects.visible_to_viewer(Viewer.with_traits(traits)).exclude(shown_html="")
    quoting = readable.filter(AnyOf("id", Parameter("comments")))
    rows = Quote.objects.filter(comment__in=quoting).order_by("comment_id", "position")
    rows = rows.annotate(anchor=FilteredRelation("anchors", condition=Q(anchors__is_current=True)))
    return rows.values_list(*_COLUMNS)


def of_text(membership, row) -> Shown:
    """A passage of the text: where its words stand now, with the number of that paragraph, and the way there.

    Of words that are not in the text any more, where they were; of a paragraph that is not, its own page.
    """
    is_lost = row.anchor is not None and row.anchor_paragraph_id is None
    outline = outline_of(row.revision)
    if row.anchor is None or is_lost:
        key, name, start, end = row.paragraph_id, row.paragraph, row.start, row.end
    else:
        key, name, start, end = row.anchor_paragraph_id, row.anchor_paragraph, row.anchor_start, row.anchor_end
    now = outline.by_paragraph.get(key)
    where = {"group": membership.group.slug, "reading": row.reading, "paragraph": now.public_id if now else name}
    return Shown(
        row.comment_id,
        row.exact,
        start,
        end,
        now.public_id if now else name,
        now.number if now else row.number,
        now.section if now else None,
        is_elsewhere=(now.pk if now else key) != row.at,
        is_lost=is_lost,
        address=reverse("discussion:paragraph", kwargs=where) if outline.near(key) else "",
    )


def of_another_edition(membership, row, reading) -> Shown:
    """A passage of another edition, as the group reads it; without its words where that may not be read."""
    if reading is None:
        return Shown(row.comment_id, is_elsewhere=True)
    edition = reading.edition
    row = row._replace(reading=reading.slug, revision=edition.current_id)
    return replace(of_text(membership, row), edition=edition.title, language=edition.language)


def of_comment(membership, row, source) -> Shown:
    """A passage of a comment; without its words where that comment, or that wording of it, may not be read.

    The author of earlier wordings reads them in the history of their comment, not here: this is kept for all.
    """
    elsewhere = row.source_at != row.at
    if source is None:
        return Shown(row.comment_id, is_elsewhere=elsewhere)
    public_id, author_id, name, oldest_shown = source
    name = membership.group.names_here.get(author_id) or name
    may_read = row.wording >= oldest_shown or may(membership, Can.MODERATE)
    return Shown(
        row.comment_id,
        row.exact if may_read else "",
        source=public_id,
        author_id=author_id,
        author=name,
        is_elsewhere=elsewhere,
    )


def quotes_above(membership, comment_pks, *, link=None) -> dict:
    """The quotations of each of these comments as HTML, to stand above it: comment's key -> HTML.

    `link(quotation)` is where a passage of the text is to be found, where not on its paragraph's page.
    """
    return {
        pk: "".join(as_html(one, link=link) for one in shown)
        for pk, shown in quotes_shown(membership, comment_pks).items()
    }


def quotes_to_keep(membership, comment_pks) -> tuple[dict, set, tuple]:
    """The same for a page that is kept for many: (HTML with slots for names, who is named, what is asked anew).

    What quotes a comment at another paragraph is a slot, `q` and the comment's key: this paragraph's page is not made
    anew when that one is hidden. So is what quotes another edition, which may come to be kept for members.
    """
    above, people, live = {}, set(), []
    for pk, shown in quotes_shown(membership, comment_pks).items():
        if any(one.is_elsewhere and (one.edition or not one.paragraph) for one in shown):
            above[pk] = slot(f"q{pk}")
            live.append(pk)
        else:
            above[pk] = "".join(as_html(one, name=name_slot) for one in shown)
            people |= {one.author_id for one in shown if one.exact} - {None}
    return above, people, tuple(live)


_SLOTS = ("words", "start", "end", "paragraph", "number", "address", "source", "author", "edition", "language")


def as_html(shown, *, name=None, link=None) -> str:
    """One quotation."""
    if not shown.exact:
        kind = "gone"
    elif shown.source:
        kind = "comment"
    elif shown.is_lost:
        kind = "lost"
    else:
        kind = "edition" if shown.edition else "text"
    address = link(shown) if link and shown.address else shown.address
    chosen = stamp("discussion/_quote.html", _SLOTS, kind=kind, linked=bool(address), elsewhere=shown.is_elsewhere)
    return chosen.fill(
        {
            "words": escape(shown.exact),
            "start": str(shown.start),
            "end": str(shown.end),
            "paragraph": shown.paragraph,
            "number": str(shown.number),
            "address": escape(address),
            "source": shown.source,
            "author": name(shown.author_id) if name else escape(shown.author),
            "edition": escape(shown.edition),
            "language": escape(shown.language),
        }
    )
