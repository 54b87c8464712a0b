"""The page of one paragraph with its discussion, kept for all who see the same, and filled for the one who asks.

It is kept under what its row in the database says: while the paragraph's `changes` stand, so does what is said there.
What belongs to the person goes through slots: names, acts, what is new to them, the form's key and their draft.

- What is the same for all readers of a comment (a quote above its words, a label) is made in `made` and handed to
  `rendering.as_html`; every name in it is `naming.name_slot`, and its person is in `KeptTalk.people`.
- What differs from reader to reader is a slot of the comment (`rendering.py`), filled in `values_for`; or a slot of the
  page, named in `made`'s context and filled in `filled`. Both run for every request: no query a comment there.
"""

import re
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.htmx import wants_part
from readinggroup.lib.kept import Kept
from readinggroup.lib.multiranges import is_in, ranges_in
from readinggroup.lib.page_parts import frame, frame_values
from readinggroup.lib.paging import number_asked_for, number_in
from readinggroup.lib.prepared import Parameter, prepared
from readinggroup.lib.stamps import Page, slot
from readinggroup.readings.access import reading_or_404
from readinggroup.readings.discussed import discussed_in
from readinggroup.readings.models import ReadingState
from readinggroup.readings.pages import (
    Also,
    Now,
    notes_called_in,
    outline_of,
    standing_and_now,
    talk_label,
    with_note_marks,
)
from readinggroup.readings.unread import unread_part
from readinggroup.readings.views import page_at
from texts.models import ParagraphVersion

from . import drafts
from .acts import Acts
from .folds import folds_for, muted_by
from .forms import CommentForm
from .linked import linked_part
from .models import SHOWN_STATES, RestrictionKind, State
from .naming import names_for
from .questions import asks_of
from .quotations import quotes_above, quotes_to_keep
from .quoting import Quotable, chooses, quotes_part
from .reactions import people_at, reactions_at
from .rendering import as_html, in_words, people_of
from .restricting import restrictions_by_thread, words_of
from .threads import DISCUSSED, MOST_PAGES_AT_ONCE, NEWEST, OLDEST, Asked, discussion_of, where_is

_kept = Kept(60_000_000, passing=True)
_NAME = re.compile(r"[A-Za-z0-9_-]{0,20}")

# Asked for with the reading (`standing_and_now`): how the discussion of the paragraph stands, and what is one's own.
TALK = Also(
    columns=(
        "paragraph.id",
        "coalesce(talk.comments, 0)",
        "coalesce(talk.waiting, 0)",
        "coalesce(talk.changes, 0)",
        "coalesce(talk.said, 0)",
        """ARRAY(
            SELECT restriction.id FROM discussion_restriction restriction
            WHERE restriction.reading_id = reading.id
                AND (restriction.until IS NULL OR restriction.until > clock_timestamp())
            ORDER BY restriction.id
        )::text""",
        """(
            SELECT min(veil.until) FROM readings_veil veil
            JOIN readings_veiledparagraph here ON here.veil_id = veil.id AND here.paragraph_id = paragraph.id
            WHERE veil.reading_id = reading.id AND veil.opened_at IS NULL
        )""",
        "coalesce(mine.sequences, '{}')::text",
        """EXISTS (
            SELECT 1 FROM discussion_comment own
            WHERE own.reading_id = reading.id AND own.paragraph_id = paragraph.id AND own.author_id = m.user_id
                AND own.state IN ('held', 'withdrawn')
        )""",
        """EXISTS (
            SELECT 1 FROM discussion_comment own
            WHERE own.reading_id = reading.id AND own.paragraph_id = paragraph.id AND own.author_id = m.user_id
                AND own.veil_id IS NOT NULL
        )""",
        """EXISTS (
            SELECT 1 FROM discussion_draft draft
            WHERE draft.reading_id = reading.id AND draft.paragraph_id = paragraph.id AND draft.author_id = m.user_id
        )""",
        """ARRAY(
            SELECT muted.person_id FROM discussion_mutedperson muted
            WHERE muted.by_id = m.user_id AND muted.group_id = reading.group_id
        )""",
        """EXISTS (
            SELECT 1 FROM texts_linkedparagraph linked
            JOIN texts_parallellink link ON link.id = linked.link_id AND link.status = 'confirmed'
            WHERE linked.paragraph_id IN (
                SELECT paragraph.id UNION ALL SELECT merged.id FROM texts_paragraph merged
                WHERE merged.heir_id = paragraph.id
            )
        )""",
    ),
    joins="""
        LEFT JOIN texts_paragraph paragraph
            ON paragraph.public_id = %s AND paragraph.edition_id = edition.id
        LEFT JOIN readings_paragraphactivity talk
            ON talk.reading_id = reading.id AND talk.paragraph_id = paragraph.id
        LEFT JOIN readings_seen mine
            ON mine.reading_id = reading.id AND mine.paragraph_id = paragraph.id AND mine.user_id = m.user_id
    """,
    value="",
)


