"""What happened to threads and quotations when the text under them was revised."""

from django.db import models
from django.db.models import Q

from texts.models import Paragraph, ParagraphVersion, Revision

from .comments import Comment
from .quotes import Quote


class ThreadMove(models.Model):
    """That a thread went along with its words to another paragraph, when that revision was published.

    So an undo brings back to `old` what still stands at `new`.
    """

    thread = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="moves")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    old = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="+")
    new = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "revision"], name="thread_move_once")]

    def __str__(self):
        return f"{self.thread_id}: {self.old_id} → {self.new_id}"


class QuoteAnchor(models.Model):
    """Where the words of a quotation stand since that revision: in `version`, or nowhere (any more).

    `method` says how they were found: "same", "difference" or "search" (texts.revising.tracking); "lost" if not. Every
    revision's anchor is kept, so that a wrong one can be traced.
    """

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="anchors")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(ParagraphVersion, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    start = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)
    score = models.FloatField(default=0)
    method = models.CharField(max_length=10)
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["quote", "revision"], name="quote_anchor_once"),
            models.UniqueConstraint(fields=["quote"], condition=Q(is_current=True), name="quote_anchor_current_once"),
            models.CheckConstraint(
                condition=Q(version=None, start=0, end=0, method="lost")
                | Q(version__isnull=False, end__gt=models.F("start")),
                name="quote_anchor_has_a_place_or_is_lost",
            ),
        ]

    def __str__(self):
        return f"{self.quote_id}: {self.method}"
