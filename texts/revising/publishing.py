"""Publishing a plan: one transaction after which the edition reads otherwise and every paragraph has kept its identity.

What is long is written first, seen by nobody. Then the text is held alone, for the moment in which what hangs on its
paragraphs is carried along and the new revision becomes the current one: who posts at that moment waits for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from texts.importing.saving import A_BATCH, IMPORTER, count_words, save_versions
from texts.models import (
    Edition,
    Note,
    NoteMark,
    Paragraph,
    ParagraphLink,
    ParagraphVersion,
    Revision,
    RevisionState,
    SourceFile,
)

from .aligning import Match
from .rehearsal import ADDED, REMOVED, Plan


class Outdated(Exception):  # noqa: N818 - said to people
    """The text was revised by somebody else since this was rehearsed."""


@dataclass(frozen=True)
class Published:
    """What a publication did, for those who carry along what hangs on paragraphs. `new` are the versions, in order."""

    plan: Plan
    revision: Revision
    new: list[ParagraphVersion]

    @cached_property
    def match_at(self) -> dict[int, Match]:
        """What becomes of the version at each place of the former revision."""
        return {place: match for match in self.plan.matches for place in match.old}

    @cached_property
    def goes_on_in(self) -> dict[int, list[ParagraphVersion]]:
        """Of each paragraph that stood (by its key) the versions that it goes on in, in order; none of removed ones."""
        found = {}
        for match in self.plan.matches:
            for place in match.old:
                found[self.plan.old[place].paragraph_id] = [self.new[each] for each in match.new]
        return found

    @cached_property
    def stands_at(self) -> dict[int, ParagraphVersion]:
        """Where the discussion of each paragraph that stood (by its key) stands now; not of removed ones."""
        return {
            self.plan.old[old].paragraph_id: self.new[new] for match in self.plan.matches for old, new in match.stands
        }

    @cached_property
    def reworded(self) -> set[int]:
        """The paragraphs that stood (by their keys) and do not stand as they did, to the letter."""
        return {
            version.paragraph_id
            for version in self.plan.old
            if [each.text for each in self.goes_on_in[version.paragraph_id]] != [version.text]
            or self.stands_at[version.paragraph_id].paragraph_id != version.paragraph_id
        }


def hold_text(edition_id: int, *, alone: bool = False) -> None:
    """Until the transaction ends, the edition's text stays as it is; `alone`, nobody says anything about it either.

    Taken before everything else that is locked: who waits for it holds nothing that its holder may want.
    """
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtextextended('text of ' || %s, 0))", [edition_id])


@transaction.atomic
def publish(
    plan: Plan,
    *,
    why: str,
    source_file: SourceFile | None = None,
    undoes: Revision | None = None,
    carry: Callable[[Published], None] = lambda published: None,
) -> Revision:
    """The plan's text becomes the edition's. Outdated if that has been revised since the plan was made.

    `carry` is called with the text held alone, before the revision is the current one.
    """
    edition = Edition.objects.select_for_update(of=("self",), no_key=True).get(pk=plan.base.edition_id)
    if edition.current_id != plan.base.pk:
        raise Outdated
    blocks = [block for section in plan.sections for block in section]
    revision = Revision.objects.create(
        edition=edition,
        number=plan.base.number + 1,
        state=RevisionState.PUBLISHED,
        published_at=timezone.now(),
        source=source_file,
        importer=IMPORTER if source_file else "",
        assumptions=plan.assumptions,
        why=why,
        undoes=undoes,
        words=count_words(blocks),
        paragraphs=len(blocks),
    )
    versions = save_versions(revision, plan.sections, plan.titles, plan.identities)
    save_links(plan, versions)
    save_marks(plan, edition, blocks, versions)
    hold_text(edition.pk, alone=True)
    published = Published(plan, revision, versions)
    settle_heirs(published)
    carry(published)
    edition.current = revision
    edition.save(update_fields=["current"])
    return revision


def save_links(plan, versions) -> None:
    """Which version goes on in which, and who says so."""
    ParagraphLink.objects.bulk_create(
        (
            ParagraphLink(
                old=plan.old[old],
                new=versions[new],
                change=match.change,
                score=match.score,
                status="overridden" if match.fixed else "automatic",
            )
            for match in plan.matches
            if match.change not in {REMOVED, ADDED}
            for old, new in pairs_of(match)
        ),
        batch_size=A_BATCH,
    )


def pairs_of(match) -> list[tuple[int, int]]:
    """Which old one goes on in which new one: of a group of many not each in each."""
    return list(match.links) or [(old, new) for old in match.old for new in match.new]


def save_marks(plan, edition, blocks, versions) -> None:
    """Where notes are called. New ones come after those that the edition has; a body that was missing is filled in."""
    last = edition.notes.order_by("-position").values_list("position", flat=True).first() or 0
    called = {mark.note for block in blocks for mark in block.notes}
    notes, fresh = {}, []
    for index, note in enumerate(plan.notes):
        if note.kept is None and index in called:
            fresh.append(
                Note(edition=edition, position=last + len(fresh) + 1, label=note.label, body=note.body,
                     body_html=note.body_html)
            )  # fmt: skip
        notes[index] = note.kept or (fresh[-1] if index in called else None)
    Note.objects.bulk_create(fresh)
    fill_bodies(plan, edition)
    NoteMark.objects.bulk_create(
        (
            NoteMark(version=version, note=notes[mark.note], offset=mark.offset)
            for block, version in zip(blocks, versions, strict=True)
            for mark in block.notes
        ),
        batch_size=A_BATCH,
    )


def bodies_to_fill(plan) -> list:
    """Notes of the edition that have no body yet, and get one by this plan."""
    return [note for note in plan.notes if note.kept and note.body and not note.kept.body]


@transaction.atomic
def fill_bodies(plan, edition) -> int:
    """Write in what was missing; the answer is how many. No revision is needed for that: the text stays as it is."""
    filled = 0
    for note in bodies_to_fill(plan):
        waiting = Note.objects.filter(pk=note.kept.pk, body="")
        filled += waiting.update(body=note.body, body_html=note.body_html)
    if filled:
        Edition.objects.filter(pk=edition.pk).update(note_changes=F("note_changes") + 1)
    return filled


def settle_heirs(published) -> None:
    """Who is in the text has no heir; who was merged has the paragraph at which its discussion stands now."""
    here = {version.paragraph_id for version in published.new}
    Paragraph.objects.filter(versions__revision=published.revision).exclude(heir=None).update(heir=None)
    gone = [version.paragraph_id for version in published.plan.old if version.paragraph_id not in here]
    heirs = [published.stands_at[key].paragraph_id if key in published.stands_at else None for key in gone]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE texts_paragraph SET heir_id = gone.heir FROM unnest(%s::bigint[], %s::bigint[]) AS gone (id, heir)"
            " WHERE texts_paragraph.id = gone.id",
            [gone, heirs],
        )
