"""The text of the reading page, put together from parts that are kept ready.

A published revision never changes, so its HTML is made once per process, section and language (the skeleton), with a
slot at each paragraph for how much is said there. A request asks the database for one row; while that says that nothing
has changed, the whole page is kept too, and only what belongs to the person is filled in.
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from math import log1p
from operator import attrgetter
from typing import NamedTuple

from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext

from readinggroup.groups.models import STANDING, standing_columns, standing_from
from readinggroup.lib.kept import Kept
from readinggroup.lib.stamps import Page, Stamp, slot
from texts.models import Kind, NoteMark, ParagraphVersion, Section

from .models import Ahead, ParagraphActivity

# A note mark with the end of the word before it, which it must not be parted from at the end of a line.
_NOTE_MARK = re.compile(r'((?:&#?\w{1,8};|[^\s<>&]){0,30})<sup class="note-mark" data-note="[^"]*"></sup>')
# Kinds whose neighbours are set as one: the items of a list, the paragraphs of a quotation, the lines of a stanza.
_RUNNING_KINDS = {Kind.LIST_ITEM, Kind.BLOCKQUOTE, Kind.VERSE_LINE}
_RAIL_BARS = 80
_position = attrgetter("position")
_RAIL_HEIGHT = 20

_outlines, _skeletons, _pages = Kept(10_000_000), Kept(30_000_000), Kept(60_000_000)


@dataclass(frozen=True)
class Address:
    """Where a paragraph stands: its identity, the number it bears, its section."""

    pk: int
    public_id: str
    number: int
    section: int


@dataclass(frozen=True)
class Outline:
    """The sections of a revision and the addresses of its paragraphs, in order."""

    sections: tuple
    addresses: tuple
    by_paragraph: dict
    by_name: dict  # public id -> address

    def __len__(self):
        return 200 * len(self.addresses)


@dataclass(frozen=True)
class PageText:
    """What the reading page shows of the text and of how much is said where."""

    article: str
    contents: str
    rail: str
    comments: int


def outline_of(revision_id) -> Outline:
    """The revision's outline: two queries the first time, none after."""

    def make():
        sections = tuple(Section.objects.filter(revision_id=revision_id))
        positions = {section.pk: section.position for section in sections}
        rows = ParagraphVersion.objects.filter(revision_id=revision_id).values_list(
            "paragraph_id", "paragraph__public_id", "number", "section_id"
        )
        addresses = tuple(Address(pk, name, number, positions[key]) for pk, name, number, key in rows)
        by_paragraph = {address.pk: address for address in addresses}
        return Outline(sections, addresses, by_paragraph, {address.public_id: address for address in addresses})

    return _outlines.get_or_make(revision_id, make)


class Now(NamedTuple):
    """What one row says about a reading at this moment: all that its page depends on, but for the person who asks."""

    reading: int
    revision: int
    words: int
    for_members: bool
    edition: tuple  # title, author, language, translator, rights
    ahead: str | None  # the next session about it, in JSON: its name, when, where the clocks are, its passages
    changes: int  # to what is said anywhere in it; only ever rises
    place: int | None  # the paragraph where this person stopped
    unread: str | None  # "paragraph:unread:said" for each with something unread; None of who does not belong


# What belongs to the person: all pages of a moment are kept without it.
_NOBODYS = {"place": None, "unread": None}

# Of a person ($user) and a reading ($reading): each paragraph where something is unread, how much, and the last there.
UNREAD = """(
    SELECT coalesce(string_agg(concat_ws(':', a.paragraph_id, a.comments - coalesce(s.comments, 0), a.said), ' '), '')
    FROM readings_paragraphactivity a
    LEFT JOIN readings_seen s
        ON s.reading_id = a.reading_id AND s.paragraph_id = a.paragraph_id AND s.user_id = $user
    WHERE a.reading_id = $reading AND a.comments > coalesce(s.comments, 0)
)"""
_NOW = """,
    reading.id, revision.id, revision.words, reading.for_members,
    edition.title, edition.author, edition.language, edition.translator, edition.rights,
    (SELECT jsonb_build_array(session, starts_at, zone, all_day, passages)::text FROM readings_ahead
     WHERE reading_id = reading.id AND ends_at > now() ORDER BY starts_at, id LIMIT 1),
    (SELECT coalesce(sum(changes), 0)::bigint FROM readings_paragraphactivity WHERE reading_id = reading.id),
    (SELECT paragraph_id FROM readings_place WHERE reading_id = reading.id AND user_id = m.user_id),
    CASE WHEN m.id IS NOT NULL THEN {unread} END
""".format(unread=UNREAD.replace("$user", "m.user_id").replace("$reading", "reading.id"))  # noqa: S608 - our own SQL
_NOW_WIDTH = 13
_OF_THE_READING = """
    LEFT JOIN (
        readings_reading reading
        JOIN texts_edition edition ON edition.id = reading.edition_id
        JOIN texts_revision revision ON revision.id = edition.current_id
    ) ON reading.group_id = g.id AND reading.slug = %s AND (m.id IS NOT NULL OR g.visibility <> 'members')
"""  # of a hidden group nothing is looked up for outsiders: it takes as long as one that is not there


