"""`manage.py backup [DIR]`: the database and the keys of this place, as one archive."""

from datetime import UTC, datetime
from pathlib import Path

import pyrage
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from readinggroup.backups import archive
from readinggroup.backups.making import make_backup


class Command(BaseCommand):
    """Print the path of the backup that was made."""

    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument(
            "folder", nargs="?", type=Path, metavar="DIR", help="else BACKUP_DIR, else DATA_DIR/backups"
        )
        for_whom = "encrypt it for this public key of age (age1…); can be given several times; else BACKUP_RECIPIENTS"
        parser.add_argument("--recipient", action="append", default=[], metavar="KEY", help=for_whom)
        parser.add_argument(
            "--tidy", action="store_true", help="then remove old ones that BACKUP_KEEP does not ask for"
        )
        parser.add_argument("--new-key", action="store_true", help="only draw a key, to be kept away from this machine")

    def handle(self, *, folder, recipient, tidy, new_key, **options):
        if new_key:
            self.stdout.write(drawn_key())
            return
        try:
            path = make_backup(
                folder or settings.BACKUP_DIR or settings.DATA_DIR / "backups",
                recipients=recipient or settings.BACKUP_RECIPIENTS,
                keep=settings.BACKUP_KEEP if tidy else None,
            )
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).strip().splitlines()[-1]}") from error
        self.stdout.write(str(path))
        self.stderr.write(f"{path.stat().st_size:,} bytes{'' if path.suffix == '.age' else ', not encrypted'}.")


def drawn_key() -> str:
    """A key file as `age-keygen` writes it."""
    identity = pyrage.x25519.Identity.generate()
    public = identity.to_public()
    archive.recipient_called(str(public))
    return f"# created: {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n# public key: {public}\n{identity}"
