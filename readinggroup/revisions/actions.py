"""What organizers do with the text of a reading: prepare a revision, publish it, undo it, write in what notes lack."""

from django.db import transaction
from django.db.models import F

from readinggroup.discussion.revised import carry_discussion
from readinggroup.groups.models import ChangeKind, GroupChange
from readinggroup.lib.markup import render_markdown
from readinggroup.readings.models import Correction, Reading
from readinggroup.readings.veils import cover_more, veils_to_carry
from readinggroup.schedule.revised import carry_passages
from texts.importing.bounded import read_bounded
from texts.models import Edition, Note
from texts.removing import remove_sources
from texts.revising.publishing import Outdated, bodies_to_fill, fill_bodies, publish
from texts.revising.rehearsal import Plan, by_hand, choice_of, rehearse, restoring


class NothingChanged(Exception):  # noqa: N818 - said to people
    """The text is, to the letter, what stands already: that is no revision."""


class AlreadyPublished(Exception):  # noqa: N818 - as above
    """This was published before."""


class StaleNote(Exception):  # noqa: N818 - as above
    """Somebody else has written the note's body since; `note` is as it stands."""

    def __init__(self, note):
        super().__init__(note)
        self.note = note


def open_correction(*, reading, by, source=None, encoding="", changes=(), why="") -> Correction:
    """A revision in the making: of a file that was brought, or of changes by hand."""
    return Correction.objects.create(
        reading=reading,
        base_id=reading.edition.current_id,
        source=source,
        encoding=encoding,
        changes=list(changes),
        why=why,
        by=by,
    )


def plan_of(correction) -> Plan:
    """What publishing it would do to the text as it is now. Unreadable of the file, BadChange of the changes."""
    revision = current_of(correction)
    if correction.base_id != revision.pk:
        Correction.objects.filter(pk=correction.pk).update(base=revision)
        correction.base = revision
    if correction.source_id is None:
        return by_hand(revision, correction.changes)
    source = correction.source
    document = read_bounded(bytes(source.content), filename=source.name, encoding=correction.encoding or None)
    return rehearse(revision, document, choices=[*choices_before(correction), *correction.choices])


def current_of(correction):
    """The revision that stands."""
    edition = Edition.objects.select_related("current__edition").get(readings=correction.reading_id)
    return edition.current


def choices_before(correction) -> list[dict]:
    """What was chosen for revisions of this edition that were published: it goes on holding."""
    published = Correction.objects.filter(
        revision__isnull=False, reading__edition__readings=correction.reading_id
    ).order_by("revision__number")
    return [choice for choices in published.values_list("choices", flat=True).distinct() for choice in choices]


@transaction.atomic
def link_otherwise(*, correction, old, new, by) -> None:
    """These old numbers go on as these new ones, whatever the aligner thinks. AlreadyPublished; ValueError of numbers
    that the texts do not have."""
    standing = held(correction)
    plan = plan_of(standing)
    if not set(old) <= set(range(1, len(plan.old) + 1)) or not set(new) <= set(range(1, len(plan.blocks) + 1)):
        raise ValueError((old, new))
    chosen = choice_of(plan, sorted(set(old)), sorted(set(new)))
    apart = [each for each in standing.choices if not set(each["old"]) & set(old) and not set(each["new"]) & set(new)]
    Correction.objects.filter(pk=standing.pk).update(choices=[*apart, chosen])
    correction.choices = [*apart, chosen]


@transaction.atomic
def unlink_choice(*, correction, number, by) -> None:
    """Take the choice back that stands at this place of the list, counted from 0. AlreadyPublished."""
    standing = held(correction)
    left = [choice for place, choice in enumerate(standing.choices) if place != number]
    Correction.objects.filter(pk=standing.pk).update(choices=left)
    correction.choices = left


def held(correction) -> Correction:
    """The correction as it stands, held until the transaction ends. AlreadyPublished."""
    standing = Correction.objects.select_for_update(of=("self",)).select_related("reading").get(pk=correction.pk)
    if standing.revision_id is not None:
        raise AlreadyPublished
    return standing


@transaction.atomic
def publish_correction(*, correction, by, why, base=None):
    """The corrected text becomes the reading's text, and everything that is said about it finds its place; the answer
    is the new revision. `base` is the key of the revision that the person saw it rehearsed against. A file that only
    has what notes lacked makes no revision: that is written in, and the answer is None.

    Outdated; AlreadyPublished; NothingChanged; Unreadable and BadChange as for `plan_of`.
    """
    standing = held(correction)
    if base is not None and current_of(standing).pk != base:
        raise Outdated
    plan = plan_of(standing)
    if plan.is_empty:
        if not bodies_to_fill(plan):
            raise NothingChanged
        fill_bodies(plan, plan.base.edition)
        standing.delete()
        return None
    revision = publish(plan, why=why, source_file=standing.source, carry=carry)
    Correction.objects.filter(pk=standing.pk).update(revision=revision, why=why)
    note_in_log(standing.reading, ChangeKind.REVISED, by=by)
    return revision


def discard_correction(*, correction, by) -> None:
    """Let it go, and its file: nothing of it was published."""
    Correction.objects.filter(pk=correction.pk, revision=None).delete()
    remove_sources([correction.source_id])


@transaction.atomic
def undo_revision(*, reading, by, why, revision: int):
    """Bring back what stood before this revision (its number), which is the current one; Outdated if it is not.

    What was said meanwhile stays, at the paragraphs that its own go back to. The first revision cannot be undone.
    """
    edition = Edition.objects.select_for_update(of=("self",), no_key=True).select_related("current").get(
        readings=reading.pk
    )  # fmt: skip
    standing = edition.current
    if standing.number != revision or revision == 1:
        raise Outdated
    standing.edition = edition
    made = publish(restoring(standing), why=why, undoes=standing, carry=carry)
    Correction.objects.create(reading=reading, base=standing, why=why, by=by, revision=made)
    note_in_log(reading, ChangeKind.RESTORED, by=by)
    return made


def carry(published) -> None:
    """Everything that hangs on paragraphs goes along, held as everybody does: sessions, veils, comments, counters."""
    carry_passages(published)
    veils = veils_to_carry(published)
    carry_discussion(published)
    cover_more(veils)


def note_in_log(reading, kind, *, by) -> None:
    """In the log of each group that reads the edition."""
    readings = Reading.objects.filter(edition=reading.edition_id).exclude(state="proposed")
    GroupChange.objects.bulk_create(
        GroupChange(group_id=group, kind=kind, after=reading.edition.title[:300], by=by)
        for group in dict.fromkeys(readings.values_list("group", flat=True))
    )


@transaction.atomic
def write_note(*, reading, note, body, by, seen) -> None:
    """Write in what a note says: no revision, the text stays as it is. StaleNote if it does not say `seen` any more."""
    standing = Note.objects.select_for_update(of=("self",)).get(pk=note.pk, edition=reading.edition_id)
    if standing.body == body:
        return
    if standing.body != seen:
        raise StaleNote(standing)
    Note.objects.filter(pk=standing.pk).update(body=body, body_html=render_markdown(body) if body else "")
    Edition.objects.filter(pk=reading.edition_id).update(note_changes=F("note_changes") + 1)
