"""The reasons that a group's moderators give often, in the group's own words."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from readinggroup.groups.models import Group
from readinggroup.groups.permissions import Can, requires

from .forms import ReasonForm
from .models import Reason


@require_http_methods(["GET", "POST"])
@requires(Can.MODERATE)
def reasons(request, membership):
    """All of them, and the form for one more."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and written(form, membership.group):
        messages.success(request, _("The reason is kept."))
        return redirect("moderation:reasons", group=membership.group.slug)
    context = {
        "membership": membership,
        "group": membership.group,
        "form": form,
        "reasons": membership.group.reasons.offered(),
    }
    return TemplateResponse(request, "moderation/reasons.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Can.MODERATE)
def change_reason(request, membership, reason):
    """Change one. What was decided with it keeps the words that it had."""
    standing = reason_or_404(membership, reason)
    form = ReasonForm(request.POST or None, instance=standing)
    if request.method == "POST" and form.is_valid() and written(form, membership.group):
        messages.success(request, _("The reason is kept."))
        return redirect("moderation:reasons", group=membership.group.slug)
    context = {"membership": membership, "group": membership.group, "form": form, "reason": standing.pk}
    return TemplateResponse(request, "moderation/change_reason.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Can.MODERATE)
def retire_reason(request, membership, reason):
    """Offer it no more. Twice is once."""
    reasons = membership.group.reasons.offered().filter(pk=reason_or_404(membership, reason, retired=True).pk)
    reasons.update(retired_at=timezone.now())
    messages.success(request, _("The reason is offered no more."))
    return redirect("moderation:reasons", group=membership.group.slug)


def reason_or_404(membership, pk, *, retired=False) -> Reason:
    """A reason of the group; one that is offered no more only where that is asked for."""
    reasons = membership.group.reasons.all()
    return get_object_or_404(reasons if retired else reasons.offered(), pk=pk)


def written(form, group) -> bool:
    """Keep it; False, with the reason in the form, if there is one of that title, or there are enough.

    The group's row makes those wait who write at the same moment, so that there are never more than enough.
    """
    form.instance.group = group
    try:
        with transaction.atomic():
            Group.objects.select_for_update(no_key=True).get(pk=group.pk)
            if form.instance.pk is None and group.reasons.offered().count() >= Reason.MOST:
                form.add_error(None, _("There are enough of them. Retire one first."))
                return False
            form.save()
    except IntegrityError as refusal:
        if "reason_title_once" not in str(refusal):
            raise
        form.add_error("title", _("There is one of this title already."))
        return False
    return True