class Talk(NamedTuple):
    """How the discussion of a paragraph stands at this moment, and what of it is the person's own."""

    paragraph: int | None
    comments: int
    waiting: int  # how many of them lie under a veil
    changes: int
    said: int
    restrictions: str  # those that count in the reading now, as Postgres writes an array: each is a row of its own
    veiled_until: datetime | None  # when the veil above it is opened, if one lies there
    seen: str  # the sequences that this person has seen, as Postgres writes a multirange
    has_own: bool  # whether something of theirs stands there that others do not see
    wrote_under_veil: bool  # whether they have said something there that lies under a veil: it is open to them
    has_drafts: bool  # whether they have begun to write something there
    muted: list = ()  # whom they have muted in the group
    is_linked: bool = False  # whether somebody has said what goes together with it in another edition


@dataclass(frozen=True)
class KeptTalk:
    """A page made once, and of its comments what is needed to fill it: (key, public id, author, sequence, …).

    `marks` are `reactions_at` its comments; setting one raises the paragraph's `changes`. `others` are the values of
    its slots for a reader to whom nothing there is their own or new.
    `live` are the comments that quote what is said at another paragraph: whether that may still be read is not this
    paragraph's to know, so it is asked anew for everyone.
    """

    page: Page
    rows: tuple
    people: frozenset
    marks: dict
    others: dict
    live: tuple = ()

    def __len__(self):
        return len(self.page) + sum(map(len, self.others.values()))


def asked_in(request) -> Asked:
    """What of the discussion the address asks for. Http404 for what no page of ours leads to."""
    page = number_asked_for(request)
    first = number_in(request.GET.get("from", str(page)))
    if first is None or not 0 <= page - first < MOST_PAGES_AT_ONCE:
        raise Http404
    order, thread = request.GET.get("order"), request.GET.get("thread", "")
    if not _NAME.fullmatch(thread):
        raise Http404
    return Asked(order if order in {NEWEST, DISCUSSED} else OLDEST, first, page, thread)


def talk_page(request, membership, slug, now: Now, talk: Talk, asked: Asked):
    """The answer to somebody who looks: from what is kept, or made and kept."""
    if talk is None:
        raise Http404
    person = request.user if request.user.is_authenticated else None
    traits = (
        wants_part(request), person is not None, membership.is_member, may(membership, Can.DISCUSS),
        may(membership, Can.MODERATE), may(membership, Can.SETTLE_QUESTIONS), may(membership, Can.KEEP_TEXTS),
        (membership.user_id, membership.group.hold_takes) if talk.has_own or talk.wrote_under_veil else None,
        talk.wrote_under_veil,
    )  # fmt: skip
    group = membership.group
    about_group = (group.slug, group.name, group.archived_at, group.delete_at, group.time_zone)
    minute = timezone.now().replace(second=0, microsecond=0)
    seen_as = (get_language(), timezone.get_current_timezone_name(), minute)
    key = (now.reading, slug, now.revision, now.edition, now.notes, talk[:7], asked, traits, about_group, *seen_as)

    def make():
        reading = reading_or_404(membership, slug)
        version = version_at(reading, talk.paragraph)
        # As the key says: who writes here in another window at this moment does not lift a veil on a page for many.
        as_asked = copy(membership)
        as_asked.veils_are_lifted = talk.wrote_under_veil
        return made(request, as_asked, reading, version, talk, asked)

    kept = make() if membership.is_suspended or chooses(request) else _kept.get_or_make(key, make)
    return filled(request, membership, slug, now, talk, kept)


def asked_now(request, group, reading, paragraph):
    """How the person stands to the group, the reading, and the discussion of the paragraph: one query.

    The last two are None where there is no such reading, and the last where its text has no such paragraph; of one that
    was merged into another it is that one's public id.
    """
    also = TALK._replace(value=paragraph)
    membership, now, talk = standing_and_now(request.user.pk, group, reading, also)
    there = now and outline_of(now.revision).near(talk[0])
    if not there:
        return membership, now, None
    return membership, now, Talk(*talk) if there.pk == talk[0] else there.public_id


