"""`manage.py import_text FILE`: read a text, show what was understood, put it on a group's shelf."""

import json
from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from readinggroup.first_run import open_text
from readinggroup.groups.models import Group
from readinggroup.readings.actions import bring_text, reading_from_file
from texts.importing.saving import keep_source, sha256_of

DETAILS = ["title", "author", "language", "translator", "source", "rights"]


class Command(BaseCommand):
    """Import a text from a file. With --dry-run nothing is saved, and the database is not asked."""

    help = __doc__
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        for name in DETAILS:
            parser.add_argument(f"--{name}", default="")
        parser.add_argument("--group", default="", help="the group's name in its address; needed if there are several")
        parser.add_argument("--dry-run", action="store_true", help="show what would be imported, save nothing")
        parser.add_argument("--json", action="store_true", help="show it as JSON, block by block")

    def handle(self, *, file, group, dry_run, **options):
        document = open_text(file)
        details = {name: options[name] for name in DETAILS}
        document.title, document.author = details["title"] or document.title, details["author"] or document.author
        if options["json"]:
            self.stdout.write(json.dumps(document.as_json(), ensure_ascii=False, indent=1))
        else:
            self.describe(document)
        if not dry_run:
            self.save(file, document, self.group(group), details, quiet=options["json"])

    def describe(self, document):
        """What was understood, in a few lines."""
        self.stdout.write(f"{document.title} — {document.author or _('author unknown')}")
        for kind, count in Counter(block.kind for block in document.blocks).most_common():
            self.stdout.write(f"{count:6} {kind}")
        for assumption in document.assumptions:
            self.stdout.write(f"  {assumption}")

    def group(self, slug):
        """The group whose shelf is meant."""
        groups = Group.objects.filter(slug=slug) if slug else Group.objects.all()
        found = list(groups[:2])
        if len(found) != 1:
            raise CommandError(_("Say with --group which group's shelf the text is for."))
        return found[0]

    def save(self, file, document, group, details, *, quiet):
        """Onto the shelf, once."""
        content = file.read_bytes()
        known = reading_from_file(group=group, sha256=sha256_of(content))
        reading = known or bring_text(
            group=group,
            document=document,
            source_file=keep_source(content, file.name),
            section_titles=document.section_titles,
            **details,
        )
        if not quiet:
            words = _("“%(title)s” is on the shelf already.") if known else _("“%(title)s” is on the shelf.")
            self.stdout.write(words % {"title": reading.edition.title})
