"""`manage.py verify_log`: a log that is whole, and every way in which one is not."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readinggroup.group_deletion import remove_group
from readinggroup.groups.models import Group, Visibility
from readinggroup.groups.settling import change_rules
from readinggroup.moderation import verifying
from readinggroup.moderation.models import Decision, LogEntry
from readinggroup.moderation.shown_entries import in_eights
from readinggroup.moderation.verifying import fits, verify

from ..conftest import make_house
from .decisions import hidden, left, reversed_


@pytest.fixture
def logged(house):
    """Five entries: on a rule, as unlawful, one reversed, one with names withheld."""
    rules = change_rules(group=house.group, rules=[("No trade", "")], by=house.owner)
    first = hidden(house, rule=rules.rules.get())
    left(house)
    reversed_(house, first)
    hidden(house, words="Mara again, and Milo.")
    hidden(house)
    return house


def by_hand(statement, *values):
    """What somebody does who has the database in their hands."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was done until now has been committed
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values or None)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def sealed_anew(number):
    """The row with the hash that its contents have now, as somebody would write it who knows how that is made."""
    entry = LogEntry.objects.get(number=number)
    by_hand(
        "UPDATE moderation_logentry SET hash = encode(sha256(convert_to(%s, 'UTF8')), 'hex') WHERE id = %s",
        entry.sealed,
        entry.pk,
    )


def found(capsys, *args):
    """What the command printed, and whether it ended with 1."""
    code = 0
    try:
        call_command("verify_log", *args)
    except CommandError as failure:
        code = failure.returncode
    assert code in {0, 1}
    return capsys.readouterr().out, code == 1


def test_what_is_whole_is_told_with_how_much_it_is_and_its_fingerprint(logged, capsys):
    quiet = make_house(Visibility.PUBLIC)
    left(quiet)
    out, broken = found(capsys)
    head = LogEntry.objects.get(group_key=logged.group.pk, number=5).hash
    assert not broken
    assert f"{logged.group.slug}: 5 entries, newest {in_eights(head)}" in out
    assert f"{quiet.group.slug}: 1 entries" in out
    assert "BROKEN" not in out


def test_one_group_is_looked_at_alone(logged, capsys):
    other = make_house(Visibility.PUBLIC)
    left(other)
    by_hand("UPDATE moderation_logentry SET hash = 'x' WHERE group_key = %s", other.group.pk)
    assert found(capsys, "--group", logged.group.slug)[1] is False
    assert found(capsys, "--group", other.group.slug)[1] is True
    out, broken = found(capsys)
    assert broken
    assert f"BROKEN: {other.group.slug}, entry 1" in out
    assert logged.group.slug in out
    with pytest.raises(CommandError, match="There is no group"):
        call_command("verify_log", "--group", "nobodys")


def test_a_group_without_a_log_is_whole(house, capsys):
    assert found(capsys, "--group", house.group.slug) == (f"{house.group.slug}: 0 entries, newest (none)\n", False)
    assert found(capsys) == ("", False)


