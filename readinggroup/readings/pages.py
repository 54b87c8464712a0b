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
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext

from readinggroup.groups.models import STANDING, standing_columns, standing_from
from readinggroup.lib.kept import Kept
from readinggroup.lib.stamps import PackedStamp, Page, slot, stamp
from texts.models import Change, Kind, NoteMark, Paragraph, ParagraphLink, ParagraphVersion, Revision, Section

from .discussed import discussed_in
from .models import ParagraphActivity

# A note mark with the end of the word before it, which it must not be parted from at the end of a line.
_NOTE_MARK = re.compile(r'((?:&#?\w{1,8};|[^\s<>&]){0,30})<sup class="note-mark" data-note="[^"]*"></sup>')
# Kinds whose neighbours are set as one: the items of a list, the paragraphs of a quotation, the lines of a stanza.
_RUNNING_KINDS = {Kind.LIST_ITEM, Kind.BLOCKQUOTE, Kind.VERSE_LINE}
_RAIL_BARS = 80
_position = attrgetter("position")
_RAIL_HEIGHT = 20

_outlines, _skeletons, _pages = Kept(30_000_000), Kept(30_000_000), Kept(60_000_000, passing=True)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a paragraph stands: its identity, the number it bears, its section; by what its words are known again."""

    pk: int
    public_id: str
    number: int
    section: int
    wording: str


@dataclass(frozen=True)
class Outline:
    """The sections of a revision and the addresses of its paragraphs, in order.

    What was merged into another paragraph is found under that one's address. `gaps` are the paragraphs that were taken
    out, each at the paragraph after which it stood: what was said there stays to be read.
    """

    sections: tuple
    addresses: tuple
    by_paragraph: dict
    by_name: dict  # public id -> address
    gaps: dict  # key -> its own public id, with the number and the section of the paragraph before it
    came_from: dict  # key -> addresses of the paragraphs in the text that it was a part of

    def __len__(self):
        return 400 * (len(self.addresses) + len(self.gaps))

    def near(self, paragraph) -> Address | None:
        """Where to find the paragraph, or the gap that it has left."""
        return self.by_paragraph.get(paragraph) or self.gaps.get(paragraph)

    def found_at(self, paragraph) -> list[int]:
        """The paragraph and all that were merged into it, by their keys."""
        return [paragraph, *(pk for pk, there in self.by_paragraph.items() if there.pk == paragraph != pk)]

    def called(self, name) -> Address | None:
        """The paragraph of that public id itself, in the text or taken out of it; not the one it was merged into."""
        there = self.by_name.get(name) or next((gap for gap in self.gaps.values() if gap.public_id == name), None)
        return there if there and there.public_id == name else None


@dataclass(frozen=True)
class PageText:
    """What the reading page shows of the text and of how much is said where."""

    article: str
    contents: str
    rail: str
    comments: int


def outline_of(revision_id) -> Outline:
    """The revision's outline: four queries the first time, more if the text was revised; none after."""

    def make():
        sections = tuple(Section.objects.filter(revision_id=revision_id))
        positions = {section.pk: section.position for section in sections}
        rows = ParagraphVersion.objects.filter(revision_id=revision_id).values_list(
            "paragraph_id", "paragraph__public_id", "number", "section_id", "wording"
        )
        addresses = tuple(Address(pk, name, number, positions[key], wording) for pk, name, number, key, wording in rows)
        by_paragraph = {address.pk: address for address in addresses}
        by_name = {address.public_id: address for address in addresses}
        gone = gone_before(revision_id)
        for pk, (name, _heir) in gone.items():
            if heir := by_paragraph.get(last_heir(pk, gone)):
                by_paragraph[pk] = by_name[name] = heir
        gaps = gaps_in(revision_id, addresses, by_paragraph, gone)
        return Outline(sections, addresses, by_paragraph, by_name, gaps, parts_in(revision_id, by_paragraph))

    return _outlines.get_or_make(revision_id, make)


def gone_before(revision_id) -> dict:
    """The edition's paragraphs that are not in the revision: key -> (public id, key of the one it was merged into)."""
    gone = Paragraph.objects.filter(edition__revisions=revision_id).exclude(versions__revision=revision_id)
    return {pk: (name, heir) for pk, name, heir in gone.values_list("pk", "public_id", "heir")}


def last_heir(paragraph, gone) -> int:
    """Where one finds what was merged, perhaps more than once."""
    while paragraph in gone and gone[paragraph][1]:
        paragraph = gone[paragraph][1]
    return paragraph