class Also(NamedTuple):
    """What a page asks for in the same question as the reading: SQL, with one value where the joins have a place."""

    columns: tuple[str, ...]
    joins: str
    value: str


def standing_and_now(user_id, group, slug, also=None):
    """How the person stands to the group, and the reading as it is now: (membership, Now), in one row and one query.

    The second is None if the group has no such reading. What is asked for `also` follows as a third. Written in SQL
    because these pages are asked for more than all others, and building the query takes longer than answering it.
    """
    columns, joins, values = _NOW, _OF_THE_READING, [group, user_id, slug]
    if also:
        columns, joins, values = ", ".join([_NOW, *also.columns]), joins + also.joins, [*values, also.value]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {standing_columns()} {columns} {STANDING} {joins}", values)
        row = cursor.fetchone()
    more = len(also.columns) if also else 0
    now, asked = row[len(row) - more - _NOW_WIDTH : len(row) - more], row[len(row) - more :]
    reading, revision, words, for_members, *edition, ahead, changes, place, unread = now
    if reading is not None:
        now = Now(reading, revision, words, for_members, tuple(edition), ahead, changes, place, unread)
    found = (standing_from(row), None if reading is None else now)
    return (*found, asked) if also else found


def kept_page(now, position, extra, make) -> Page:
    """The reading page of this moment, made once: `extra` is what else it depends on, `make()` renders it."""
    key = (now._replace(**_NOBODYS), position, get_language(), extra)
    return _pages.get_or_make(key, lambda: Page(make()))


def text_of(now, position: int | None) -> PageText:
    """The section at the position, or the whole text, with what is said where."""
    outline, counts = outline_of(now.revision), counts_in(now.reading)
    labels = {f"p{address.pk}": talk_label(counts[address.pk]) for address in outline.addresses}
    article = kept_skeleton(now.revision, position, outline).fill(labels)
    rest = numbers(outline, counts, position, ahead_in(now, outline).spans)
    return PageText(article=mark_safe(article), **rest)  # noqa: S308 - as below


class AheadNow(NamedTuple):
    """The next session about a text: its name, when it begins, the zone of its place, and what is to be read."""

    session: str = ""
    starts_at: datetime | None = None
    zone: str = ""
    all_day: bool = False
    spans: tuple = ()  # pairs of addresses, in their order


def ahead_in(now, outline) -> AheadNow:
    """What is ahead at this moment, of paragraphs that the text has. Empty where nothing is."""
    if now.ahead is None:
        return AheadNow()
    session, starts_at, zone, all_day, passages = json.loads(now.ahead)
    return AheadNow(session, datetime.fromisoformat(starts_at), zone, all_day, spans_in(passages, outline))


def spans_ahead(reading_id, outline) -> tuple:
    """What is to be read for the next session about this text, for who does not have it at hand: one query."""
    ahead = Ahead.objects.filter(reading=reading_id, ends_at__gt=timezone.now()).order_by("starts_at", "pk")
    return spans_in(ahead.values_list("passages", flat=True).first() or [], outline)


def spans_in(passages, outline) -> tuple:
    """Pairs of paragraphs' keys as pairs of addresses in their order; of paragraphs that the text has."""
    ends = [[outline.by_paragraph.get(pk) for pk in pair] for pair in passages]
    return tuple(tuple(sorted(pair, key=attrgetter("number"))) for pair in ends if None not in pair)


def text_with_threads(reading_id, revision_id, position: int | None, threads) -> PageText:
    """The same as one document, with each paragraph's thread (HTML by the paragraph's key) standing after it."""
    outline = outline_of(revision_id)
    skeleton = kept_skeleton(revision_id, position, outline, frozenset(threads))
    article = skeleton.fill({f"t{pk}": thread for pk, thread in threads.items()})
    return PageText(
        article=mark_safe(article),  # noqa: S308 - made of our templates, sanitised paragraphs and comments
        **numbers(outline, counts_in(reading_id), position),
    )


def counts_in(reading_id) -> defaultdict:
    """How many comments stand at each paragraph of the reading: one query."""
    rows = ParagraphActivity.objects.filter(reading_id=reading_id, comments__gt=0)
    return defaultdict(int, rows.values_list("paragraph_id", "comments"))


def numbers(outline, counts, position, ahead=()) -> dict:
    """How much is said where: contents, rail, and all of it. The contents say which sections are read next."""
    sections = [(*row, is_ahead(row[0], ahead)) for row in contents(outline, counts)]
    return {
        "contents": render_to_string("readings/_contents.html", {"sections": sections, "open": position}),
        "rail": render_to_string(
            "readings/_rail.html", {"bars": rail(outline, counts, position), "height": _RAIL_HEIGHT}
        ),
        "comments": sum(counts[address.pk] for address in outline.addresses),
    }


def is_ahead(section, spans) -> bool:
    """Whether something of the section is to be read for the next session."""
    return any(first.number <= section.last_number and section.first_number <= last.number for first, last in spans)


def talk_label(count: int) -> str:
    """What the button at a paragraph says: a number to see, words to hear."""
    return _talk_label(count, get_language())


