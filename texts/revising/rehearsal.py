"""What publishing a corrected text would do, found out before anything changes.

A plan says how each paragraph of the standing revision goes on. It comes of a file (`rehearse`), of changes by hand
(`by_hand`), or of the wish to have the former revision back (`restoring`).
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import md5

from django.utils.translation import gettext as _
from rapidfuzz.distance import Indel

from texts.importing.document import Block
from texts.importing.document import Note as NewNote
from texts.importing.document import NoteMark as NewMark
from texts.importing.saving import heading_of, sections_of
from texts.models import Change, Note, ParagraphLink, ParagraphVersion, Revision

from .aligning import Fixed, Match, Unit, align
from .hand import BadChange, changed_by_hand

__all__ = ["BadChange", "Plan", "by_hand", "choice_of", "rehearse", "restoring", "wording_of"]

REMOVED, ADDED = "removed", "added"  # what a match may be, besides a Change


def wording_of(text: str) -> str:
    """What two paragraphs share that read the same, as the database has it."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class PlannedNote:
    """A note of the text to come: one that the edition has (`kept`), or a new one."""

    label: str
    body: str = ""
    body_html: str = ""
    kept: Note | None = None


@dataclass
class Plan:
    """How an edition's text goes on after the revision `base`.

    `old` are the versions that stand now, `blocks` the paragraphs to come, `matches` say what becomes of which (by
    their places, from 0). `identities` are the keys of the paragraphs that the blocks are, None of new ones. `titles`
    are the headings of its sections by their place.
    """

    base: Revision
    old: list[ParagraphVersion]
    blocks: list[Block]
    matches: list[Match]
    notes: list[PlannedNote] = field(default_factory=list)
    titles: dict[int, str] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)
    restored: list[int] | None = None  # the identities that the blocks had, where a former revision comes back

    @cached_property
    def sections(self) -> list[list[Block]]:
        return sections_of(self.blocks)

    @cached_property
    def identities(self) -> list[int | None]:
        if self.restored is not None:
            return self.restored
        found: list[int | None] = [None] * len(self.blocks)
        for match in self.matches:
            for old, new in match.identity:
                found[new] = self.old[old].paragraph_id
        return found

    @property
    def counts(self) -> dict[str, int]:
        """How many matches there are of each change."""
        return dict(Counter(match.change for match in self.matches))

    @cached_property
    def is_empty(self) -> bool:
        """Whether the text would be, to the letter, what it is."""
        if self.identities != [version.paragraph_id for version in self.old]:
            return False
        return self._as_it_is == self._as_it_will_be

    @cached_property
    def _as_it_is(self):
        headings = [(section.first_number, section.title) for section in self.base.sections.all()]
        return (
            headings,
            [(version.kind, version.list_kind, version.list_number, version.html) for version in self.old],
            [note.kept.pk if note.kept else None for note in self.notes],
        )

    @cached_property
    def _as_it_will_be(self):
        headings, first = [], 1
        for position, inside in enumerate(self.sections):
            headings.append((first, self.titles.get(position) or heading_of(inside)))
            first += len(inside)
        called = dict.fromkeys(mark.note_id for version in self.old for mark in version.note_marks.all())
        return (
            headings,
            [(str(block.kind), block.list or "", block.number, block.html) for block in self.blocks],
            list(called),
        )

    def as_json(self) -> dict:
        """For programs: what becomes of the numbers that people know. Numbers count from 1.

        `heir` is the number at which the discussion of the old ones stands from then on.
        """
        return {"pairs": [pair for match in self.matches for pair in self._pairs_as_json(match)]}

    @staticmethod
    def _pairs_as_json(match):
        """One pair; of a group in which several go on in several, one for each old one, with those it goes on in."""
        if len(match.old) > 1 and len(match.new) > 1:
            groups = [([old], [new for one, new in match.links if one == old] or match.new) for old in match.old]
        else:
            groups = [(match.old, match.new)]
        stands = dict(match.stands)
        identity = dict(match.identity)
        for old, new in groups:
            heirs = [identity[place] for place in old if place in identity]
            heirs += [stands[place] for place in old if place in stands]
            yield {
                "old": [place + 1 for place in old],
                "new": [place + 1 for place in new],
                "change": str(match.change),
                "score": round(match.score, 4),
                "heir": heirs[0] + 1 if heirs else None,
            }


def standing_versions(revision) -> list[ParagraphVersion]:
    """What the paragraphs read in the revision, in their order: two queries."""
    versions = revision.versions.select_related("paragraph", "section").prefetch_related("note_marks__note")
    return list(versions.order_by("number"))


