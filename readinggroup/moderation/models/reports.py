"""A member's report of a comment or of a name."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.discussion.models import Comment
from readinggroup.groups.models import Membership, Rule
from readinggroup.lib.constraints import at_most

from .cases import Case


class Outcome(models.TextChoices):
    """What became of a report."""

    OPEN = "open", _("nobody has decided yet")
    UPHELD = "upheld", _("the moderators saw it so, too")
    NOT_UPHELD = "not_upheld", _("the moderators saw it otherwise")


class Report(models.Model):
    """One member asks the moderators to look at one comment, or one name, and says why. A comment once a person;
    a name once until that is decided.

    `weight` is how much the report counts, in hundredths: less the more often its reporter was not upheld in the group.
    """

    LONGEST = 2_000
    FULL_WEIGHT = 100

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, blank=True, related_name="reports")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports")
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(_("what is wrong with it"), max_length=LONGEST)
    weight = models.PositiveSmallIntegerField(default=FULL_WEIGHT)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "reporter"], name="report_once"),
            # Somebody who was reported may call themselves anything tomorrow: once while it waits.
            models.UniqueConstraint(
                fields=["member", "reporter"], condition=Q(outcome=Outcome.OPEN), name="report_of_name_once"
            ),
            models.CheckConstraint(
                condition=Q(comment__isnull=False, member=None) | Q(comment=None, member__isnull=False),
                name="report_is_about_one_thing",
            ),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=100), name="report_weight_is_a_share"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="report_outcome_is_known"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.OPEN, decided_at=None)
                | ~Q(outcome=Outcome.OPEN) & Q(decided_at__isnull=False),
                name="report_outcome_says_when",
            ),
            at_most("words", 2_000, name="report_is_not_too_long"),
        ]

    def __str__(self):
        return f"{self.reporter} on {self.comment or self.member}"