@lru_cache(maxsize=5_000)
def _talk_label(count, language):
    words = ngettext("%(count)d comment", "%(count)d comments", count) % {"count": count}
    return mark_safe(render_to_string("readings/_talk_label.html", {"count": count, "words": words}).strip())  # noqa: S308


def kept_skeleton(revision_id, position, outline, talked=None) -> Stamp:
    """The skeleton, made once a process."""
    return _skeletons.get_or_make(
        (revision_id, position, get_language(), talked),
        lambda: skeleton_of(revision_id, position, outline, talked),
        size_of=lambda stamp: sum(map(len, stamp.pieces)),
    )


def skeleton_of(revision_id, position, outline, talked=None) -> Stamp:
    """The HTML of the section, or of all sections, with a slot named `p<paragraph>` at each paragraph.

    With `talked`, the paragraphs that have a thread, it is the skeleton of a document to be read, printed and kept: no
    buttons, notes as endnotes, and after each of those paragraphs a slot named `t<paragraph>`.
    """
    whole = talked is not None
    versions = ParagraphVersion.objects.filter(revision_id=revision_id).select_related("paragraph")
    if position is not None:
        versions = versions.filter(section=outline.sections[position])
    versions = list(versions)
    notes = notes_called_in(versions)
    for version in versions:
        version.talk = slot(f"p{version.paragraph_id}")
        version.thread = slot(f"t{version.paragraph_id}") if whole and version.paragraph_id in talked else ""
    called = set()
    for version in versions:
        version.marked_html = with_note_marks(version.html, notes[version.pk], called, whole=whole)
    by_section = groupby(versions, key=lambda version: version.section_id)
    titles = {section.pk: section for section in outline.sections}
    return Stamp(
        render_to_string(
            "readings/_text.html",
            {
                "sections": [(titles[key], list(runs(inside))) for key, inside in by_section],
                "notes": sorted({note.pk: note for each in notes.values() for note in each}.values(), key=_position),
                "whole": whole,
            },
        )
    )


def notes_called_in(versions) -> dict:
    """The notes that each version calls, in the order of their marks."""
    notes = defaultdict(list)
    marks = NoteMark.objects.filter(version__in=[version.pk for version in versions])
    for mark in marks.select_related("note").order_by("version_id", "offset", "note__position"):
        notes[mark.version_id].append(mark.note)
    return notes


def with_note_marks(html: str, notes, called, *, whole=False) -> str:
    """The paragraph's HTML with its note marks: buttons that show the note in its place, or links to the endnotes.

    `called` are the notes that were called before: an endnote leads back to its first mark, so that has a name.
    """
    waiting = iter(notes)

    def mark(match):
        note, word = next(waiting, None), mark_safe(match[1])  # noqa: S308 - as below
        if note is None:
            return word
        first = whole and note.pk not in called
        called.add(note.pk)
        context = {"note": note, "word": word, "whole": whole, "first": first}
        return render_to_string("readings/_note_mark.html", context).strip()

    return mark_safe(_NOTE_MARK.sub(mark, html))  # noqa: S308 - sanitised at import


def runs(versions):
    """Neighbours that are set together, as (kind, list kind, versions).

    A thread ends a quotation or a stanza, which go on after it; in a list it stands inside its item.
    """
    number, is_ended = 0, False

    def key(version):
        nonlocal number, is_ended
        if version.kind not in _RUNNING_KINDS or version.list_number == 1 or is_ended:
            number += 1  # stands alone, or begins a list of its own
        is_ended = version.thread != "" and version.kind != Kind.LIST_ITEM
        return (version.kind, version.list_kind, number)

    for (kind, list_kind, _), inside in groupby(versions, key=key):
        yield kind, list_kind, list(inside)


def contents(outline, counts):
    """The table of contents: each section with how much is said in it."""
    said = defaultdict(int)
    for address in outline.addresses:
        said[address.section] += counts[address.pk]
    return [(section, said[section.position]) for section in outline.sections]


def rail(outline, counts, position):
    """The text as a row of bars, each as high as much is said there; a bar leads to where most is said."""
    addresses = outline.addresses
    count = min(_RAIL_BARS, len(addresses))
    highest = log1p(max((counts[address.pk] for address in addresses), default=0)) or 1
    bars = []
    for index in range(count):
        inside = addresses[index * len(addresses) // count : (index + 1) * len(addresses) // count]
        most = max(inside, key=lambda address: counts[address.pk])
        comments = sum(counts[address.pk] for address in inside)
        height = round(_RAIL_HEIGHT * log1p(counts[most.pk]) / highest) if comments else 0
        bars.append(
            {
                "x": index,
                "y": _RAIL_HEIGHT - height,
                "height": height,
                "first": inside[0].number,
                "last": inside[-1].number,
                "comments": comments,
                "href": href(most, position),
            }
        )
    return bars


def href(address, position) -> str:
    """The paragraph's place: on this page, or on its section's."""
    elsewhere = position is not None and address.section != position
    return escape(f"?section={address.section + 1}#{address.public_id}" if elsewhere else f"#{address.public_id}")