def units_of(versions_or_blocks) -> list[Unit]:
    return [Unit(each.text, str(each.kind)) for each in versions_or_blocks]


# --- Of a file --------------------------------------------------------------------------------------------------------


def rehearse(revision, document, *, choices=()) -> Plan:
    """The plan by which a document takes the place of the revision. Of the choices those count that still fit."""
    old = standing_versions(revision)
    blocks = [block for section in sections_of(document.blocks) for block in section]
    matches = align(units_of(old), units_of(blocks), fixed=fixed_by(choices, old, blocks))
    plan = Plan(revision, old, blocks, matches, assumptions=list(document.assumptions))
    plan.notes = paired_notes(plan, document.notes)
    plan.titles = titles_going_on(plan)
    return plan


def choice_of(plan: Plan, old: list[int], new: list[int]) -> dict:
    """A person's word that these old numbers go on as these new ones, as it is kept: it holds by the wordings, too."""
    return {
        "old": old,
        "new": new,
        "old_words": [plan.old[number - 1].wording for number in old],
        "new_words": [wording_of(plan.blocks[number - 1].text) for number in new],
    }


def fixed_by(choices, old, blocks) -> list[Fixed]:
    """The choices as places in these two texts. The later one wins; one whose wordings are not there says nothing."""
    were, are = defaultdict(list), defaultdict(list)
    for place, version in enumerate(old):
        were[version.wording].append(place)
    for place, block in enumerate(blocks):
        are[wording_of(block.text)].append(place)
    found, used_old, used_new = [], set(), set()
    for choice in reversed(list(choices)):
        here, there = _places(choice, "old", were), _places(choice, "new", are)
        if here is None or there is None or used_old & set(here) or used_new & set(there):
            continue
        used_old |= set(here)
        used_new |= set(there)
        found.append(Fixed(tuple(here), tuple(there)))
    return found


def _places(choice, side, places_of) -> list[int] | None:
    """Where these wordings stand: at the number that was meant, or where they stand alone."""
    found = []
    for number, wording in zip(choice[side], choice[f"{side}_words"], strict=True):
        places = places_of.get(wording, [])
        if number - 1 in places:
            found.append(number - 1)
        elif len(places) == 1:
            found.append(places[0])
        else:
            return None
    return sorted(set(found))


def paired_notes(plan, brought: list[NewNote]) -> list[PlannedNote]:
    """Each note of the document with the edition's note that it is: known by its label in paragraphs that go on.

    A note whose body differs from the one that stands is another one, so that former revisions keep theirs.
    """
    kept: dict[int, Note] = {}
    taken = set()
    for match in plan.matches:
        standing = [mark.note for place in match.old for mark in plan.old[place].note_marks.all()]
        for place in match.new:
            for mark in plan.blocks[place].notes:
                found = _same_note(standing, mark, taken)
                if found is not None and mark.note not in kept:
                    kept[mark.note] = found
                    taken.add(found.pk)
    notes = []
    for index, note in enumerate(brought):
        same = kept.get(index)
        if same is not None and note.body and same.body and same.body != note.body:
            same = None
        notes.append(PlannedNote(note.label[:20], note.body or "", note.body_html or "", same))
    return notes


def _same_note(standing, mark, taken) -> Note | None:
    left = [note for note in standing if note.pk not in taken]
    alike = [note for note in left if note.label == mark.label]
    return (alike or left[:1] or [None])[0]


def titles_going_on(plan) -> dict[int, str]:
    """Headings that somebody gave to sections which the source leaves without one stay with their first paragraph."""
    comes_from = {new: old for match in plan.matches for old, new in match.identity}
    titles, first = {}, 0
    for position, inside in enumerate(plan.sections):
        old = comes_from.get(first)
        before = plan.old[old].section if old is not None else None
        if before and before.title and not heading_of(inside) and before.first_number == plan.old[old].number:
            titles[position] = before.title
        first += len(inside)
    return titles


# --- By hand ----------------------------------------------------------------------------------------------------------


def by_hand(revision, changes) -> Plan:
    """The plan of these changes, one after another. BadChange of what cannot be done."""
    old = standing_versions(revision)
    notes = list(dict.fromkeys(mark.note for version in old for mark in version.note_marks.all()))
    numbered = {note.pk: index for index, note in enumerate(notes)}
    entries = changed_by_hand([as_block(version, numbered) for version in old], names_of(old), changes)
    if not entries:
        raise BadChange(_("A text of which nothing is left cannot be published."))
    blocks = [entry.block for entry in entries]
    matches = align(units_of(old), units_of(blocks), fixed=origins_as_fixed(entries, len(old)))
    plan = Plan(revision, old, blocks, matches)
    plan.notes = [PlannedNote(note.label, note.body, note.body_html, note) for note in notes]
    plan.titles = titles_going_on(plan)
    return plan


