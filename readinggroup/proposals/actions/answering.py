"""What organizers say about a proposal, for all to read; and what becomes of those for which nobody asks."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from readinggroup.groups.permissions import Can, may_still

from ..models import Proposal, ProposalState
from .proposing import standing_once
from .refusals import NotPossible, StaleProposal
from .telling import move, people_of, tell_of

# What an organizer can answer.
ANSWERS = (ProposalState.NEXT_BALLOT, ProposalState.ACCEPTED, ProposalState.LATER, ProposalState.DECLINED)


@transaction.atomic
def answer_proposal(*, proposal, state, reason, seen, by) -> Proposal:
    """Say what becomes of it, and why; whoever proposes or supports it is told.

    `seen` is the last event that the organizer had before them: StaleProposal if there is a newer one, so that of two
    organizers who answer at once the second sees what the first has said. NotPossible if it stands on a ballot.
    """
    if not may_still(by, Can.HOLD_BALLOTS, group=proposal.group_id):
        raise NotPossible
    held = Proposal.objects.select_for_update(of=("self",), no_key=True).select_related("group")
    standing = held.get(pk=proposal.pk)
    if standing.events.values_list("pk", flat=True).last() != seen:
        raise StaleProposal(standing)
    if not standing.can_be_answered:
        raise NotPossible
    with standing_once(standing.group, standing.fingerprint):
        event = move(standing, state, by=by, reason=reason)
    tell_of(standing, "answered", event.pk, people_of(standing), by=by, state=str(state), reason=reason)
    return standing


def fade_proposals() -> int:
    """What nobody has asked for in a long time fades: as long as each group says. The answer is how many did."""
    return sum(fade(pk) for pk in to_fade().values_list("pk", flat=True))


def to_fade():
    """Those on the list, in groups that are open, of whom nothing was heard since: no answer, no hand, no edit."""
    waiting = Proposal.objects.filter(state__in=[ProposalState.OPEN, ProposalState.LATER])
    waiting = waiting.filter(group__archived_at=None, group__delete_at=None, group__proposals_fade_after__gt=0)
    heard = Greatest(
        Max("events__at"), Coalesce(Max("support__created_at"), "proposed_at"), Coalesce("edited_at", "proposed_at")
    )
    now, due = timezone.now(), []
    for pk, days, last in waiting.annotate(heard=heard).values_list("pk", "group__proposals_fade_after", "heard"):
        if (last or now) < now - timedelta(days=days):
            due.append(pk)
    return Proposal.objects.filter(pk__in=due).order_by("pk")


@transaction.atomic
def fade(pk) -> bool:
    """The same of one. False if somebody has asked for it at this moment."""
    held = Proposal.objects.select_for_update(of=("self",), no_key=True).select_related("group")
    standing = held.filter(pk=pk).first()
    if standing is None or not to_fade().filter(pk=pk).exists():
        return False
    event = move(standing, ProposalState.FADED)
    tell_of(standing, "faded", event.pk, people_of(standing), days=standing.group.proposals_fade_after)
    return True
