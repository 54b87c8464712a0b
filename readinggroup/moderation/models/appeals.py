"""Somebody whom a decision concerns asks somebody else to look again (article 20 of the Digital Services Act)."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most

from .decisions import Decision


class AppealQuerySet(models.QuerySet):
    """Appeals, by how they stand."""

    def open(self):
        return self.filter(decided_at=None)


class Appeal(models.Model):
    """A complaint against a decision, by whom it concerns; once. Somebody decides it who did not decide before."""

    LONGEST = 3_000

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="appeals")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appeals")
    words = models.TextField(_("why the decision is wrong"), max_length=LONGEST)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    reversed = models.BooleanField(null=True, blank=True)  # False: upheld; None: nobody has decided yet

    objects = AppealQuerySet.as_manager()

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

    @property
    def is_decided(self):
        return self.decided_at is not None

    @property
    def outcome(self) -> Decision | None:
        """The decision that has answered it: to uphold the first, or its reversal, for whatever reason."""
        return getattr(self, "answer", None) or getattr(self.decision, "reversal", None)


class Service(models.TextChoices):
    """How somebody who was drawn stands to serving."""

    ASKED = "asked", _("asked")
    SERVING = "serving", _("serving")
    DECLINED = "declined", _("declined")
    LAPSED = "lapsed", _("has let the time pass")


class Vote(models.TextChoices):
    """What a juror says of the decision."""

    UPHOLD = "uphold", _("The decision stands")
    REVERSE = "reverse", _("The decision is reversed")


class JurorQuerySet(models.QuerySet):
    """Jurors, by how they stand."""

    def seated(self):
        """Who is asked, serves, or has voted: a seat of the three is theirs."""
        return self.filter(state__in=[Service.ASKED, Service.SERVING])

    def awaited(self):
        """Who has still to agree, or to vote."""
        return self.seated().filter(vote="")

    def voted(self):
        return self.seated().exclude(vote="")


class Juror(models.Model):
    """A member drawn by lot to decide about an appeal with two others. The votes are secret until it is decided.

    `answer_by` is by when they are to agree; who has agreed, by when they are to vote.
    """

    SEATS = 3
    AGREES_WITHIN = timedelta(days=3)
    VOTES_WITHIN = timedelta(days=7)
    LONGEST = 900  # of one juror's reason: those of three make one decision's

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="jurors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jury_service")
    state = models.CharField(max_length=10, choices=Service.choices, default=Service.ASKED)
    asked_at = models.DateTimeField(db_default=Now())
    answer_by = models.DateTimeField()
    vote = models.CharField(_("your vote"), max_length=10, choices=Vote.choices, blank=True)
    words = models.TextField(_("your reason"), max_length=LONGEST, blank=True)
    voted_at = models.DateTimeField(null=True, blank=True)

    objects = JurorQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appeal", "user"], name="juror_once"),
            models.CheckConstraint(condition=Q(state__in=Service.values), name="juror_state_is_known"),
            models.CheckConstraint(
                condition=Q(vote="", words="", voted_at=None)
                | Q(vote__in=Vote.values, state=Service.SERVING, voted_at__isnull=False) & ~Q(words=""),
                name="juror_who_votes_serves_and_says_why",
            ),
            at_most("words", 900, name="juror_words_are_not_too_long"),
        ]
        indexes = [models.Index(fields=["answer_by"], condition=Q(vote=""), name="juror_awaited")]

    def __str__(self):
        return f"juror {self.pk}"

    @property
    def is_late(self):
        return self.vote == "" and self.answer_by <= timezone.now()


class Statement(models.Model):
    """What somebody whom a decision concerns and the group's moderators write to one another about it.

    `person` is whom the conversation is with: a decision may concern several people, and each has a conversation of
    their own. `key` comes from the form, or the mail: sent twice is once.
    """

    LONGEST = 3_000
    MOST_A_DAY = 20  # of one person about one decision

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="statements")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="statements")
    words = models.TextField(_("what you want to say"), max_length=LONGEST)
    key = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["by", "key"], name="statement_sent_once"),
            models.CheckConstraint(condition=~Q(words=""), name="statement_says_something"),
            at_most("words", 3_000, name="statement_is_not_too_long"),
        ]
        indexes = [models.Index(fields=["decision", "person", "created_at"], name="statement_conversation")]

    def __str__(self):
        return f"statement {self.pk}"
