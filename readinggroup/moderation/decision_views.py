"""One decision, for whom it concerns and for who moderates."""

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.accounts.access import signed_in
from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may

from .models import Decision


@require_safe
@signed_in
def decision(request, decision):
    """One decision whole: to whom it concerns, also after they have left the group, and to its moderators."""
    seen = decision_or_404(request.user, decision)
    context = {
        "decision": seen,
        "group": seen.group,
        "membership": Membership.objects.standing(request.user.pk, seen.group.slug),
    }
    return TemplateResponse(request, "moderation/decision.html", context)


def decision_or_404(user, public_id) -> Decision:
    """The decision, if it concerns this person or they moderate where it was made."""
    decisions = Decision.objects.select_related("group", "rule__rule_set", "by").prefetch_related("parts__comment")
    found = get_object_or_404(
        decisions.filter(Q(parts__person=user) | Q(group__memberships__user=user)).distinct(), public_id=public_id
    )
    if any(part.person_id == user.pk for part in found.parts.all()):
        return found
    membership = Membership.objects.standing(user.pk, found.group.slug)
    return found if may(membership, Can.MODERATE) else get_object_or_404(decisions.none())
