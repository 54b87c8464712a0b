"""The moderators' queue."""

from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, requires

from .models import Case

A_PAGE = 50


@require_safe
@requires(Can.MODERATE)
def queue(request, membership):
    """What waits for moderators, the most urgent first."""
    cases = Case.objects.filter(group=membership.group).waiting()
    cases = cases.select_related("comment__author", "comment__reading__edition", "comment__version")
    cases = cases.prefetch_related("reports__reporter")
    context = {"membership": membership, "group": membership.group, "cases": cases[:A_PAGE]}
    return TemplateResponse(request, "moderation/queue.html", context)
