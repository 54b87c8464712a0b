"""Whom to tell of what becomes of a proposal."""

from django.urls import reverse

from readinggroup.groups.models import Membership
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import Proposal, ProposalEvent


def move(proposal, state, *, by=None, reason="", **fields) -> ProposalEvent:
    """The proposal comes into this state: that stands among its events, with the reason for all to read."""
    proposal.state = state
    for name, value in fields.items():
        setattr(proposal, name, value)
    proposal.save(update_fields=["state", *fields])
    return ProposalEvent.objects.create(proposal=proposal, state=state, reason=reason, by=by)


def move_all(proposals, state, *, by=None, reason="") -> None:
    """The same of many, in two statements; the caller holds them."""
    moved = [one.pk for one in proposals]
    Proposal.objects.filter(pk__in=moved).update(state=state)
    ProposalEvent.objects.bulk_create(ProposalEvent(proposal_id=pk, state=state, reason=reason, by=by) for pk in moved)


def makers_of(proposal) -> set:
    """The keys of those who propose it: proposer, and co-proposers who have agreed."""
    agreed = proposal.co_proposers.exclude(agreed_at=None).values_list("user", flat=True)
    return {proposal.proposer_id, *agreed}


def people_of(proposal) -> set:
    """The keys of those who propose it and who support it."""
    return makers_of(proposal) | set(proposal.support.values_list("user", flat=True))


def tell_of(proposal, name, event, people, *, by=None, category=Category.PROPOSAL, **facts) -> None:
    """Tell these people, as far as they belong to the group, and not who did it."""
    group = proposal.group
    here = Membership.objects.active().filter(group=group, user__in=people).values_list("user", flat=True)
    tell(
        recipients=set(here) - {by and by.pk},
        kind=f"proposals/{name}",
        category=category,
        group=group.pk,
        event=f"proposal-{proposal.public_id}-{event}",
        address=reverse("proposals:proposal", args=[group.slug, proposal.public_id]),
        facts={"group": group.name, "title": proposal.title, "by": group.name_of(by) if by else "", **facts},
    )
