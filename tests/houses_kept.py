"""A house is made once in each process; whoever asks for one later gets its rows put in again, as new as if just made.

To make one takes seventy-six statements; most tests ask for one. Its keys are drawn anew, and its moments are moved to
now: nothing that is kept by key from one test is met by another.
"""

import json
import pickle
from datetime import UTC, date, datetime

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone


class KeptHouse:
    """The rows that `make()` wrote, and what it returned: people and things, as attributes of a namespace."""

    def __init__(self, make):
        with transaction.atomic():
            self.made_on = date.today()  # noqa: DTZ011
            before = dict(rows_by_table())
            things = make()
            self.made_at = timezone.now()  # no moment of it is later
            connection.check_constraints()
            self.rows = {table: new_ones(rows, before.get(table, [])) for table, rows in rows_by_table()}
            self.pickled = pickle.dumps(things)
            transaction.set_rollback(True)
        self.rows = {table: rows for table, rows in self.rows.items() if rows}
        self.tables = {table: Table(table) for table in self.rows}
        for table, rows in self.rows.items():
            self.tables[table].parse(rows)

    @property
    def is_of_today(self):
        return self.made_on == date.today()  # noqa: DTZ011

    def again(self):
        """The house, once more."""
        moved, put_in_at = self.draw_keys(), now()
        later = put_in_at - self.made_at
        put_in = ["SET LOCAL session_replication_role = replica"]  # what triggers did stands in the rows
        for table, kind in self.tables.items():
            rows = json.dumps([kind.moved(row, moved, later) for row in self.rows[table]])
            put_in.append(
                f"INSERT INTO {table} ({kind.columns})"  # noqa: S608
                f" SELECT {kind.columns} FROM jsonb_populate_recordset(NULL::{table}, '{quoted(rows)}')"
            )
        put_in.append("SET LOCAL session_replication_role = origin")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("; ".join(put_in))
        things = pickle.loads(self.pickled)  # noqa: S301 - our own
        for instance in instances_in(vars(things).values()):
            move(instance, moved, later)
        return things

    def draw_keys(self):
        """New numbers from each table's sequence: table -> {old key: new one}."""
        counted = [(table, kind) for table, kind in self.tables.items() if kind.sequence]
        drawn = ", ".join(
            f"setval('{kind.sequence}', nextval('{kind.sequence}') + {len(self.rows[table]) - 1})"
            for table, kind in counted
        )
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {drawn}")
            lasts = cursor.fetchone()
        moved = {}
        for (table, kind), last in zip(counted, lasts, strict=True):
            keys = sorted(row[kind.key] for row in self.rows[table])
            moved[table] = dict(zip(keys, range(last - len(keys) + 1, last + 1), strict=True))
        return moved


def now() -> datetime:
    """The moment that the database writes into rows in this transaction: none of a house is later than the test's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


class Table:
    """Which columns of a table are written, and which of them are keys or moments."""

    def __init__(self, name):
        model = next(m for m in apps.get_models(include_auto_created=True) if m._meta.db_table == name)
        fields = [field for field in model._meta.local_concrete_fields if not field.generated]
        self.columns = ", ".join(f'"{field.column}"' for field in fields)
        self.key = model._meta.pk.column
        self.moments = [field.column for field in fields if isinstance(field, models.DateTimeField)]
        self.refers = {field.column: table for field in fields if (table := table_meant(field))}
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [name, self.key])
            self.sequence = cursor.fetchone()[0]

    def parse(self, rows):
        for row in rows:
            for column in self.moments:
                row[column] = row[column] and datetime.fromisoformat(row[column]).astimezone(UTC)

    def moved(self, row, keys, later):
        row = dict(row)
        for column in self.moments:
            row[column] = row[column] and (row[column] + later).isoformat()
        for column, table in self.refers.items():
            row[column] = keys.get(table, {}).get(row[column], row[column])
        return row


def table_meant(field):
    """The table whose key the field holds: of its own model, or of the one that it points at."""
    if field.primary_key and not field.remote_field:
        return field.model._meta.db_table
    return field.remote_field.model._meta.db_table if field.remote_field else None


def rows_by_table():
    """All rows of all tables, as JSON."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        of_each = (f"SELECT '{table}', coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM {table} t" for table in tables)  # noqa: S608
        cursor.execute(" UNION ALL ".join(of_each))
        for table, rows in cursor.fetchall():
            yield table, rows if isinstance(rows, list) else json.loads(rows)


def new_ones(rows, before):
    seen = {json.dumps(row, sort_keys=True) for row in before}
    return [row for row in rows if json.dumps(row, sort_keys=True) not in seen]


def quoted(text):
    return text.replace("'", "''")


def instances_in(things):
    """Each row among these and among what they hold of one another, once."""
    waiting, seen = list(things), set()
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, models.Model) and id(thing) not in seen:
            seen.add(id(thing))
            waiting += thing._state.fields_cache.values()
            yield thing


def move(instance, keys, later):
    """Give what was remembered of a row the row's new keys and moments."""
    held = instance.__dict__
    for field in instance._meta.concrete_fields:
        value = held.get(field.attname)
        if value is None:
            continue
        if isinstance(field, models.DateTimeField):
            held[field.attname] = value + later
        elif table := table_meant(field):
            held[field.attname] = keys.get(table, {}).get(value, value)


_kept = {}


def kept(name, make):
    """The house of this name, made by `make()` where there is none of today."""
    if name not in _kept or not _kept[name].is_of_today:
        _kept[name] = KeptHouse(make)
    return _kept[name].again()
