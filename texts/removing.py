"""Taking an edition away with everything that belongs to it alone. Whoever calls knows that nobody reads it."""

from django.db import transaction

from .models import (
    Edition,
    Note,
    NoteMark,
    Paragraph,
    ParagraphLink,
    ParagraphVersion,
    Revision,
    Section,
    SourceFile,
    Work,
)


@transaction.atomic
def remove_edition(edition: Edition) -> None:
    """Remove the edition, its revisions, paragraphs and notes; its work, if this was its only edition.

    Row by row Django would load a text of thousands of paragraphs to delete it; these are as many statements as tables.
    """
    revisions = Revision.objects.filter(edition=edition)
    sources = list(revisions.exclude(source=None).values_list("source", flat=True))
    Edition.objects.filter(pk=edition.pk).update(current=None)
    for rows in (
        ParagraphLink.objects.filter(old__revision__in=revisions),
        ParagraphLink.objects.filter(new__revision__in=revisions),
        NoteMark.objects.filter(version__revision__in=revisions),
        Note.objects.filter(edition=edition),
        ParagraphVersion.objects.filter(revision__in=revisions),
        Section.objects.filter(revision__in=revisions),
        revisions,
        Paragraph.objects.filter(edition=edition),
        Edition.objects.filter(pk=edition.pk),
        Work.objects.filter(pk=edition.work_id, editions=None),
    ):
        rows._raw_delete(rows.db)
    remove_sources(sources)


def remove_sources(keys) -> None:
    """Remove those of the files that nothing came from, and that nobody means to import any more."""
    SourceFile.objects.filter(pk__in=keys, revisions=None, text_imports=None).delete()
