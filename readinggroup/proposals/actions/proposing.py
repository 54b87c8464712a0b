"""Proposing a text, changing what a proposal says, taking it back, bringing it back.

Held, in this order: the membership of who acts, then the proposal. A group's proposals of one person are counted while
their membership is held, so that of two sent at once the second is counted, too.
"""

from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils import timezone

from readinggroup.groups.permissions import Can, may_still
from readinggroup.readings.actions import keep_upload
from readinggroup.readings.models import TextImport
from texts.removing import remove_sources

from ..alike import fingerprint_of
from ..models import CHANGEABLE, LIVING, SAYS, Proposal, ProposalState
from ..talk import erase_words, follow_wording, open_talk
from .refusals import NotPossible, StaleProposal, StandsAlready, TooManyProposals
from .telling import makers_of, move, people_of, tell_of

MOST_DRAFTS = 20
MINE = (ProposalState.OPEN, ProposalState.NEXT_BALLOT, ProposalState.LATER)  # of these one may have so many

# What nobody has promised to read, or put to a ballot now.
UNDECIDED = (*CHANGEABLE, ProposalState.WITHDRAWN, ProposalState.FADED, ProposalState.DECLINED)


def hold(proposal, *, by, makers_only=True) -> Proposal:
    """The proposal as it is now, held until this transaction ends. NotPossible if this person may not act on it."""
    if not may_still(by, Can.PROPOSE, group=proposal.group_id):
        raise NotPossible
    held = Proposal.objects.select_for_update(of=("self",), no_key=True).select_related("group")
    standing = held.filter(pk=proposal.pk).first()
    if standing is None or (makers_only and by.pk not in makers_of(standing)):
        raise NotPossible
    return standing


def check_limit(group, user, *, drafts=False) -> None:
    """TooManyProposals if this person has as many as one may have; who acts has held their membership."""
    states, most = ([ProposalState.DRAFT], MOST_DRAFTS) if drafts else (MINE, group.most_proposals)
    if Proposal.objects.filter(group=group, proposer=user, state__in=states).count() >= most:
        raise TooManyProposals(most)


@contextmanager
def standing_once(group, fingerprint):
    """StandsAlready where the database refuses what stands on the list."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as refusal:
        if "proposal_stands_once" not in str(refusal):
            raise
        raise StandsAlready(Proposal.objects.living().filter(group=group, fingerprint=fingerprint).first()) from refusal


def fingerprint_in(details) -> str:
    return fingerprint_of(**{name: details.get(name) or "" for name in ("title", "author", "language", "translator")})


def proposed_before(*, group, by, key) -> Proposal | None:
    """What this person has proposed with this form, if it was sent before."""
    return Proposal.objects.filter(proposer=by, key=key, group=group).first()


def propose(*, group, by, key, file=None, publish=True, **details) -> Proposal:
    """Propose a text, or keep that as a draft. `file` is (content, name) of the text itself, kept for its preview.

    The same key again answers with the first one. StandsAlready, TooManyProposals; NotPossible if they may not.
    """
    known = proposed_before(group=group, by=by, key=key)
    if known is not None:
        return known
    try:
        return make(group=group, by=by, key=key, file=file, publish=publish, **details)
    except IntegrityError as refusal:
        if "proposal_sent_once" not in str(refusal):
            raise
        # The same form at the same moment: the other request has won.
        known = proposed_before(group=group, by=by, key=key)
        if known is None:
            raise NotPossible from refusal  # a key that was used in another group
        return known


@transaction.atomic
def make(*, group, by, key, file, publish, **details) -> Proposal:
    if not may_still(by, Can.PROPOSE, group=group.pk):
        raise NotPossible
    known = proposed_before(group=group, by=by, key=key)
    if known is not None:
        return known  # sent twice at once: the first has let the membership go
    check_limit(group, by, drafts=not publish)
    proposal = Proposal(group=group, proposer=by, key=key, fingerprint=fingerprint_in(details), **details)
    proposal.text_import = file and keep_upload(
        group=group, content=file[0], filename=file[1], by=by, withheld=not publish
    )
    proposal.save()
    if publish:
        put_on_list(proposal, by=by)
    return proposal


def put_on_list(proposal, *, by) -> None:
    """Out of the draft, onto the list, with a place where it is talked about."""
    talk = open_talk(proposal)
    with standing_once(proposal.group, proposal.fingerprint):
        move(proposal, ProposalState.OPEN, by=by, talk=talk, proposed_at=timezone.now())


@transaction.atomic
def publish_draft(*, proposal, by) -> Proposal:
    """Put one's draft on the list. Nobody learns how it came about: its wordings go. NotPossible if it is no draft."""
    standing = hold(proposal, by=by)
    if standing.state != ProposalState.DRAFT or not standing.why:
        raise NotPossible
    check_limit(standing.group, standing.proposer)
    standing.wordings.all().delete()
    standing.wording, standing.edited_at, standing.edited_by = 1, None, None
    standing.save(update_fields=["wording", "edited_at", "edited_by"])
    put_on_list(standing, by=by)
    TextImport.objects.filter(proposals=standing).update(withheld=False)
    return standing


