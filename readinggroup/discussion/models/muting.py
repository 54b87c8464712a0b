"""Whom somebody does not want to read."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from readinggroup.groups.models import Group


class MutedPersonQuerySet(models.QuerySet):
    """Whom people do not want to read."""

    def of(self, membership):
        """Whom this member has muted here; of a visitor nobody."""
        return self.filter(group=membership.group.pk, by=membership.user_id)


class MutedPerson(models.Model):
    """In this group, `by` does not want to read what `person` writes, who never learns of it.

    In this group alone: someone under another name elsewhere would be known by being muted there, too. What a muted
    person writes is folded for `by`, tells them nothing, and is seen from the first (`Comment`, `seen_by_its_author`).
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="muted_people")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="muted_people")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects = MutedPersonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "by", "person"], name="muted_person_once"),
            models.CheckConstraint(condition=~Q(by=F("person")), name="muted_person_is_somebody_else"),
        ]

    def __str__(self):
        return f"{self.by_id} does not read {self.person_id}"
