"""Reporting a comment."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.discussion.views import of_comment
from readinggroup.groups.permissions import Can

from . import actions
from .forms import ReportForm


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def report_comment(request, membership, comment):
    """Ask the moderators to look at somebody else's comment."""
    if comment.author_id == membership.user_id or not comment.is_shown_whole:
        raise Http404
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            is_first = actions.report(comment=comment, by=request.user, **form.cleaned_data)
        except actions.Silenced:
            refusal = _("You can no longer write in this group. Your words are still here: copy them if you want.")
            form.add_error(None, refusal)
            return show_form(request, membership, comment, form, status=409)
        if is_first:
            messages.success(request, _("Thank you. The moderators will look at it."))
        else:
            messages.info(request, _("You have reported this comment before; once is enough."))
        return redirect("discussion:comment", comment=comment.public_id)
    return show_form(request, membership, comment, form, status=422 if form.errors else 200)


def show_form(request, membership, comment, form, *, status):
    """The comment and the form, with what was typed."""
    context = {"membership": membership, "group": membership.group, "comment": comment, "form": form}
    return TemplateResponse(request, "moderation/report_comment.html", context, status=status)
