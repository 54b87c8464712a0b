"""`manage.py revise_text EDITION FILE`: what a corrected file would change; without --rehearse, publish it."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from readinggroup.first_run import open_text
from readinggroup.readings.models import Correction, Reading
from readinggroup.revisions.actions import carry, choices_before
from readinggroup.revisions.shown_changes import CHANGES, LABELS, UNCHANGED, numbers_in_words
from texts.importing.saving import keep_source
from texts.models import Edition
from texts.revising.publishing import Outdated, fill_bodies, publish
from texts.revising.rehearsal import rehearse

WIDTH = 60  # characters of a paragraph that a line shows


class Command(BaseCommand):
    """Revise a text by a corrected file. With --rehearse nothing is saved."""

    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("edition", help="the edition's key, or the name of its reading in the address")
        parser.add_argument("file", type=Path)
        parser.add_argument("--rehearse", action="store_true", help="show what would change, save nothing")
        parser.add_argument("--json", action="store_true", help="show it as JSON: which numbers become which")
        parser.add_argument("--why", default="", help="the reason that readers see in the history")

    def handle(self, *, edition, file, why, **options):
        found = edition_called(edition)
        plan = self.planned(found, file)
        if options["json"]:
            self.stdout.write(json.dumps(plan.as_json(), ensure_ascii=False))
        else:
            self.describe(plan)
        if not options["rehearse"]:
            self.publish(plan, file, why.strip(), quiet=options["json"])

    def planned(self, edition, file):
        """What the file would change, by the choices that were made for this text before."""
        document = open_text(file)
        reading = edition.readings.order_by("pk").first()
        choices = choices_before(Correction(reading=reading)) if reading else ()
        return rehearse(edition.current, document, choices=choices)

    def describe(self, plan):
        """How many of each change, and one line for each paragraph that does not stay as it is."""
        told = [f"{plan.counts[change]} {LABELS[change]}" for change in CHANGES if plan.counts.get(change)]
        self.stdout.write(", ".join(told))
        for match in plan.matches:
            if match.change == UNCHANGED:
                continue
            old, new = (numbers_in_words([place + 1 for place in places]) for places in (match.old, match.new))
            words = plan.blocks[match.new[0]].text if match.new else plan.old[match.old[0]].text
            opening = " ".join(words.split())[:WIDTH]
            doubt = _("doubtful") if match.doubtful and not match.fixed else ""
            change = str(LABELS[match.change])
            self.stdout.write(f"{old or '–':>12} → {new or '–':12} {change:12} {match.score:4.2f} {doubt} {opening}")

    @transaction.atomic
    def publish(self, plan, file, why, *, quiet):
        """Make it the text that is read, once."""
        edition = plan.base.edition
        content = file.read_bytes()
        if plan.is_empty:
            filled = fill_bodies(plan, edition)
            said = _("No revision: the text reads the same to the letter.")
            if filled:
                said = _("No revision: the text reads the same, and notes have got their texts.")
        else:
            try:
                made = publish(plan, why=why[:500], source_file=keep_source(content, file.name), carry=carry)
            except Outdated as error:
                raise CommandError(_("The text was revised meanwhile. Try again.")) from error
            said = _("Revision %(number)d is published.") % {"number": made.number}
        if not quiet:
            self.stdout.write(said)


def edition_called(name) -> Edition:
    """The edition of that key, or of the reading of that name."""
    editions = Edition.objects.select_related("current__edition").exclude(current=None)
    if name.isascii() and name.isdecimal():
        found = editions.filter(pk=int(name)).first() if len(name) < 18 else None
    else:
        named = list(Reading.objects.filter(slug=name).values_list("edition", flat=True).distinct()[:2])
        if len(named) > 1:
            raise CommandError(_("Several groups have a text of that name. Give the edition's key."))
        found = editions.filter(pk__in=named).first()
    if found is None:
        raise CommandError(_("There is no such edition. Give its key, or the name of its reading in the address."))
    return found
