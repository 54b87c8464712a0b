"""The log is kept by the database: nobody changes it, nothing takes it along, and no decision is there without it."""

import os
import subprocess
from datetime import timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from readinggroup.accounts.models import Contributions, User
from readinggroup.discussion.models import Comment
from readinggroup.group_deletion import remove_group
from readinggroup.groups.models import Group
from readinggroup.lib.embedded_postgres import keeper
from readinggroup.moderation.actions.entering import enter
from readinggroup.moderation.models import Action, Decision, LogEntry, Part
from readinggroup.moderation.verifying import verify
from readinggroup.my_data.actions import ask_for_deletion
from readinggroup.my_data.deletion import delete_account

from ..discussion.test_races import at_once
from .decisions import hidden, left, reported, reversed_

ATTACKS = {
    "UPDATE moderation_logentry SET facts = '{}'": "log_entry_is_append_only",
    "UPDATE moderation_logentry SET facts = facts WHERE false": "log_entry_is_append_only",
    "DELETE FROM moderation_logentry": "log_entry_is_append_only",
    "DELETE FROM moderation_logentry WHERE number = 2": "log_entry_is_append_only",
    "TRUNCATE moderation_logentry": "log_entry_is_append_only",
    "TRUNCATE moderation_logentry RESTART IDENTITY CASCADE": "log_entry_is_append_only",
    "UPDATE moderation_decision SET words = 'Otherwise.'": "moderation_decision_is_append_only",
    "DELETE FROM moderation_decision": "moderation_decision_is_append_only",
    "TRUNCATE moderation_decision CASCADE": "_is_append_only",
    "UPDATE moderation_part SET action = 'leave'": "moderation_part_is_append_only",
    "DELETE FROM moderation_part": "moderation_part_is_append_only",
    "TRUNCATE moderation_part": "moderation_part_is_append_only",
    "TRUNCATE groups_group CASCADE": "_is_append_only",
    "INSERT INTO moderation_logentry (group_key, decision, facts) VALUES (1, 'x', '{}')"
    " ON CONFLICT (decision) DO UPDATE SET facts = 'x'": "log_entry_is_append_only",
    "MERGE INTO moderation_logentry USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE": "log_entry_is_append",
}


def rows():
    """Every row of the log, byte by byte, as the database writes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT moderation_logentry::text FROM moderation_logentry ORDER BY group_key, number")
        return [row[0] for row in cursor.fetchall()]


def program(name, *args, **options):
    """One of the server's own programs, as the role under which the site is connected."""
    place = connection.get_connection_params()
    env = {"PGHOST": str(place["host"]), "PGPORT": str(place["port"]), "PGUSER": place["user"], "PATH": os.defpath}
    return subprocess.run(
        [keeper.binaries() / name, *args], env=env, capture_output=True, text=True, check=False, timeout=60, **options
    )


