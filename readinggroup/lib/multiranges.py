"""A set of whole numbers as ranges, in one column: Postgres's int4multirange."""

from django.db import models


class MultirangeField(models.Field):
    """Numbers kept as ranges. Written and asked in SQL; Python sees psycopg's Multirange."""

    def db_type(self, connection):
        return "int4multirange"


def ranges_in(multirange: str) -> list[tuple[int, int]]:
    """Postgres's way of writing a multirange, `{[1,4),[7,8)}`, as pairs."""
    ranges = multirange.strip("{}").replace("[", "").split(")")
    pairs = (each.strip(",").split(",") for each in ranges if each)
    return [(int(first), int(end)) for first, end in pairs]


def is_in(ranges, number) -> bool:
    """Whether the number is in one of the ranges."""
    return any(first <= number < end for first, end in ranges)
