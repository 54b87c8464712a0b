"""`manage.py settings_table`: the table of all settings, as docs/operations.md shows it."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from readinggroup.environment import as_markdown

PAGE = settings.BASE_DIR / "docs" / "operations.md"
BEGIN, END = "<!-- made by manage.py settings_table --write -->\n", "\n<!-- end of what was made -->"


class Command(BaseCommand):
    """Print the table; write it into the page; or say whether the page shows it as it is."""

    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--write", action="store_true", help="put it into docs/operations.md")
        parser.add_argument("--check", action="store_true", help="end with 1 if the page shows another")

    def handle(self, *, write, check, **options):
        if not write and not check:
            self.stdout.write(as_markdown())
            return
        page = PAGE.read_text(encoding="utf-8")
        before, _begin, rest = page.partition(BEGIN)
        _old, end, after = rest.partition(END)
        if not end:
            raise CommandError(f"{PAGE} has no place for the table: the two lines of comment are missing.")
        renewed = f"{before}{BEGIN}\n{as_markdown()}{END}{after}"
        if check and renewed != page:
            raise CommandError("The table of settings is not the code's: manage.py settings_table --write")
        if write:
            PAGE.write_text(renewed, encoding="utf-8")
