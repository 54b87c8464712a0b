"""Every migration after the first ones leaves the former release working: it expands, or says what it contracts.

What a release no longer uses is dropped by a migration of the next one, with `contracts = "what stopped using it"` in
its class; SQL or Python of its own says there `expands = "why the former release does not notice, and nobody waits"`.
See docs/operations.md, "Releases without a pause".
"""

import importlib

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from readinggroup.lib import expand

from .test_migrations import OURS

# Tables that grow with what people do: an index is made beside what is read and written there.
LARGE = {
    ("readings", "seen"), ("discussion", "comment"), ("discussion", "draft"), ("notifications", "notice"),
    ("texts", "paragraphversion"), ("accounts", "user"), ("groups", "membership"),
}  # fmt: skip
CONTRACT = (
    operations.RemoveField, operations.RenameField, operations.DeleteModel, operations.RenameModel,
    operations.AlterModelTable, operations.AlterUniqueTogether, operations.AlterIndexTogether,
)  # fmt: skip


def objections(migration, state: ProjectState) -> list[str]:
    """What the former release, or people who use the site meanwhile, would choke on. `state` is that before it."""
    found, made, state = [], set(), state.clone()
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        model = getattr(operation, "model_name", "")
        model = model.lower()
        if isinstance(operation, operations.CreateModel):
            made.add(operation.name.lower())
        elif model not in made:
            large = (migration.app_label, model) in LARGE
            found += [f"{operation.describe()}: {why}" for why in against(operation, before, migration, model, large)]
    return [] if getattr(migration, "contracts", "") else found


def against(operation, before, migration, model, large):
    if isinstance(operation, CONTRACT):
        yield "the former release uses it; one release later, with contracts = …"
    elif isinstance(operation, operations.AddField):
        field = operation.field
        if not (field.null or field.has_db_default() or field.many_to_many or field.generated):
            yield "the former release leaves it out: null=True or db_default="
        if field.unique or (field.db_index and large):
            yield "an index inside the table's lock: db_index=False, then lib.expand.AddIndexConcurrently"
    elif isinstance(operation, operations.AlterField):
        former = before.models[migration.app_label, model].fields[operation.name]
        yield from against_change(former, operation.field)
    elif isinstance(operation, AddIndexConcurrently):
        if not isinstance(operation, expand.AddIndexConcurrently):
            yield "that of readinggroup.lib.expand, which can be done again"
        if migration.atomic:
            yield "atomic = False"
    elif isinstance(operation, operations.AddIndex) and large:
        yield "people write there: readinggroup.lib.expand.AddIndexConcurrently"
    elif isinstance(operation, operations.AddConstraint) and large and not isinstance(operation, AddConstraintNotValid):
        yield "every row is looked at inside the lock: AddConstraintNotValid, and ValidateConstraint in a second one"
    elif isinstance(operation, operations.RunSQL | operations.RunPython) and not getattr(migration, "expands", ""):
        yield "expands = why the former release does not notice, and nobody waits"


def against_change(former, field):
    def kind(of):
        return of.db_parameters(connection)["type"], of.column if of.model else of.db_column

    if former.null and not field.null:
        yield "NOT NULL, which the former release does not fill: a check NOT VALID first, then with contracts = …"
    if field.null and not former.null:
        yield "the former release cannot read what is empty: with contracts = …, when it can"
    if former.has_db_default() and not field.has_db_default():
        yield "the former release counts on the default in the database"
    if field.unique and not former.unique:
        yield "unique, which the former release does not look after"
    if former.is_relation != field.is_relation or former.get_internal_type() != field.get_internal_type():
        yield "another type: a column beside it"
    elif (field.max_length or 10**9) < (former.max_length or 10**9):
        yield "shorter than what the former release writes"


def later_ones():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return sorted(key for key in loader.disk_migrations if key[0] in OURS and not key[1].startswith("0001"))


@pytest.mark.parametrize("key", later_ones(), ids=".".join)
def test_a_later_migration_leaves_the_former_release_working(key):
    loader = MigrationLoader(None, ignore_no_migrations=True)
    state = loader.project_state(key, at_end=False)
    assert not objections(loader.disk_migrations[key], state)


