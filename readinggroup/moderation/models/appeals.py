"""Somebody whom a decision concerns asks somebody else to look again (article 20 of the Digital Services Act)."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most

from .decisions import Decision


class Appeal(models.Model):
    """A complaint against a decision, by whom it concerns; once. Somebody decides it who did not decide before."""

    WITHIN = timedelta(days=30)
    LONGEST = 3_000

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="appeals")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appeals")
    words = models.TextField(_("why the decision is wrong"), max_length=LONGEST)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    reversed = models.BooleanField(null=True, blank=True)  # False: upheld; None: nobody has decided yet

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "by"], name="appeal_once"),
            models.CheckConstraint(
                condition=Q(decided_at=None, reversed=None) | Q(decided_at__isnull=False, reversed__isnull=False),
                name="appeal_decided_says_how",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="appeal_says_why"),
            at_most("words", 3_000, name="appeal_is_not_too_long"),
        ]

    def __str__(self):
        return f"appeal against {self.decision}"
