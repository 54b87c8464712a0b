"""Founding a group and settling it; who belongs; coming in and going out."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.accounts.access import public, signed_in

from . import actions
from .forms import VISIBILITY_SENTENCES, GroupForm, InvitationForm, JoinRequestForm, RolesForm, SettleForm
from .models import Group, Invitation, Membership, Role
from .permissions import MEANING, MEMBER, Can, check, grants_in, may, requires, to_login
from .settling import settle_group as settle


@require_http_methods(["GET", "POST"])
@signed_in
def found_group(request):
    """Found a group; its founder owns it."""
    if settings.ONLY_STAFF_FOUND_GROUPS and not request.user.is_staff:
        raise PermissionDenied
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        group = actions.found_group(by=request.user, **form.cleaned_data)
        messages.success(request, _("The group is founded. Bring a text, and invite people."))
        return redirect("group", group=group.slug)
    return TemplateResponse(request, "groups/found_group.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Can.SETTLE)
def settle_group(request, membership):
    """Change what the group is called, what it is about, who sees it. A change of the last is confirmed."""
    group = Group.objects.get(pk=membership.group.pk)
    before = group.visibility
    form = SettleForm(request.POST or None, instance=group)
    valid = request.method == "POST" and form.is_valid()
    changes = valid and form.cleaned_data["visibility"] != before
    if valid and (not changes or request.POST.get("confirmed") == form.cleaned_data["visibility"]):
        settle(group=group, by=request.user, **form.cleaned_data)
        messages.success(request, _("That is settled."))
        return redirect("group", group=group.slug)
    context = {
        "membership": membership,
        "group": membership.group,
        "form": form,
        "sentence": VISIBILITY_SENTENCES[form.cleaned_data["visibility"]] if changes else "",
        "languages": settings.LANGUAGES,
        "changes": membership.group.changes.select_related("by")[:20],
    }
    return TemplateResponse(request, "groups/settle_group.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Can.KNOW)
def who_may(request, membership):
    """Who may do what here: the table of permissions, as it is."""
    columns = [(MEMBER, _("members")), *Role.choices]
    grants = grants_in(membership.group, [column for column, _label in columns])
    rows = [(MEANING[verb], [verb in granted for granted in grants]) for verb in Can]
    context = {
        "membership": membership,
        "group": membership.group,
        "columns": [_("visitors"), *(label for _name, label in columns)],
        "rows": rows,
    }
    return TemplateResponse(request, "groups/who_may.html", context)


@require_safe
@requires(Can.SEE_MEMBERS)
def members(request, membership):
    """Who belongs, in which role, since when; for who may, the invitations that are open."""
    context = {
        "membership": membership,
        "group": membership.group,
        "members": membership.group.memberships.active().select_related("user").order_by("joined_at", "pk"),
        "may_invite": may(membership, Can.INVITE),
        "may_hand_out_roles": may(membership, Can.HAND_OUT_ROLES),
        "join_requests": membership.group.join_requests.filter(answered_at=None).select_related("user"),
        "invitations": membership.group.invitations.good().select_related("created_by").order_by("-created_at"),
    }
    return TemplateResponse(request, "groups/members.html", context)


@require_http_methods(["GET", "POST"])
@requires(Can.INVITE)
def invite(request, membership):
    """Make an invitation. Its link is shown once, on the answer."""
    form = InvitationForm(request.POST or None, with_roles=may(membership, Can.HAND_OUT_ROLES))
    link = ""
    if request.method == "POST" and form.is_valid():
        details = {"roles": [], **form.cleaned_data}
        token = actions.invite(group=membership.group, by=request.user, **details)
        link = request.build_absolute_uri(reverse("groups:join", args=[token]))
    context = {"membership": membership, "group": membership.group, "form": form, "link": link}
    return TemplateResponse(request, "groups/invite.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Can.INVITE)
def revoke_invitation(request, membership, invitation):
    """Take an invitation back."""
    actions.revoke(invitation=get_object_or_404(membership.group.invitations, pk=invitation), by=request.user)
    messages.success(request, _("The invitation is taken back."))
    return redirect("groups:members", group=membership.group.slug)


@require_http_methods(["GET", "POST"])
@never_cache
@public(because="the token in the address is the key; it shows the group's name, and the button asks for a login")
def join(request, token):
    """What the invitation is to; the button joins. Whoever only opens the link has joined nothing."""
    if request.method == "POST" and request.user.is_authenticated:
        membership = actions.accept(token=token, by=request.user)
        if membership is None:
            raise Http404
        messages.success(request, _("Welcome to %(group)s.") % {"group": membership.group.name})
        return redirect("group", group=membership.group.slug)
    invitation = Invitation.objects.good().filter(token_hash=Invitation.hash_of(token)).select_related("group").first()
    if invitation is None:
        raise Http404
    return TemplateResponse(request, "groups/join.html", {"invitation": invitation})


@require_http_methods(["GET", "POST"])
@requires(Can.KNOW)
def ask_to_join(request, membership):
    """Ask to be taken in, with a word of introduction."""
    if not request.user.is_authenticated:
        return to_login(request)
    if membership.is_member:
        return redirect("group", group=membership.group.slug)
    if refused := check(request, membership, Can.ASK_TO_JOIN):
        return refused
    form = JoinRequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.ask_to_join(group=membership.group, by=request.user, **form.cleaned_data)
        messages.success(request, _("Your request is with the organizers. You will see their answer here."))
        return redirect("group", group=membership.group.slug)
    context = {"membership": membership, "group": membership.group, "form": form}
    return TemplateResponse(request, "groups/ask_to_join.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Can.INVITE)
def answer_join_request(request, membership, join_request):
    """Take in who asked, or decline."""
    asked = get_object_or_404(membership.group.join_requests.select_related("user", "group"), pk=join_request)
    accept = request.POST.get("answer") == "accept"
    if not actions.answer_join_request(request=asked, accept=accept, by=request.user):
        messages.info(request, _("Somebody has answered this request already."))
    elif accept:
        messages.success(request, _("%(name)s is a member now.") % {"name": asked.user.display_name})
    else:
        messages.success(request, _("The request is declined."))
    return redirect("groups:members", group=membership.group.slug)


@require_http_methods(["GET", "POST"])
@requires(Can.SEE_MEMBERS)
def leave(request, membership):
    """Leave the group, after reading what becomes of what one wrote."""
    if request.method == "POST":
        try:
            actions.leave(membership=membership, by=request.user)
        except actions.LastOwner:
            messages.error(request, last_owner_sentence())
            return redirect("groups:members", group=membership.group.slug)
        messages.success(request, _("You have left %(group)s.") % {"group": membership.group.name})
        return redirect("home")
    return TemplateResponse(request, "groups/leave.html", {"membership": membership, "group": membership.group})


@require_http_methods(["GET", "POST"])
@requires(Can.HAND_OUT_ROLES)
def member(request, membership, member):
    """One member: give and take roles, or remove them."""
    theirs = get_object_or_404(
        Membership.objects.active().select_related("user"), group=membership.group, user__public_id=member
    )
    form = RolesForm(request.POST or None, initial={"roles": theirs.roles})
    if request.method == "POST" and form.is_valid():
        try:
            if "remove" in request.POST:
                actions.leave(membership=theirs, by=request.user)
            else:
                actions.hand_out_roles(membership=theirs, roles=form.cleaned_data["roles"], by=request.user)
        except actions.LastOwner:
            messages.error(request, last_owner_sentence())
        return redirect("groups:members", group=membership.group.slug)
    context = {"membership": membership, "group": membership.group, "theirs": theirs, "form": form}
    return TemplateResponse(request, "groups/member.html", context, status=422 if form.errors else 200)


def last_owner_sentence():
    """Why the last owner stays."""
    return _("A group needs an owner. Make somebody else one first.")
