"""The public log of a group's moderation: its entries, one by one and as numbers by month."""

import csv

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.paging import page_asked_for

from .models import Action, Decision, LogEntry, Part
from .numbers import numbers_of
from .shown_entries import in_eights, shown

A_PAGE = 50


@require_safe
@requires(Can.READ)
def log(request, membership):
    """Every decision, the newest first; those of one kind, or on one rule, if that is asked for."""
    group = membership.group
    actions, rules = what_occurs(group)
    action = only_if(request.GET.get("action", ""), dict(actions))
    rule = only_if(request.GET.get("rule", ""), rules)
    entries = LogEntry.objects.filter(group_key=group.pk).order_by("-number")
    head = entries.first()
    if action or rule:
        entries = entries.filter(decision__in=decided(group, action, rule))
    page = page_asked_for(request, Paginator(entries, A_PAGE))
    asked = urlencode({name: value for name, value in (("action", action), ("rule", rule)) if value})
    context = {
        "membership": membership,
        "group": group,
        "page": page,
        "shown": shown(membership, list(page)),
        "head": head,
        "fingerprint": in_eights(head.hash) if head else "",
        "actions": actions,
        "rules": rules,
        "action": action,
        "rule": rule,
        "query": f"{asked}&" if asked else "",
        "appeal_days": Decision.APPEAL_WITHIN.days,
        "may_see_members": may(membership, Can.SEE_MEMBERS),
    }
    return TemplateResponse(request, "moderation/log.html", context)


def only_if(asked, known) -> str:
    """What was asked for, if there is such a thing here; "" for everything."""
    return asked if asked in known else ""


def what_occurs(group) -> tuple:
    """What has been done in this group, as (value, words), and the rules on which it was done, by their titles."""
    actions = set(Part.objects.filter(decision__group=group).values_list("action", flat=True).distinct())
    rules = Decision.objects.filter(group=group, rule__isnull=False).values_list("rule__title", flat=True)
    return [choice for choice in Action.choices if choice[0] in actions], sorted(set(rules.distinct()))


def decided(group, action, rule):
    """The decisions that did this, on a rule of that title (in whatever version of the rules), by their public ids."""
    decisions = Decision.objects.filter(group=group)
    if action:
        decisions = decisions.filter(parts__action=action)
    if rule:
        decisions = decisions.filter(rule__title=rule)
    return decisions.values("public_id")


@require_safe
@requires(Can.READ)
def log_entry(request, membership, number):
    """One entry, under an address that stays, with what seals it."""
    entry = get_object_or_404(LogEntry, group_key=membership.group.pk, number=number)
    (one,) = shown(membership, [entry])
    context = {
        "membership": membership,
        "group": membership.group,
        "one": one,
        "fingerprint": in_eights(entry.hash),
        "previous": in_eights(entry.previous) if entry.number > 1 else "",
        "is_whole": entry.is_whole,
    }
    return TemplateResponse(request, "moderation/log_entry.html", context)


@require_safe
@requires(Can.READ)
def log_numbers(request, membership):
    """What was reported and decided, month by month."""
    context = {"membership": membership, "group": membership.group, "numbers": numbers_of(membership.group)}
    return TemplateResponse(request, "moderation/log_numbers.html", context)


@require_safe
@requires(Can.READ)
def log_numbers_csv(request, membership):
    """The same numbers for a spreadsheet; the words in its head are the same in every language."""
    group = membership.group
    headers = {"Content-Disposition": f'attachment; filename="{group.slug}-moderation.csv"'}
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
    csv.writer(response).writerows(numbers_of(group).as_rows())
    return response
