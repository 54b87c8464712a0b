"""Making a backup: one moment of the database, dumped, and the keys that this place keeps."""

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from . import archive
from .fingerprints import fingerprints
from .keeping import name_for, tidy
from .programs import environment, last_line, program, server_version, version_of

KEYS = ["secret_key", "vapid_private_key"]  # those that `up` draws; what the environment says is not ours


def make_backup(folder: Path, *, recipients=(), keep: str | None = None) -> Path:
    """Write a backup into the folder, and remove the old ones that `keep` (see keeping.py) does not ask for.

    It is whole under its name or not there. CommandError for what stands in its way.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"Backups cannot be kept in {folder}: {error.strerror}.") from error
    path = folder / name_for(datetime.now(UTC), encrypted=bool(recipients))
    unfinished = path.with_name(f"{path.name}.part")
    try:
        _write(unfinished, recipients)
        if not recipients:  # what is encrypted for others, we cannot read
            archive.check(unfinished)
        unfinished.rename(path)
    except OSError as error:
        raise CommandError(f"The backup could not be written to {folder}: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    if keep is not None:
        tidy(folder, keep)
    return path


def _write(path, recipients):
    pg_dump = program("pg_dump", version=server_version())
    made_with = {"pg_dump": version_of(pg_dump)}  # an older pg_restore could not read it
    with transaction.atomic(), connection.cursor() as cursor, tempfile.TemporaryFile() as errors:
        # One moment for what we ask and what is dumped.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        manifest = what_it_is() | made_with
        # --schema: what else the operator keeps in this database, and the server's extensions, are not the site's.
        command = [pg_dump, "--format=custom", "--schema=public", "--no-owner", "--no-privileges"]
        command += [f"--snapshot={snapshot}", "--no-password", "--lock-wait-timeout=60s"]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=errors) as dumping:  # noqa: S603
            try:
                whole = Whole(dumping, errors)
                archive.write(path, manifest=manifest, files=keys(), dump=whole, recipients=recipients)
            except BaseException:
                dumping.kill()
                raise


class Whole:
    """What a program writes. Its end is believed only if the program says that all went well."""

    def __init__(self, process, errors):
        self.process, self.errors = process, errors

    def read(self, size):
        content = self.process.stdout.read(size)
        if not content and self.process.wait() != 0:
            self.errors.seek(0)
            raise CommandError(f"pg_dump failed: {last_line(self.errors.read())}")
        return content


def what_it_is() -> dict:
    """The manifest, of the transaction that is open."""
    applied = MigrationRecorder(connection).applied_migrations()
    return {
        "site": settings.SITE_URL,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "postgres": server_version(),
        "migrations": sorted(f"{app}.{name}" for app, name in applied),
        "fingerprints": fingerprints(),
    }


def keys() -> dict[str, bytes]:
    """The keys that this place keeps."""
    files = {name: settings.DATA_DIR / name for name in KEYS}
    return {name: file.read_bytes() for name, file in files.items() if file.is_file()}
