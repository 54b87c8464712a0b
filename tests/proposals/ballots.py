"""Ballots as tests need them: drafts, open ones, papers that are in, and time that goes by."""

import secrets
import uuid
from datetime import timedelta

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.lib.public_ids import new_public_id
from readinggroup.proposals import actions
from readinggroup.proposals.actions import propose
from readinggroup.proposals.actions.closing import close_due
from readinggroup.proposals.models import Ballot, BallotBox, Option, Proposal

OPTIONS = ["The ferry", "The quay", "The lighthouse"]


def create_proposal(house, title="The lighthouse keeper", *, by=None, **fields):
    """A proposal that stands on the list."""
    house.group.most_proposals = 100  # in no test of ballots in the way
    said = {"title": title, "why": "It is short."}
    made = propose(group=house.group, by=by or house.member, key=uuid.uuid4(), **said)
    if fields:
        Proposal.objects.filter(pk=made.pk).update(**fields)
        made.refresh_from_db()
    return made


def draft(house, *, options=OPTIONS, proposals=(), by=None, opens=0, closes=24, **details):
    """A draft that opens and closes so many hours from now."""
    now = timezone.now()
    asked = {"question": "What do we read from January?", "words": "", "method": "approval", "seats": 1, "quorum": 0}
    asked |= {"is_secret": True, "opens_at": now + timedelta(hours=opens), "closes_at": now + timedelta(hours=closes)}
    return actions.create_ballot(
        group=house.group,
        by=by or house.organizer,
        public_id=new_public_id(),
        proposals=list(proposals),
        others=list(options),
        **asked | details,
    )


def announced(house, **details):
    """One that opens in an hour."""
    return actions.announce_ballot(ballot=draft(house, **{"opens": 1} | details), by=house.organizer)


def opened(house, **details):
    """One that is open now."""
    made = actions.announce_ballot(ballot=draft(house, **details), by=details.get("by") or house.organizer)
    assert made.state == "open"
    return made


def new_key() -> str:
    return secrets.token_hex(BallotBox.KEY_BYTES)


def votes(ballot, person, paper, key=None) -> str:
    """Put this paper into the box; the answer is the key."""
    key = key or new_key()
    actions.vote(ballot=ballot, key=key, paper=paper, by=person)
    return key


def let_time_pass(ballot, hours=25) -> Ballot:
    """As if the ballot had been made so much earlier. It is frozen, so the triggers are put to sleep for it."""
    back = timedelta(hours=hours)
    with without_triggers():
        now = Ballot.objects.get(pk=ballot.pk)
        moved = {
            name: getattr(now, name) - back
            for name in ("opens_at", "closes_at", "opened_at", "announced_at")
            if getattr(now, name)
        }
        Ballot.objects.filter(pk=ballot.pk).update(**moved)
    return Ballot.objects.get(pk=ballot.pk)


class without_triggers:  # noqa: N801 - it reads as a clause
    """Without what guards the tables: foreign keys and triggers rest until the end of the block."""

    def __enter__(self):
        self.block = transaction.atomic()
        self.block.__enter__()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")

    def __exit__(self, *args):
        if args[0] is None:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = origin")
        self.block.__exit__(*args)


def closed(ballot) -> Ballot:
    """The ballot when its time is over, and it is counted."""
    let_time_pass(ballot)
    assert close_due() == 1
    return Ballot.objects.get(pk=ballot.pk)


def box_of(ballot) -> BallotBox:
    return BallotBox.objects.get(ballot=ballot)


def numbers_of(ballot) -> list:
    return list(Option.objects.filter(ballot=ballot).values_list("number", flat=True))


def address(name, ballot):
    return reverse(f"proposals:{name}", args=[ballot.group.slug, ballot.public_id])


def ballot_form(**changes):
    """A form as somebody would send it."""
    day = (timezone.now() + timedelta(days=30)).date()
    form = {
        "question": "What do we read from January?",
        "words": "Think of the long evenings.",
        "others": "The ferry\nThe quay",
        "method": "approval",
        "seats": "1",
        "secrecy": "secret",
        "quorum": "0",
        "version": "1",
        "key": "0" * 32,
        "opens-date": day.isoformat(),
        "opens-time": "19:00",
        "closes-date": (day + timedelta(days=7)).isoformat(),
        "closes-time": "19:00",
    }
    return form | changes
