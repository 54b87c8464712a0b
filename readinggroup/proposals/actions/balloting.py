"""Holding a ballot: making it, announcing it, opening it, declaring it void. Its end: closing.py."""

from contextlib import suppress

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from readinggroup.groups.permissions import Can, may_still
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import Ballot, BallotBox, BallotState, Elector, Option, Proposal, ProposalState
from .ballot_refusals import BallotNotPossible, StaleBallot, TooFewOptions
from .one_by_one import one_by_one
from .telling import move_all

# Of what can be put to a ballot: what is on the list and no answer has ended.
CAN_BE_ASKED = [ProposalState.OPEN, ProposalState.NEXT_BALLOT, ProposalState.LATER]


@transaction.atomic
def create_ballot(*, group, proposals, others, by, public_id, **details) -> Ballot:
    """Make a draft. Sent twice, it is one: `public_id` is drawn from the form. BallotNotPossible if they may not.

    Its options are `proposals`, in that order, and `others`: options in words.
    """
    check_holder(by, group.pk)
    try:
        with transaction.atomic():
            ballot = Ballot.objects.create(group=group, created_by=by, public_id=public_id, **details)
    except IntegrityError:
        made = Ballot.objects.filter(group=group, public_id=public_id, created_by=by).first()
        if made is None:
            raise
        return made
    put_options(ballot, proposals, others)
    return ballot


@transaction.atomic
def change_ballot(*, ballot, version, proposals, others, by, **details) -> Ballot:
    """Change what is asked, before it is. StaleBallot if somebody else did; BallotNotPossible once it is open."""
    check_holder(by, ballot.group_id)
    standing = Ballot.objects.hold(ballot.pk)
    if not standing.can_change:
        raise BallotNotPossible
    if standing.version != version:
        raise StaleBallot(standing)
    for field, value in details.items():
        setattr(standing, field, value)
    standing.version += 1
    standing.save(update_fields=[*details, "version"])
    former = set(standing.options.values_list("proposal", flat=True)) - {one.pk for one in proposals}
    put_options(standing, proposals, others)
    if standing.state == BallotState.ANNOUNCED:
        let_go(held(Proposal.objects.filter(pk__in=former, state=ProposalState.NEXT_BALLOT)), by)
        expect_proposals(standing, by)
    return standing


def put_options(ballot, proposals, others) -> None:
    """The options anew, numbered from 1."""
    ballot.options.all().delete()
    rows = [Option(ballot=ballot, proposal=one, title=one.title, author=one.author) for one in proposals]
    rows += [Option(ballot=ballot, title=words) for words in others]
    for number, row in enumerate(rows, 1):
        row.number = number
    Option.objects.bulk_create(rows)


@transaction.atomic
def discard_ballot(*, ballot, by) -> None:
    """Throw a draft away. BallotNotPossible once it was announced."""
    check_holder(by, ballot.group_id)
    standing = Ballot.objects.hold(ballot.pk)
    if standing.state != BallotState.DRAFT:
        raise BallotNotPossible
    standing.delete()


@transaction.atomic
def announce_ballot(*, ballot, by) -> Ballot:
    """Tell the members what will be asked, and when; one whose time has come is opened at once.

    The same again is nothing new. TooFewOptions; BallotNotPossible if it is void, or would be over by now.
    """
    check_holder(by, ballot.group_id)
    standing = Ballot.objects.hold(ballot.pk)
    if standing.state in {BallotState.ANNOUNCED, BallotState.OPEN}:
        return standing
    if standing.state != BallotState.DRAFT or standing.closes_at <= timezone.now():
        raise BallotNotPossible
    if standing.options.count() < Ballot.LEAST_OPTIONS:
        raise TooFewOptions
    standing.state, standing.announced_at = BallotState.ANNOUNCED, timezone.now()
    standing.save(update_fields=["state", "announced_at"])
    if standing.opens_at <= timezone.now():
        return open_standing(standing, by)
    expect_proposals(standing, by)
    tell_members(standing, "ballot_announced", but=by)
    return standing


@transaction.atomic
def open_ballot(*, ballot, by) -> Ballot:
    """Open it before its time. The same again is nothing new; BallotNotPossible unless it is announced."""
    check_holder(by, ballot.group_id)
    standing = Ballot.objects.hold(ballot.pk)
    if standing.state == BallotState.OPEN:
        return standing
    if standing.state != BallotState.ANNOUNCED or standing.closes_at <= timezone.now():
        raise BallotNotPossible
    if options_left(standing).count() < Ballot.LEAST_OPTIONS:
        raise TooFewOptions
    return open_standing(standing, by)


