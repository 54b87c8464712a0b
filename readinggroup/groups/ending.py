"""The end of a group, and what may come instead: the archive, another owner, deletion with time to undo it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from . import settling
from .forms import DeleteForm, HandOverForm
from .models import Handover
from .permissions import Can, requires


@require_http_methods(["GET", "POST"])
@requires(Can.END)
def archive_group(request, membership):
    """Put the group into the archive, or take it out again."""
    group = membership.group
    if request.method == "GET":
        return TemplateResponse(request, "groups/archive_group.html", {"membership": membership, "group": group})
    if request.POST.get("act") == "reopen":
        settling.reopen(group=group, by=request.user)
        messages.success(request, _("The group is open again."))
    else:
        settling.archive(group=group, by=request.user)
        messages.success(request, _("The group is in the archive."))
    return redirect("group", group=group.slug)


@require_http_methods(["GET", "POST"])
@requires(Can.END)
def hand_over(request, membership):
    """Offer the group to another member, or take the offer back."""
    group = membership.group
    others = group.memberships.active().exclude(user=request.user).select_related("user")
    form = HandOverForm(None if "take_back" in request.POST else request.POST or None, members=others)
    if "take_back" in request.POST:
        settling.take_offer_back(group=group, by=request.user)
        messages.success(request, _("The offer is taken back."))
        return redirect("groups:hand_over", group=group.slug)
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["to"].user
        if settling.offer_group(group=group, to=to, by=request.user):
            messages.success(
                request, _("%(name)s is asked. Until they accept, nothing changes.") % {"name": group.name_of(to)}
            )
        else:
            messages.info(request, _("The group is offered to somebody already."))
        return redirect("groups:hand_over", group=group.slug)
    context = {
        "membership": membership,
        "group": group,
        "form": form,
        "offer": group.handovers.filter(answered_at=None).select_related("receiver").first(),
        "others": others.exists(),
    }
    return TemplateResponse(request, "groups/hand_over.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Can.SEE_MEMBERS)
def answer_handover(request, membership):
    """Whoever was offered the group takes it over, or declines. For others there is no such page."""
    offers = Handover.objects.filter(group=membership.group, answered_at=None, receiver=request.user)
    offer = get_object_or_404(offers.select_related("group", "giver"))
    if request.method == "GET":
        context = {"membership": membership, "group": membership.group, "offer": offer}
        return TemplateResponse(request, "groups/answer_handover.html", context)
    accept = request.POST.get("answer") == "accept"
    if not settling.answer_handover(handover=offer, accept=accept, by=request.user):
        messages.info(request, _("This offer stands no more."))
    elif accept:
        messages.success(request, _("The group is yours."))
    else:
        messages.success(request, _("You have declined."))
    return redirect("group", group=membership.group.slug)


@require_http_methods(["GET", "POST"])
@requires(Can.END)
def delete_group(request, membership):
    """Announce that the group will be deleted, or keep it after all."""
    group = membership.group
    if "keep" in request.POST:
        settling.keep_group(group=group, by=request.user)
        messages.success(request, _("The group is not deleted."))
        return redirect("group", group=group.slug)
    form = DeleteForm(request.POST or None, group=group)
    if request.method == "POST" and form.is_valid():
        settling.announce_deletion(group=group, by=request.user)
        return redirect("groups:delete_group", group=group.slug)
    context = {"membership": membership, "group": group, "form": form, "days": group.DELETED_AFTER.days}
    return TemplateResponse(request, "groups/delete_group.html", context, status=422 if form.errors else 200)
