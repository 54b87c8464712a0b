"""A reading group: what it is called, who sees it, where it is, and whether it is closed."""

from datetime import UTC, timedelta, tzinfo

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.languages import LONGEST_TAG, validate_language_tag
from readinggroup.lib.time_zones import LONGEST_ZONE, validate_time_zone, zone_called


class Visibility(models.TextChoices):
    """Who sees that the group exists and what it says."""

    PUBLIC = "public", _("public: everyone reads, members write")
    LISTED = "listed", _("listed: everyone sees that it exists and what it is about, members see the rest")
    MEMBERS = "members", _("members only: hidden from everyone else")


class Group(models.Model):
    """People who read together."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), max_length=2_000, blank=True)
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.MEMBERS
    )
    language = models.CharField(
        _("language"), max_length=LONGEST_TAG, default=settings.LANGUAGE_CODE, validators=[validate_language_tag]
    )
    time_zone = models.CharField(
        _("time zone"), max_length=LONGEST_ZONE, default=settings.TIME_ZONE, validators=[validate_time_zone]
    )
    # What a moderator looks at before others see it: a newcomer's first comments, and what holds more links than this.
    hold_first = models.PositiveSmallIntegerField(_("first comments of a newcomer that are held"), default=0)
    hold_links = models.PositiveSmallIntegerField(_("most links in a comment"), default=5)
    hold_takes = models.DurationField(null=True, blank=True, editable=False)  # usually; kept by moderation
    # Who decides an appeal when nobody else moderates, and whether the log gives the names of those who decided.
    jury_decides = models.BooleanField(_("three members drawn by lot decide where nobody else can"), default=True)
    moderators_are_named = models.BooleanField(_("the public log names who decided"), default=False)
    # What members propose to read: how many at a time, and after how many days without a word or a hand one fades.
    most_proposals = models.PositiveSmallIntegerField(_("proposals of one person at a time"), default=5)
    proposals_fade_after = models.PositiveSmallIntegerField(_("days after which a proposal fades"), default=180)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    delete_at = models.DateTimeField(null=True, blank=True, editable=False)  # from then on it may be removed
    created_at = models.DateTimeField(db_default=Now())

    DELETED_AFTER = timedelta(days=14)
    MOST_HELD_FIRST = 20
    MOST_LINKS = 100
    MOST_PROPOSALS = 50
    LONGEST_FADING = 3_650  # days; 0: never

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(visibility__in=Visibility.values), name="group_visibility_is_known"
            ),
            at_most("description", 2_000, name="group_description_is_not_too_long"),
            models.CheckConstraint(condition=models.Q(hold_first__lte=20), name="group_hold_first_is_possible"),
            models.CheckConstraint(condition=models.Q(hold_links__lte=100), name="group_hold_links_is_possible"),
            models.CheckConstraint(
                condition=models.Q(most_proposals__gte=1, most_proposals__lte=50),
                name="group_most_proposals_is_possible",
            ),
            models.CheckConstraint(
                condition=models.Q(proposals_fade_after__lte=3_650), name="group_proposals_fade_after_is_possible"
            ),
            models.CheckConstraint(
                condition=models.Q(hold_takes=None)
                | models.Q(hold_takes__gte=timedelta(0), hold_takes__lte=timedelta(days=365)),
                name="group_hold_takes_is_possible",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def is_public(self):
        return self.visibility == Visibility.PUBLIC

    @property
    def is_known(self):
        """Whether others may learn that it exists."""
        return self.visibility != Visibility.MEMBERS

    @property
    def is_closed(self):
        """Whether it can only be read: in the archive, or about to be deleted."""
        return self.archived_at is not None or self.delete_at is not None

    @property
    def zone(self) -> tzinfo:
        """The zone in which the group's dates are told."""
        return zone_called(self.time_zone) or UTC

    @property
    def current_rules(self):
        """The rules that stand, as a RuleSet with its `rules`; None before there are any."""
        return self.rule_sets.with_rules().first()

    @cached_property
    def names_here(self) -> dict:
        """Who is shown here under another name than their own: few people, one query for this object."""
        return dict(self.memberships.exclude(name_here="").values_list("user_id", "name_here"))

    def name_of(self, user) -> str:
        """How this group calls the person."""
        return self.names_here.get(user.pk) or user.display_name
