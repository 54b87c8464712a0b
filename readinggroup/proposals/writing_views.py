"""Proposing a text, changing the proposal, putting a draft on the list, taking it back, bringing it back."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from readinggroup.groups.permissions import Can, limited, requires

from . import actions
from .alike import alike_to
from .forms import AlikeForm, ChangeProposalForm, ProposalForm, WithdrawForm
from .models import Proposal, ProposalState
from .pace import length_of, words_a_week
from .views import context_of, makes, page_of, proposal_or_404


def own_or_404(membership, public_id) -> Proposal:
    """The proposal of that name, if this person proposes it."""
    proposal = proposal_or_404(membership, public_id)
    if not makes(membership, proposal):
        raise Http404
    return proposal


def to_proposal(membership, proposal):
    return redirect("proposals:proposal", group=membership.group.slug, proposal=proposal.public_id)


@require_http_methods(["GET", "POST"])
@requires(Can.PROPOSE)
def propose(request, membership):
    """Propose a text, or keep a draft of that. What is like it is said first, and can be right all the same."""
    if request.method == "GET":
        return show_form(request, membership, ProposalForm(initial={"language": membership.group.language}))
    for_draft = "draft" in request.POST
    form = ProposalForm(request.POST, request.FILES, for_draft=for_draft)
    if not form.is_valid():
        return show_form(request, membership, form)
    sent = actions.proposed_before(group=membership.group, by=request.user, key=form.cleaned_data["key"])
    if sent is not None:
        return to_proposal(membership, sent)
    found = alike_in(membership, form)
    if found and not for_draft and "all_the_same" not in request.POST:
        return show_form(request, membership, form, alike=found, asks=True, status=422)
    limit = limited("write", request)
    if limit:
        form.add_error(None, limit.sentence)
        return limit.said_in(show_form(request, membership, form, alike=found))
    made = attempt(form, lambda: make(request, membership, form, publish=not for_draft))
    if made is None:
        return show_form(request, membership, form, alike=found, status=409)
    messages.success(request, _("That is kept as a draft.") if for_draft else _("That is proposed."))
    return to_proposal(membership, made)


def make(request, membership, form, *, publish) -> Proposal:
    return actions.propose(
        group=membership.group, by=request.user, key=form.cleaned_data["key"], publish=publish, **form.details()
    )


def alike_in(membership, form, but=None) -> list:
    """What the group knows that is like what was typed."""
    return alike_to(membership, title=form.cleaned_data["title"], author=form.cleaned_data["author"], but=but)


def attempt(form, act):
    """What `act()` makes; None where it was refused, and the form says why."""
    try:
        return act()
    except (actions.StandsAlready, actions.TooManyProposals, actions.NotPossible) as refusal:
        form.add_error(None, words_for(refusal))
        return None


def words_for(refusal) -> str:
    """Why it was refused, as it is said to the person."""
    if isinstance(refusal, actions.StandsAlready) and refusal.proposal is not None:
        standing = refusal.proposal
        address = reverse("proposals:proposal", args=[standing.group.slug, standing.public_id])
        words = _("This text is proposed already: support it there.")
        return format_html('{} <a href="{}">{}</a>', words, address, standing.title)
    if isinstance(refusal, actions.TooManyProposals):
        return ngettext(
            "You have %(most)d already, and that is as many as one person may have at a time. Withdraw it first.",
            "You have %(most)d already, and that is as many as one person may have at a time. Withdraw one first.",
            refusal.most,
        ) % {"most": refusal.most}
    return _("This cannot be done any more: it stands on a ballot, was decided about, or you may not propose here now.")


def show_form(request, membership, form, *, status=None, **more):
    """The form, with all that was typed."""
    status = status or (422 if form.errors else 200)
    context = context_of(membership, form=form, languages=settings.LANGUAGES, **more)
    return TemplateResponse(request, "proposals/proposal_form.html", context, status=status)


@require_GET
@requires(Can.PROPOSE)
def alike(request, membership):
    """What the group knows that is like this title: asked for while somebody writes."""
    form = AlikeForm(request.GET)
    found = alike_in(membership, form) if form.is_valid() else []
    words = request.GET.get("words", "")
    length = None
    if words.isascii() and words.isdecimal() and len(words) <= 8:
        length = length_of(int(words), words_a_week(membership.group))
    context = context_of(membership, alike=found, length=length)
    return TemplateResponse(request, "proposals/_alike.html", context)


@require_http_methods(["GET", "POST"])
@requires(Can.PROPOSE)
def change_proposal(request, membership, proposal):
    """Change what it says, until it stands on a ballot. What was said before stays to be read."""
    proposal = own_or_404(membership, proposal)
    if not proposal.can_change:
        context = page_of(membership, proposal, refusal=words_for(None))
        return TemplateResponse(request, "proposals/proposal.html", context, status=409)
    if request.method == "GET":
        return show_form(request, membership, ChangeProposalForm(proposal=proposal), proposal=proposal)
    form = ChangeProposalForm(request.POST, request.FILES, proposal=proposal)
    if not form.is_valid():
        return show_form(request, membership, form, proposal=proposal)
    limit = limited("write", request)
    if limit:
        form.add_error(None, limit.sentence)
        return limit.said_in(show_form(request, membership, form, proposal=proposal))
    details = form.details() | {"wording": form.cleaned_data["wording"], "by": request.user}
    try:
        changed = attempt(form, lambda: actions.reword(proposal=proposal, **details))
    except actions.StaleProposal as stale:
        return show_stale(request, membership, form, stale.proposal)
    if changed is None:
        return show_form(request, membership, form, proposal=proposal, status=409)
    messages.success(request, _("That is changed."))
    return to_proposal(membership, changed)


def show_stale(request, membership, form, standing):
    """409: what stands now beside what was typed, which is saved over it only by a click of the person."""
    data = request.POST.copy()
    data["wording"] = standing.wording
    again = ChangeProposalForm(data, proposal=standing)
    again.is_valid()
    context = {"proposal": standing, "stale": True, "differences": form.differences(standing)}
    return show_form(request, membership, again, status=409, **context)


@require_POST
@requires(Can.PROPOSE)
def publish_proposal(request, membership, proposal):
    """Put a draft on the list. What is like it is said first."""
    proposal = own_or_404(membership, proposal)
    found = alike_to(membership, title=proposal.title, author=proposal.author, but=proposal)
    if found and "all_the_same" not in request.POST and proposal.state == ProposalState.DRAFT:
        context = page_of(membership, proposal, alike=found, asks=True)
        return TemplateResponse(request, "proposals/proposal.html", context, status=422)
    try:
        actions.publish_draft(proposal=proposal, by=request.user)
    except (actions.StandsAlready, actions.TooManyProposals) as refusal:
        return refused(request, membership, proposal, words_for(refusal))
    except actions.NotPossible:
        words = _("Say first why it is worth reading.") if not proposal.why else _("It is no draft any more.")
        return refused(request, membership, proposal, words)
    messages.success(request, _("That is proposed."))
    return to_proposal(membership, proposal)


def refused(request, membership, proposal, words):
    """409: the proposal as it stands now, and why not."""
    now = proposal_or_404(membership, proposal.public_id)
    context = page_of(membership, now, refusal=words)
    return TemplateResponse(request, "proposals/proposal.html", context, status=409)


@require_http_methods(["GET", "POST"])
@requires(Can.PROPOSE)
def discard_proposal(request, membership, proposal):
    """Throw a draft away, after asking once."""
    proposal = own_or_404(membership, proposal)
    if proposal.proposer_id != membership.user_id:
        raise Http404
    if request.method == "GET" and proposal.state == ProposalState.DRAFT:
        return TemplateResponse(request, "proposals/discard_proposal.html", context_of(membership, proposal=proposal))
    try:
        actions.discard(proposal=proposal, by=request.user)
    except actions.NotPossible:
        return refused(request, membership, proposal, _("It is no draft any more."))
    messages.success(request, _("The draft is gone."))
    return redirect("proposals:proposals", group=membership.group.slug)


@require_http_methods(["GET", "POST"])
@requires(Can.PROPOSE)
def withdraw_proposal(request, membership, proposal):
    """Take a proposal back, with a word if one likes."""
    proposal = own_or_404(membership, proposal)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" or not form.is_valid():
        context = context_of(membership, proposal=proposal, form=form)
        status = 422 if form.errors else 200
        return TemplateResponse(request, "proposals/withdraw_proposal.html", context, status=status)
    try:
        actions.withdraw(proposal=proposal, by=request.user, reason=form.cleaned_data["reason"])
    except actions.NotPossible as refusal:
        return refused(request, membership, proposal, words_for(refusal))
    messages.success(request, _("That is withdrawn. Whoever supported it is told."))
    return to_proposal(membership, proposal)


@require_POST
@requires(Can.PROPOSE)
def bring_proposal_back(request, membership, proposal):
    """Put it on the list again: what has faded anybody, what was withdrawn those who proposed it."""
    proposal = proposal_or_404(membership, proposal)
    try:
        actions.bring_back(proposal=proposal, by=request.user)
    except (actions.StandsAlready, actions.TooManyProposals) as refusal:
        return refused(request, membership, proposal, words_for(refusal))
    except actions.NotPossible:
        return refused(request, membership, proposal, _("This is on the list, or cannot be put there by you."))
    messages.success(request, _("It is on the list again."))
    return to_proposal(membership, proposal)
