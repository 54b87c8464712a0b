"""A Document becomes an edition: its first revision, sections, paragraphs and notes, saved in one transaction."""

import hashlib

from django.db import transaction
from django.utils import timezone

from texts.models import (
    Edition,
    Note,
    NoteMark,
    Paragraph,
    ParagraphVersion,
    Revision,
    RevisionState,
    Section,
    SourceFile,
    Work,
)

IMPORTER = "2"  # raised when the same file would be read differently

SECTION_BREAK, HEADING = "section_break", "heading"
OPENING_LENGTH = 80
A_BATCH = 4_000  # rows a statement: Postgres takes 65,535 values


def sha256_of(content: bytes) -> str:
    """The fingerprint by which a file is known again."""
    return hashlib.sha256(content).hexdigest()


def keep_source(content: bytes, name: str) -> SourceFile:
    """The file itself, kept as it was brought."""
    return SourceFile.objects.create(sha256=sha256_of(content), name=name[-255:], content=content)


@transaction.atomic
def save_edition(document, source_file: SourceFile, *, work=None, section_titles=None, **details) -> Edition:
    """A new edition of the work, or of a new one, with the document as its published first revision.

    `details` are fields of Edition (title, author, language, translator, source, rights); they win over what the
    document says of itself. `section_titles` gives headings by position to sections that the source left without.
    """
    details = {name: value for name, value in details.items() if value}
    details.setdefault("title", document.title[:300])
    details.setdefault("author", document.author[:300])
    details.setdefault("language", document.language or "en")
    work = work or Work.objects.create(title=details["title"], author=details["author"])
    edition = Edition.objects.create(work=work, **details)
    edition.current = save_revision(document, source_file, edition, section_titles or {})
    edition.save(update_fields=["current"])
    return edition


def save_revision(document, source_file: SourceFile, edition: Edition, section_titles) -> Revision:
    """The document as the first published revision of a new edition, every paragraph with a fresh identity."""
    sections = sections_of(document.blocks)
    blocks = [block for section in sections for block in section]
    revision = Revision.objects.create(
        edition=edition,
        number=1,
        state=RevisionState.PUBLISHED,
        published_at=timezone.now(),
        source=source_file,
        importer=IMPORTER,
        assumptions=document.assumptions,
        words=count_words(blocks),
        paragraphs=len(blocks),
    )
    versions = save_versions(revision, sections, section_titles, [None] * len(blocks))
    save_notes(document, edition, zip(blocks, versions, strict=True))
    return revision


def save_versions(revision, sections, titles, identities) -> list[ParagraphVersion]:
    """What each paragraph reads in the revision, in order; who has no identity (its key) yet gets one."""
    standing_in = save_sections(revision, sections, titles)
    blocks = [block for section in sections for block in section]
    fresh = iter(
        Paragraph.objects.bulk_create(Paragraph(edition_id=revision.edition_id) for key in identities if key is None)
    )
    keys = [next(fresh).pk if key is None else key for key in identities]
    versions = [
        ParagraphVersion(
            revision=revision,
            section=section,
            paragraph_id=key,
            number=number,
            kind=block.kind,
            list_kind=block.list or "",
            list_number=block.number,
            text=block.text,
            html=block.html,
        )
        for number, (block, section, key) in enumerate(zip(blocks, standing_in, keys, strict=True), 1)
    ]
    return ParagraphVersion.objects.bulk_create(versions, batch_size=A_BATCH)


def sections_of(blocks) -> list[list]:
    """The text's blocks by section: a new one begins at a break of the source, or at a heading."""
    sections, previous = [], None
    for block in blocks:
        if block.kind == SECTION_BREAK:
            continue
        opens = previous is None or block.section != previous.section
        if opens or (block.kind == HEADING and previous.kind != HEADING):
            sections.append([])
        sections[-1].append(block)
        previous = block
    return sections


def heading_of(section) -> str:
    """The heading that the source gives the section, or nothing."""
    return section[0].text[:300] if section[0].kind == HEADING else ""


def save_sections(revision, sections, titles) -> list[Section]:
    """The revision's sections; the answer holds, for each block, the section that it stands in."""
    unsaved, first = [], 1
    for position, inside in enumerate(sections):
        unsaved.append(
            Section(
                revision=revision,
                position=position,
                title=titles.get(position) or heading_of(inside),
                opening=shortened(inside[0].text),
                words=count_words(inside),
                first_number=first,
                last_number=first + len(inside) - 1,
            )
        )
        first += len(inside)
    saved = Section.objects.bulk_create(unsaved)
    return [section for section, inside in zip(saved, sections, strict=True) for _ in inside]


def save_notes(document, edition, blocks_and_versions) -> None:
    """The edition's notes in the order of the document, each with the places where it is called."""
    notes = Note.objects.bulk_create(
        Note(
            edition=edition,
            position=position,
            label=note.label[:20],
            body=note.body or "",
            body_html=note.body_html or "",
        )
        for position, note in enumerate(document.notes, 1)
    )
    NoteMark.objects.bulk_create(
        NoteMark(version=version, note=notes[mark.note], offset=mark.offset)
        for block, version in blocks_and_versions
        for mark in block.notes
    )


def count_words(blocks) -> int:
    """How many words a reader would say there are."""
    return sum(len(block.text.split()) for block in blocks)


def shortened(text: str) -> str:
    """The first words of a paragraph, to know a section by that has no heading."""
    if len(text) <= OPENING_LENGTH:
        return text
    return text[:OPENING_LENGTH].rsplit(" ", 1)[0].rstrip(",;:–—- ") + "…"
