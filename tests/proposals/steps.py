"""What tests of proposals do again and again."""

import uuid

from django.urls import reverse

from readinggroup.proposals import actions
from readinggroup.proposals.models import Proposal

WHY = "It asks who counted the sacks."


def said(**more) -> dict:
    """What a proposal says, as an action takes it."""
    return {
        "title": "The Bridge",
        "author": "Ida Renner",
        "language": "en",
        "translator": "",
        "year": 1911,
        "words": 12_000,
        "why": WHY,
        "where": "The library on the quay",
        "rights": "",
    } | more


def proposed(house, *, by=None, publish=True, file=None, **more) -> Proposal:
    """A proposal of the member, or of somebody else, on the list or still a draft."""
    by = by or house.member
    return actions.propose(group=house.group, by=by, key=uuid.uuid4(), publish=publish, file=file, **said(**more))


def typed(**more) -> dict:
    """A form that would be accepted."""
    return {name: "" if value is None else value for name, value in said(**more).items()} | {"key": uuid.uuid4()}


def address(name, house, proposal=None) -> str:
    """Where that is done, in this group."""
    return reverse(f"proposals:{name}", args=[house.group.slug, *([proposal.public_id] if proposal else [])])


def standing(proposal) -> Proposal:
    """As it is now."""
    return Proposal.objects.get(pk=proposal.pk)


def answered(house, proposal, state, reason="So we decided.", *, by=None) -> Proposal:
    """What an organizer has said about it."""
    seen = proposal.events.last().pk
    return actions.answer_proposal(proposal=proposal, state=state, reason=reason, seen=seen, by=by or house.organizer)
