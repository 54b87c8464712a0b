"""Words that are not sent yet."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Length, Now
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.markup import LONGEST
from readinggroup.lib.public_ids import new_public_id
from readinggroup.readings.models import Reading
from texts.models import Paragraph

from .comments import Comment

LONGEST_QUOTES = 200_000  # characters of all quotes of a draft, as JSON


class Draft(models.Model):
    """What one person has written for one place and not sent: a new comment, an answer, a rewording of their own.

    There is one a person and place. `sequence` rises with each saving: who saves says which they had before them, so
    that an old tab cannot overwrite what was typed in a newer one.
    """

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="drafts")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="drafts")
    parent = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    edited = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    wording = models.PositiveIntegerField(null=True, blank=True)  # of what is reworded, as its author had it
    body = models.TextField(_("comment"), max_length=LONGEST, blank=True)
    quotes = models.JSONField(default=list, blank=True)  # as the form holds them
    sequence = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-saved_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "reading", "paragraph", "parent", "edited"],
                nulls_distinct=False,
                name="draft_once_a_place",
            ),
            models.CheckConstraint(
                condition=Q(edited=None, wording=None) | Q(parent=None, edited__isnull=False, wording__isnull=False),
                name="draft_is_new_or_reworded",
            ),
            at_most("body", LONGEST, name="draft_is_not_too_long"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length(Cast("quotes", models.TextField())), LONGEST_QUOTES),
                name="draft_quotes_are_not_too_long",
            ),
        ]

    def __str__(self):
        return self.public_id