def version_at(reading, paragraph) -> ParagraphVersion:
    """What the paragraph (its key) reads now; of one that was taken out of the text, what it read last."""
    return _version_at().first(paragraph=paragraph, number=reading.edition.current.number)


@prepared
def _version_at():
    versions = ParagraphVersion.objects.filter(
        paragraph=Parameter("paragraph"), revision__number__lte=Parameter("number")
    )
    return versions.select_related("paragraph", "section", "revision").order_by("-revision__number")[:1]


def made(request, membership, reading, version, talk, asked, *, forms=None, focus="", form=None, **more) -> KeptTalk:
    """The page, or its discussion alone for htmx, with slots wherever something belongs to the person who asks."""
    discussion = discussion_of(membership, reading, version, asked)
    if discussion is None:
        raise Http404
    discussion.forms = forms or {}
    discussion.wait = talk.has_own
    if talk.restrictions != "{}":
        discussion.restricted = restrictions_by_thread(reading=reading, paragraph=version.paragraph_id)
    restricted = discussion.restricted.get(None, {})
    above, quoted, live = quotes_to_keep(membership, [row.pk for row in discussion if row.html])
    quotable = Quotable(membership, reading, version, choosing=chooses(request))
    kwargs = {"group": membership.group.slug, "reading": reading.slug, "paragraph": version.paragraph.public_id}
    discussion.address = reverse("discussion:paragraph", kwargs=kwargs)
    outline = outline_of(reading.edition.current_id)
    addresses = outline.addresses
    gap = outline.gaps.get(version.paragraph_id)
    before, after = (gap.number, gap.number) if gap else (version.number - 1, version.number)
    notes = notes_called_in([version])[version.pk]
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "edition": reading.edition,
        "version": version,
        "gap": gap,
        "came_from": outline.came_from.get(version.paragraph_id, ()),
        "previous": addresses[before - 1] if before else None,
        "next": addresses[after] if after < len(addresses) else None,
        "in_text": page_at(reading, addresses[(gap or version).number - 1]),
        "discussion": discussion,
        "thread": as_html(discussion, above),
        "comments": talk.comments,
        "waiting": talk.waiting,
        "veiled_until": talk.veiled_until and in_words(talk.veiled_until),
        "wrote_under_veil": talk.wrote_under_veil,
        "said": talk.said,
        "talk_label": talk_label(talk.comments, talk.waiting),
        "linked": slot("linked"),
        "discussed": discussed_in(reading.pk, outline, paragraph=version.paragraph_id)[version.paragraph_id],
        "words": with_note_marks(version.html, notes, set()),
        "notes": notes,
        "form": form
        or CommentForm(
            initial={name: slot(name) for name in ("key", "body", "sequence")} | {"seen": version.pk}, quotable=quotable
        ),
        "quotes": "" if form else slot("quotes"),
        "begun": slot("begun"),
        "restricted": [words_of(each) for each in restricted.values()],
        "locked": RestrictionKind.LOCKED in restricted,
        "typed": slot("typed"),
        "may_discuss": may(membership, Can.DISCUSS),
        "may_moderate": may(membership, Can.MODERATE),
        "keeps": may(membership, Can.KEEP_TEXTS) and gap is None and reading.state != ReadingState.PROPOSED,
        "focus": focus,
        "unread": slot("unread"),
        **frame(request.user.is_authenticated),
        **more,
    }
    template = "discussion/_discussion.html" if wants_part(request) else "discussion/paragraph.html"
    asks = asks_of(discussion)
    rows = tuple(
        (
            row.pk,
            row.public_id,
            row.author_id,
            row.sequence,
            row.state,
            row.html != "",
            asks[row.pk],
            discussion.is_locked(row),
        )
        for row in discussion
    )
    marks = reactions_at([row.pk for row in discussion if row.state == State.VISIBLE])
    people = people_of(discussion).union(quoted, *map(people_at, marks.values()))
    page = Page(render_to_string(template, context))
    return KeptTalk(page, rows, frozenset(people), marks, others_values(membership, rows), live)


