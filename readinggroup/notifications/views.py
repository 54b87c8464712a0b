"""The inbox: what I was told."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from readinggroup.accounts.access import signed_in
from readinggroup.lib.paging import page_asked_for

from . import actions
from .models import Notice
from .wording import words_of

A_PAGE = 30


@require_safe
@never_cache
@signed_in
def inbox(request):
    """What I was told, newest first."""
    notices = Notice.objects.of(request.user).order_by("-created_at", "-pk")
    page = page_asked_for(request, Paginator(notices, A_PAGE))
    context = {"page": page, "notices": [(notice, words_of(notice)) for notice in page]}
    return TemplateResponse(request, "notifications/inbox.html", context)


@require_POST
@signed_in
def open_notice(request, notice):
    """Go where the notice leads; it is read then."""
    found = get_object_or_404(Notice.objects.of(request.user), public_id=notice)
    actions.mark_read(notices=Notice.objects.filter(pk=found.pk), by=request.user)
    return redirect(found.address or "notifications:inbox")


@require_POST
@signed_in
def mark_all_read(request):
    """Nothing in the inbox is new any more."""
    count = actions.mark_read(notices=Notice.objects.all(), by=request.user)
    messages.success(
        request, ngettext("%(count)d notice is read.", "%(count)d notices are read.", count) % {"count": count}
    )
    return redirect("notifications:inbox")
