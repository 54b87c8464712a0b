"""Deciding about a member without a report: warning, suspending, removing, lifting a suspension."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.models import Membership, Role
from readinggroup.groups.permissions import Can, may, requires

from . import actions
from .deciding_views import impossible_sentence, not_yours_sentence
from .forms import MemberVerdictForm
from .models import Action
from .rules_of_day import rules_of


@require_http_methods(["GET", "POST"])
@requires(Can.MODERATE)
def decide_about_member(request, membership, member):
    """Decide about a member: with a rule or a law, a reason, and an entry in the log."""
    theirs = member_or_404(membership, member)
    last = actions.last_about(theirs)
    form = MemberVerdictForm(
        request.POST or None,
        initial={"last": last.public_id if last else "", "person": request.GET.get("person", "")},
        possible=what_is_possible(membership, theirs),
        rules=rules_of(membership.group, [timezone.now()]),
        reasons=membership.group.reasons.offered(),
    )
    if request.method == "GET":
        return show(request, membership, theirs, form, 200)
    if not form.is_valid():
        return show(request, membership, theirs, form, 422)
    try:
        actions.decide_about_member(
            member=theirs, verdict=form.verdict(), by=request.user, last=form.cleaned_data["last"]
        )
    except actions.Stale:
        form.data = form.data.copy()
        form.data["last"] = actions.last_about(theirs).public_id
        return show(request, membership, theirs, form, 409, decided=actions.last_about(theirs))
    except actions.NotYours:
        form.add_error(None, not_yours_sentence())
    except actions.Impossible:
        form.add_error(None, impossible_sentence())
    else:
        messages.success(request, _("That is decided. It stands in the log, and whom it concerns is told."))
        return redirect("groups:members", group=membership.group.slug)
    return show(request, membership, theirs, form, 409)


def member_or_404(membership, member) -> Membership:
    """Somebody else who belongs here, or has left and may not come back."""
    people = membership.group.memberships.select_related("user", "group")
    theirs = get_object_or_404(people, user__public_id=member)
    if theirs.user_id == membership.user_id or not (theirs.is_member or theirs.is_suspended):
        raise Http404
    return theirs


def what_is_possible(membership, theirs) -> list:
    """What this moderator can do about that member now."""
    lifting = [Action.LIFT] if theirs.is_suspended else []
    if not theirs.is_member:
        return lifting
    suspending = [] if Role.OWNER in theirs.roles else [Action.SUSPEND]
    removing = [Action.REMOVE] if may(membership, Can.HAND_OUT_ROLES) else []
    return [*lifting, Action.WARN, *suspending, *removing]


def show(request, membership, theirs, form, status, **more):
    """The form, with what was typed, and how the member stands."""
    context = {"membership": membership, "group": membership.group, "theirs": theirs, "form": form, **more}
    return TemplateResponse(request, "moderation/decide_about_member.html", context, status=status)
