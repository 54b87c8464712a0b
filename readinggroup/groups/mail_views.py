"""Inviting by mail, and who was invited so."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from readinggroup.lib.paging import page_asked_for

from . import inviting_by_mail
from .forms import EmailInvitationForm
from .models import EmailInvitation
from .permissions import Can, may, requires

A_PAGE = 50


@require_http_methods(["GET", "POST"])
@requires(Can.INVITE)
def invite_by_email(request, membership):
    """Invite an address; below, who was invited. Its address is shown to who wrote it, and to nobody else."""
    with_roles = may(membership, Can.HAND_OUT_ROLES)
    form = EmailInvitationForm(request.POST or None, group=membership.group, with_roles=with_roles)
    if request.method == "POST" and form.is_valid():
        details = {"roles": [], **form.cleaned_data}
        try:
            inviting_by_mail.invite_by_email(group=membership.group, by=request.user, **details)
        except inviting_by_mail.TooMany:
            form.add_error(None, _("That is as many invitations as can be mailed in a day. Try again tomorrow."))
        except inviting_by_mail.InvitedAlready:
            form.add_error("email", _("An invitation to this address is waiting already."))
        else:
            messages.success(request, _("The invitation is on its way."))
            return redirect("groups:invite_by_email", group=membership.group.slug)
    invitations = membership.group.email_invitations.select_related("created_by")
    context = {
        "membership": membership,
        "group": membership.group,
        "form": form,
        "page": page_asked_for(request, Paginator(invitations, A_PAGE)),
        "may_hand_out_roles": with_roles,
    }
    return TemplateResponse(request, "groups/invite_by_email.html", context, status=422 if form.errors else 200)


def waiting_or_404(membership, invitation) -> EmailInvitation:
    """An invitation of this group that waits."""
    return get_object_or_404(membership.group.email_invitations.waiting(), public_id=invitation)


@require_POST
@requires(Can.INVITE)
def send_email_invitation_again(request, membership, invitation):
    """Mail it once more."""
    invitation = waiting_or_404(membership, invitation)
    try:
        sent = inviting_by_mail.send_again(invitation=invitation, by=request.user)
    except inviting_by_mail.TooMany:
        sent = False
    if sent:
        messages.success(request, _("The invitation is on its way again."))
    else:
        messages.error(request, _("It was mailed too often, or just now. Try again later."))
    return redirect("groups:invite_by_email", group=membership.group.slug)


@require_POST
@requires(Can.INVITE)
def take_back_email_invitation(request, membership, invitation):
    """Its link opens nothing any more."""
    inviting_by_mail.take_back(invitation=waiting_or_404(membership, invitation), by=request.user)
    messages.success(request, _("The invitation is taken back."))
    return redirect("groups:invite_by_email", group=membership.group.slug)