SWAPPED = (
    "UPDATE moderation_logentry a SET %s FROM moderation_logentry b WHERE (a.number, b.number) IN ((2, 4), (4, 2))"
)
CHANGES = {
    "a byte": ("UPDATE moderation_logentry SET facts = replace(facts, 'Three', 'Threo') WHERE number = 2 + 3", 5),
    "the time": ("UPDATE moderation_logentry SET at = at + interval '1 microsecond' WHERE number = 3", 3),
    "the decision": ("UPDATE moderation_logentry SET decision = 'aaaaaaaaaa' WHERE number = 3", 3),
    "the seal": ("UPDATE moderation_logentry SET hash = repeat('0', 64) WHERE number = 3", 3),
    "the seal before": ("UPDATE moderation_logentry SET previous = repeat('0', 64) WHERE number = 3", 3),
    "a row in the middle": ("DELETE FROM moderation_logentry WHERE number = 3", 3),
    "the first row": ("DELETE FROM moderation_logentry WHERE number = 1", 1),
    "what two rows say": (SWAPPED % "facts = b.facts", 2),
    "two rows but for their places": (SWAPPED % "facts = b.facts, at = b.at, hash = b.hash", 2),
    "a row into the place of another": (
        "DELETE FROM moderation_logentry WHERE number = 4; UPDATE moderation_logentry SET number = 4 WHERE number = 5",
        4,
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_is_found(logged, capsys, what):
    statement, number = CHANGES[what]
    by_hand(statement)
    out, broken = found(capsys)
    assert broken
    assert f"BROKEN: {logged.group.slug}, entry {number}: " in out


def test_an_entry_that_was_moved_into_another_log_is_missed_in_one_and_too_much_in_the_other(logged, capsys):
    by_hand("UPDATE moderation_logentry SET group_key = group_key + 1000 WHERE number = 5")
    out, broken = found(capsys)
    assert broken
    assert f"BROKEN: {logged.group.slug}, decision" in out
    assert f"BROKEN: removed group {logged.group.pk + 1000}, entry 1: it is missing" in out


@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_row_that_is_sealed_anew_is_found_by_the_next_one(logged, capsys, number):
    by_hand("UPDATE moderation_logentry SET at = at - interval '1 day' WHERE number = %s", number)
    sealed_anew(number)
    assert LogEntry.objects.get(number=number).is_whole
    out, broken = found(capsys)
    assert broken
    assert f"entry {number + 1}: it is not sealed with the entry before it" in out


@pytest.mark.parametrize(
    "change",
    [
        {"words": "Nothing to see."}, {"ground": "none"}, {"role": "owner"}, {"reverses": "aaaaaaaaaa"},
        {"rule": {"set": 1, "number": 1, "title": "No trade"}}, {"parts": []}, {"parts": "x"},
    ],
)  # fmt: skip
def test_the_last_row_sealed_anew_is_found_by_its_decision(logged, capsys, change):
    facts = json.loads(LogEntry.objects.get(number=5).facts) | change
    by_hand("UPDATE moderation_logentry SET facts = %s WHERE number = 5", json.dumps(facts, ensure_ascii=False))
    sealed_anew(5)
    out, broken = found(capsys)
    assert broken
    assert "entry 5: it does not say what was decided" in out


def test_what_is_no_json_is_broken_and_no_crash(logged, capsys):
    by_hand("UPDATE moderation_logentry SET facts = 'x' WHERE number = 5")
    sealed_anew(5)
    assert "entry 5: it does not say" in found(capsys)[0]


def test_an_end_that_is_cut_off_is_found_by_decisions_that_lack_their_entries(logged, capsys):
    by_hand("DELETE FROM moderation_logentry WHERE number >= 4")
    lacking = Decision.objects.order_by("pk")[3]
    out, broken = found(capsys)
    assert broken
    assert f"decision {lacking.public_id}" in out
    by_hand("DELETE FROM moderation_logentry")
    out, broken = found(capsys)
    assert broken
    assert "0 entries" in out


def test_an_end_that_is_cut_off_with_its_decisions_is_found_by_a_fingerprint_that_was_noted(logged, capsys):
    heads = dict(LogEntry.objects.values_list("number", "hash"))
    noted = in_eights(heads[5]).upper()
    assert found(capsys, "--head", noted)[1] is False
    assert found(capsys, "--head", noted, "--head", heads[2], "--group", logged.group.slug)[1] is False
    lost = LogEntry.objects.get(number=5).decision
    by_hand("DELETE FROM moderation_logentry WHERE number = 5")
    by_hand("DELETE FROM moderation_part USING moderation_decision d WHERE d.id = decision_id AND public_id = %s", lost)
    by_hand("DELETE FROM moderation_decision WHERE public_id = %s", lost)
    assert found(capsys)[1] is False  # nobody can know
    assert found(capsys, "--head", heads[4])[1] is False
    out, broken = found(capsys, "--head", noted)
    assert broken
    assert in_eights(heads[5]) in out


def test_an_entry_without_its_decision_is_broken_while_the_group_is_there(logged, capsys):
    by_hand("DELETE FROM moderation_part")
    by_hand("DELETE FROM moderation_decision WHERE id = (SELECT max(id) FROM moderation_decision)")
    out, broken = found(capsys)
    assert broken
    assert "entry 1: it does not say what was decided" in out  # its parts are gone


def test_a_removed_group_has_a_log_that_is_whole_or_not(logged, capsys):
    key = logged.group.pk
    Group.objects.filter(pk=key).update(delete_at=timezone.now())
    assert remove_group(key)
    out, broken = found(capsys)
    assert not broken
    assert f"removed group {key}: 5 entries" in out
    by_hand("UPDATE moderation_logentry SET facts = '{}' WHERE number = 2")
    assert f"BROKEN: removed group {key}, entry 2" in found(capsys)[0]


def test_only_the_first_broken_entry_is_named(logged, capsys):
    by_hand("UPDATE moderation_logentry SET facts = '{}' WHERE number IN (2, 4)")
    out, _broken = found(capsys)
    assert out.count("BROKEN") == 1
    assert "5 entries" in out


def test_it_asks_the_database_as_often_however_long_the_log_is(house, monkeypatch):
    """And holds a few rows at a time: it reads them as they come."""
    counts = []
    for _again in range(3):
        left(house)
        with CaptureQueriesContext(connection) as captured:
            assert [chain.broken for chain in verify()] == [""]
        counts.append(len(captured))
    assert counts[0] == counts[2] <= 3
    asked = []
    monkeypatch.setattr(verifying, "A_CHUNK", 1)
    monkeypatch.setattr(verifying, "wrong_with", lambda entry, *rest: asked.append(entry.number))
    next(verify())
    assert asked == [1, 2, 3]


@pytest.mark.parametrize(
    ("told", "words", "is_so"),
    [
        ("As it is.", "As it is.", True),
        ("As it is.", "As it was.", False),
        ("", "", True),
        ("", "x", False),
        ("[…]", "Mara", True),
        ("[…] sells, […] says.", "Mara sells, Milo says.", True),
        ("[…] sells, […] says.", "Mara sells, Milo said.", False),
        ("[…] buys, […] says.", "Mara sells, Milo says.", False),
        ("ab[…]bc", "abc", False),
        ("a[…]a[…]a", "aa", False),
        ("Zoë […]", "Zoe\u0308 Mara", True),
    ],
)
def test_withheld_names_may_be_anything_and_nothing_else_may(told, words, is_so):
    assert fits(told, words) is is_so
