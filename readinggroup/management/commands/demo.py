"""`manage.py demo`: a crowd of invented members with as many comments as wanted, to measure the site with."""

import time

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

from readinggroup.demo import crowd
from readinggroup.groups.models import Group
from readinggroup.readings.models import Reading


class Command(BaseCommand):
    """Add members and comments to one reading, all of them or none; another seed adds more."""

    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--group", metavar="SLUG", help="default: the oldest group")
        parser.add_argument("--reading", metavar="SLUG", help="default: what the group reads now")
        parser.add_argument("--people", type=int, default=1_000, metavar="N")
        parser.add_argument("--comments", type=int, default=100_000, metavar="N")
        parser.add_argument("--seed", type=int, default=1, metavar="S")

    def handle(self, *, group, reading, people, comments, seed, **options):
        if people < 1 or comments < 1:
            raise CommandError(_("There must be at least one person and one comment."))
        reading = reading_called(group, reading)
        began = time.monotonic()
        try:
            crowd.fill(reading, seed=seed, people=people, comments=comments, tell=self.progress(comments))
        except crowd.SeedUsed as used:
            message = _("Seed %(seed)d has filled “%(title)s” before. Choose another --seed to add more.")
            raise CommandError(message % {"seed": seed, "title": reading}) from used
        crowd.analyze()
        if wrong := crowd.miscounted(reading):
            message = _("The counters of %(count)d paragraphs differ from what can be listed there.")
            raise CommandError(message % {"count": len(wrong)})
        self.say_done(reading, people, comments, time.monotonic() - began)

    def progress(self, comments):
        """What tells, on a terminal, how far it has come."""
        if not self.stdout.isatty():
            return lambda done: None

        def tell(done):
            line = _("%(done)s of %(all)s comments") % {"done": f"{done:,}", "all": f"{comments:,}"}
            self.stdout.write(f"\r{line}", ending="\n" if done == comments else "")
            self.stdout.flush()

        return tell

    def say_done(self, reading, people, comments, seconds):
        """What there is now, and where there is most of it."""
        done = _("“%(title)s”: %(people)s people and %(comments)s comments in %(seconds).1f s; the counters are right.")
        numbers = {"people": f"{people:,}", "comments": f"{comments:,}", "seconds": seconds}
        self.stdout.write(done % {"title": reading, **numbers})
        if longest := crowd.longest_thread(reading):
            comment, answers = longest
            path = reverse("discussion:comment", kwargs={"comment": comment.public_id})
            said = _("The longest thread has %(answers)d answers: %(path)s")
            self.stdout.write(said % {"answers": answers, "path": path})


def reading_called(group, reading) -> Reading:
    """The reading that was asked for, with its text. CommandError where there is none."""
    groups = Group.objects.order_by("created_at", "pk")
    found = (groups.filter(slug=group) if group else groups).first()
    if found is None and group:
        raise CommandError(_("There is no group called %(group)s.") % {"group": group})
    if found is None:
        raise CommandError(_("There is no group yet: `manage.py up` makes one."))
    readings = found.readings.with_text().select_related("group")
    found_reading = (readings.filter(slug=reading) if reading else readings.current()).first()
    if found_reading is None and reading:
        message = _("%(group)s has no text called %(reading)s on its shelf.")
        raise CommandError(message % {"group": found.slug, "reading": reading})
    if found_reading is None:
        raise CommandError(_("%(group)s reads no text now: name one with --reading.") % {"group": found.slug})
    return found_reading
