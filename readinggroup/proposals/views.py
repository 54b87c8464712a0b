"""The list of proposals, the page of one, its wordings, the text that came with it, and raising a hand."""

from typing import NamedTuple

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.differences import MOST_STEPS, SAME, differences
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.lib.languages import name_of
from readinggroup.lib.paging import page_asked_for
from texts.importing.bounded import read_bounded
from texts.importing.document import Unreadable
from texts.importing.saving import heading_of, sections_of
from texts.models import Kind

from . import actions
from .forms import CoProposerForm
from .models import LIVING, SAYS, CoProposer, Proposal, ProposalState
from .pace import length_of, words_a_week

A_PAGE = 20
MOST_NAMED = 100
WORDINGS_A_PAGE = 10

# What the list can show, by the word in its address.
SHOWN = {
    "": (gettext_lazy("On the list"), LIVING),
    "next_ballot": (
        gettext_lazy("On the next ballot, or on one now"),
        (ProposalState.NEXT_BALLOT, ProposalState.ON_BALLOT),
    ),
    "accepted": (gettext_lazy("Accepted"), (ProposalState.ACCEPTED,)),
    "later": (gettext_lazy("Later"), (ProposalState.LATER,)),
    "declined": (gettext_lazy("Declined"), (ProposalState.DECLINED,)),
    "gone": (gettext_lazy("Withdrawn or faded"), (ProposalState.WITHDRAWN, ProposalState.FADED)),
}
ORDERS = {
    "": (gettext_lazy("Most supported first"), ("-supporters", "proposed_at", "pk")),
    "newest": (gettext_lazy("Newest first"), ("-proposed_at", "-pk")),
}


def proposals_for(membership):
    """The group's proposals that this person may see, with what a list shows of each."""
    agreed = CoProposer.objects.exclude(agreed_at=None).select_related("user")
    return (
        Proposal.objects.visible_to(membership)
        .with_counts(membership.user_id)
        .select_related("proposer")
        .prefetch_related(Prefetch("co_proposers", agreed, to_attr="agreed"))
    )


def proposal_or_404(membership, public_id) -> Proposal:
    """The group's proposal of that name, if this person may see it."""
    found = proposals_for(membership).select_related("talk__edition__current", "reading", "text_import__source")
    proposal = found.filter(public_id=public_id).first()
    if proposal is None:
        raise Http404
    proposal.group = membership.group
    return proposal


def makes(membership, proposal) -> bool:
    """Whether this person proposes it: they alone, or with others."""
    mine = {proposal.proposer_id, *(one.user_id for one in proposal.agreed)}
    return membership.is_member and membership.user_id in mine


def context_of(membership, **more) -> dict:
    """What the pages of proposals have in common."""
    return {
        "membership": membership,
        "group": membership.group,
        "may_propose": may(membership, Can.PROPOSE),
        "may_answer": may(membership, Can.HOLD_BALLOTS),
        **more,
    }


@require_safe
@requires(Can.READ)
def proposals(request, membership):
    """What members would like to read, by how much it is wanted; and one's own drafts."""
    shown, order = request.GET.get("shown", ""), request.GET.get("order", "")
    if shown not in SHOWN or order not in ORDERS:
        raise Http404
    rows = proposals_for(membership)
    listed = rows.filter(state__in=SHOWN[shown][1]).order_by(*ORDERS[order][1])
    page = page_asked_for(request, Paginator(listed, A_PAGE))
    pace = words_a_week(membership.group)
    for each in page:
        each.length = length_of(each.words, pace)
        each.is_mine = makes(membership, each)
    context = context_of(
        membership,
        page=page,
        shown=shown,
        order=order,
        filters=[(name, label) for name, (label, _states) in SHOWN.items()],
        orders=[(name, label) for name, (label, _fields) in ORDERS.items()],
        query=f"shown={shown}&order={order}&" if shown or order else "",
        drafts=rows.filter(state=ProposalState.DRAFT).order_by("-created_at") if membership.is_member else (),
        may_settle=may(membership, Can.SETTLE),
    )
    return TemplateResponse(request, "proposals/proposals.html", context)


@require_safe
@requires(Can.READ)
def proposal(request, membership, proposal):
    """One proposal: what it is and why, who wants it, what was answered, and the way to what is said about it."""
    return TemplateResponse(
        request, "proposals/proposal.html", page_of(membership, proposal_or_404(membership, proposal))
    )


def page_of(membership, proposal, **more) -> dict:
    """What the page of one proposal shows to this person."""
    is_mine = makes(membership, proposal)
    may_propose, sees_members = may(membership, Can.PROPOSE), may(membership, Can.SEE_MEMBERS)
    asked = proposal.co_proposers.filter(agreed_at=None).select_related("user") if sees_members else ()
    return (
        context_of(
            membership,
            proposal=proposal,
            is_mine=is_mine,
            is_proposer=membership.is_member and membership.user_id == proposal.proposer_id,
            length=length_of(proposal.words, words_a_week(membership.group)),
            language=name_of(proposal.language) if proposal.language else "",
            supporters=proposal.support.select_related("user")[:MOST_NAMED] if sees_members else (),
            events=proposal.events.select_related("by"),
            sees_members=sees_members,
            asked=asked,
            asks_me=may_propose and any(one.user_id == membership.user_id for one in asked),
            may_change=is_mine and may_propose and proposal.can_change,
            may_withdraw=is_mine and may_propose and proposal.can_be_withdrawn,
            may_bring_back=may_propose
            and proposal.can_come_back
            and (is_mine or proposal.state == ProposalState.FADED),
            may_support=may_propose and not is_mine and proposal.takes_support,
            may_read_file=proposal.text_import_id and may_read_file(membership, proposal),
            may_keep_texts=may(membership, Can.KEEP_TEXTS),
            paragraph=talk_paragraph(proposal),
            with_form=CoProposerForm(proposal=proposal, group=membership.group)
            if is_mine and may_propose and proposal.can_change
            else None,
        )
        | more
    )


