"""Marks with a meaning that people set at comments."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .comments import Comment


class ReactionKind(models.TextChoices):
    """What somebody says to a comment without words of their own."""

    AGREE = "agree", _("I agree")
    DISAGREE = "disagree", _("I disagree")
    QUESTION = "question", _("I have a question")
    WELL_FOUND = "well_found", _("well found")


def _renews_the_page(name, operation, rows, referencing):
    """What is kept of the discussion is made anew: the paragraph's `changes` rise."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        func=f"""
            UPDATE readings_paragraphactivity activity SET changes = activity.changes + 1
            FROM (
                SELECT DISTINCT said.reading_id, said.paragraph_id FROM {rows} reaction
                JOIN discussion_comment said ON said.id = reaction.comment_id
                ORDER BY 1, 2
            ) change
            WHERE activity.reading_id = change.reading_id AND activity.paragraph_id = change.paragraph_id;
            RETURN NULL;
        """,  # noqa: S608 - the table's name is ours
    )


class Reaction(models.Model):
    """One mark of one person at one comment, shown with their name. One of each kind a person."""

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="reactions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reactions")
    kind = models.CharField(max_length=10, choices=ReactionKind.choices)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "by", "kind"], name="reaction_once"),
            models.CheckConstraint(condition=Q(kind__in=ReactionKind.values), name="reaction_kind_is_known"),
        ]
        triggers = [
            _renews_the_page("renews_set", pgtrigger.Insert, "new_values", pgtrigger.Referencing(new="new_values")),
            _renews_the_page("renews_gone", pgtrigger.Delete, "old_values", pgtrigger.Referencing(old="old_values")),
        ]

    def __str__(self):
        return f"{self.kind} by {self.by_id} at {self.comment_id}"
