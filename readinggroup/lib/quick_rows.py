"""One row of a table as a model instance, without building the query from models each time.

Every page asks three such questions (which login, which person, which group), and for them Django's query building
takes about five times as long as Postgres takes to answer. Use it for those; the ORM says everything else better.
"""

from functools import cache

from django.db import connection
from django.db.models.expressions import DatabaseDefault


@cache
def columns_of(model) -> list:
    """The model's columns in the order in which `from_db` wants them."""
    return [field.attname for field in model._meta.concrete_fields]


def quick_row(model, condition: str, values):
    """The row that meets the SQL condition, or None. The condition is ours, the values are anybody's."""
    columns = columns_of(model)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM {model._meta.db_table} WHERE {condition}",  # noqa: S608 - names of models
            values,
        )
        row = cursor.fetchone()
    return row and model.from_db(connection.alias, columns, row)


def insertion(row) -> tuple:
    """The SQL that writes this new row, with its values; what only the database knows is left to it.

    For a statement that does more than that; where that is all, the ORM says it better.
    """
    fields = _written(type(row))
    values = [getattr(row, field.attname) for field in fields]
    left = tuple(isinstance(value, DatabaseDefault) for value in values)
    given = [
        field.get_db_prep_save(value, connection)
        for field, value, is_left in zip(fields, values, left, strict=True)
        if not is_left
    ]
    return _insertion(type(row), left), given


@cache
def _written(model) -> list:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@cache
def _insertion(model, left) -> str:
    columns = ", ".join(field.column for field in _written(model))
    values = ", ".join("DEFAULT" if is_left else "%s" for is_left in left)
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({values})"  # noqa: S608 - names of models
