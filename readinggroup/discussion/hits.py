"""What a search has found, as HTML: its place in the text as it is now, who said it, and the words marked."""

from datetime import datetime
from html import escape
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from readinggroup.groups.models import Membership
from readinggroup.lib.full_text import configuration_of
from readinggroup.lib.prepared import AnyOf, Parameter, prepared
from readinggroup.lib.stamps import stamp
from readinggroup.readings.views import page_at
from texts.models import ParagraphVersion

from .models import Comment, MutedPerson, Viewer, words_are_for
from .places import place_of
from .rendering import dated
from .snippets import marked, plain

COMMENTS, TEXTS = "comments", "texts"


class Said(NamedTuple):
    """A comment among the hits."""

    pk: int
    public_id: str
    reading: int
    paragraph: int
    number: int  # that the paragraph bore when it was said
    author: str  # as the group calls them
    muted: bool
    state: str
    question: str
    created_at: datetime
    html: str


class Written(NamedTuple):
    """A paragraph among the hits."""

    pk: int
    revision: int
    paragraph: int
    number: int
    text: str


@prepared
def _said(traits):
    """The comments of these keys that a reader of these traits may read, asked anew."""
    here = Membership.objects.filter(group=Parameter("group"), user=OuterRef("author")).exclude(name_here="")
    muted = MutedPerson.objects.filter(group=Parameter("group"), by=Parameter("user"), person=OuterRef("author"))
    comments = Comment.objects.filter(
        words_are_for(Viewer.with_traits(traits)),
        AnyOf("reading_id", Parameter("readings")),
        AnyOf("id", Parameter("keys")),
    )
    return comments.values_list(
        "pk", "public_id", "reading", "paragraph", "version__number",
        Coalesce(Subquery(here.values("name_here")), "author__display_name"), Exists(muted), "state", "question",
        "created_at", "body_html",
    )  # fmt: skip


@prepared
def _written():
    versions = ParagraphVersion.objects.filter(AnyOf("id", Parameter("keys")))
    return versions.order_by().values_list("pk", "revision", "paragraph", "number", "text")


def shown(membership, readings, rows, words) -> list[str]:
    """The hits of this page as HTML: three queries at most."""
    keys = {kind: [key for each, key in rows if each == kind] for kind in (COMMENTS, TEXTS)}
    by_key = {reading.pk: reading for reading in readings}
    by_revision = {reading.edition.current_id: reading for reading in reversed(readings)}
    found = {}
    if keys[COMMENTS]:
        viewer = Viewer.of(membership)
        said = _said(viewer.traits).rows(
            group=viewer.group, user=viewer.user, readings=list(by_key), keys=keys[COMMENTS]
        )
        found |= {(COMMENTS, row[0]): Said(*row) for row in said}
    if keys[TEXTS]:
        found |= {(TEXTS, row[0]): Written(*row) for row in _written().rows(keys=keys[TEXTS])}
    hits = [found[row] for row in rows if row in found]
    places = [by_key[hit.reading] if isinstance(hit, Said) else by_revision[hit.revision] for hit in hits]
    texts = [plain(hit.html) if isinstance(hit, Said) else hit.text for hit in hits]
    snippets = marked(texts, [configuration_of(reading.edition.language) for reading in places], words)
    zone, language = timezone.get_current_timezone_name(), get_language()
    as_read = zip(hits, places, snippets, strict=True)
    return [as_hit(hit, reading, text, zone=zone, language=language) for hit, reading, text in as_read]


_SLOTS = ("author", "href", "iso", "when", "title", "section", "number", "language", "snippet")


def as_hit(hit, reading, snippet, *, zone, language) -> str:
    """One hit with its place in the text as it is now: stamped, since a template takes longer than all the rest.

    Its date is told in this zone and language, those that are active.
    """
    is_comment = isinstance(hit, Said)
    place = place_of(reading, hit.paragraph, hit.number)
    values = {
        "title": escape(reading.edition.title),
        "section": escape(place.section),
        "number": str(place.number),
        "language": escape(reading.edition.language),
        "snippet": snippet,
    }
    flags = {"is_comment": is_comment, "state": "", "question": "", "muted": False}
    if is_comment:
        minute = hit.created_at.replace(second=0, microsecond=0)
        flags |= {"state": hit.state, "question": hit.question, "muted": hit.muted}
        values |= {
            "author": escape(hit.author),
            "href": f"/c/{hit.public_id}/",  # as in _comment.html; `reverse` takes as long as the rest of a hit
            "iso": hit.created_at.isoformat(timespec="seconds"),
            "when": dated(minute, zone, language),
        }
    else:
        values["href"] = escape(page_at(reading, place.address))
    slots = _SLOTS if place.section else tuple(name for name in _SLOTS if name != "section")
    return mark_safe(stamp("discussion/_hit.html", slots, **flags).fill(values))  # noqa: S308 - escaped, each of them
