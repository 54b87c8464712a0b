"""Works, their editions, and the paragraphs that people discuss. Knows no reader, no group, no comment.

A Paragraph is an identity and nothing else: what it reads, where it stands and which number it bears is said by one
ParagraphVersion for each Revision. So a text can be corrected without any discussion losing its place.
"""

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import MD5, Now
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.full_text import keeps_search, renews_search
from readinggroup.lib.public_ids import new_public_id


class Work(models.Model):
    """What was written, in whatever language and printing."""

    title = models.CharField(_("title"), max_length=300)
    author = models.CharField(_("author"), max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return self.title


class Edition(models.Model):
    """One wording of a work: a translation, a printing."""

    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="editions")
    title = models.CharField(_("title"), max_length=300)
    author = models.CharField(_("author"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=35, default="en", help_text=_("A tag such as en, de, pt-BR."))
    translator = models.CharField(_("translator"), max_length=300, blank=True)
    source = models.CharField(_("source"), max_length=500, blank=True)
    rights = models.CharField(_("rights"), max_length=500, blank=True)
    current = models.OneToOneField(
        "Revision", on_delete=models.PROTECT, null=True, blank=True, related_name="current_of", editable=False
    )
    note_changes = models.PositiveIntegerField(default=0)  # how often a note was written in: they belong to no revision
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        triggers = [
            renews_search(
                "texts_paragraphversion",
                "revision_id IN (SELECT id FROM texts_revision WHERE edition_id = NEW.id)",
            )
        ]

    def __str__(self):
        return self.title


class SourceFile(models.Model):
    """A file as it was brought, kept whole with its hash, so that every revision can be traced to it."""

    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return self.name


class RevisionState(models.TextChoices):
    """Whether readers see a revision. A published one is never changed again."""

    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")


class Revision(models.Model):
    """One state of an edition's text: each follows the one numbered before it.

    What was published stays in the history: one that `undoes` another reads what stood before that one, again.
    """

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=RevisionState.choices, default=RevisionState.DRAFT)
    source = models.ForeignKey(SourceFile, on_delete=models.PROTECT, null=True, blank=True, related_name="revisions")
    why = models.CharField(_("why"), max_length=500, blank=True)
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by")
    importer = models.CharField(max_length=40, blank=True)
    assumptions = models.JSONField(default=list, blank=True)
    words = models.PositiveIntegerField(default=0)
    paragraphs = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["edition", "number"], name="revision_number_once"),
            models.CheckConstraint(
                condition=models.Q(state=RevisionState.PUBLISHED, published_at__isnull=False)
                | models.Q(state=RevisionState.DRAFT, published_at=None),
                name="revision_published_has_a_date",
            ),
        ]

    def __str__(self):
        return f"{self.edition}, revision {self.number}"


class Section(models.Model):
    """A run of paragraphs in one revision, with or without a heading of its own."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="sections")
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=300, blank=True)
    opening = models.CharField(max_length=120)
    words = models.PositiveIntegerField()
    first_number = models.PositiveIntegerField()
    last_number = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["revision", "position"], name="section_position_once")]

    def __str__(self):
        return self.title or self.opening


class Paragraph(models.Model):
    """The unit of discussion: an identity only, which outlives every wording.

    `heir` is the paragraph that it was merged into, while it was. One without an heir that is not in the current
    revision was removed: its page and its discussion stay where they were.
    """

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="paragraphs")
    heir = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_into_it")

    def __str__(self):
        return self.public_id


class Kind(models.TextChoices):
    """What a block of text is, which decides how it is set."""

    TITLE = "title", _("title")
    BYLINE = "byline", _("byline")
    ABSTRACT = "abstract", _("abstract")
    HEADING = "heading", _("heading")
    PARAGRAPH = "paragraph", _("paragraph")
    LIST_ITEM = "list_item", _("list item")
    BLOCKQUOTE = "blockquote", _("quotation")
    VERSE_LINE = "verse_line", _("line of verse")
    SIGNATURE = "signature", _("signature")
    DATELINE = "dateline", _("dateline")


class ListKind(models.TextChoices):
    """How the items of a list are marked."""

    BULLETED = "bulleted", _("bulleted")
    NUMBERED = "numbered", _("numbered")


class ParagraphVersionManager(models.Manager):
    """Leaves the search vectors in the database."""

    def get_queryset(self):
        return super().get_queryset().defer("search")


class ParagraphVersion(models.Model):
    """What one paragraph reads in one revision, and the number that readers know it by there."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="versions")
    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="versions")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    list_kind = models.CharField(max_length=10, choices=ListKind.choices, blank=True)
    list_number = models.IntegerField(null=True, blank=True)
    text = models.TextField()
    html = models.TextField()
    # Two versions that read the same have the same.
    wording = models.GeneratedField(
        expression=MD5("text"), output_field=models.CharField(max_length=32), db_persist=True
    )
    search = SearchVectorField(db_default="", editable=False)  # of the text, kept by the database

    objects = ParagraphVersionManager()

    class Meta:
        ordering = ["number"]
        indexes = [GinIndex(fields=["search"], name="paragraph_version_search", gin_pending_list_limit=256)]
        constraints = [
            models.UniqueConstraint(fields=["revision", "number"], name="paragraph_version_number_once"),
            models.UniqueConstraint(fields=["revision", "paragraph"], name="paragraph_version_once"),
            at_most("text", 100_000, name="paragraph_version_is_not_too_long"),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="wording_never_changes",
                fields=["revision", "section", "paragraph", "number", "kind", "list_kind", "list_number", "text"],
            ),
            keeps_search(
                "NEW.text",
                "FROM texts_revision revision JOIN texts_edition edition ON edition.id = revision.edition_id"
                " WHERE revision.id = NEW.revision_id",
            ),
        ]

    def __str__(self):
        return f"{self.number}: {self.text[:40]}"


