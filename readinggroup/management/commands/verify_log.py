"""Walk the logs of moderation and say whether each is what was sealed."""

from django.core.management.base import BaseCommand, CommandError

from readinggroup.groups.models import Group
from readinggroup.moderation.shown_entries import in_eights
from readinggroup.moderation.verifying import verify


class Command(BaseCommand):
    help = (
        "Check every log of moderation: its seals, its numbers, and that each decision stands in it as it was made."
        " Prints how many entries each has and the fingerprint of its newest one. Ends with 1 if anything is broken."
    )

    def add_arguments(self, parser):
        parser.add_argument("--group", metavar="SLUG", help="only the log of this group")
        parser.add_argument(
            "--head",
            metavar="FINGERPRINT",
            action="append",
            default=[],
            help="a fingerprint that was noted earlier: an entry must bear it, or the end of a log was cut off or"
            " written anew; can be given several times",
        )

    def handle(self, *, group, head, **options):
        key = None
        if group is not None:
            key = Group.objects.filter(slug=group).values_list("pk", flat=True).first()
            if key is None:
                raise CommandError(f"There is no group “{group}”.")
        noted = {"".join(one.split()).lower() for one in head}
        broken = False
        for chain in verify(group_key=key, noted=noted):
            broken = broken or bool(chain.broken)
            self.stdout.write(told(chain))
        for one in sorted(noted):  # what `verify` has met, it has taken away
            broken = True
            self.stdout.write(
                f"BROKEN: no entry bears the fingerprint {in_eights(one)}. An end was cut off or rewritten."
            )
        if broken:
            raise CommandError("A log of moderation is not as it was written.", returncode=1)


def told(chain) -> str:
    """One line about one group's log, and one about what is broken in it."""
    whose = chain.slug or f"removed group {chain.group_key}"
    line = f"{whose}: {chain.entries} entries, newest {in_eights(chain.head) if chain.head else '(none)'}"
    return f"{line}\nBROKEN: {whose}, {chain.broken}" if chain.broken else line