def open_standing(ballot, by=None) -> Ballot:
    """Fix who may vote, what about, and what breaks ties; from here on it is frozen. The ballot is held.

    An option whose proposal has been withdrawn or answered meanwhile falls away. If too few are left, or its time is
    over (the worker was away), the ballot is void instead.
    """
    now = timezone.now()
    proposals = {one.pk: one for one in asked_about(ballot, CAN_BE_ASKED)}
    ballot.options.filter(proposal__isnull=False).exclude(proposal__in=proposals).delete()
    options = list(ballot.options.all())
    if len(options) < Ballot.LEAST_OPTIONS or ballot.closes_at <= now:
        with override(ballot.group.language):
            why = _("It could not be opened: there was nothing left to choose from, or no time.")
        return void_standing(ballot, why)
    for option in options:
        if option.proposal_id is not None:
            proposal = proposals[option.proposal_id]
            option.title, option.author = proposal.title, proposal.author
            option.supporters, option.proposed_at = proposal.supporters, proposal.proposed_at
    Option.objects.bulk_update(options, ["title", "author", "supporters", "proposed_at"])
    members = ballot.group.memberships.active().filter(user__is_active=True)
    electors = members.exclude(suspended_until__gte=ballot.closes_at).order_by("user_id")
    Elector.objects.bulk_create(Elector(ballot=ballot, user_id=pk) for pk in electors.values_list("user", flat=True))
    BallotBox.objects.create(ballot=ballot)
    move_all(proposals.values(), ProposalState.ON_BALLOT, reason=ballot.question, by=by)
    ballot.state, ballot.opened_at = BallotState.OPEN, now
    ballot.save(update_fields=["state", "opened_at"])
    tell_members(ballot, "ballot_opened", but=by)
    return ballot


def open_due() -> int:
    """Open the ballots whose time has come; the answer is how many."""
    due = Ballot.objects.filter(state=BallotState.ANNOUNCED, opens_at__lte=timezone.now())
    due = due.filter(group__archived_at=None, group__delete_at=None).order_by("opens_at", "pk")
    return one_by_one(open_one_due, due.values_list("pk", flat=True))


@transaction.atomic
def open_one_due(pk) -> bool:
    with suppress(Ballot.DoesNotExist):
        standing = Ballot.objects.hold(pk)
        if standing.state == BallotState.ANNOUNCED and standing.opens_at <= timezone.now():
            return open_standing(standing).state == BallotState.OPEN
    return False


@transaction.atomic
def void_ballot(*, ballot, reason, by) -> Ballot:
    """Declare it void, and say why; nothing is counted, and the proposals are back on the list.

    BallotNotPossible unless it is announced or open: what is over stays.
    """
    check_holder(by, ballot.group_id)
    BallotBox.objects.select_for_update(no_key=True).filter(ballot=ballot).first()  # before the ballot, as votes do
    standing = Ballot.objects.hold(ballot.pk)
    if not standing.can_void or (standing.state == BallotState.OPEN and standing.closes_at <= timezone.now()):
        raise BallotNotPossible
    return void_standing(standing, reason, by)


def void_standing(ballot, reason, by=None) -> Ballot:
    """The same of one that is held."""
    was = [ProposalState.ON_BALLOT] if ballot.state == BallotState.OPEN else [ProposalState.NEXT_BALLOT]
    ballot.state, ballot.voided_at, ballot.voided_by, ballot.void_reason = BallotState.VOID, timezone.now(), by, reason
    ballot.save(update_fields=["state", "voided_at", "voided_by", "void_reason"])
    let_go(asked_about(ballot, was), by=by)
    tell_members(ballot, "ballot_void", but=by, reason=reason)
    return ballot


# --- Proposals --------------------------------------------------------------------------------------------------------


def asked_about(ballot, states):
    """The proposals among its options that are in one of these states, held, in the order of their keys."""
    return held(Proposal.objects.filter(options__ballot=ballot, state__in=states))


def held(proposals):
    """These, held until this transaction ends, always in the same order."""
    return proposals.select_for_update(of=("self",), no_key=True).order_by("pk")


def options_left(ballot):
    """The options that can still be asked about."""
    return ballot.options.filter(Q(proposal=None) | Q(proposal__state__in=CAN_BE_ASKED))


def expect_proposals(ballot, by) -> None:
    """Say of the proposals that they are on the next ballot."""
    asked = asked_about(ballot, [ProposalState.OPEN, ProposalState.LATER])
    move_all(asked, ProposalState.NEXT_BALLOT, by=by, reason=ballot.question)


def let_go(proposals, by=None) -> None:
    """Put them back on the list."""
    move_all(proposals, ProposalState.OPEN, by=by)


# --- People -----------------------------------------------------------------------------------------------------------


def check_holder(by, group) -> None:
    """BallotNotPossible unless this person may hold ballots there, now and until this transaction ends."""
    if not may_still(by, Can.HOLD_BALLOTS, group=group):
        raise BallotNotPossible


def tell_members(ballot, what, but=None, **facts) -> None:
    """Tell all who belong now."""
    members = ballot.group.memberships.active().exclude(user=but) if but else ballot.group.memberships.active()
    tell_people(ballot, what, members.values_list("user", flat=True), **facts)


def tell_people(ballot, what, people, **facts) -> None:
    """Tell these people of this ballot: never of a paper, nor of who has voted."""
    tell(
        recipients=people,
        kind=f"proposals/{what}",
        category=Category.PROPOSAL,
        event=f"ballot-{ballot.public_id}-{what}",
        address=reverse("proposals:ballot", args=[ballot.group.slug, ballot.public_id]),
        group=ballot.group_id,
        thread=f"ballot-{ballot.public_id}",
        facts={
            "group": ballot.group.name,
            "question": ballot.question,
            "opens_at": ballot.opens_at.isoformat(),
            "closes_at": ballot.closes_at.isoformat(),
            **facts,
        },
    )
