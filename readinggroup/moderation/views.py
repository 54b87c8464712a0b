"""Reporting a comment, and what waits for the moderators."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.discussion.views import of_comment
from readinggroup.groups.permissions import Can, requires

from .forms import ReportForm
from .models import Report, waiting_for


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def report_comment(request, membership, comment):
    """Ask the moderators to look at somebody else's comment."""
    if comment.author_id == membership.user_id or not comment.is_shown_whole:
        raise Http404
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                Report.objects.create(comment=comment, reporter=request.user, **form.cleaned_data)
            messages.success(request, _("Thank you. The moderators will look at it."))
        except IntegrityError:
            messages.info(request, _("You have reported this comment before; once is enough."))
        return redirect("discussion:comment", comment=comment.public_id)
    context = {"membership": membership, "group": membership.group, "comment": comment, "form": form}
    return TemplateResponse(request, "moderation/report_comment.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Can.MODERATE)
def waiting(request, membership):
    """The comments that were reported or are held, with what was said of them."""
    comments = (
        waiting_for(membership)
        .select_related("author", "reading__edition", "version")
        .prefetch_related("reports__reporter")
        .order_by("created_at")
    )
    context = {"membership": membership, "group": membership.group, "comments": comments[:100]}
    return TemplateResponse(request, "moderation/waiting.html", context)
