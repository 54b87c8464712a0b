"""Founding a group and settling it; who belongs; coming in and going out."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.accounts.access import public, signed_in
from readinggroup.accounts.names import name_clash_sentence

from . import actions
from .forms import (
    VISIBILITY_SENTENCES,
    GroupForm,
    InvitationForm,
    JoinRequestAnswerForm,
    JoinRequestForm,
    NameHereForm,
    SettleForm,
)
from .models import Group, Role
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
@requires(Can.END)  # its ways out of the archive are shown there, where nothing else can be settled
def settle_group(request, membership):
    """Change what the group is called, what it is about, who sees it. A change of the last is confirmed."""
    if request.method == "POST" and (refused := check(request, membership, Can.SETTLE)):
        return refused
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
        "may_settle": may(membership, Can.SETTLE),
        "languages": settings.LANGUAGES,
        "changes": membership.group.changes.select_related("by", "person")[:20],
    }
    return TemplateResponse(request, "groups/settle_group.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Can.KNOW)
def who_may(request, membership):
    """Who may do what here: the table of permissions, as it is."""
    roles = [(role, role.label) for role in (Role.ORGANIZER, Role.MODERATOR, Role.OWNER)]
    columns = [(MEMBER, _("member")), *roles]
    grants = grants_in(membership.group, [column for column, _label in columns])
    rows = [(MEANING[verb], [verb in granted for granted in grants]) for verb in Can]
    context = {
        "membership": membership,
        "group": membership.group,
        "columns": [_("visitor"), *(label for _name, label in columns)],
        "rows": rows,
    }
    return TemplateResponse(request, "groups/who_may.html", context)


@require_http_methods(["GET", "POST"])
@requires(Can.INVITE)
def invite(request, membership):
    """Make an invitation. Its link is shown once, on the answer."""
    with_roles = may(membership, Can.HAND_OUT_ROLES)
    form = InvitationForm(request.POST or None, group=membership.group, with_roles=with_roles)
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


@require_POST
@requires(Can.INVITE)
def regenerate_invitation(request, membership, invitation):
    """A new link in place of the old one, shown once. Of an invitation to a role, only by who hands out roles."""
    invitation = get_object_or_404(membership.group.invitations.good(), pk=invitation)
    if invitation.roles and not may(membership, Can.HAND_OUT_ROLES):
        raise PermissionDenied
    token = actions.regenerate(invitation=invitation, by=request.user)
    if token is None:
        raise Http404
    link = request.build_absolute_uri(reverse("groups:join", args=[token]))
    context = {"membership": membership, "group": membership.group, "link": link, "again": True}
    return TemplateResponse(request, "groups/invite.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@public(because="the token in the address is the key; it shows the group's name, and the button asks for a login")
def join(request, token):
    """What the invitation is to; the button joins. Whoever only opens the link has joined nothing."""
    form = NameHereForm(request.POST if request.method == "POST" else None)
    status, refusal = 200, ""
    if request.method == "POST" and request.user.is_authenticated and form.is_valid():
        try:
            membership = actions.accept(token=token, by=request.user, **form.cleaned_data)
        except actions.NameTaken:
            form = NameHereForm({"name_here": form.cleaned_data["name_here"] or request.user.display_name})
            form.add_error("name_here", name_clash_sentence())
        except actions.Barred as barred:
            status, refusal = 403, barred_sentence(barred.membership)
        except actions.NotForYou:
            status, refusal = 403, not_for_you_sentence()
        else:
            if membership is None:
                raise Http404
            return redirect("group", group=membership.group.slug)
    invitation = actions.invitation_of(token)
    if invitation is None:
        raise Http404
    context = {"invitation": invitation, "form": form, "refusal": refusal}
    return TemplateResponse(request, "groups/join.html", context, status=422 if form.errors else status)


def barred_sentence(membership):
    """Until when somebody does not come in by any way."""
    if membership.suspended_to is None:
        return _("You cannot join this group: it has suspended you.")
    until = date_format(timezone.localtime(membership.suspended_to), "DATE_FORMAT")
    return _("You cannot join this group before %(day)s: it has suspended you until then.") % {"day": until}


def not_for_you_sentence():
    """An invitation by mail in the wrong hands; it does not say whose it is."""
    return _(
        "This invitation was mailed to another address than those that you have confirmed. Sign in with the account"
        " that has it, or add that address to your account and confirm it."
    )


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
        try:
            actions.ask_to_join(group=membership.group, by=request.user, **form.cleaned_data)
        except actions.Barred as barred:
            form.add_error(None, barred_sentence(barred.membership))
        else:
            messages.success(request, _("Your request is with the organizers. You will see their answer here."))
            return redirect("group", group=membership.group.slug)
    context = {"membership": membership, "group": membership.group, "form": form}
    return TemplateResponse(request, "groups/ask_to_join.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Can.INVITE)
def answer_join_request(request, membership, join_request):
    """Take in who asked, or decline, with a word to them."""
    asked = get_object_or_404(membership.group.join_requests.select_related("user", "group"), pk=join_request)
    accept = request.POST.get("answer") == "accept"
    form = JoinRequestAnswerForm({"answer": request.POST.get("words", "")})
    if not form.is_valid():
        context = {"membership": membership, "group": membership.group, "asked": asked, "form": form}
        return TemplateResponse(request, "groups/answer_join_request.html", context, status=422)
    try:
        words = form.cleaned_data["answer"]
        answered = actions.answer_join_request(request=asked, accept=accept, by=request.user, words=words)
    except actions.Barred:
        messages.error(request, _("They are suspended here. Lift that first."))
        return redirect("groups:members", group=membership.group.slug)
    if not answered:
        messages.info(request, _("Somebody has answered this request already."))
    elif accept:
        messages.success(request, _("%(name)s is a member now.") % {"name": membership.group.name_of(asked.user)})
    else:
        messages.success(request, _("The request is declined."))
    return redirect("groups:members", group=membership.group.slug)


@require_POST
@requires(Can.SEE_MEMBERS)
def put_welcome_away(request, membership):
    """The newcomer has read the welcome."""
    actions.put_welcome_away(membership=membership, by=request.user)
    return redirect("group", group=membership.group.slug)


@require_safe
@signed_in
def my_groups(request):
    """The groups that I belong to, how each calls me, and those that I have left."""
    memberships = request.user.memberships.select_related("group", "user").order_by("group__name", "pk")
    context = {
        "standing": [each for each in memberships if each.is_member],
        "ended": [each for each in memberships if not each.is_member],
    }
    return TemplateResponse(request, "groups/my_groups.html", context)
