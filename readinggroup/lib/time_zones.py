"""Time zones by their IANA names."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST_ZONE = 64
# Names under which a system files its own setting; they say nothing about a place.
_NO_PLACES = {"localtime", "Factory"}
# Under these stand parts of countries and offsets ("US/Central", "Etc/Zulu"), which are known by their full names only.
_NO_CITIES = ("US/", "Canada/", "Mexico/", "Brazil/", "Chile/", "Etc/")
# Former names of places and names that are no places; whoever has one keeps it.
_NOT_OFFERED = {"Etc", "SystemV", "US", "Canada", "Brazil", "Chile", "Mexico", "posix", "right"}


@cache
def zones() -> dict:
    """The time zones of the IANA database: the name written small, and as it is written."""
    return {name.casefold(): name for name in sorted(available_timezones() - _NO_PLACES)}


@cache
def _names() -> frozenset:
    return frozenset(zones().values())


def zone_called(name: str) -> ZoneInfo | None:
    """The zone of that name, or None: for a path, an empty word, and what was a zone once."""
    return ZoneInfo(name) if name in _names() else None


def zone_named(text: str) -> str | None:
    """The name of the zone that the text means, in full or by its city alone ("berlin"), or None."""
    wanted = "_".join(text.split()).casefold()
    if wanted in zones():
        return zones()[wanted]
    cities = [name for key, name in zones().items() if key.endswith(f"/{wanted}") and not name.startswith(_NO_CITIES)]
    return min(cities, key=len, default=None)  # two names of one city are one zone


def validate_time_zone(name: str) -> None:
    """Refuse what is not the name of a zone."""
    if zone_called(name) is None:
        raise ValidationError(_("Choose a time zone from the list."), code="time_zone")


@cache
def zone_choices() -> tuple:
    """UTC, then the places by region, for a list to choose from."""
    regions = {}
    for name in zones().values():
        region, _slash, place = name.partition("/")
        if place and region not in _NOT_OFFERED:
            regions.setdefault(region, []).append((name, place.replace("_", " ")))
    return (("UTC", "UTC"), *((region, tuple(places)) for region, places in regions.items()))
