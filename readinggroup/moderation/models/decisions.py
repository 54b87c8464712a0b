"""What moderators have decided: with its reason, its rule, and each thing that it changed."""

from datetime import timedelta

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.discussion.models import Comment
from readinggroup.groups.models import Group, Rule
from readinggroup.groups.models.life import append_only
from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id

from .cases import Case


class Action(models.TextChoices):
    """What is done with one thing: a comment, a member, a place."""

    APPROVE = "approve", _("shown")
    LEAVE = "leave", _("left as it is")
    HIDE = "hide", _("hidden")
    ASK = "ask", _("asked to change it")
    MOVE = "move", _("moved to where it belongs")
    SHOW = "show", _("shown again")
    LOCK = "lock", _("locked")
    UNLOCK = "unlock", _("unlocked")
    WARN = "warn", _("warned")
    SUSPEND = "suspend", _("suspended from writing")
    LIFT = "lift", _("suspension lifted")
    REMOVE = "remove", _("removed from the group")
    READMIT = "readmit", _("taken in again")
    RENAME = "rename", _("name replaced by a pseudonym")
    UPHOLD = "uphold", _("upheld")  # an appeal changed nothing
    STRIKE = "strike", _("taken off the record")  # of what is reversed and leaves nothing else to be undone
    MOVE_BACK = "move_back", _("moved back")
    NAME_BACK = "name_back", _("former name given back")


# By which somebody is restricted: they rest on a rule or a law, and can be appealed against.
RESTRICTIVE = frozenset(
    {Action.HIDE, Action.ASK, Action.MOVE, Action.LOCK, Action.WARN, Action.SUSPEND, Action.REMOVE, Action.RENAME}
)


class Ground(models.TextChoices):
    """On what a decision rests. The two grounds of article 17 of the Digital Services Act, and none."""

    RULE = "rule", _("a rule of the group")
    LAW = "law", _("it is unlawful")
    NONE = "none", _("nothing is against it")


class As(models.TextChoices):
    """In which role somebody has decided."""

    MODERATOR = "moderator", _("a moderator")
    OWNER = "owner", _("an owner")
    JURY = "jury", _("three members drawn by lot")
    AUTOMATIC = "automatic", _("the site, by itself")


def never_emptied() -> pgtrigger.Trigger:
    """TRUNCATE asks no trigger of rows: it is refused as a whole. (Also where it comes by CASCADE.)"""
    return pgtrigger.Trigger(
        name="never_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="""
            RAISE EXCEPTION 'what was decided stays as it was'
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_is_append_only';
        """,
    )


class ReasonQuerySet(models.QuerySet):
    """Reasons, by how they stand."""

    def offered(self):
        """Those to choose from: what was taken out of use stands where it was given."""
        return self.filter(retired_at=None)


class Reason(models.Model):
    """A reason that the group's moderators give often, in the group's own words, to begin from."""

    LONGEST = 1_000
    MOST = 50  # in one group

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="reasons")
    title = models.CharField(_("in a few words"), max_length=100)
    words = models.TextField(_("what the author is told"), max_length=LONGEST)
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        ordering = ["title", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["group", "title"], condition=Q(retired_at=None), name="reason_title_once"),
            at_most("words", 1_000, name="reason_is_not_too_long"),
        ]

    def __str__(self):
        return self.title


class Decision(models.Model):
    """One decision with its statement of reasons (article 17 of the Digital Services Act); its parts say what it did.

    It is never changed. What reverses it is a decision of its own. It cannot be there without its entry in the log.
    """

    LONGEST = 3_000
    APPEAL_WITHIN = timedelta(days=30)

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="decisions")
    ground = models.CharField(max_length=10, choices=Ground.choices)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions")
    words = models.TextField(_("reason"), max_length=LONGEST, blank=True)  # as the author is told
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    decided_as = models.CharField(max_length=10, choices=As.choices)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversal")
    appeal = models.OneToOneField("Appeal", on_delete=models.PROTECT, null=True, blank=True, related_name="answer")
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["group", "-decided_at"], name="decision_of_group")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ground=Ground.RULE, rule__isnull=False) | ~Q(ground=Ground.RULE) & Q(rule=None),
                name="decision_on_a_rule_names_it",
            ),
            models.CheckConstraint(condition=Q(ground=Ground.NONE) | ~Q(words=""), name="decision_gives_a_reason"),
            models.CheckConstraint(
                condition=Q(by__isnull=False, decided_as__in=[As.MODERATOR, As.OWNER])
                | Q(by=None, decided_as__in=[As.JURY, As.AUTOMATIC]),
                name="decision_says_by_whom",
            ),
            at_most("words", 3_000, name="decision_words_are_not_too_long"),
        ]
        triggers = [
            append_only("OLD.group_id"),
            never_emptied(),
            pgtrigger.Trigger(
                name="stands_in_the_log",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF NOT EXISTS (SELECT FROM moderation_logentry WHERE decision = NEW.public_id) THEN
                        RAISE EXCEPTION 'a decision stands in the log'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_stands_in_the_log';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return self.public_id

    @property
    def automatic(self):
        """Whether no person has made it."""
        return self.decided_as == As.AUTOMATIC

    @property
    def appeal_until(self):
        """The moment from which on whom it restricts can appeal no more."""
        return self.decided_at + self.APPEAL_WITHIN

    @property
    def can_be_appealed_now(self):
        """Whether there is still time; whether there is anything to appeal against, its parts say, and its reversal."""
        return timezone.now() < self.appeal_until


class Part(models.Model):
    """One thing that a decision did: to a comment in one wording, to a member, to a place.

    `person` is whom it concerns: the comment's author, the member. `before` is what a reversal restores.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=10, choices=Action.choices)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="parts")
    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, blank=True, related_name="decided")
    wording = models.PositiveIntegerField(null=True, blank=True)  # of the comment, as it was decided upon
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="decided"
    )
    until = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(default=dict)

    class Meta:
        ordering = ["decision", "position"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "position"], name="decision_part_once"),
            models.CheckConstraint(condition=Q(action__in=Action.values), name="decision_part_action_is_known"),
            models.CheckConstraint(
                condition=Q(comment=None, wording=None) | Q(comment__isnull=False, wording__isnull=False),
                name="decision_part_says_which_wording",
            ),
        ]
        triggers = [
            append_only("(SELECT group_id FROM moderation_decision WHERE id = OLD.decision_id)"),
            never_emptied(),
        ]

    def __str__(self):
        return f"{self.action} in {self.decision_id}"

    @property
    def is_restrictive(self):
        return self.action in RESTRICTIVE
