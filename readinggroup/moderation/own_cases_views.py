"""One's own cases: what was decided about what is mine, in all groups, and what became of what I reported."""

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import signed_in
from readinggroup.lib.paging import page_asked_for

from .models import Appeal, Decision, Part, Report

A_PAGE = 30


@require_safe
@signed_in
def my_cases(request):
    """The decisions that concern me, the newest first, also of groups that I have left."""
    page = page_asked_for(request, Paginator(decisions_about(request.user), A_PAGE))
    for decision in page:
        [decision.my_appeal] = decision.my_appeals or [None]
        decision.my_appeal_until = until_when_to_appeal(decision)
    return TemplateResponse(request, "moderation/my_cases.html", {"page": page})


def decisions_about(user):
    """All decisions of which a part concerns this person, each with those parts, their appeal, and what reversed it."""
    mine = Part.objects.filter(person=user)
    decisions = Decision.objects.filter(Exists(mine.filter(decision=OuterRef("pk")))).order_by("-decided_at", "-pk")
    return decisions.select_related("group", "rule", "reversal").prefetch_related(
        Prefetch("parts", mine.select_related("comment__version"), to_attr="my_parts"),
        Prefetch("appeals", Appeal.objects.filter(by=user), to_attr="my_appeals"),
    )


def until_when_to_appeal(decision):
    """Until when this person can still appeal; None if they have, if it is reversed, if nothing restricts them."""
    if (
        decision.my_appeal
        or hasattr(decision, "reversal")
        or not any(part.is_restrictive for part in decision.my_parts)
    ):
        return None
    return decision.appeal_until if decision.can_be_appealed_now else None


@require_safe
@signed_in
def my_reports(request):
    """What I have reported, under which rule, and what came of it."""
    reports = Report.objects.filter(reporter=request.user).select_related("case__group", "rule", "comment")
    page = page_asked_for(request, Paginator(reports.order_by("-created_at", "-pk"), A_PAGE))
    return TemplateResponse(request, "moderation/my_reports.html", {"page": page})
