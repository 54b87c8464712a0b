"""The moderators' queue: what waits, the most urgent first."""

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from readinggroup.discussion.models import State
from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.markup import excerpt
from readinggroup.lib.paging import page_asked_for

from .models import Case, Kind, Outcome

A_PAGE = 25
# What can be looked at alone: name -> (what it is called, which cases).
KINDS = {
    "reported": (_("reported"), Q(reports__outcome=Outcome.OPEN)),
    "held": (_("held"), Q(comment__state=State.HELD)),
    "appealed": (_("appealed"), Q(kind=Kind.APPEAL)),
}


@require_safe
@requires(Can.MODERATE)
def queue(request, membership):
    """What waits for moderators, or of that one kind."""
    waiting = Case.objects.filter(group=membership.group).waiting()
    kind = request.GET.get("kind") if request.GET.get("kind") in KINDS else ""
    counted = {name: Count("pk", filter=which, distinct=True) for name, (_label, which) in KINDS.items()}
    counts = waiting.order_by().aggregate(all=Count("pk", distinct=True), **counted)
    cases = waiting.filter(pk__in=waiting.filter(KINDS[kind][1]).values("pk")) if kind else waiting
    cases = cases.select_related(
        "comment__author", "comment__reading__edition", "comment__version", "member__user", "claimed_by", "appeal__by"
    ).annotate(reported=Count("reports", filter=Q(reports__outcome=Outcome.OPEN)))
    pages = Paginator(cases, A_PAGE)
    pages.count = counts[kind or "all"]
    page = page_asked_for(request, pages)
    context = {
        "membership": membership,
        "group": membership.group,
        "page": page,
        "rows": [row_of(case, membership) for case in page],
        "kind": kind,
        "kinds": [("", _("all"), counts["all"]), *((name, KINDS[name][0], counts[name]) for name in KINDS)],
        "query": f"{urlencode({'kind': kind})}&" if kind else "",
        "now": timezone.now(),
        "may_settle": may(membership, Can.SETTLE),
    }
    return TemplateResponse(request, "moderation/queue.html", context)


def row_of(case, membership) -> dict:
    """One case as its row shows it. About oneself one does not see who has reported what."""
    concerned = case.comment.author if case.comment else case.member.user if case.member else case.appeal.by
    mine = concerned.pk == membership.user_id and case.kind != Kind.APPEAL
    return {
        "case": case,
        "address": address_of(case, membership.group),
        "excerpt": excerpt(case.comment.body_html) if case.comment else "",
        "concerned": concerned,
        "mine": mine,
        "claimed": case.is_claimed,
        "claimed_by_other": case.is_before_another(membership.user_id),
        "can_be_chosen": not mine and case.kind != Kind.APPEAL,
    }


def address_of(case, group) -> str:
    """Where the case is decided."""
    if case.kind == Kind.APPEAL:
        return reverse("moderation:appeal", args=[group.slug, case.appeal_id])
    return reverse("moderation:case", args=[group.slug, case.pk])
