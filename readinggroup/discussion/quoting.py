"""Passages that a comment is to quote: from what a form, or a draft, holds to rows. How they are shown: quotations.py.

A form sends each as JSON: the selectors of `texts.quoting`, with the paragraph's public id (and, where known, the key
of its version) or a comment's public id (and the number of its wording). What the browser says the words are is never
believed: they are looked up where they are said to stand.
"""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.markup import plain_text
from texts.models import ParagraphVersion, RevisionState
from texts.quoting import LONGEST, OUTSIDE, SHORTEST, TOO_LONG, NotAPassage, Passage, find, passage, sentences

from .linked import linked_with, readings_beside
from .models import Comment, CommentWording, Quote

MOST_QUOTES = 10  # of one comment
LONGEST_VALUE = 12 * LONGEST  # characters that a form sends for one of them, escaped as it may be
LARGEST_OFFSET = 1_000_000

UNREADABLE = _("A quoted passage did not arrive whole and was left out. Choose it once more.")
MOVED = _("A quoted passage can no longer be found where it stood. Take it out, or choose it once more.")
CLOSED = _(
    "What you quoted of a comment can no longer be read, and was taken out. Your words are here: send them again."
)
SHORT = _("A quotation needs at least %(least)d characters.") % {"least": SHORTEST}
LONG = _("A quotation holds at most %(most)d characters. Choose a shorter passage.") % {"most": LONGEST}


@dataclass(frozen=True)
class Wanted:
    """What a form asks to quote, of the right types, and nothing of it believed."""

    selectors: Passage
    paragraph: str = ""
    version: int | None = None
    comment: str = ""
    wording: int | None = None


@dataclass(frozen=True)
class Quoted:
    """A passage as it was found in what its writer may read: to be kept with a comment."""

    found: Passage
    paragraph: str = ""
    number: int | None = None
    version_id: int | None = None
    comment: str = ""
    source_id: int | None = None
    author: str = ""  # as the group calls them
    wording: int | None = None
    edition: str = ""  # the title, of another edition than one writes about
    language: str = ""

    @property
    def place(self):
        """What makes two quotations the same."""
        return self.version_id, self.source_id, self.wording, self.found.start, self.found.end

    @property
    def value(self) -> str:
        """As the form holds it."""
        of = (
            {"comment": self.comment, "wording": self.wording}
            if self.source_id
            else {"paragraph": self.paragraph, "version": self.version_id}
        )
        return json.dumps(of | asdict(self.found), ensure_ascii=False)

    def row(self, comment, position) -> Quote:
        """As the database keeps it."""
        return Quote(
            comment=comment,
            position=position,
            version_id=self.version_id,
            source_id=self.source_id,
            wording=self.wording,
            **asdict(self.found),
        )


@dataclass(frozen=True)
class InForm:
    """One quotation as the composer shows it: what was found, or what is wrong with it."""

    value: str
    words: str
    label: str
    quoted: Quoted | None = None
    language: str = ""
    problem: Any = ""


def wanted_in(value) -> Wanted | None:
    """What a value of a form, or of a draft, asks to quote; None if it makes no sense."""
    if isinstance(value, str) and len(value) <= LONGEST_VALUE:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, dict):
        return None
    words = {name: value.get(name, "") for name in ("exact", "prefix", "suffix", "paragraph", "comment")}
    numbers = {name: value.get(name) for name in ("start", "end", "version", "wording")}
    if not all(isinstance(word, str) and len(word) <= LONGEST and is_storable(word) for word in words.values()):
        return None
    if not all(type(number) is int or number is None for number in numbers.values()):
        return None
    start, end = numbers.pop("start"), numbers.pop("end")
    if start is None or end is None or not words["exact"] or bool(words["paragraph"]) == bool(words["comment"]):
        return None
    if not all(0 <= number < 2**31 for number in numbers.values() if number is not None):
        return None
    if not 0 <= start < end <= LARGEST_OFFSET:
        return None
    selectors = Passage(words.pop("exact"), words.pop("prefix"), words.pop("suffix"), start, end)
    return Wanted(selectors, **words, **numbers)


def located(text: str, selectors: Passage) -> Passage:
    """The passage in the text, as it stands there. NotAPassage if it cannot be found, or cannot be quoted."""
    place = find(text, selectors)
    if place is None:
        raise NotAPassage(OUTSIDE)
    return passage(text, *place)