def test_labels_are_those_of_the_apps():
    assert {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()} >= LARGE


# --- The test above, tried with migrations that must not pass, and some that must -----------------------------------

TEXT = models.TextField
POSITIVE = models.CheckConstraint(condition=models.Q(id__gt=0), name="x")


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (operations.AddField("seen", "x", TEXT(default="")), "db_default"),
        (operations.AddField("seen", "x", models.CharField(max_length=9, null=True, unique=True)), "lock"),
        (operations.AddField("comment", "x", models.IntegerField(null=True, db_index=True)), "lock"),
        (operations.RemoveField("comment", "body"), "contracts"),
        (operations.RenameField("comment", "body", "words"), "contracts"),
        (operations.DeleteModel("comment"), "contracts"),
        (operations.AlterField("comment", "body", TEXT(null=True)), "empty"),
        (operations.AlterField("comment", "body", models.IntegerField()), "type"),
        (operations.AlterField("comment", "body", TEXT(unique=True)), "unique"),
        (operations.AddIndex("comment", models.Index(fields=["body"], name="x")), "Concurrently"),
        (AddIndexConcurrently("comment", models.Index(fields=["body"], name="x")), "done again"),
        (expand.AddIndexConcurrently("comment", models.Index(fields=["body"], name="x")), "atomic"),
        (
            operations.AddConstraint("comment", models.CheckConstraint(condition=models.Q(id__gt=0), name="x")),
            "NotValid",
        ),
        (operations.RunSQL("SELECT 1"), "expands"),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, operations.base.Operation) else given,
)
def test_what_the_former_release_would_choke_on_is_found(operation, word):
    app = "readings" if getattr(operation, "model_name", "") == "seen" else "discussion"
    state = MigrationLoader(None, ignore_no_migrations=True).project_state()
    migration = type("Migration", (migrations.Migration,), {"operations": [operation]})("0099_x", app)
    found = " ".join(objections(migration, state))
    assert word in found
    migration.contracts = "0.2 stopped using it"
    assert not objections(migration, state)


@pytest.mark.parametrize(
    "operation",
    [
        operations.AddField("comment", "x", TEXT(db_default="")),
        operations.AddField("comment", "x", TEXT(null=True)),
        operations.AlterField("comment", "body", TEXT(help_text="of another kind")),
        operations.RemoveIndex("comment", "x"),
        AddConstraintNotValid("comment", POSITIVE),
        operations.CreateModel("new", [("id", models.BigAutoField(primary_key=True)), ("x", TEXT())]),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_expands_passes(operation):
    state = MigrationLoader(None, ignore_no_migrations=True).project_state()
    if isinstance(operation, operations.RemoveIndex):
        state.add_index("discussion", "comment", models.Index(fields=["body"], name="x"))
    migration = type("Migration", (migrations.Migration,), {"operations": [operation]})("0099_x", "discussion")
    assert not objections(migration, state)


@pytest.mark.django_db(transaction=True)
def test_an_index_that_was_left_half_made_is_made_anew():
    """As when `migrate` was killed while it made one, or gave it up."""
    migration = importlib.import_module("readinggroup.readings.migrations.0002_seen_by_a_person").Migration
    (step,) = (one for one in migration.operations if isinstance(one, expand.AddIndexConcurrently))
    state = MigrationLoader(None, ignore_no_migrations=True).project_state(("readings", "0002_seen_by_a_person"))
    name = "seen_by_a_person"

    def is_valid():
        with connection.cursor() as cursor:
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
            return cursor.fetchone()

    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip("only a superuser can make an index look half made")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)", [name])
    assert is_valid() == (False,)
    with connection.schema_editor(atomic=False) as editor:
        step.database_forwards("readings", editor, state, state)
    assert is_valid() == (True,)
    with connection.schema_editor(atomic=False) as editor:
        step.database_forwards("readings", editor, state, state)  # a later step was given up, and all is tried again