def gaps_in(revision_id, addresses, by_paragraph, gone) -> dict:
    """The paragraphs that were taken out: key -> an address at the paragraph before, as they stood when last there."""
    removed = [pk for pk in gone if pk not in by_paragraph]
    if not removed:
        return {}
    earlier = ParagraphVersion.objects.filter(paragraph__in=removed, revision__number__lt=_number_of(revision_id))
    rows = earlier.order_by("revision__number").values_list("paragraph", "revision", "wording")
    last = {pk: (revision, wording) for pk, revision, wording in rows}
    gaps = {}
    for revision in {revision for revision, _wording in last.values()}:
        before = addresses[0]
        stood = ParagraphVersion.objects.filter(revision=revision).order_by("number")
        for pk in stood.values_list("paragraph", flat=True):
            if pk in by_paragraph:
                before = by_paragraph[pk]
            elif last.get(pk, (None,))[0] == revision:
                gaps[pk] = Address(pk, gone[pk][0], before.number, before.section, last[pk][1])
    return gaps


def parts_in(revision_id, by_paragraph) -> dict:
    """Paragraphs that came about when another was parted: key -> where that one's discussion stands, if elsewhere."""
    parts = ParagraphLink.objects.filter(
        change=Change.SPLIT,
        new__revision__edition__revisions=revision_id,
        new__revision__number__lte=_number_of(revision_id),
    ).exclude(old__paragraph=F("new__paragraph"))
    found = defaultdict(dict)
    for whole, piece in parts.order_by("new__number").values_list("old__paragraph", "new__paragraph"):
        there, here = by_paragraph.get(whole), by_paragraph.get(piece)
        if there and here and there.pk != here.pk and here.pk == piece:
            found[piece][there.pk] = there
    return {piece: tuple(wholes.values()) for piece, wholes in found.items()}


def _number_of(revision_id):
    return Revision.objects.values("number").filter(pk=revision_id)


class Now(NamedTuple):
    """What one row says about a reading at this moment: all that its page depends on, but for the person who asks."""

    reading: int
    revision: int
    words: int
    for_members: bool
    state: str
    edition: tuple  # title, author, language, translator, rights
    ahead: str | None  # the next session about it, in JSON: its name, when, where the clocks are, its passages
    notes: int  # how often a note was written in
    changes: int  # to what is said anywhere in it; only ever rises
    place: int | None  # the paragraph where this person stopped
    unread: str | None  # "paragraph:unread:said" for each with something unread; None of who does not belong
    together: bool  # whether the group meets about it now
    editions: str | None  # the group's readings of other editions of the work that this person may read, in JSON


# What belongs to the person, or stands on no page: all pages of a moment are kept without it.
_NOBODYS = {"place": None, "unread": None, "together": False}

# Of a person ($user) and a reading ($reading): each paragraph where something is unread, how much, and the last there.
UNREAD = """(
    SELECT coalesce(string_agg(concat_ws(':', a.paragraph_id, a.comments - coalesce(s.comments, 0), a.said), ' '), '')
    FROM readings_paragraphactivity a
    LEFT JOIN readings_seen s
        ON s.reading_id = a.reading_id AND s.paragraph_id = a.paragraph_id AND s.user_id = $user
    WHERE a.reading_id = $reading AND a.comments > coalesce(s.comments, 0)
)"""
_NOW = """,
    reading.id, revision.id, revision.words, reading.for_members, reading.state,
    edition.title, edition.author, edition.language, edition.translator, edition.rights,
    (SELECT jsonb_build_array(session, starts_at, zone, all_day, passages)::text FROM readings_ahead
     WHERE reading_id = reading.id AND ends_at > now() ORDER BY starts_at, id LIMIT 1),
    edition.note_changes,
    (SELECT coalesce(sum(changes), 0)::bigint FROM readings_paragraphactivity WHERE reading_id = reading.id),
    (SELECT paragraph_id FROM readings_place WHERE reading_id = reading.id AND user_id = m.user_id),
    CASE WHEN m.id IS NOT NULL THEN {unread} END,
    EXISTS (SELECT FROM readings_ahead
            WHERE reading_id = reading.id AND has_begun AND ends_at + interval '2 hours' > now()),
    (SELECT jsonb_agg(jsonb_build_array(other.slug, beside.title, beside.language) ORDER BY other.id)::text
     FROM texts_edition beside JOIN readings_reading other ON other.edition_id = beside.id
     WHERE beside.work_id = edition.work_id AND other.group_id = reading.group_id AND other.id <> reading.id
        AND other.state <> 'proposed' AND (m.id IS NOT NULL OR NOT other.for_members))
""".format(unread=UNREAD.replace("$user", "m.user_id").replace("$reading", "reading.id"))  # noqa: S608 - our own SQL
_NOW_WIDTH = 17
_OF_THE_READING = """
    LEFT JOIN (
        readings_reading reading
        JOIN texts_edition edition ON edition.id = reading.edition_id
        JOIN texts_revision revision ON revision.id = edition.current_id
    ) ON reading.group_id = g.id AND reading.slug = %s AND (m.id IS NOT NULL OR g.visibility <> 'members')
"""  # of a hidden group nothing is looked up for outsiders: it takes as long as one that is not there


