"""Reporting a comment, or a member's name."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.discussion.views import of_comment
from readinggroup.groups.members_views import member_or_404
from readinggroup.groups.permissions import Can, limited, requires

from . import actions
from .forms import ReportForm
from .rules_of_day import day_of, rules_of


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def report_comment(request, membership, comment):
    """Ask the moderators to look at somebody else's comment."""
    if comment.author_id == membership.user_id or not comment.is_shown_whole:
        raise Http404
    form = ReportForm(request.POST or None, rules=rules_of(membership.group, [day_of(comment)]))

    def show(status):
        context = {"membership": membership, "group": membership.group, "comment": comment, "form": form}
        return TemplateResponse(request, "moderation/report_comment.html", context, status=status)

    if request.method == "GET" or not form.is_valid():
        return show(422 if form.errors else 200)
    if limit := too_often(request, form):
        return limit.said_in(show(429))
    if not reported(request, form, comment=comment):
        return show(409)
    return redirect("discussion:comment", comment=comment.public_id)


@require_http_methods(["GET", "POST"])
@requires(Can.DISCUSS)
def report_name(request, membership, member):
    """Ask the moderators to look at how somebody else is called here."""
    theirs = member_or_404(membership, member)
    if theirs.user_id == membership.user_id:
        raise Http404
    form = ReportForm(request.POST or None, rules=rules_of(membership.group, [timezone.now()]))

    def show(status):
        context = {"membership": membership, "group": membership.group, "theirs": theirs, "form": form}
        return TemplateResponse(request, "moderation/report_name.html", context, status=status)

    if request.method == "GET" or not form.is_valid():
        return show(422 if form.errors else 200)
    if limit := too_often(request, form):
        return limit.said_in(show(429))
    if not reported(request, form, member=theirs):
        return show(409)
    return redirect("groups:member", group=membership.group.slug, member=member)


def too_often(request, form):
    """The Limit, with its sentence in the form, if this person or their network has reported very much just now."""
    limit = limited("report", request)
    if limit:
        form.add_error(None, limit.sentence)
    return limit


def reported(request, form, **about) -> bool:
    """Hand the report in and say so; False, with the reason in the form, if its writer was silenced meanwhile."""
    try:
        is_first = actions.report(by=request.user, **about, **form.cleaned_data)
    except actions.Silenced:
        form.add_error(
            None, _("You can no longer write in this group. Your words are still here: copy them if you want.")
        )
        return False
    except actions.Stale:
        raise Http404 from None  # as the page answers from now on
    if is_first:
        messages.success(request, _("Thank you. The moderators will look at it. You are told what comes of it."))
    elif "comment" in about:
        messages.info(request, _("You have reported this comment before; once is enough."))
    else:
        messages.info(request, _("You have reported this name already, and nobody has decided yet; once is enough."))
    return True