def filled(request, membership, slug, now, talk, kept, *, status=200) -> HttpResponse:
    """The page for this person."""
    values = {"token": get_token(request)} if wants_part(request) else frame_values(request)
    values |= names_for(membership.group.pk, kept.people)
    values |= folds_for(kept.people, talk.muted, values)
    values |= values_for(membership, talk, kept, values)
    if kept.live:
        above = quotes_above(membership, kept.live)
        values |= {f"q{pk}": above.get(pk, "") for pk in kept.live}
    values |= drafted(membership, slug, now, talk)
    values["linked"] = linked_part(membership, slug, now, talk.paragraph) if talk.is_linked else ""
    values["key"] = str(uuid4())
    values["unread"] = ""
    if now.unread is not None and not wants_part(request):
        page = reverse("readings:reading_page", args=[membership.group.slug, slug])
        values["unread"] = unread_part(page, values["token"], now.revision, now.unread)
    response = HttpResponse(kept.page.fill(values), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def quotes_begun(membership, slug, talk, values) -> str:
    """What a draft quotes, as the composer's list: asked for, if it quotes anything."""
    if not values:
        return ""
    reading = reading_or_404(membership, slug)
    version = version_at(reading, talk.paragraph)
    return quotes_part(Quotable(membership, reading, version), values)


def drafted(membership, slug, now, talk) -> dict:
    """What this person has begun to write at the paragraph: one query, if there is anything."""
    if not talk.has_drafts:
        return {"body": "", "sequence": "0", "quotes": "", "begun": "", "typed": ""}
    begun = drafts.begun_at(membership, now.reading, talk.paragraph)
    form = CommentForm().continues(drafts.new_among(begun))
    others = drafts.others_among(begun, membership)
    words = form["body"].value() or ""
    return {
        "body": escape(words),
        "typed": render_to_string("_typed.html", {"typed": [words]}) if words else "",  # where nobody writes now
        "sequence": str(form["sequence"].value()),
        "quotes": quotes_begun(membership, slug, talk, form.quotes),
        "begun": render_to_string("discussion/_begun.html", {"begun": others}) if others else "",
    }


def values_for(membership, talk, kept, names) -> dict:
    """What is this reader's at each comment: what they may do, its marks, and whether it is new to them."""
    me = membership.user_id if membership.is_member else None
    seen = ranges_in(talk.seen) if me else None
    muted = frozenset(talk.muted)
    values, acts = dict(kept.others), Acts(membership, me, names)
    for row in kept.rows:
        pk, _public_id, author, sequence, state, _shown, asks, _locked = row
        if author == me or asks.author == me or pk in kept.marks or author in muted:
            values[f"a{pk}"] = acts.at(row, kept.marks.get(pk), muted=author in muted)
        is_new = seen is not None and author != me and state in SHOWN_STATES and not is_in(seen, sequence)
        if is_new or author == me:
            values[f"f{pk}"] = " new" if is_new else " mine"
    return values


def others_values(membership, rows) -> dict:
    """The same for a reader who has written nothing there, seen all, and finds no marks: most of it, made once."""
    acts = Acts(membership, None, {})
    return {f"f{row[0]}": "" for row in rows} | {f"a{row[0]}": acts.at(row) for row in rows}


def address_of(membership, comment) -> str:
    """Where the comment is shown, in the order in which things were said."""
    kwargs = {
        "group": membership.group.slug,
        "reading": comment.reading.slug,
        "paragraph": comment.paragraph.public_id,
    }
    page = reverse("discussion:paragraph", kwargs=kwargs)
    return f"{page}{where_is(membership, comment).query}#c-{comment.public_id}"


def with_names(membership, discussions, position) -> dict:
    """Discussions to be read and kept, as HTML with everybody named, and with what they quote: four queries."""
    comments = [row.pk for discussion in discussions.values() for row in discussion if row.html]
    above = quotes_above(membership, comments, link=lambda quotation: place_in(quotation, position))
    html = {
        key: Page(mark_safe(as_html(discussion, above)))  # noqa: S308 - ours
        for key, discussion in discussions.items()
    }
    people = set().union(*(people_of(discussion) for discussion in discussions.values()))
    names = names_for(membership.group.pk, people)
    names |= folds_for(people, muted_by(membership), names)
    return {key: page.fill(names).decode() for key, page in html.items()}


def place_in(quotation, position) -> str:
    """Where the quoted paragraph stands in the document, if the document holds it."""
    is_here = (position is None or quotation.section == position) and not quotation.edition
    return f"#{quotation.paragraph}" if is_here else quotation.address
