"""A member asks the owners to look at the rules again; others support it; the answer is there for all to read."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most

from .groups import Group
from .life import Rule, RuleSet


class RulesReviewQuerySet(models.QuerySet):
    """Requests to review the rules, by how they stand."""

    def open(self):
        return self.filter(answered_at=None, withdrawn_at=None)

    def listed(self):
        """Those that are shown: not what was taken back before anybody answered it. What waits comes first."""
        shown = self.exclude(answered_at=None, withdrawn_at__isnull=False)
        return shown.order_by(F("answered_at").desc(nulls_first=True), "-pk")


class RulesReview(models.Model):
    """A member asks that a rule, or all of them, be looked at again, and says why. One that is open a person and group.

    `rule_set` is the set that stood then; without a rule it is about all of it. The owners answer, with what they did:
    `changed_by` is the set that changed it, and without one it was left as it is. What somebody has taken back keeps no
    words; so does what was answered, once its author's account is deleted and their words with it.
    """

    LONGEST = 3_000

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="rules_reviews")
    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    rule = models.ForeignKey(
        Rule, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("which rule")
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rules_reviews")
    words = models.TextField(_("why it should be looked at again"), max_length=LONGEST)
    asked_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.TextField(_("your answer, for all to read"), max_length=LONGEST, blank=True)
    changed_by = models.ForeignKey(RuleSet, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    objects = RulesReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "asked_by"],
                condition=Q(answered_at=None, withdrawn_at=None),
                name="rules_review_open_once",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="", changed_by=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer=""),
                name="rules_review_answered_says_by_whom_and_what",
            ),
            models.CheckConstraint(
                condition=~Q(words="") & Q(withdrawn_at=None) | Q(words="", withdrawn_at__isnull=False),
                name="rules_review_has_words_until_taken_back",
            ),
            models.CheckConstraint(
                condition=Q(rule=None) | Q(rule_set__isnull=False), name="rules_review_of_a_rule_names_its_set"
            ),
            at_most("words", 3_000, name="rules_review_is_not_too_long"),
            at_most("answer", 3_000, name="rules_review_answer_is_not_too_long"),
        ]

    def __str__(self):
        return f"review {self.pk} of the rules of {self.group_id}"

    @property
    def is_open(self):
        return self.answered_at is None and self.withdrawn_at is None


class RulesReviewSupport(models.Model):
    """Another member wants the rules reviewed, too. Once a person; it can be taken back while nobody has answered."""

    review = models.ForeignKey(RulesReview, on_delete=models.CASCADE, related_name="supports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rules_review_supports")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "by"], name="rules_review_supported_once")]

    def __str__(self):
        return f"{self.by_id} supports review {self.review_id}"