@transaction.atomic
def reword(*, proposal, wording, by, file=None, **details) -> Proposal:
    """Change what a proposal says, until it stands on a ballot. The same words again are no change.

    StaleProposal if another wording stands; StandsAlready if it now says what another one says.
    """
    standing = hold(proposal, by=by)
    if not standing.can_change or (standing.state != ProposalState.DRAFT and not details.get("why")):
        raise NotPossible
    if standing.wording != wording:
        raise StaleProposal(standing)
    if file:
        keep_file(standing, file, by=by)
    if any(getattr(standing, name) != details[name] for name in SAYS):
        for name in SAYS:
            setattr(standing, name, details[name])
        standing.fingerprint = fingerprint_in(details)
        standing.wording, standing.edited_at, standing.edited_by = wording + 1, timezone.now(), by
        with standing_once(standing.group, standing.fingerprint):
            standing.save(update_fields=[*SAYS, "fingerprint", "wording", "edited_at", "edited_by"])
        if standing.talk_id:
            follow_wording(standing)
    return standing


def keep_file(proposal, file, *, by) -> None:
    """This file is the text that is proposed now; the one before it goes, unless it is on the shelf."""
    before = proposal.text_import
    withheld = proposal.state == ProposalState.DRAFT
    proposal.text_import = keep_upload(
        group=proposal.group, content=file[0], filename=file[1], by=by, withheld=withheld
    )
    proposal.save(update_fields=["text_import"])
    remove_import(before)


def remove_import(upload) -> None:
    """Remove the file of a proposal, unless it is on the shelf."""
    if upload is not None and upload.reading_id is None:
        upload.delete()
        remove_sources([upload.source_id])


@transaction.atomic
def discard(*, proposal, by) -> None:
    """Throw a draft away, with its file. NotPossible of anything else, and for a co-proposer."""
    standing = hold(proposal, by=by)
    if standing.state != ProposalState.DRAFT or standing.proposer_id != by.pk:
        raise NotPossible
    throw_away(standing)


def throw_away(draft) -> None:
    """The draft with its wordings, which the database holds by no key, and its file."""
    upload = draft.text_import
    draft.wordings.all().delete()
    draft.delete()
    remove_import(upload)


@transaction.atomic
def withdraw(*, proposal, by, reason="") -> Proposal:
    """Take a proposal back; whoever proposed it, too, or supports it, is told. NotPossible once it is on a ballot."""
    standing = hold(proposal, by=by)
    if not standing.can_be_withdrawn:
        raise NotPossible
    event = move(standing, ProposalState.WITHDRAWN, by=by, reason=reason)
    tell_of(standing, "withdrawn", event.pk, people_of(standing), by=by, reason=reason)
    return standing


@transaction.atomic
def bring_back(*, proposal, by) -> Proposal:
    """Put it on the list again: what has faded any member may, what was withdrawn those who proposed it.

    StandsAlready, TooManyProposals as for a new one.
    """
    standing = hold(proposal, by=by, makers_only=False)
    is_theirs = by.pk in makers_of(standing)
    if not standing.can_come_back or (standing.state == ProposalState.WITHDRAWN and not is_theirs):
        raise NotPossible
    if is_theirs:
        check_limit(standing.group, standing.proposer)
    with standing_once(standing.group, standing.fingerprint):
        event = move(standing, ProposalState.OPEN, by=by)
    tell_of(standing, "brought_back", event.pk, people_of(standing), by=by)
    return standing


@transaction.atomic
def discard_all(*, by) -> None:
    """Throw away all drafts of this person: their account is deleted."""
    mine = Proposal.objects.filter(proposer=by, state=ProposalState.DRAFT).order_by("pk")
    for draft in mine.select_for_update(of=("self",), no_key=True).select_related("text_import"):
        throw_away(draft)


@transaction.atomic
def withdraw_all(*, by) -> None:
    """Take back and erase what this person has proposed alone, where nobody has decided: they wish their words away.

    What they propose with others stays, and so does what a ballot or an organizer has taken up.
    """
    mine = Proposal.objects.filter(proposer=by, state__in=UNDECIDED).order_by("pk")
    for proposal in mine.select_for_update(of=("self",), no_key=True).select_related("text_import"):
        if makers_of(proposal) == {by.pk}:
            erase(proposal)


def erase(proposal) -> None:
    """The proposal without its words: title and author stay, by which others know what they talked about."""
    if proposal.state in LIVING:
        move(proposal, ProposalState.WITHDRAWN)
    Proposal.objects.filter(pk=proposal.pk).update(why="", where="", rights="")
    proposal.wordings.all().delete()
    proposal.events.filter(by=proposal.proposer_id).update(reason="")
    erase_words(proposal)
    upload, proposal.text_import = proposal.text_import, None
    proposal.save(update_fields=["text_import"])
    remove_import(upload)