class Quotable:
    """What may be quoted in one form: passages of the reading's text, and of comments on it that the writer may read;
    and of other editions of the work, if the group reads them at least as openly.

    `version` is the paragraph that the form stands at, `answered` the comment that it answers: the sentences of both
    are offered to be chosen, and those of the paragraphs of other editions that it is linked with.
    """

    def __init__(self, membership, reading, version, answered=None, *, choosing=False):
        self.membership, self.reading, self.version, self.answered = membership, reading, version, answered
        self.choosing = choosing

    # --- What a form sends --------------------------------------------------------------------------------------------

    def look_up(self, values) -> list[InForm]:
        """Each value with what it quotes, or with what is wrong with it; one passage once. Three queries at most."""
        asked = [wanted_in(value) for value in values[: 2 * MOST_QUOTES]]
        versions, comments = self._versions(asked), self._comments(asked)
        looked, seen = [], set()
        for wanted in asked:
            one = self._look_up(wanted, versions, comments)
            if one.quoted is None or one.quoted.place not in seen:
                looked.append(one)
                seen |= {one.quoted.place} if one.quoted else set()
        return looked

    def _versions(self, asked) -> dict:
        """Versions by key, and the one that is read now by the paragraph's public id."""
        named = {wanted.paragraph for wanted in asked if wanted and wanted.paragraph}
        if not named:
            return {}
        rows = ParagraphVersion.objects.filter(
            revision__edition__work=self.reading.edition.work_id,
            revision__state=RevisionState.PUBLISHED,
            paragraph__public_id__in=named,
        ).select_related("paragraph", "revision__edition")
        editions = {row.revision.edition_id for row in rows} - {self.reading.edition_id}
        beside = set(self.beside.filter(edition__in=editions).values_list("edition", flat=True)) if editions else set()
        rows = [row for row in rows if row.revision.edition_id in {self.reading.edition_id, *beside}]
        versions = {(row.paragraph.public_id, row.pk): row for row in rows}
        now = {row.paragraph.public_id: row for row in rows if row.revision_id == row.revision.edition.current_id}
        return versions | {(name, None): row for name, row in now.items()}

    @property
    def beside(self):
        """The readings whose words may stand in this discussion: no quotation shows what is kept from its readers."""
        readings = readings_beside(self.membership)
        return readings if self.reading.for_members else readings.filter(for_members=False)

    def _comments(self, asked) -> dict:
        named = {wanted.comment for wanted in asked if wanted and wanted.comment}
        if not named:
            return {}
        rows = Comment.objects.visible_to(self.membership).filter(reading=self.reading, public_id__in=named)
        comments = {row.public_id: row for row in rows.select_related("author").exclude(shown_html="")}
        earlier = defaultdict(dict)
        reworded = [row.pk for row in comments.values() if row.wording > 1]
        if reworded:
            for row in CommentWording.objects.filter(pgh_obj__in=reworded):
                earlier[row.pgh_obj_id][row.wording] = row.body_html
        for row in comments.values():
            row.texts = earlier[row.pk] | {row.wording: row.shown_html}
        return comments

    def _look_up(self, wanted, versions, comments) -> InForm:
        if wanted is None:
            return InForm("", "", "", problem=UNREADABLE)
        try:
            if wanted.comment:
                quoted = self._of_comment(wanted, comments.get(wanted.comment))
            else:
                quoted = self._of_text(wanted, versions)
        except NotAPassage as refusal:
            if wanted.comment:  # its words are shown where they were found, not because somebody sent them
                return InForm("", "", "", problem={OUTSIDE: CLOSED, TOO_LONG: LONG}.get(refusal.reason, SHORT))
            value = json.dumps({"paragraph": wanted.paragraph} | asdict(wanted.selectors), ensure_ascii=False)
            problem = {OUTSIDE: MOVED, TOO_LONG: LONG}.get(refusal.reason, SHORT)
            return InForm(value, wanted.selectors.exact, "", problem=problem)
        return InForm(quoted.value, quoted.found.exact, self.label(quoted), quoted, language=quoted.language)

    def _of_text(self, wanted, versions) -> Quoted:
        version = versions.get((wanted.paragraph, wanted.version)) or versions.get((wanted.paragraph, None))
        if version is None:
            raise NotAPassage(OUTSIDE)
        found = located(version.text, wanted.selectors)
        edition = version.revision.edition
        of = {} if edition.pk == self.reading.edition_id else {"edition": edition.title, "language": edition.language}
        return Quoted(found, paragraph=wanted.paragraph, number=version.number, version_id=version.pk, **of)

    def _of_comment(self, wanted, source) -> Quoted:
        """In the wording that is named; else in the newest that holds the words."""
        oldest = source.oldest_wording_for(self.membership) if source else 0
        texts = {number: html for number, html in source.texts.items() if number >= oldest} if source else {}
        if wanted.wording is not None:
            texts = {number: html for number, html in texts.items() if number == wanted.wording}
        for wording in sorted(texts, reverse=True):
            words = plain_text(texts[wording])
            if find(words, wanted.selectors) is not None:
                found = located(words, wanted.selectors)
                return Quoted(
                    found,
                    comment=source.public_id,
                    source_id=source.pk,
                    author=self.membership.group.name_of(source.author),
                    wording=wording,
                )
        raise NotAPassage(OUTSIDE)

    def label(self, quoted) -> str:
        """Where it is from, if not from the paragraph that one writes at."""
        if quoted.source_id:
            return quoted.author
        if quoted.paragraph == self.version.paragraph.public_id:
            return ""
        if quoted.edition:
            return gettext("%(title)s, paragraph %(number)d") % {"title": quoted.edition, "number": quoted.number}
        return gettext("Paragraph %(number)d") % {"number": quoted.number}

    # --- Sentences to choose from -------------------------------------------------------------------------------------

    def offered(self, chosen) -> list[dict]:
        """The sentences of the comment that is answered, of the paragraph, and of what it is linked with: as values."""
        groups = []
        places = {quoted.place for quoted in chosen}
        if self.answered is not None and self.answered.is_shown_whole:
            source = self.answered
            name = self.membership.group.name_of(source.author)
            of = {"comment": source.public_id, "source_id": source.pk, "author": name, "wording": source.wording}
            title = gettext("Sentences of what %(name)s said") % {"name": name}
            groups.append(self._group("c", title, plain_text(source.shown_html), of, places, lang=""))
        version = self.version
        of = {"paragraph": version.paragraph.public_id, "number": version.number, "version_id": version.pk}
        title = gettext("Sentences of paragraph %(number)d") % {"number": version.number}
        groups.append(self._group("t", title, version.text, of, places, lang=self.reading.edition.language))
        groups += self._offered_beside(places)
        return [group for group in groups if group["sentences"]]

    def _offered_beside(self, places):
        """The sentences of the paragraphs of other editions: two queries."""
        linked = linked_with(self.membership, self.reading.edition.current_id, self.version.paragraph_id)
        linked = {one.version: one for one in linked if self.reading.for_members or not one.for_members}
        texts = dict(ParagraphVersion.objects.filter(pk__in=linked).values_list("pk", "text")) if linked else {}
        for place, (pk, one) in enumerate(linked.items()):
            of = {"paragraph": one.paragraph, "number": one.number, "version_id": pk}
            of |= {"edition": one.title, "language": one.tag}
            title = gettext("Sentences of %(title)s, paragraph %(number)d") % {"title": one.title, "number": one.number}
            yield self._group(f"l{place}-", title, texts[pk], of, places, lang=one.tag)

    @staticmethod
    def _group(name, title, text, of, places, lang):
        offered = []
        for sentence in sentences(text):
            try:
                quoted = Quoted(passage(text, sentence.start, sentence.end), **of)
            except NotAPassage:
                continue
            offered.append(
                {
                    "id": f"{name}{sentence.number}",
                    "number": sentence.number,
                    "words": quoted.found.exact,
                    "value": quoted.value,
                    "place": quoted.place,
                    "chosen": quoted.place in places,
                }
            )
        return {"name": name, "title": title, "sentences": offered, "lang": lang}


