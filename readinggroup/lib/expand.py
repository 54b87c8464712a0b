"""Steps of migrations that the former release does not notice, and for which nobody waits."""

from django.contrib.postgres.operations import AddIndexConcurrently as DjangosAddIndexConcurrently


class AddIndexConcurrently(DjangosAddIndexConcurrently):
    """An index beside what is read and written (`atomic = False` in its migration), which can be done again.

    Without `migrate`'s lock_timeout: it waits until older transactions end, and nobody waits behind it. One that was
    ended leaves an index that is kept up and never used; here it goes, and is made anew. One that was made before a
    later step of its migration was given up stays.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        name = schema_editor.quote_name(self.index.name)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
            found = cursor.fetchone()
            if found == (True,):
                return
            cursor.execute("SELECT current_setting('lock_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SET lock_timeout = 0")
            try:
                if found:
                    schema_editor.execute(f"DROP INDEX CONCURRENTLY {name}")
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            finally:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])
