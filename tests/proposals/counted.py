"""Ballots that are closed, with these papers in their box; proposals that were accepted; as a test needs them."""

import itertools
import uuid
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from readinggroup.proposals.actions import propose
from readinggroup.proposals.models import (
    Ballot,
    BallotBox,
    BallotState,
    Elector,
    Option,
    Proposal,
    ProposalEvent,
    ProposalState,
)
from readinggroup.proposals.published import counted

_number = itertools.count(1)
PAST = timezone.now() - timedelta(days=3)


def closed_ballot(house, *, papers, options=3, method="approval", state=BallotState.CLOSED, is_counted=True, **fields):
    """A ballot of the group that was held and is over. `options` are proposals, words, or how many there are.

    It is written past the triggers: they are there so that nobody can write such a thing at once.
    """
    now = timezone.now()
    options = [f"Option {number}" for number in range(1, options + 1)] if isinstance(options, int) else options
    facts = {"question": "What do we read from January?", "opens_at": PAST, "closes_at": now, "opened_at": PAST}
    facts["announced_at"] = PAST
    if state == BallotState.CLOSED:
        facts["closed_at"] = now
    if state == BallotState.VOID:
        facts |= {"voided_at": now, "void_reason": "The question was wrong."}
    facts |= fields
    facts = {name: value for name, value in facts.items() if name in {field.name for field in Ballot._meta.fields}}
    with past_triggers():
        ballot = Ballot.objects.create(
            group=house.group, created_by=house.organizer, method=method, state=state, **facts
        )
        Option.objects.bulk_create(option_of(ballot, number, one) for number, one in enumerate(options, 1))
        members = house.group.memberships.active().values_list("user", flat=True)
        Elector.objects.bulk_create(Elector(ballot=ballot, user_id=pk) for pk in members)
        voted = {str(pk): 1 for pk in list(members)[: len(papers)]}
        BallotBox.objects.create(ballot=ballot, papers=papers, voted=voted)
        if is_counted and state == BallotState.CLOSED:
            ballot.result = counted(ballot)
            ballot.save(update_fields=["result"])
    return ballot


def option_of(ballot, number, what):
    if not isinstance(what, Proposal):
        return Option(ballot=ballot, number=number, title=what)
    return Option(
        ballot=ballot,
        number=number,
        proposal=what,
        title=what.title,
        author=what.author,
        supporters=what.supporters,
        proposed_at=what.proposed_at,
    )


@contextmanager
def past_triggers():
    """What is written within is not looked at by triggers."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def proposed(house, title=None, *, by=None, file=None, **details):
    """A proposal on the group's list."""
    words = {"title": title or f"The Weir, part {next(_number)}", "author": "Ida Renner", "why": "It is about rivers."}
    return propose(group=house.group, by=by or house.member, key=uuid.uuid4(), file=file, **words | details)


def accepted(house, title=None, **details):
    """A proposal that was chosen."""
    proposal = proposed(house, title, **details)
    settle(proposal, ProposalState.ACCEPTED)
    return proposal


def settle(proposal, state):
    Proposal.objects.filter(pk=proposal.pk).update(state=state)
    ProposalEvent.objects.create(proposal=proposal, state=state, at=timezone.now())
    proposal.state = state


def receipts(*papers):
    """Papers under receipts."""
    return {f"{number:016x}": paper for number, paper in enumerate(papers, 1)}