def editions_in(now) -> list:
    """The other editions of the work that this person may read here: (slug, title, language)."""
    return [tuple(each) for each in json.loads(now.editions or "[]")]


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
    *first, title, author, language, translator, rights, ahead, notes, changes, place, unread, together, editions = now
    reading, edition = first[0], (title, author, language, translator, rights)
    if reading is not None:
        now = Now(*first, edition, ahead, notes, changes, place, unread, together, editions)
    found = (standing_from(row), None if reading is None else now)
    return (*found, asked) if also else found


def kept_page(now, position, extra, make) -> Page:
    """The reading page of this moment, made once: `extra` is what else it depends on, `make()` renders it."""
    key = (now._replace(**_NOBODYS), position, get_language(), extra)
    return _pages.get_or_make(key, lambda: Page(make()))


def text_of(now, position: int | None) -> PageText:
    """The section at the position, or the whole text, with what is said where."""
    outline, counts = outline_of(now.revision), counts_in(now.reading)
    marks = discussed_in(now.reading, outline)
    labels = {f"p{each.pk}": talk_label(counts[each.pk], counts.waiting[each.pk]) for each in outline.addresses}
    gaps = gaps_shown(outline, counts)
    labels |= {f"d{each.pk}": marks[each.pk] + gaps[each.number] for each in outline.addresses}
    article = kept_skeleton(now.revision, now.notes, position, outline).fill(labels)
    rest = numbers(outline, counts, position, ahead_in(now, outline).spans)
    return PageText(article=mark_safe(article), **rest)  # noqa: S308 - as below


def gaps_shown(outline, counts, threads=None) -> defaultdict:
    """Where paragraphs were taken out at which something was said: HTML by the number of the paragraph before."""
    shown = defaultdict(str)
    for pk, gap in outline.gaps.items():
        if counts[pk] or counts.waiting[pk]:
            context = {"gap": gap, "comments": counts[pk], "thread": (threads or {}).get(pk, "")}
            context["whole"] = threads is not None
            shown[gap.number] += mark_safe(render_to_string("readings/_gap.html", context).strip())  # noqa: S308 - ours
    return shown


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


def spans_in(passages, outline) -> tuple:
    """Pairs of paragraphs' keys as pairs of addresses in their order; of paragraphs that the text has."""
    ends = [[outline.by_paragraph.get(pk) for pk in pair] for pair in passages]
    return tuple(tuple(sorted(pair, key=attrgetter("number"))) for pair in ends if None not in pair)


def text_with_threads(reading, position: int | None, threads) -> PageText:
    """The same as one document, with each paragraph's thread (HTML by the paragraph's key) standing after it."""
    edition = reading.edition
    outline, counts = outline_of(edition.current_id), counts_in(reading.pk)
    talked = frozenset(pk for pk in threads if pk not in outline.gaps)
    skeleton = kept_skeleton(edition.current_id, edition.note_changes, position, outline, talked=talked)
    marks, gaps = discussed_in(reading.pk, outline), gaps_shown(outline, counts, threads)
    values = {f"d{address.pk}": marks[address.pk] + gaps[address.number] for address in outline.addresses}
    article = skeleton.fill(values | {f"t{pk}": threads[pk] for pk in talked})
    return PageText(
        article=mark_safe(article),  # noqa: S308 - made of our templates, sanitised paragraphs and comments
        **numbers(outline, counts, position),
    )


class Counts(defaultdict):
    """How many comments stand at each paragraph, by its key; and how many are `waiting` there under a veil."""

    def __init__(self, rows=()):
        super().__init__(int, ((paragraph, comments) for paragraph, comments, _waiting in rows))
        self.waiting = defaultdict(int, ((paragraph, waiting) for paragraph, _comments, waiting in rows if waiting))


def counts_in(reading_id) -> Counts:
    """How many comments stand at each paragraph of the reading: one query."""
    rows = ParagraphActivity.objects.filter(Q(comments__gt=0) | Q(waiting__gt=0), reading_id=reading_id)
    return Counts(list(rows.values_list("paragraph_id", "comments", "waiting")))


def numbers(outline, counts, position, ahead=()) -> dict:
    """How much is said where: contents, rail, and all of it. The contents say which sections are read next."""
    sections = [(*row, is_ahead(row[0], ahead)) for row in contents(outline, counts)]
    return {
        "contents": render_to_string("readings/_contents.html", {"sections": sections, "open": position}),
        "rail": rail_of(outline, counts, position),
        "comments": sum(counts[pk] for pk in (*(address.pk for address in outline.addresses), *outline.gaps)),
    }


