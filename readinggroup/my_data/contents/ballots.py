"""Ballots: those in which one may vote, and those that one has held.

Never a paper of a secret one: nobody knows whose it is.
"""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from readinggroup.proposals.models import Ballot, BallotBox, BallotState, Elector

from .part import Part, each, on_this_site


def which(ballot) -> dict:
    """Which ballot it is."""
    return {
        "group": ballot.group.name,
        "question": ballot.question,
        "address": on_this_site("proposals:ballot", ballot.group.slug, ballot.public_id),
        "state": ballot.state,
    }


def electors(user):
    """In which ballots I may vote, and whether I have. In an open one, what: in a secret one the site does not know."""
    for mine in each(Elector.objects.filter(user=user).select_related("ballot__group")):
        box = BallotBox.objects.get(ballot=mine.ballot_id)
        papers = [] if mine.ballot.is_secret else box.papers.values()
        yield which(mine.ballot) | {
            "is_secret": mine.ballot.is_secret,
            "opened_at": mine.ballot.opened_at,
            "i_have_voted": str(user.pk) in box.voted,
            "my_paper": next((paper for paper in papers if paper["by"] == user.pk), None),
        }


def ballots(user):
    """Ballots that I made, with what I wrote about them; and those that I declared void."""
    held = Ballot.objects.filter(Q(created_by=user) | Q(voided_by=user)).select_related("group")
    for ballot in each(held.prefetch_related("options")):
        made = ballot.created_by_id == user.pk
        yield which(ballot) | {
            "words": ballot.words if made else "",
            "options": [option.title for option in ballot.options.all()] if made else [],
            "method": ballot.method,
            "is_secret": ballot.is_secret,
            "opens_at": ballot.opens_at,
            "closes_at": ballot.closes_at,
            "made_at": ballot.created_at if made else None,
            "i_declared_void_for": ballot.void_reason if ballot.voided_by_id == user.pk else "",
            "result": ballot.result if ballot.state == BallotState.CLOSED else None,
        }


PARTS = [
    Part("electors", _("Ballots in which I may vote"), ("proposals.Elector.user",), electors),
    Part(
        "ballots",
        _("Ballots that I held"),
        tuple(f"proposals.Ballot.{field}" for field in ("created_by", "voided_by")),
        ballots,
    ),
]
