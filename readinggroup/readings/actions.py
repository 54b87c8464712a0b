"""Bringing a text to a group's shelf, beginning to read it, and keeping a reader's place."""

from django.db import transaction

from readinggroup.groups.actions import free_slug
from readinggroup.groups.models import ChangeKind, GroupChange
from readinggroup.groups.settling import log_and_tell
from texts.importing.saving import keep_source, save_edition
from texts.parallel.saving import pair

from .models import DiscussedMark, Place, Reading, ReadingState, TextImport


def reading_from_file(*, group, sha256: str) -> Reading | None:
    """The group's reading that came from the file with this fingerprint, if there is one."""
    readings = Reading.objects.filter(group=group, edition__revisions__source__sha256=sha256)
    return readings.order_by("created_at").first()


def keep_upload(*, group, content: bytes, filename: str, by, for_members=False, withheld=False) -> TextImport:
    """Keep a file that somebody has brought, for its preview."""
    source = keep_source(content, filename)
    return TextImport.objects.create(group=group, source=source, by=by, for_members=for_members, withheld=withheld)


@transaction.atomic
def bring_text(
    *,
    group,
    document,
    source_file,
    state=ReadingState.PLANNED,
    for_members=False,
    section_titles=None,
    beside=None,
    **details,
) -> Reading:
    """Save the document as an edition and put it on the group's shelf. The same file again is the same reading.

    It is another edition of the work that is read in the reading `beside`, if one is named.
    """
    # Two organizers who bring the same file at once wait for one another here.
    type(group).objects.select_for_update(of=("self",)).get(pk=group.pk)
    reading = reading_from_file(group=group, sha256=source_file.sha256)
    if reading is not None:
        return reading
    work = beside.edition.work if beside else None
    edition = save_edition(document, source_file, work=work, section_titles=section_titles, **details)
    slug = free_slug(edition.title, group.readings, longest=80, fallback="text")
    if beside:
        pair(beside.edition, edition)
    return Reading.objects.create(group=group, edition=edition, slug=slug, state=state, for_members=for_members)


def keep_place(*, reading, user, paragraph) -> None:
    """Remember where this reader stopped."""
    Place.objects.update_or_create(reading=reading, user=user, defaults={"paragraph": paragraph})


def settle_place(*, reading, user, paragraph, shows_name: bool) -> None:
    """Say where one is, by the paragraph's key, and whether others may see it by name."""
    settled = {"paragraph_id": paragraph, "shows_name": shows_name}
    Place.objects.update_or_create(reading=reading, user=user, defaults=settled)


# What the log says when a text comes into this state.
_CAME_TO = {
    ReadingState.PLANNED: ChangeKind.SHELVED,
    ReadingState.CURRENT: ChangeKind.BEGUN,
    ReadingState.FINISHED: ChangeKind.READ,
}


@transaction.atomic
def change_state(*, reading, state, by) -> bool:
    """Begin to read the text, put it back on the shelf, or say that it is read. False if it is so already."""
    if not Reading.objects.on_the_shelf().filter(pk=reading.pk).exclude(state=state).update(state=state):
        return False
    GroupChange.objects.create(
        group=reading.group, kind=_CAME_TO[ReadingState(state)], after=reading.edition.title[:300], by=by
    )
    return True


def set_start(*, reading, starts_on) -> None:
    """Say on which day the group begins to read the text; None leaves that open."""
    Reading.objects.filter(pk=reading.pk).update(starts_on=starts_on)


def keep_for_members(*, reading, keep: bool, by) -> bool:
    """Keep the text for members, or open it to whoever may read in the group. False if it is so already."""
    if not Reading.objects.filter(pk=reading.pk, for_members=not keep).update(for_members=keep):
        return False
    kind = ChangeKind.TEXT_KEPT if keep else ChangeKind.TEXT_OPENED
    log_and_tell(group=reading.group, kind=kind, by=by, after=reading.edition.title)
    return True


@transaction.atomic
def mark_discussed(*, reading, record, marks) -> None:
    """These marks "discussed on ..." at the reading's paragraphs, and no other ones of this record: dicts of fields.

    What stands already stays as it is, so that nothing is renewed in vain.
    """
    standing = {mark.source: mark for mark in DiscussedMark.objects.filter(reading=reading, record=record)}
    wanted = {mark["source"]: DiscussedMark(reading=reading, record=record, **mark) for mark in marks}
    names = [field.attname for field in DiscussedMark._meta.concrete_fields if field.name != "id"]

    def same(one, other):
        return all(getattr(one, name) == getattr(other, name) for name in names)

    gone = [mark.pk for source, mark in standing.items() if source not in wanted or not same(mark, wanted[source])]
    DiscussedMark.objects.filter(pk__in=gone).delete()
    new = [mark for source, mark in wanted.items() if source not in standing or standing[source].pk in gone]
    DiscussedMark.objects.bulk_create(sorted(new, key=lambda mark: mark.paragraph_id))
