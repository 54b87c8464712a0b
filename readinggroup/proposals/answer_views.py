"""What organizers say about a proposal; and how owners settle what holds for all proposals."""

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.models import Group
from readinggroup.groups.permissions import Can, requires
from readinggroup.groups.settling import PROPOSALS
from readinggroup.groups.settling import settle_proposals as settle

from . import actions
from .forms import AnswerForm, ProposalSettingsForm
from .models import ProposalState
from .views import context_of, proposal_or_404
from .writing_views import refused, to_proposal, words_for


@require_http_methods(["GET", "POST"])
@requires(Can.HOLD_BALLOTS)
def answer_proposal(request, membership, proposal):
    """Say what becomes of it, and why, for all to read."""
    proposal = proposal_or_404(membership, proposal)
    if not proposal.can_be_answered:
        return refused(request, membership, proposal, not_answerable(proposal))
    seen = proposal.events.values_list("pk", flat=True).last()
    form = AnswerForm(request.POST if request.method == "POST" else None, initial={"seen": seen})
    if request.method == "GET" or not form.is_valid():
        return show_answer(request, membership, proposal, form, status=422 if form.errors else 200)
    try:
        actions.answer_proposal(proposal=proposal, by=request.user, **form.cleaned_data)
    except actions.StaleProposal:
        return show_stale_answer(request, membership, proposal)
    except (actions.NotPossible, actions.StandsAlready) as refusal:
        form.add_error(None, words_for(refusal))
        return show_answer(request, membership, proposal, form, status=409)
    messages.success(request, _("That is answered. Whoever proposes or supports it is told."))
    return to_proposal(membership, proposal)


def not_answerable(proposal) -> str:
    """Why nobody answers it now."""
    if proposal.state == ProposalState.DRAFT:
        return _("It is a draft, and nobody is asked yet.")
    return _("It stands on a ballot, was accepted or withdrawn: there is nothing to answer.")


def show_stale_answer(request, membership, proposal):
    """409: something has happened meanwhile; what was written is sent again only by a click of the person."""
    now = proposal_or_404(membership, proposal.public_id)
    data = request.POST.copy()
    last = now.events.select_related("by").last()
    data["seen"] = last.pk
    form = AnswerForm(data)
    form.is_valid()
    return show_answer(request, membership, now, form, status=409, meanwhile=last)


def show_answer(request, membership, proposal, form, *, status, **more):
    context = context_of(membership, proposal=proposal, form=form, **more)
    return TemplateResponse(request, "proposals/answer_proposal.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Can.SETTLE)
def settle_proposals(request, membership):
    """How many proposals one person may have, and when one fades. What changes stands in the group's log."""
    group = Group.objects.get(pk=membership.group.pk)
    form = ProposalSettingsForm(request.POST if request.method == "POST" else None, instance=group)
    if request.method == "POST" and form.is_valid():
        settle(group=membership.group, by=request.user, **form.cleaned_data)
        messages.success(request, _("That is settled."))
        return redirect("proposals:settle_proposals", group=membership.group.slug)
    changes = membership.group.changes.filter(kind__in=PROPOSALS.values()).select_related("by")[:20]
    context = context_of(membership, form=form, changes=changes)
    return TemplateResponse(request, "proposals/settle_proposals.html", context, status=422 if form.errors else 200)
