"""What one has proposed to be read, supported, and answered."""

from django.db.models import Q
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from readinggroup.proposals.models import SAYS, CoProposer, Proposal, ProposalEvent, Support

from .part import Part, Words, each, on_this_site


def of_proposal(proposal) -> dict:
    """Which proposal something is about."""
    return {
        "group": proposal.group.name,
        "proposal": proposal.title,
        "address": on_this_site("proposals:proposal", proposal.group.slug, proposal.public_id),
    }


def said_in(row) -> dict:
    """What a proposal says, or said in an earlier wording."""
    html = escape(row.why).replace("\n", "<br>")
    return {name: getattr(row, name) for name in SAYS if name != "why"} | {"why": Words(row.why, html)}


def proposals(user):
    """What I have proposed, or was the last to change, with its wordings and its file's name."""
    mine = Proposal.objects.filter(Q(proposer=user) | Q(edited_by=user)).select_related("group", "text_import__source")
    for proposal in each(mine.prefetch_related("wordings")):
        upload = proposal.text_import if proposal.proposer_id == user.pk else None
        yield (
            of_proposal(proposal)
            | said_in(proposal)
            | {
                "i_propose_it": proposal.proposer_id == user.pk,
                "state": proposal.state,
                "supporters": proposal.supporters,
                "file": upload.source.name if upload else "",
                "created_at": proposal.created_at,
                "proposed_at": proposal.proposed_at,
                "earlier_wordings": [
                    said_in(row) | {"replaced_at": row.pgh_created_at}
                    for row in sorted(proposal.wordings.all(), key=lambda row: row.wording)
                ],
            }
        )


def co_proposals(user):
    """What others have asked me to propose with them."""
    for mine in each(CoProposer.objects.filter(user=user).select_related("proposal__group")):
        yield of_proposal(mine.proposal) | {"asked_at": mine.asked_at, "agreed_at": mine.agreed_at}


def support(user):
    """What I have raised a hand for."""
    for mine in each(Support.objects.filter(user=user).select_related("proposal__group")):
        yield of_proposal(mine.proposal) | {"created_at": mine.created_at}


def proposal_events(user):
    """What I have answered to proposals, and what I did with mine."""
    for event in each(ProposalEvent.objects.filter(by=user).select_related("proposal__group")):
        yield of_proposal(event.proposal) | {"state": event.state, "reason": event.reason, "at": event.at}


PARTS = [
    Part(
        "proposals",
        _("What I propose to read"),
        ("proposals.Proposal.proposer", "proposals.Proposal.edited_by"),
        proposals,
    ),
    Part("co_proposals", _("What I propose with others"), ("proposals.CoProposer.user",), co_proposals),
    Part("proposal_support", _("What I raised a hand for"), ("proposals.Support.user",), support),
    Part("proposal_events", _("What I said about proposals"), ("proposals.ProposalEvent.by",), proposal_events),
]
