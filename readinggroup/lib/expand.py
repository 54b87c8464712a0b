"""Steps of migrations that the former release does not notice, and for which nobody waits."""

from django.contrib.postgres.operations import AddIndexConcurrently as DjangosAddIndexConcurrently


class AddIndexConcurrently(DjangosAddIndexConcurrently):
    """An index beside what is read and written (`atomic = False` in its migration), which can be done again.

    It waits for older transactions, as long as `migrate` lets it. Given up or killed, it leaves an index that is kept
    up and never used: the next time that goes, and it is made anew. One that was made before a later step of its
    migration was given up stays.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        name = schema_editor.quote_name(self.index.name)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
            found = cursor.fetchone()
        if found == (True,):
            return
        if found:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
