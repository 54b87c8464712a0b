"""A set of whole numbers as ranges, in one column: Postgres's int4multirange."""

from django.db import models


class MultirangeField(models.Field):
    """Numbers kept as ranges. Written and asked in SQL; Python sees psycopg's Multirange."""

    def db_type(self, connection):
        return "int4multirange"
