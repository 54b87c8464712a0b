"""Putting a paper into the box, and changing one's mind.

Nothing here may tell which paper is whose: no log line, no notice, no task, no exception that holds one.
"""

from django.db import IntegrityError, transaction

from readinggroup.groups.permissions import Can, may_still

from ..models import Ballot, BallotBox, receipt_of
from .ballot_refusals import NoElector, NotYourPaper, NoVotesNow


def vote(*, ballot, key, paper, by) -> str:
    """Put this paper into the box, or in the place of one's own that lies there; the answer is its receipt.

    `key` is the voter's: 32 hex digits, of which only the receipt is kept. In an open ballot one's own paper is found
    by who one is. The same again is nothing new. NoVotesNow, NoElector, NotYourPaper.
    """
    try:
        return _vote(ballot, receipt_of(key), paper, by)
    except IntegrityError:
        # The database's clock has struck in between. What it says is not passed on: it could hold the paper.
        raise NoVotesNow from None


@transaction.atomic
def _vote(ballot, receipt, paper, by) -> str:
    """The same, with the membership held, then the box: a vote comes before the closing or after it."""
    if not may_still(by, Can.VOTE, group=ballot.group_id):
        raise NoElector
    box = BallotBox.objects.hold(ballot.pk)
    standing = Ballot.objects.taking_votes().filter(pk=ballot.pk).first()
    if standing is None:
        raise NoVotesNow
    if not standing.electors.filter(user=by).exists():
        raise NoElector
    voter = str(by.pk)
    if not standing.is_secret:
        paper = {**paper, "by": by.pk}
        receipt = receipt_in_open_ballot(box, by) or receipt
    if (voter in box.voted) != (receipt in box.papers):
        raise NotYourPaper
    box.voted[voter] = 1
    box.papers[receipt] = paper
    box.save(update_fields=["voted", "papers"])
    return receipt


def receipt_in_open_ballot(box, person) -> str | None:
    """Of this person's paper in an open ballot."""
    return next((receipt for receipt, paper in box.papers.items() if paper.get("by") == person.pk), None)


def paper_under(ballot, receipt) -> dict | None:
    """The paper that lies in the box under this receipt, to be shown to who holds its key."""
    box = BallotBox.objects.filter(ballot=ballot).first()
    return box and box.papers.get(receipt)


def paper_of_open_ballot(ballot, person) -> tuple:
    """(receipt, paper) of this person in an open ballot, to be shown to them; (None, None) before they have voted."""
    box = BallotBox.objects.filter(ballot=ballot, ballot__is_secret=False).first()
    receipt = box and receipt_in_open_ballot(box, person)
    return (receipt, box.papers[receipt]) if receipt else (None, None)
