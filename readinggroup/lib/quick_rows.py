"""One row of a table as a model instance, without building the query from models each time.

Every page asks three such questions (which login, which person, which group), and for them Django's query building
takes about five times as long as Postgres takes to answer. Use it for those; the ORM says everything else better.
"""

from functools import cache

from django.db import connection


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