def talk_paragraph(proposal):
    """The name of the paragraph at which it is talked about; None of a draft."""
    if proposal.talk_id is None:
        return None
    versions = proposal.talk.edition.current.versions
    return versions.values_list("paragraph__public_id", flat=True).first()


def may_read_file(membership, proposal) -> bool:
    """The text that came with it is for those who propose it, and for who keeps the group's texts."""
    return makes(membership, proposal) or may(membership, Can.KEEP_TEXTS)


class Changed(NamedTuple):
    """What a wording changed of the one before, field by field: its label and the runs."""

    number: int
    since: object
    by: object
    fields: list
    is_first: bool


@require_safe
@requires(Can.READ)
def proposal_wordings(request, membership, proposal):
    """Every wording of the proposal, newest first, each with what it changed of the one before."""
    proposal = proposal_or_404(membership, proposal)
    kept = list(proposal.wordings.order_by("wording").select_related("edited_by"))
    rows = [*kept, Proposal.objects.select_related("edited_by").get(pk=proposal.pk)]
    page = page_asked_for(request, Paginator(range(len(rows) - 1, -1, -1), WORDINGS_A_PAGE))
    steps = MOST_STEPS // (len(page) * len(SAYS))
    found = [changed(rows, place, steps, proposal) for place in page]
    context = context_of(membership, proposal=proposal, page=page, wordings=found)
    return TemplateResponse(request, "proposals/proposal_wordings.html", context)


def changed(rows, place, steps, proposal) -> Changed:
    """One wording beside the one before it; the first is shown as it was."""
    row, before = rows[place], rows[place - 1] if place else None
    fields = []
    for name in SAYS:
        now, was = (str(getattr(one, name, None) or "") for one in (row, before))
        label = Proposal._meta.get_field(name).verbose_name
        if before is None and now:
            fields.append((label, [(SAME, now)]))
        elif before is not None and now != was:
            fields.append((label, differences(was, now, steps=steps)))
    since = row.edited_at or proposal.proposed_at or proposal.created_at
    return Changed(row.wording, since, row.edited_by or proposal.proposer, fields, before is None)


@require_safe
@requires(Can.READ)
def proposal_text(request, membership, proposal):
    """The text that came with the proposal, as it would be set: for those who propose it, and for organizers."""
    proposal = proposal_or_404(membership, proposal)
    if not proposal.text_import_id or not may_read_file(membership, proposal):
        raise Http404
    upload = proposal.text_import
    try:
        document = read_bounded(
            bytes(upload.source.content), filename=upload.source.name, encoding=upload.encoding or None
        )
    except Unreadable as problem:
        messages.error(request, str(problem))
        return redirect("proposals:proposal", group=membership.group.slug, proposal=proposal.public_id)
    context = context_of(
        membership,
        proposal=proposal,
        upload=upload,
        document=document,
        sections=list(numbered(sections_of(document.blocks))),
        may_keep_texts=may(membership, Can.KEEP_TEXTS) and proposal.state != ProposalState.DRAFT,
    )
    return TemplateResponse(request, "proposals/proposal_text.html", context)


def numbered(sections):
    """The sections as (heading, [(number, kind, block)])."""
    number = 0
    for blocks in sections:
        rows = [(place, Kind(block.kind).label, block) for place, block in enumerate(blocks, number + 1)]
        number += len(blocks)
        yield heading_of(blocks), rows


@require_POST
@requires(Can.PROPOSE)
def support_proposal(request, membership, proposal):
    """Raise a hand for it, or take it back."""
    proposal = proposal_or_404(membership, proposal)
    takes_back = request.POST.get("act") == "no_more"
    act = actions.support_no_more if takes_back else actions.support
    status, refusal = 200, ""
    try:
        if not act(proposal=proposal, by=request.user):
            status, refusal = 409, support_refused(membership, proposal)
    except actions.NotPossible:
        status, refusal = 409, _("You can no longer raise a hand here.")
    now = proposal_or_404(membership, proposal.public_id)
    if status == 200 and not wants_part(request):
        return redirect("proposals:proposal", group=membership.group.slug, proposal=now.public_id)
    context = page_of(membership, now, refusal=refusal, is_part=wants_part(request))
    return page_or_part(request, "proposals/proposal.html", "proposals/_support.html", context, status=status)


def support_refused(membership, proposal) -> str:
    """Why a hand was neither raised nor taken back."""
    if makes(membership, proposal):
        return _("You propose it yourself: whoever supports it besides you is counted.")
    return _("Hands are raised and taken back only while it is on the list and no ballot has begun.")
