"""Taking an edition away with everything that belongs to it alone. Whoever calls knows that nobody reads it."""

from django.db import connection, transaction

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
from .parallel.saving import remove_parallels


@transaction.atomic
def remove_edition(edition: Edition) -> None:
    """Remove the edition, its revisions, paragraphs and notes; its work, if this was its only edition.

    Row by row Django would load a text of thousands of paragraphs to delete it; these are as many statements as tables.
    """
    revisions = Revision.objects.filter(edition=edition)
    sources = list(revisions.exclude(source=None).values_list("source", flat=True))
    remove_parallels(edition)
    Edition.objects.filter(pk=edition.pk).update(current=None)
    Paragraph.objects.filter(edition=edition).exclude(heir=None).update(heir=None)
    revisions.exclude(undoes=None).update(undoes=None)
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


@transaction.atomic
def erase_wordings(edition: Edition, *, instead: str) -> None:
    """Nothing of the edition's words is left, in whatever revision: these stand there instead. Paragraphs stay.

    What is published never changes, but for this: the words of somebody who has a right to have them gone.
    """
    guard = next(each for each in ParagraphVersion._meta.triggers if each.name == "wording_never_changes")
    with connection.cursor() as cursor:
        # At most until this transaction ends. `pgtrigger.ignore` sends two statements as one, which cannot be prepared.
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{guard.get_pgid(ParagraphVersion)}}}"])
        versions = ParagraphVersion.objects.filter(revision__edition=edition)
        versions.update(text=instead, html=instead)
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', true)")
    Section.objects.filter(revision__edition=edition).update(opening=instead, title="")


def remove_sources(keys) -> None:
    """Remove those of the files that nothing came from, and that nobody means to import any more."""
    SourceFile.objects.filter(pk__in=keys, revisions=None, text_imports=None, corrections=None).delete()
