"""The house that tests get is, row for row, what the site makes, and nothing of it is shared by two tests."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from readinggroup.groups.models import Visibility

from . import factories
from .conftest import make_house
from .houses_kept import KeptHouse, instances_in, new_ones, rows_by_table


def rows_of(make):
    """What `make()` adds to the tables, and what it returns."""
    before = dict(rows_by_table())
    house = make()
    return {table: added for table, rows in rows_by_table() if (added := new_ones(rows, before[table]))}, house


def test_its_rows_are_those_that_were_made_but_for_their_keys_and_moments(db):
    kept = KeptHouse(lambda: make_house(Visibility.MEMBERS))
    again, _house = rows_of(kept.again)
    assert {table: len(rows) for table, rows in again.items()} == {
        table: len(rows) for table, rows in kept.rows.items()
    }
    for table, kind in kept.tables.items():
        apart = {*kind.moments, *kind.refers}
        for row, made in zip(in_order(again[table], kind), in_order(kept.rows[table], kind), strict=True):
            assert {k: v for k, v in row.items() if k not in apart} == {k: v for k, v in made.items() if k not in apart}
            assert [row[column] is None for column in apart] == [made[column] is None for column in apart]
    connection.check_constraints()
    for table, kind in kept.tables.items():
        for column, meant in kind.refers.items():
            there = {row[kept.tables[meant].key] for row in again.get(meant, [])} | {None}
            assert {row[column] for row in again[table]} <= there, (table, column)
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)


def in_order(rows, kind):
    return sorted(rows, key=lambda row: row[kind.key]) if kind.sequence else rows


def test_its_people_and_things_are_as_the_database_has_them(house):
    seen = list(instances_in(vars(house).values()))
    assert set(vars(house).values()) <= set(seen)
    for thing in seen:
        there = type(thing).objects.get(pk=thing.pk)
        for field in thing._meta.concrete_fields:
            if field.name != "begun_at":  # the database's own doing
                assert getattr(thing, field.attname) == getattr(there, field.attname), field
    assert timezone.now() - house.group.created_at < timedelta(minutes=1)
    for version in house.reading.edition.current.versions.all():
        assert version.paragraph.edition_id == house.reading.edition_id
        assert version.revision_id == house.reading.edition.current_id
    assert set(house.group.memberships.values_list("user", flat=True)) == {
        person.pk for person in (house.owner, house.organizer, house.moderator, house.member, house.other)
    }


def test_no_key_comes_twice(db):
    kept = KeptHouse(lambda: make_house(Visibility.PUBLIC))
    keys = set()
    for _twice in range(2):
        with transaction.atomic():
            house = kept.again()
            found = {(type(thing), thing.pk) for thing in instances_in(vars(house).values())}
            assert not keys & found
            keys |= found
            transaction.set_rollback(True)


def test_what_is_made_afterwards_has_room(house, closed_house):
    assert house.group.pk != closed_house.group.pk
    said = factories.create_comment(house.reading, factories.create_member(house.group), "I read this twice.")
    assert said.reading_id == house.reading.pk