def told_by_psql(statement, database=None):
    database = database or connection.settings_dict["NAME"]
    return program("psql", "-X", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-d", database, "-c", statement)


# --- Refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_refuses_it(house, attack):
    left(house)
    reversed_(house, hidden(house))
    before = rows()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else what waits for the end is complained of first
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        with pytest.raises(IntegrityError, match=r"stays as it was|only added to"), transaction.atomic():
            cursor.execute(attack)
    assert rows() == before


def test_the_orm_is_refused_too(house):
    hidden(house)
    entry, decision, part = LogEntry.objects.get(), Decision.objects.get(), Part.objects.first()
    for attack in (
        entry.delete, entry.save, decision.delete, decision.save, part.save,
        LogEntry.objects.all().delete, lambda: LogEntry.objects.update(number=7),
        lambda: LogEntry.objects.bulk_update([entry], ["facts"]),
        lambda: Decision.objects.update(words="x"), Part.objects.all().delete,
        lambda: LogEntry.objects.all()._raw_delete("default"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            attack()


@pytest.mark.django_db(transaction=True)
def test_psql_as_the_applications_role_is_refused_also_after_a_restore(house, tmp_path):
    left(house)
    reversed_(house, hidden(house))
    before = rows()
    file, copy = tmp_path / "backup.sql", f"restored_{os.getpid()}"
    assert program("pg_dump", "-d", connection.settings_dict["NAME"], "-f", str(file)).returncode == 0
    assert program("createdb", copy).returncode == 0
    try:
        restored = program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", copy, "-f", str(file))
        assert restored.returncode == 0, restored.stderr
        for database in (connection.settings_dict["NAME"], copy):
            for attack, constraint in ATTACKS.items():
                answer = told_by_psql(attack, database)
                assert answer.returncode != 0, (database, attack)
                assert constraint in answer.stderr, (database, attack)
        everything = "SELECT moderation_logentry::text FROM moderation_logentry ORDER BY group_key, number"
        assert told_by_psql(everything, copy).stdout == told_by_psql(everything).stdout
    finally:
        assert program("dropdb", "--force", copy).returncode == 0
    assert rows() == before


def test_what_an_insert_claims_of_number_time_and_seal_is_not_believed(house):
    hidden(house)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO moderation_logentry (group_key, number, at, decision, facts, previous, hash)"
            " VALUES (%s, 77, '2001-01-01', 'aaaaaaaaaa', '{}', 'x', 'y')",
            [house.group.pk],
        )
    first, second = LogEntry.objects.all()
    assert (second.number, second.previous) == (2, first.hash)
    assert second.is_whole
    assert second.at > first.at


# --- What goes, and what stays ----------------------------------------------------------------------------------------


def test_author_comment_and_group_go_and_the_log_stays(house):
    reversed_(house, hidden(house))
    hidden(house)
    before = rows()
    assert len(before) == 3
    ask_for_deletion(choice=Contributions.WITHDRAWN, by=house.member)
    User.objects.filter(pk=house.member.pk).update(deletion_due_at=timezone.now() - timedelta(seconds=1))
    assert delete_account(house.member.pk)
    assert rows() == before
    Group.objects.filter(pk=house.group.pk).update(delete_at=timezone.now() - timedelta(seconds=1))
    assert remove_group(house.group.pk)
    assert (Comment.objects.count(), Decision.objects.count(), Part.objects.count()) == (0, 0, 0)
    assert rows() == before
    assert [(chain.slug, chain.entries, chain.broken) for chain in verify()] == [("", 3, "")]


def test_nothing_in_the_database_refers_to_the_log_or_from_it():
    """So nothing cascades into it."""
    assert not [field for field in LogEntry._meta.get_fields() if field.is_relation]


@pytest.mark.django_db
def test_the_database_knows_no_key_into_the_log_either():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"
            " AND 'moderation_logentry'::regclass IN (conrelid, confrelid)"
        )
        assert cursor.fetchone() == (0,)


# --- No decision without its entry ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_decision_without_its_entry_cannot_be_committed(house):
    with pytest.raises(IntegrityError, match="a decision stands in the log"):
        Decision.objects.create(group=house.group, ground="none", by=house.owner, decided_as="owner")
    columns = "public_id, group_id, ground, words, decided_as, decided_at, by_id"
    values = f"'aaaaaaaaaa', {house.group.pk}, 'none', '', 'owner', now(), {house.owner.pk}"
    by_hand = f"INSERT INTO moderation_decision ({columns}) VALUES ({values})"  # noqa: S608 - of our own
    assert "decision_stands_in_the_log" in told_by_psql(by_hand).stderr
    disabled = f"BEGIN; {by_hand}; SET CONSTRAINTS ALL DEFERRED; COMMIT"
    assert "decision_stands_in_the_log" in told_by_psql(disabled).stderr
    assert (Decision.objects.count(), LogEntry.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_gap(house):
    hidden(house)
    case = reported(house)
    with transaction.atomic():
        hidden(house, case)
        transaction.set_rollback(True)
    hidden(house, case)
    assert list(LogEntry.objects.values_list("number", flat=True)) == [1, 2]


# --- At once ----------------------------------------------------------------------------------------------------------

CROWD = 16


def decides(house):
    """A decision that touches no comment, so that nothing but the log holds them apart."""

    def act():
        with transaction.atomic():
            decision = Decision.objects.create(group=house.group, ground="none", by=house.owner, decided_as="owner")
            enter(decision, [Part(decision=decision, action=Action.LEAVE)])
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.02)")  # others come before the commit

    return act


@pytest.mark.django_db(transaction=True)
def test_a_crowd_makes_one_chain_without_a_gap(house):
    for _round in range(3):
        at_once(*[decides(house)] * CROWD)
    assert list(LogEntry.objects.values_list("number", flat=True)) == list(range(1, 3 * CROWD + 1))
    (chain,) = verify()
    assert (chain.entries, chain.broken) == (3 * CROWD, "")


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_crowd_loses_decisions(house):
    """The control: the same crowd, with the lock taken out of the trigger."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_trigger t ON"
            " t.tgfoid = p.oid WHERE t.tgrelid = 'moderation_logentry'::regclass AND t.tgname LIKE %s",
            ["%is_sealed%"],
        )
        ((_name, guarded),) = cursor.fetchall()
        lines = guarded.splitlines()
        unguarded = "\n".join(line for line in lines if "pg_advisory_xact_lock" not in line)
        assert unguarded != guarded
        cursor.execute(unguarded)
    try:
        answers = at_once(*[lost(decides(house))] * CROWD)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(guarded)
    assert "log_entry_number_once" in "".join(answers)
    assert LogEntry.objects.count() < CROWD


def lost(act):
    """What the database says to it; "" if it came through."""

    def attempt():
        try:
            act()
        except IntegrityError as refusal:
            return str(refusal)
        return ""

    return attempt


@pytest.mark.django_db(transaction=True)
def test_two_groups_do_not_wait_for_one_another(house):
    """The first has not committed when the second is through."""
    place = connection.get_connection_params()
    keys = ("host", "port", "user", "dbname")
    statement = "INSERT INTO moderation_logentry (group_key, decision, facts) VALUES (%s, %s, '{}')"
    with (
        psycopg.connect(**{key: place[key] for key in keys}) as one,
        psycopg.connect(**{key: place[key] for key in keys}) as other,
    ):
        other.execute("SET lock_timeout = '5s'")
        one.execute(statement, [101, "aaaaaaaaaa"])
        other.execute(statement, [102, "bbbbbbbbbb"])
        other.execute("SET LOCAL lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(statement, [101, "cccccccccc"])
        one.rollback()
        other.rollback()
