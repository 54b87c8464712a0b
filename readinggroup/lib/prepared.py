"""Questions of the ORM that are written once and asked many times, each time with other values.

Django takes 1 to 5 ms to write the SQL of a question with a few joins and conditions, several times as long as Postgres
takes to answer it. The busiest pages ask such questions at every request. Here the question stays what it is, a
queryset, with the rules that it is made of (who may see what) where they are; what differs from one asking to the next
is a `Parameter` in it. The SQL lives as long as the process.

    @prepared
    def readings_of(open_only):
        readings = Reading.objects.filter(group=Parameter("group"))
        return readings.filter(for_members=False) if open_only else readings

    readings_of(True).objects(group=7)

What changes the SQL itself is an argument, hashable and of few values; whatever is not one may not be looked at. Use it
for what is asked at every request of a busy page; elsewhere a plain queryset says it better.
"""

from copy import copy
from functools import cached_property, lru_cache, wraps
from types import SimpleNamespace

from django.db import connections
from django.db.models import BooleanField, Expression, Func
from django.db.models.query import ModelIterable
from django.db.models.sql import DeleteQuery

MOST_SHAPES = 200  # of one question; each is a few thousand characters


class Parameter(Expression):
    """A value that is given when the question is asked. Django neither checks nor converts it."""

    def __init__(self, name, output_field=None):
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]


class AnyOf(Func):
    """Whether the column is one of a list of keys. The SQL of `IN` would be another for each number of them."""

    template, arg_joiner = "%(expressions)s::bigint[])", " = ANY("
    output_field = BooleanField()


class AnyOfTexts(AnyOf):
    """The same of a column of text."""

    template = "%(expressions)s::text[])"


class Question:
    """A queryset with its SQL written: a model's instances, or rows for `values_list`."""

    def __init__(self, queryset, query=None):
        self.queryset = queryset
        self.compiler = (query or queryset.query).get_compiler(using=queryset.db)
        self.sql, self.params = self.compiler.as_sql()

    def with_values(self, values) -> tuple:
        """The SQL and what goes into it, for a question that is a part of a larger one."""
        return self.sql, tuple(values[each.name] if isinstance(each, Parameter) else each for each in self.params)

    def compiler_for(self, values):
        """Django's own way from rows to what is asked for, with the SQL that was written before."""
        compiler = copy(self.compiler)
        compiler.connection = connections[self.queryset.db]  # of this thread
        compiler.as_sql = lambda: self.with_values(values)
        compiler.get_converters = lambda expressions: self.converters
        return compiler

    @cached_property
    def converters(self):
        """What makes Python's values of the columns, of which a row of a model has dozens: found out once."""
        return self.compiler.get_converters([column[0] for column in self.compiler.select[: self.compiler.col_count]])

    def objects(self, **values) -> list:
        """The model's instances, with what the queryset has selected and annotated."""
        compiler = self.compiler_for(values)
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        asked = SimpleNamespace(db=self.queryset.db, query=query, model=self.queryset.model, _known_related_objects={})
        return list(ModelIterable(asked))

    def first(self, **values):
        """The first instance, or None: the queryset has seen to it that there are not many."""
        return next(iter(self.objects(**values)), None)

    def rows(self, **values) -> list:
        """The rows of a `values_list`."""
        return list(self.compiler_for(values).results_iter(tuple_expected=True))

    def count(self, **values) -> int:
        """How many rows there are."""
        sql, params = self.with_values(values)
        with connections[self.queryset.db].cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({sql}) every", params)  # noqa: S608 - the ORM's own SQL
            return cursor.fetchone()[0]

    def page(self, number, size, *, order, **values) -> tuple[list, int]:
        """The rows of one page of a `values_list`, as the database has them, and how many there are on all pages.

        `order` is SQL of ours, of the columns' names. Of a page that is not there, no rows, and 0.
        """
        sql, params = self.with_values(values)
        with connections[self.queryset.db].cursor() as cursor:
            cursor.execute(
                f"SELECT *, count(*) OVER () FROM ({sql}) AS listed"  # noqa: S608 - the ORM's
                f" ORDER BY {order} LIMIT %s OFFSET %s",
                [*params, size, size * (number - 1)],
            )
            rows = cursor.fetchall()
        return [row[:-1] for row in rows], rows[0][-1] if rows else 0

    @cached_property
    def deletion(self):
        """The same question as a DELETE, of a model that nothing refers to and no signal watches."""
        return Question(self.queryset, self.queryset.query.chain(DeleteQuery))

    def delete(self, **values) -> None:
        """Delete the rows."""
        with connections[self.queryset.db].cursor() as cursor:
            cursor.execute(*self.deletion.with_values(values))


_questions = []


def prepared(make):
    """A function that gives a queryset with parameters, as one that gives its `Question`, written once."""
    question = wraps(make)(lru_cache(maxsize=MOST_SHAPES)(lambda *shape: Question(make(*shape))))
    _questions.append(question)
    return question


def forget_all():
    """Let every question be written anew: for tests that change a rule that questions are made of."""
    for question in _questions:
        question.cache_clear()