def names_of(versions) -> dict[str, int]:
    return {version.paragraph.public_id: place for place, version in enumerate(versions)}


def as_block(version, numbered) -> Block:
    """A version as an importer would have read it. `numbered` are the places of the notes, by their keys."""
    marks = sorted(version.note_marks.all(), key=lambda mark: (mark.offset, mark.note.position))
    return Block(
        kind=version.kind,
        text=version.text,
        section=version.section.position,
        number=version.list_number,
        notes=[NewMark(mark.note.label, mark.offset, numbered[mark.note_id]) for mark in marks],
        html=version.html,
        list=version.list_kind or None,
    )


def origins_as_fixed(entries, count) -> list[Fixed]:
    """What was done by hand as choices: each paragraph goes on in what was made of it, and in nothing else."""
    groups = _Groups()
    for place, entry in enumerate(entries):
        groups.join(*[("old", origin) for origin in entry.origins], ("new", place))
    for origin in range(count):
        groups.join(("old", origin))
    found = []
    for members in groups.all():
        old = tuple(sorted(place for side, place in members if side == "old"))
        new = tuple(sorted(place for side, place in members if side == "new"))
        found.append(Fixed(old, new))
    return found


class _Groups:
    """Things that belong together, whichever of them was said first to belong to which."""

    def __init__(self):
        self.group_of: dict = {}

    def join(self, *members):
        whole = list(dict.fromkeys(each for member in members for each in self.group_of.get(member, [member])))
        for each in whole:
            self.group_of[each] = whole

    def all(self):
        return {id(group): group for group in self.group_of.values()}.values()


# --- Back to the former revision --------------------------------------------------------------------------------------


def restoring(revision) -> Plan:
    """The plan that brings back what stood before this revision, with the identities that there were."""
    old = standing_versions(revision)
    former = revision.edition.revisions.get(number=revision.number - 1)
    new = standing_versions(former)
    notes = list(dict.fromkeys(mark.note for version in new for mark in version.note_marks.all()))
    numbered = {note.pk: index for index, note in enumerate(notes)}
    blocks = [as_block(version, numbered) for version in new]
    plan = Plan(revision, old, blocks, list(_backwards(old, new)))
    plan.notes = [PlannedNote(note.label, note.body, note.body_html, note) for note in notes]
    plan.titles = {section.position: section.title for section in former.sections.all() if section.title}
    plan.restored = [version.paragraph_id for version in new]
    return plan


_THE_OTHER_WAY = {Change.SPLIT: Change.MERGED, Change.MERGED: Change.SPLIT}


def _backwards(old, new):
    """The matches of the links by which the revision came about, the other way round."""
    here = {version.pk: place for place, version in enumerate(old)}
    there = {version.pk: place for place, version in enumerate(new)}
    groups, changes = _Groups(), {}
    for link in ParagraphLink.objects.filter(new__in=here):
        groups.join(("old", here[link.new_id]), ("new", there[link.old_id]))
        changes["old", here[link.new_id]] = _THE_OTHER_WAY.get(link.change, link.change)
    for place in here.values():
        groups.join(("old", place))
    for place in there.values():
        groups.join(("new", place))
    stand_now = {version.paragraph_id: place for place, version in enumerate(new)}
    matches = []
    for members in groups.all():
        olds = tuple(sorted(place for side, place in members if side == "old"))
        news = tuple(sorted(place for side, place in members if side == "new"))
        change = REMOVED if not news else ADDED if not olds else changes["old", olds[0]]
        stands = tuple((place, _heir(old[place], news, new, stand_now)) for place in olds if news)
        identity = tuple(
            (place, stand_now[old[place].paragraph_id]) for place in olds if old[place].paragraph_id in stand_now
        )
        score = likeness([old[place] for place in olds], [new[place] for place in news])
        matches.append(Match(olds, news, change, score, stands, identity))
    return sorted(matches, key=lambda match: match.new[0] if match.new else match.old[0])


def _heir(version, news, new, stand_now) -> int:
    """Where the discussion of what stands now belongs: where it came from, else where most of its words are."""
    if version.paragraph_id in stand_now:
        return stand_now[version.paragraph_id]
    return max(news, key=lambda place: likeness([version], [new[place]]))


def likeness(ones, others) -> float:
    """How much of the words is the same, in order: 0 to 1."""
    if not ones or not others:
        return 0.0
    was, now = (" ".join(each.text for each in side).split() for side in (ones, others))
    return Indel.normalized_similarity(was, now)