class QuotesInForm:
    """The part of a form that holds quotations: `quotable` says what may stand there, None that nothing may."""

    def __init__(self, *args, quotable=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.quotable = quotable

    @cached_property
    def looked_up(self) -> list[InForm]:
        """What was sent, or what a draft has kept."""
        if self.quotable is None:
            return []
        if self.is_bound:
            values = self.data.getlist("quote") if hasattr(self.data, "getlist") else self.data.get("quote", [])
            left_out = self.data.get("take_out", "")
            values = [value for number, value in enumerate(values) if str(number) != left_out]
        else:
            values = self.initial.get("quotes", [])
        return self.quotable.look_up(values)

    @property
    def quoted(self) -> list[Quoted]:
        """What can be kept of it."""
        return [one.quoted for one in self.looked_up if one.quoted is not None]

    @cached_property
    def choice(self) -> list[dict]:
        """The sentences to choose from, while one chooses."""
        return self.quotable.offered(self.quoted) if self.quotable is not None and self.quotable.choosing else []

    @property
    def shown_quotes(self) -> list[InForm]:
        """Those that stand above the box; while one chooses, without what stands among the sentences."""
        among = {sentence["place"] for group in self.choice for sentence in group["sentences"]}
        return [one for one in self.looked_up if one.value and not (one.quoted and one.quoted.place in among)]

    def says_what_quotes_lack(self) -> None:
        """Say only what is wrong with the quotations: the words are not sent yet."""
        for name in self.fields:
            self.errors.pop(name, None)

    def clean(self):
        cleaned = super().clean()
        if self.quotable is None:
            return cleaned
        for problem in dict.fromkeys(one.problem for one in self.looked_up if one.problem):
            self.add_error(None, problem)
        if len(self.looked_up) > MOST_QUOTES:
            most = ngettext(
                "A comment quotes %(most)d passage at most.", "A comment quotes %(most)d passages at most.", MOST_QUOTES
            ) % {"most": MOST_QUOTES}
            self.add_error(None, most)
        self.cleaned_data["quotes"] = self.quoted
        return self.cleaned_data


def quotes_part(quotable, values) -> str:
    """What a draft quotes, as the list in the composer: for the slot of a page that is kept."""
    quotes = [one for one in quotable.look_up(values) if one.value]
    return render_to_string("discussion/_quotes_in_form.html", {"quotes": quotes})


def only_changes_quotes(request) -> bool:
    """Whether the form was sent to choose sentences, or to take a quotation out: not to be kept."""
    return "sentences" in request.POST or "take_out" in request.POST


def chooses(request) -> bool:
    """Whether the sentences are to be shown."""
    return (request.POST if request.method == "POST" else request.GET).get("sentences") == "choose"
