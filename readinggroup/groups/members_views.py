"""Who belongs, and one member: their roles, their name here. What is decided about them: moderation."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.accounts.names import name_clash_sentence
from readinggroup.lib.paging import page_asked_for

from . import actions
from .forms import JoinRequestAnswerForm, NameHereForm, RolesForm
from .models import Membership
from .permissions import Can, may, requires

A_PAGE = 50
MOST_SHOWN = 50  # of what waits beside the list


@require_safe
@requires(Can.SEE_MEMBERS)
def members(request, membership):
    """Who belongs, in which role, since when; for who may, what is open: requests, invitations, who is kept out."""
    group = membership.group
    people = group.memberships.active().with_term().select_related("user").order_by("joined_at", "pk")
    may_invite, may_moderate = may(membership, Can.INVITE), may(membership, Can.MODERATE)
    kept_out = group.memberships.filter(left_at__isnull=False, suspended_until__gt=timezone.now())
    context = {
        "membership": membership,
        "group": group,
        "page": page_asked_for(request, Paginator(people, A_PAGE)),
        "may_invite": may_invite,
        "may_moderate": may_moderate,
        "may_hand_out_roles": may(membership, Can.HAND_OUT_ROLES),
        "longest_answer": JoinRequestAnswerForm.base_fields["answer"].max_length,
    }
    if may_invite:
        context["join_requests"] = group.join_requests.filter(answered_at=None).select_related("user")[:MOST_SHOWN]
        invitations = group.invitations.good().select_related("created_by").order_by("-created_at")
        context["invitations"] = invitations[:MOST_SHOWN]
    if may_moderate:
        context["kept_out"] = kept_out.select_related("user").order_by("-left_at")[:MOST_SHOWN]
    return TemplateResponse(request, "groups/members.html", context)


def member_or_404(membership, member) -> Membership:
    """Who belongs to the group of this membership and bears this public id."""
    people = Membership.objects.active().with_term().select_related("user", "group")
    return get_object_or_404(people, group=membership.group, user__public_id=member)


@require_safe
@requires(Can.SEE_MEMBERS)
def member(request, membership, member):
    """One member: what they are here, since when, where what they said is; for who may, what can be changed."""
    theirs = member_or_404(membership, member)
    day = theirs.term and theirs.term.until and timezone.localdate(theirs.term.last_day, membership.group.zone)
    form = RolesForm(initial={"roles": theirs.roles, "moderates_until": day}, group=membership.group)
    return show_member(request, membership, theirs, form)


def show_member(request, membership, theirs, form, *, status=200):
    """The page of one member, with the form for their roles where it may be used."""
    others = theirs.user_id != membership.user_id
    context = {
        "membership": membership,
        "group": membership.group,
        "theirs": theirs,
        "form": form,
        "is_me": not others,
        "may_hand_out_roles": may(membership, Can.HAND_OUT_ROLES),
        "may_decide": others and may(membership, Can.MODERATE),
        "may_report": others and may(membership, Can.DISCUSS),
    }
    return TemplateResponse(request, "groups/member.html", context, status=status)


@require_POST
@requires(Can.HAND_OUT_ROLES)
def hand_out_roles(request, membership, member):
    """Give and take roles."""
    theirs = member_or_404(membership, member)
    form = RolesForm(request.POST, group=membership.group)
    if not form.is_valid():
        return show_member(request, membership, theirs, form, status=422)
    try:
        roles, until = form.cleaned_data["roles"], form.cleaned_data["moderates_until"]
        actions.hand_out_roles(membership=theirs, roles=roles, until=until, by=request.user)
    except actions.LastOwner:
        messages.error(request, last_owner_sentence())
    except actions.Suspended:
        messages.error(request, _("They are suspended here. Lift that first."))
    else:
        messages.success(request, _("That is settled."))
    return redirect("groups:member", group=membership.group.slug, member=member)


@require_http_methods(["GET", "POST"])
@requires(Can.SEE_MEMBERS)
def name_here(request, membership):
    """How this group calls me."""
    form = NameHereForm(request.POST if request.method == "POST" else None, initial={"name_here": membership.name_here})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_name_here(membership=membership, name=form.cleaned_data["name_here"], by=request.user)
        except actions.NameTaken:
            form.add_error("name_here", name_clash_sentence())
        else:
            messages.success(request, _("That is settled."))
            return redirect("groups:members", group=membership.group.slug)
    context = {"membership": membership, "group": membership.group, "form": form}
    return TemplateResponse(request, "groups/name_here.html", context, status=422 if form.errors else 200)


def last_owner_sentence():
    """Why the last owner stays."""
    return _("A group needs an owner. Make somebody else one first.")
