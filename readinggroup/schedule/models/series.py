"""Sessions that recur."""

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id
from readinggroup.lib.time_zones import LONGEST_ZONE, validate_time_zone
from readinggroup.readings.models import Reading

from ..recurrence import at, in_words


class Series(models.Model):
    """Sessions that recur: an RFC 5545 rule over the wall time of its first one, in one zone.

    Its sessions are rows of their own, made ahead; each knows by its `recurrence` which wall time of the rule it is,
    and no wall time is made twice: not one in `left_out`, nor any up to `made_until`, whatever became of its session.

    The other fields are what its sessions have in common. A session that differs from them was changed on its own, and
    keeps that when the series changes.
    """

    LONGEST_RULE = 200
    MOST = 60  # sessions that are made at once

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="series")
    key = models.UUIDField(default=uuid.uuid4, editable=False)  # of the form: sent twice, it is one series
    rule = models.CharField(max_length=LONGEST_RULE)  # e.g. FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;COUNT=10
    first_date = models.DateField()
    first_time = models.TimeField(null=True, blank=True)  # none: all day
    zone = models.CharField(_("time zone"), max_length=LONGEST_ZONE, validators=[validate_time_zone])
    left_out = ArrayField(models.CharField(max_length=20), default=list, blank=True)  # wall times, in ISO 8601
    made_until = models.CharField(max_length=20, blank=True, editable=False)  # the last wall time that was made
    on_calendar = models.BooleanField(default=False)
    title = models.CharField(_("title"), max_length=200)
    words = models.TextField(_("what it is about"), max_length=2_000, blank=True)
    length = models.DurationField(_("length"), default=timedelta(minutes=90))
    where = models.CharField(_("where"), max_length=500, blank=True)
    link = models.URLField(_("link"), max_length=500, blank=True)
    places = models.PositiveSmallIntegerField(_("places"), null=True, blank=True)  # none: as many as come
    read_first = models.BooleanField(_("read first, then see what others said"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(fields=["created_by", "key"], name="series_sent_once"),
            models.CheckConstraint(condition=Q(rule__startswith="FREQ="), name="series_rule_is_one"),
            models.CheckConstraint(condition=~Q(title=""), name="series_has_a_title"),
            at_most("words", 2_000, name="series_words_are_not_too_long"),
            models.CheckConstraint(condition=Q(left_out__len__lte=1_000), name="series_leaves_not_everything_out"),
            models.CheckConstraint(
                condition=Q(length__gt=timedelta(0), length__lte=timedelta(days=7)), name="series_length_is_possible"
            ),
            models.CheckConstraint(condition=Q(places=None) | Q(places__gte=1), name="series_places_are_some"),
        ]

    def __str__(self):
        return f"{self.rule} from {self.first_date}"

    @property
    def first(self) -> datetime:
        """The wall time that its rule begins with."""
        return at(self.first_date, self.first_time)

    @property
    def all_day(self) -> bool:
        return self.first_time is None

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def in_words(self) -> str:
        """Its rhythm in the active language."""
        return in_words(self.rule, self.first)
