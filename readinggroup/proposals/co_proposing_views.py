"""Proposing together: asking another member, and what they answer."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from readinggroup.groups.permissions import Can, requires

from . import actions
from .forms import CoProposerForm
from .views import page_of, proposal_or_404
from .writing_views import own_or_404, refused, to_proposal, words_for


@require_POST
@requires(Can.PROPOSE)
def propose_with(request, membership, proposal):
    """Ask another member to propose it, too; or propose it without one of them."""
    proposal = own_or_404(membership, proposal)
    if "without" in request.POST:
        return propose_without(request, membership, proposal, request.POST["without"])
    form = CoProposerForm(request.POST, proposal=proposal, group=membership.group)
    if not form.is_valid():
        context = page_of(membership, proposal, with_form=form)
        return TemplateResponse(request, "proposals/proposal.html", context, status=422)
    try:
        user = membership.group.memberships.select_related("user").get(user=form.user_id).user
        actions.ask_to_propose_with(proposal=proposal, user=user, by=request.user)
    except actions.NotPossible as refusal:
        return refused(request, membership, proposal, words_for(refusal))
    messages.success(request, _("%(name)s is asked.") % {"name": membership.group.name_of(user)})
    return to_proposal(membership, proposal)


def propose_without(request, membership, proposal, public_id):
    """Propose it without this one; the proposer alone says so."""
    asked = {one.user.public_id: one.user for one in proposal.co_proposers.select_related("user")}
    if public_id not in asked:
        raise Http404
    try:
        actions.ask_no_more(proposal=proposal, user=asked[public_id], by=request.user)
    except actions.NotPossible as refusal:
        return refused(request, membership, proposal, words_for(refusal))
    messages.success(request, _("That is settled."))
    return to_proposal(membership, proposal)


@require_POST
@requires(Can.PROPOSE)
def answer_propose_with(request, membership, proposal):
    """Whoever is asked proposes it, too, or not; and who does may do so no more. For others it is not there."""
    proposal = proposal_or_404(membership, proposal)
    if not proposal.co_proposers.filter(user=request.user).exists():
        raise Http404
    agree = request.POST.get("answer") == "agree"
    try:
        if not actions.answer_co_proposing(proposal=proposal, agree=agree, by=request.user):
            return refused(request, membership, proposal, words_for(None))
    except actions.NotPossible as refusal:
        return refused(request, membership, proposal, words_for(refusal))
    messages.success(request, _("You propose it, too.") if agree else _("That is settled."))
    if not agree:
        return redirect("proposals:proposals", group=membership.group.slug)  # of a draft they see no more
    return to_proposal(membership, proposal)
