"""What is settled of a group as a whole, and what became of it: rules, log, handing over, export."""

from datetime import timedelta

import pgtrigger
from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most

from .groups import Group, Visibility

_GONE_WITH_ITS_GROUP = """
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM groups_group WHERE id = {group} AND delete_at <= clock_timestamp()
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was written here stays as it was'
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_is_append_only';
"""


def append_only(group: str) -> pgtrigger.Trigger:
    """Rows are added, never changed, and go only with a group whose time has come. `group` is SQL for its key."""
    return pgtrigger.Trigger(
        name="append_only",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=_GONE_WITH_ITS_GROUP.format(group=group),
    )


class RuleSetQuerySet(models.QuerySet):
    """The rules of groups, version by version."""

    def with_rules(self):
        return self.prefetch_related("rules")


class RuleSet(models.Model):
    """All rules of a group as they stand from one moment on. A change is a new set; the earlier ones stay as they were.

    What happened under one set is judged by it: a decision names the Rule of the set that stood then.
    """

    MOST_RULES = 30

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="rule_sets")
    number = models.PositiveIntegerField()
    note = models.CharField(_("what is changed, and why"), max_length=500, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=TransactionNow())  # of its rules too: see Rule's trigger

    objects = RuleSetQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["group", "number"], name="rule_set_number_once")]
        triggers = [append_only("OLD.group_id")]

    def __str__(self):
        return f"rules {self.number} of {self.group_id}"


class Rule(models.Model):
    """One rule of a set, called by its number: "Rule 3"."""

    LONGEST = 1_000

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rules")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(_("in a few words"), max_length=100)
    words = models.TextField(_("what it means"), max_length=LONGEST, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "number"], name="rule_number_once"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1, number__lte=RuleSet.MOST_RULES), name="rule_number_is_possible"
            ),
            models.CheckConstraint(condition=~models.Q(title=""), name="rule_has_a_title"),
            at_most("words", 1_000, name="rule_is_not_too_long"),
        ]
        triggers = [
            append_only("(SELECT group_id FROM groups_ruleset WHERE id = OLD.rule_set_id)"),
            pgtrigger.Trigger(
                name="a_set_is_written_at_once",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF (SELECT created_at FROM groups_ruleset WHERE id = NEW.rule_set_id) <> now() THEN
                        RAISE EXCEPTION 'no rule is added to a set that stands'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_set_is_written_at_once';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.number}. {self.title}"


class ChangeKind(models.TextChoices):
    """What was done with a group as a whole."""

    VISIBILITY = "visibility", _("who sees the group")
    ARCHIVED = "archived", _("put into the archive")
    REOPENED = "reopened", _("taken out of the archive")
    HANDED_OVER = "handed_over", _("handed to a new owner")
    DELETION = "deletion", _("to be deleted")
    KEPT = "kept", _("not to be deleted after all")
    TEXT_KEPT = "text_kept", _("a text kept for members")
    TEXT_OPENED = "text_opened", _("a text opened to everyone who sees the group")
    BEGUN = "begun", _("reading begun")
    READ = "read", _("reading ended")
    SHELVED = "shelved", _("put back on the shelf")
    REVISED = "revised", _("a text corrected")
    RESTORED = "restored", _("the correction of a text undone")
    LETTER = "letter", _("a letter to all members")
    MODERATES = "moderates", _("moderates from now on")
    TERM = "term", _("the term of a moderator")
    MODERATED = "moderated", _("moderates no more")
    HOLD_FIRST = "hold_first", _("first comments of a newcomer that are held")
    HOLD_LINKS = "hold_links", _("links that a comment may hold without being held")
    JURY_DECIDES = "jury_decides", _("three members drawn by lot decide where nobody else can")
    NAMED = "named", _("the public log names who decided")
    PROPOSALS = "proposals", _("proposals of one person at a time")
    FADING = "fading", _("days after which a proposal fades")


# Of these `person` is the moderator, and `after` the last day of the term, if it has one.
OF_A_MODERATOR = [ChangeKind.MODERATES, ChangeKind.TERM, ChangeKind.MODERATED]


class GroupChange(models.Model):
    """The log of a group: who changed what of it as a whole, and when. Rows are only added."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=12, choices=ChangeKind.choices)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)
    # None: the site, by itself, because a moderator's term was over.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # whom it is about
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=ChangeKind.values), name="group_change_kind_is_known"),
            models.CheckConstraint(
                condition=models.Q(by__isnull=False) | models.Q(kind=ChangeKind.MODERATED),
                name="group_change_says_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(person=None) | models.Q(kind__in=OF_A_MODERATOR),
                name="group_change_is_of_a_moderator",
            ),
        ]
        triggers = [append_only("OLD.group_id")]

    def __str__(self):
        return f"{self.kind} of {self.group_id}"

    @property
    def became(self) -> str:
        """What it is since, in words; "" where the kind says it all."""
        if self.kind in OF_A_MODERATOR:
            day = parse_date(self.after)
            return _("until %(day)s") % {"day": date_format(day, "DATE_FORMAT")} if day else ""
        if self.kind in {ChangeKind.JURY_DECIDES, ChangeKind.NAMED}:
            return _("yes") if self.after == "True" else _("no")
        labels = dict(Visibility.choices) if self.kind == ChangeKind.VISIBILITY else {}
        return str(labels.get(self.after, self.after))


class Handover(models.Model):
    """An owner offers the group to another member; it changes hands when that one accepts."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="handovers")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True, blank=True)  # or taken back
    accepted = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group"], condition=models.Q(answered_at=None), name="handover_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(giver=models.F("receiver")), name="handover_is_to_somebody_else"
            ),
        ]

    def __str__(self):
        return f"{self.group_id} from {self.giver_id} to {self.receiver_id}"


class GroupExportQuerySet(models.QuerySet):
    """Exports, by whether they can be fetched."""

    def good(self):
        return self.filter(made_at__isnull=False, asked_at__gt=timezone.now() - GroupExport.LIFETIME)


class GroupExport(models.Model):
    """What a group has said and read, as a file for its owners: asked for, made by the worker, gone after a week."""

    LIFETIME = timedelta(days=7)

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="exports")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True, blank=True)
    content = models.BinaryField(null=True)

    objects = GroupExportQuerySet.as_manager()

    class Meta:
        constraints = [
            # One that waits is enough, however often somebody asks.
            models.UniqueConstraint(fields=["group"], condition=models.Q(made_at=None), name="group_export_waits_once"),
            models.CheckConstraint(
                condition=models.Q(made_at=None, content=None) | models.Q(made_at__isnull=False, content__isnull=False),
                name="group_export_made_has_content",
            ),
        ]

    def __str__(self):
        return f"export {self.pk} of {self.group_id}"
