"""The passages that a comment quotes: of the text, or of another comment."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from texts.models import ParagraphVersion
from texts.quoting import CONTEXT
from texts.quoting import LONGEST as LONGEST_PASSAGE

from .comments import Comment


class Quote(models.Model):
    """Words that a comment quotes, as Web Annotation selectors (https://www.w3.org/TR/annotation-model/).

    `exact`, `prefix` and `suffix` are the TextQuoteSelector, `start` and `end` the TextPositionSelector in code points
    of the clean text of a paragraph's version, or of the words (as shown, without markup) of another comment in the
    wording that was quoted. A passage that runs over the end of a paragraph is as many quotes as paragraphs.
    """

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="quotes")
    position = models.PositiveSmallIntegerField()
    version = models.ForeignKey(
        ParagraphVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="quotes"
    )
    source = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, blank=True, related_name="quoted_in")
    wording = models.PositiveIntegerField(null=True, blank=True)  # of the source
    exact = models.TextField(_("passage"), max_length=LONGEST_PASSAGE)
    prefix = models.CharField(max_length=CONTEXT, blank=True)
    suffix = models.CharField(max_length=CONTEXT, blank=True)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["comment", "position"], name="quote_position_once"),
            models.CheckConstraint(
                condition=Q(version__isnull=False, source=None, wording=None)
                | Q(version=None, source__isnull=False, wording__isnull=False),
                name="quote_is_of_a_text_or_of_a_comment",
            ),
            models.CheckConstraint(condition=Q(end__gt=models.F("start")) & ~Q(exact=""), name="quote_has_words"),
            at_most("exact", LONGEST_PASSAGE, name="quote_is_not_too_long"),
        ]

    def __str__(self):
        return f"{self.start}–{self.end} in {self.version_id or self.source_id}"
