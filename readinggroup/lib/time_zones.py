"""Time zones by their IANA names."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST_ZONE = 64
# Former names of places and names that are no places; whoever has one keeps it.
_NOT_OFFERED = {"Etc", "SystemV", "US", "Canada", "Brazil", "Chile", "Mexico", "posix", "right"}


def zone_called(name: str) -> ZoneInfo | None:
    """The zone of that name, or None. Only names of the list: a path or an empty word is none."""
    return ZoneInfo(name) if name in _names() else None


def validate_time_zone(name: str) -> None:
    """Refuse what is not the name of a zone."""
    if zone_called(name) is None:
        raise ValidationError(_("Choose a time zone from the list."), code="time_zone")


@cache
def _names() -> frozenset:
    return frozenset(available_timezones())


@cache
def zone_choices() -> tuple:
    """UTC, then the places by region, for a list to choose from."""
    regions = {}
    for name in sorted(_names()):
        region, _slash, place = name.partition("/")
        if place and region not in _NOT_OFFERED:
            regions.setdefault(region, []).append((name, place.replace("_", " ")))
    return (("UTC", "UTC"), *((region, tuple(places)) for region, places in regions.items()))
