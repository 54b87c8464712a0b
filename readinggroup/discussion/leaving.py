"""What one member has said in a group, and what becomes of it when they leave."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.groups import actions as groups_actions
from readinggroup.groups.forms import ContributionsForm
from readinggroup.groups.members_views import last_owner_sentence, member_or_404
from readinggroup.groups.permissions import Can, has_left, requires
from readinggroup.lib.paging import page_asked_for

from .actions import withdraw_all
from .models import OPEN_STATES, Comment
from .quoting import quotes_above

A_PAGE = 30


@require_safe
@requires(Can.SEE_MEMBERS)
def contributions(request, membership, member):
    """What a member has said here, newest first, each with its place in the text: what this reader may read of it."""
    theirs = member_or_404(membership, member)
    comments = (
        Comment.objects.visible_to(membership)
        .filter(author=theirs.user_id)
        .exclude(shown_html="")
        .select_related("reading__edition", "version")
        .order_by("-created_at", "-pk")
    )
    page = page_asked_for(request, Paginator(comments, A_PAGE))
    above = quotes_above(membership, [comment.pk for comment in page])
    for comment in page:
        comment.above = mark_safe(above.get(comment.pk, ""))  # noqa: S308 - made of our template, escaped
    context = {"membership": membership, "group": membership.group, "theirs": theirs, "page": page}
    return TemplateResponse(request, "discussion/contributions.html", context)


@require_http_methods(["GET", "POST"])
@requires(Can.SEE_MEMBERS)
def leave(request, membership):
    """Leave the group, and say what is to become of what one wrote."""
    form = ContributionsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data["contributions"]
        try:
            with transaction.atomic():
                if wish == form.WITHDRAWN:
                    withdraw_all(group=membership.group, by=request.user)
                groups_actions.leave(membership=membership, by=request.user, under_pseudonym=wish == form.PSEUDONYM)
        except groups_actions.LastOwner:
            messages.error(request, last_owner_sentence())
            return redirect("groups:members", group=membership.group.slug)
        messages.success(request, _("You have left %(group)s.") % {"group": membership.group.name})
        return redirect("home")
    context = {"membership": membership, "group": membership.group, "form": form}
    return TemplateResponse(request, "discussion/leave.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@has_left
def left(request, membership):
    """Of who has left, or was removed: how what they wrote is shown."""
    wrote = Comment.objects.filter(author=request.user, reading__group=membership.group, state__in=OPEN_STATES)
    shown = ContributionsForm.PSEUDONYM if membership.under_pseudonym else ContributionsForm.NAME
    form = ContributionsForm(request.POST or None, initial={"contributions": shown})
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data["contributions"]
        try:
            if wish == form.WITHDRAWN:
                with transaction.atomic():
                    withdraw_all(group=membership.group, by=request.user)
            else:
                pseudonym = wish == form.PSEUDONYM
                groups_actions.show_as(membership=membership, under_pseudonym=pseudonym, by=request.user)
        except groups_actions.NameTaken:
            form.name_is_taken()
        else:
            messages.success(request, _("That is settled."))
            return redirect("groups:my_groups")
    context = {"membership": membership, "form": form, "wrote": wrote.count()}
    return TemplateResponse(request, "discussion/left.html", context, status=422 if form.errors else 200)