class Change(models.TextChoices):
    """What became of a paragraph from one revision to the next."""

    UNCHANGED = "unchanged", _("unchanged")
    EDITED = "edited", _("edited")
    MOVED = "moved", _("moved")
    SPLIT = "split", _("split")
    MERGED = "merged", _("merged")


class LinkStatus(models.TextChoices):
    """Who says that two versions belong together. A person's word wins over the aligner's."""

    AUTOMATIC = "automatic", _("automatic")
    CONFIRMED = "confirmed", _("confirmed")
    OVERRIDDEN = "overridden", _("overridden")


class ParagraphLink(models.Model):
    """That one version of a paragraph continues in a version of the next revision, and how surely."""

    old = models.ForeignKey(ParagraphVersion, on_delete=models.CASCADE, related_name="links_forward")
    new = models.ForeignKey(ParagraphVersion, on_delete=models.CASCADE, related_name="links_back")
    change = models.CharField(max_length=10, choices=Change.choices)
    score = models.FloatField()
    status = models.CharField(max_length=10, choices=LinkStatus.choices, default=LinkStatus.AUTOMATIC)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["old", "new"], name="paragraph_link_once")]

    def __str__(self):
        return f"{self.old_id} → {self.new_id}: {self.change}"


class Note(models.Model):
    """A footnote of an edition. Its body may be missing in the source and be written in later."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="notes")
    position = models.PositiveIntegerField()
    label = models.CharField(max_length=20)
    body = models.TextField(blank=True)
    body_html = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "position"], name="note_position_once"),
            at_most("body", 20_000, name="note_body_is_not_too_long"),
        ]

    def __str__(self):
        return self.label


class NoteMark(models.Model):
    """Where a note is called: an offset in code points of the version's clean text."""

    version = models.ForeignKey(ParagraphVersion, on_delete=models.CASCADE, related_name="note_marks")
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="marks")
    offset = models.PositiveIntegerField()

    class Meta:
        ordering = ["offset"]
        constraints = [models.UniqueConstraint(fields=["version", "note", "offset"], name="note_mark_once")]

    def __str__(self):
        return f"{self.note_id} at {self.offset}"


class Parallel(models.Model):
    """Two editions of one work that are read beside one another: its links say which paragraphs belong together.

    The pair has no order; it is kept with the older edition first, so that there is one of it. `changes` rises with
    every change of its links: while it stands, so do they.
    """

    first = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="parallels_as_first")
    second = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="parallels_as_second")
    changes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="parallel_once"),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="parallel_has_no_order"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="of_one_work",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("first_id", "second_id"),
                func="""
                    IF (SELECT work_id FROM texts_edition WHERE id = NEW.first_id)
                        <> (SELECT work_id FROM texts_edition WHERE id = NEW.second_id)
                    THEN
                        RAISE EXCEPTION 'editions of two works are not read beside one another'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'parallel_is_of_one_work';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self):
        return f"{self.first_id} beside {self.second_id}"


class ParallelStatus(models.TextChoices):
    """Who says that paragraphs of two editions belong together."""

    PROPOSED = "proposed", _("proposed")
    CONFIRMED = "confirmed", _("confirmed")


class ParallelLink(models.Model):
    """Paragraphs of two editions that belong together, as many of either as there are: a row of the two texts.

    One with paragraphs of one edition alone says that the other has nothing there.
    """

    parallel = models.ForeignKey(Parallel, on_delete=models.CASCADE, related_name="links")
    status = models.CharField(max_length=10, choices=ParallelStatus.choices, default=ParallelStatus.PROPOSED)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=ParallelStatus.values), name="parallel_link_status"),
        ]

    def __str__(self):
        return f"{self.pk}: {self.status}"


class LinkedParagraph(models.Model):
    """A paragraph in a link: the identity, so that the link outlives every wording. Each stands in one of a pair."""

    link = models.ForeignKey(ParallelLink, on_delete=models.CASCADE, related_name="paragraphs")
    parallel = models.ForeignKey(Parallel, on_delete=models.CASCADE, related_name="linked_paragraphs")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="parallel_links")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["parallel", "paragraph"], name="linked_paragraph_once")]
        triggers = [
            pgtrigger.Trigger(
                name="of_the_pair",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("link_id", "parallel_id", "paragraph_id"),
                func="""
                    IF NOT EXISTS (
                        SELECT FROM texts_parallellink link
                        JOIN texts_parallel parallel ON parallel.id = link.parallel_id
                        JOIN texts_paragraph paragraph
                            ON paragraph.id = NEW.paragraph_id
                            AND paragraph.edition_id IN (parallel.first_id, parallel.second_id)
                        WHERE link.id = NEW.link_id AND parallel.id = NEW.parallel_id
                    ) THEN
                        RAISE EXCEPTION 'a link joins paragraphs of its two editions'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'linked_paragraph_is_of_the_pair';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self):
        return f"{self.paragraph_id} in {self.link_id}"
