"""The end of a ballot: those who have not voted are reminded once, then it closes and is counted."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from ..models import Ballot, BallotBox, BallotState, ProposalState
from ..published import counted
from .balloting import asked_about, tell_members, tell_people
from .one_by_one import one_by_one
from .telling import move


def close_due() -> int:
    """Close and count the ballots whose time is over; the answer is how many. Also of groups in the archive."""
    due = Ballot.objects.filter(state=BallotState.OPEN, closes_at__lte=Now()).order_by("closes_at", "pk")
    return one_by_one(close_ballot, due.values_list("pk", flat=True))


@transaction.atomic
def close_ballot(pk) -> bool:
    """Close this one; False if it is closed or void already. Whatever is in the box now counts, and nothing after it.

    The box is held, so that each vote comes before this or after it, and after it is refused.
    """
    BallotBox.objects.hold(pk)
    ballot = Ballot.objects.hold(pk)
    if ballot.state != BallotState.OPEN or ballot.closes_at > timezone.now():
        return False
    options = list(ballot.options.all())
    ballot.state, ballot.closed_at = BallotState.CLOSED, timezone.now()
    ballot.result = counted(ballot)
    ballot.save(update_fields=["state", "closed_at", "result"])
    settle_proposals(ballot, options)
    winners = [option.title for option in options if option.number in ballot.result["winners"]]
    tell_members(ballot, "ballot_closed", outcome=ballot.result["outcome"], winners=" · ".join(winners))
    return True


def settle_proposals(ballot, options) -> None:
    """What was chosen will be read; the rest is back on the list, with what was said of it."""
    places = {number: place for place, number in enumerate(ballot.result["order"], 1)}
    numbers = {option.proposal_id: option.number for option in options}
    winners = set(ballot.result["winners"])
    with override(ballot.group.language):
        for proposal in asked_about(ballot, [ProposalState.ON_BALLOT]):
            number = numbers[proposal.pk]
            told = {"question": ballot.question, "place": places.get(number, 0), "options": len(options)}
            if number in winners:
                move(proposal, ProposalState.ACCEPTED, reason=_("Chosen in the ballot “%(question)s”.") % told)
            elif ballot.result["outcome"] == "chosen":
                words = _("Place %(place)d of %(options)d in the ballot “%(question)s”.")
                move(proposal, ProposalState.OPEN, reason=words % told)
            else:
                move(proposal, ProposalState.OPEN, reason=_("The ballot “%(question)s” has chosen nothing.") % told)


def remind_due() -> int:
    """Remind those who have not voted in ballots that close soon, once each; the answer is of how many ballots."""
    asked = Ballot.objects.taking_votes().filter(reminded_at=None, group__archived_at=None, group__delete_at=None)
    soon = [ballot.pk for ballot in asked.order_by("closes_at", "pk") if ballot.remind_at <= timezone.now()]
    return one_by_one(remind, soon)


@transaction.atomic
def remind(pk) -> bool:
    """Of this one. Who has voted by then is told nothing; whom it reached, nobody is shown."""
    box = BallotBox.objects.hold(pk)
    ballot = Ballot.objects.hold(pk)
    if not ballot.takes_votes or ballot.reminded_at is not None:
        return False
    ballot.reminded_at = timezone.now()
    ballot.save(update_fields=["reminded_at"])
    members = ballot.group.memberships.active().filter(user__in=ballot.electors.values("user"))
    members = members.exclude(user__in=[int(voter) for voter in box.voted]).exclude(suspended_until__gt=Now())
    tell_people(ballot, "ballot_reminder", members.values_list("user", flat=True))
    return True
