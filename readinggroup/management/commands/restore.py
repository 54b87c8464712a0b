"""`manage.py restore ARCHIVE`: fill the site's database from a backup, or change nothing."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from readinggroup.backups.archive import check as read_through
from readinggroup.backups.archive import identities_in
from readinggroup.backups.restoring import restore


class Command(BaseCommand):
    """Say what was restored, and what is left to do."""

    help = __doc__
    requires_system_checks = []  # an empty database passes none that asks it

    def add_arguments(self, parser):
        parser.add_argument("archive", type=Path)
        parser.add_argument("--identity", type=Path, metavar="FILE", help="the secret key (age) for what is encrypted")
        parser.add_argument("--replace", action="store_true", help="give up what the database holds now")
        parser.add_argument("--check", action="store_true", help="only read the archive through and check it")

    def handle(self, *, archive, identity, replace, check, **options):
        identities = read_identities(identity) if identity else ()
        if check:
            manifest, _files = read_through(archive, identities)
            self.stdout.write(f"The archive is whole. {told(manifest)}")
            return
        try:
            manifest = restore(archive, identities=identities, replace=replace)
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).strip().splitlines()[-1]}") from error
        self.stdout.write(f"Restored. {told(manifest)}")
        if missing_migrations():
            self.stdout.write("It is of an older site: run  manage.py migrate  before anything else.")
        self.stdout.write(
            "MAIL IS SWITCHED OFF, and so are messages to devices, since the real site may still be running.\n"
            "If this is the real one now:  manage.py resume_mail"
        )


def told(manifest) -> str:
    rows = sum(int(found.partition(":")[0]) for found in manifest["fingerprints"].values())
    return (
        f"Of {manifest.get('site', '?')}, {manifest['made_at']}: {len(manifest['fingerprints'])} tables with {rows:,}"
        " rows, each as it was saved."
    )


def read_identities(file):
    try:
        return identities_in(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The key file {file} cannot be read: {error}") from error


def missing_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