def is_ahead(section, spans) -> bool:
    """Whether something of the section is to be read for the next session."""
    return any(first.number <= section.last_number and section.first_number <= last.number for first, last in spans)


def talk_label(count: int, waiting: int = 0) -> str:
    """What the button at a paragraph says: a number to see, words to hear. What waits is counted, never shown."""
    return _talk_label(count, waiting, get_language())


@lru_cache(maxsize=5_000)
def _talk_label(count, waiting, language):
    words = ngettext("%(count)d comment", "%(count)d comments", count) % {"count": count}
    context = {"count": count, "words": words, "waiting": waiting}
    if count and not waiting and words.startswith(str(count)):
        context["rest"] = words.removeprefix(str(count))  # the number is seen and heard, and stands there once
    return mark_safe(render_to_string("readings/_talk_label.html", context).strip())  # noqa: S308 - our template


def kept_skeleton(revision_id, notes, position, outline, *, talked=None, way="") -> PackedStamp:
    """The skeleton, made once a process as long as no note is written in: `notes` is how often that was done."""
    return _skeletons.get_or_make(
        (revision_id, notes, position, get_language(), talked, way),
        lambda: skeleton_of(revision_id, position, outline, talked, way),
    )


def skeleton_of(revision_id, position, outline, talked=None, way="") -> PackedStamp:
    """The HTML of the section, or of all sections, with slots at each paragraph: `p<paragraph>` for how much is said
    there, `d<paragraph>` for the days on which it was discussed.

    With `talked`, the paragraphs that have a thread, it is the skeleton of a document to be read, printed and kept: no
    buttons, notes as endnotes, and after each of those paragraphs a slot named `t<paragraph>`. `way` is the address of
    the reading page, from where the paragraphs' pages are, unless the skeleton stands there.
    """
    whole = talked is not None
    versions = ParagraphVersion.objects.filter(revision_id=revision_id).select_related("paragraph")
    if position is not None:
        versions = versions.filter(section=outline.sections[position])
    versions = list(versions)
    notes = notes_called_in(versions)
    for version in versions:
        version.talk = slot(f"p{version.paragraph_id}")
        version.discussed = slot(f"d{version.paragraph_id}")
        version.thread = slot(f"t{version.paragraph_id}") if whole and version.paragraph_id in talked else ""
    called = set()
    for version in versions:
        version.marked_html = with_note_marks(version.html, notes[version.pk], called, whole=whole)
    by_section = groupby(versions, key=lambda version: version.section_id)
    titles = {section.pk: section for section in outline.sections}
    return PackedStamp(
        render_to_string(
            "readings/_text.html",
            {
                "sections": [(titles[key], list(runs(inside))) for key, inside in by_section],
                "notes": sorted({note.pk: note for each in notes.values() for note in each}.values(), key=_position),
                "whole": whole,
                "way": way,
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


def rail_of(outline, counts, position) -> str:
    """The text as a row of bars, each as high as much is said there; a bar leads to where most is said."""
    addresses = outline.addresses
    count = min(_RAIL_BARS, len(addresses))
    highest = log1p(max((counts[address.pk] for address in addresses), default=0)) or 1
    bar, bars = stamp("readings/_rail_bar.html", ("href", "words", "x", "y"), whole=_RAIL_HEIGHT), []
    for index in range(count):
        inside = addresses[index * len(addresses) // count : (index + 1) * len(addresses) // count]
        comments = sum(counts[address.pk] for address in inside)
        if not comments:
            continue
        most = max(inside, key=lambda address: counts[address.pk])
        height = round(_RAIL_HEIGHT * log1p(counts[most.pk]) / highest)
        words = bar_words(inside[0].number, inside[-1].number, comments)
        values = {"href": href(most, position), "words": words, "x": str(index), "y": str(_RAIL_HEIGHT - height)}
        bars.append(bar.fill(values))
    context = {"bars": mark_safe("".join(bars)), "count": count, "height": _RAIL_HEIGHT}  # noqa: S308 - our template
    return render_to_string("readings/_rail.html", context)


def bar_words(first: int, last: int, comments: int) -> str:
    """What a bar says to those who hear it."""
    if first == last:
        words = ngettext(
            "Paragraph %(first)s: %(comments)s comment", "Paragraph %(first)s: %(comments)s comments", comments
        )
        return escape(words % {"first": first, "comments": comments})
    words = ngettext(
        "Paragraphs %(first)s to %(last)s: %(comments)s comment",
        "Paragraphs %(first)s to %(last)s: %(comments)s comments",
        comments,
    )
    return escape(words % {"first": first, "last": last, "comments": comments})


def href(address, position) -> str:
    """The paragraph's place: on this page, or on its section's."""
    elsewhere = position is not None and address.section != position
    return escape(f"?section={address.section + 1}#{address.public_id}" if elsewhere else f"#{address.public_id}")
