"""Database constraints that several models share."""

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual


def at_most(field: str, characters: int, *, name: str) -> models.CheckConstraint:
    """The column holds at most so many characters, whoever writes to it."""
    return models.CheckConstraint(condition=LessThanOrEqual(Length(field), characters), name=name)
