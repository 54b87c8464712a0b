"""The public log of a group's moderation."""

import json

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.paging import page_asked_for

from .models import LogEntry

A_PAGE = 50


@require_safe
@requires(Can.READ)
def log(request, membership):
    """Every decision, the newest first."""
    entries = LogEntry.objects.filter(group_key=membership.group.pk).order_by("-number")
    page = page_asked_for(request, Paginator(entries, A_PAGE))
    shown = [(entry, json.loads(entry.facts)) for entry in page]
    context = {"membership": membership, "group": membership.group, "page": page, "shown": shown}
    return TemplateResponse(request, "moderation/log.html", context)
