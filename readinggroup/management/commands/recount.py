"""Count a closed ballot again and say whether that is what was published."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from readinggroup.proposals.counting import in_plain_words, recount
from readinggroup.proposals.models import Ballot, BallotState
from readinggroup.proposals.published import published


class Command(BaseCommand):
    help = (
        "Count a closed ballot again from the papers in its box, tell it step by step, and compare it with the result"
        " that was published. Ends with 1 if they differ. Nothing is counted, nor shown, before a ballot is closed."
    )

    def add_arguments(self, parser):
        parser.add_argument("ballot", metavar="BALLOT", help="its name in addresses: /g/…/ballots/BALLOT/")
        parser.add_argument("--json", metavar="FILE", type=Path, help="also write what is published of it to a file")

    def handle(self, *, ballot, json, **options):
        found = Ballot.objects.filter(public_id=ballot).prefetch_related("options").first()
        if found is None:
            raise CommandError(f"There is no ballot “{ballot}”.")
        if found.state != BallotState.CLOSED:
            raise CommandError(f"The ballot is {found.get_state_display()}: only a closed one is counted.")
        if found.result is None:
            raise CommandError("The ballot is closed and not counted yet: the worker does that within a minute.")
        document = published(found)
        result = recount(document)
        for line in in_plain_words(document, result):
            self.stdout.write(line)
        if json:
            write(document, json)
        if result != found.result:
            raise CommandError("The published result is another one.", returncode=1)
        self.stdout.write("The published result is the same.")


def write(document, file) -> None:
    """The published ballot as a file."""
    try:
        file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as problem:
        raise CommandError(f"{file} cannot be written: {problem.strerror}.") from None
