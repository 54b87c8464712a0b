"""My data, the deletion of my account, and what the site keeps of everybody."""

from django.conf import settings
from django.contrib import messages
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.accounts.access import confirmed, public, signed_in
from readinggroup.accounts.models import Archive, ArchiveState, SignInLink, User
from readinggroup.accounts.tasks import KEEP_USED_LINKS
from readinggroup.notifications.models import Notice

from . import actions
from .deletion import owned_alone_by
from .forms import DeletionForm


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def my_data(request):
    """The archives that I asked for; a post asks for one."""
    if request.method == "POST":
        try:
            actions.ask_for_archive(by=request.user)
            messages.success(request, _("Your archive is being made. You are told when it is ready."))
        except actions.EnoughForToday:
            messages.error(request, _("You have asked for as many archives as there are in a day. Try again tomorrow."))
        return redirect("my_data:my_data")
    archives = Archive.objects.of(request.user)
    context = {
        "waiting": archives.waiting().exists(),
        "ready": archives.to_be_fetched().order_by("-asked_at"),
        "failed": archives.filter(state=ArchiveState.FAILED).of_the_last_day().exists(),
        "kept_for": Archive.KEPT_FOR,
        "a_day": Archive.A_DAY,
    }
    return TemplateResponse(request, "my_data/my_data.html", context)


@require_safe
@never_cache
@signed_in
def fetch_archive(request, archive):
    """The file, to whom it is about, once they have shown that it is they."""
    return send_archive(request, get_object_or_404(Archive.objects.of(request.user).to_be_fetched(), public_id=archive))


@confirmed
def send_archive(request, archive):
    """The file piece by piece: the whole of it is never in memory."""
    file = StreamingHttpResponse(pieces_of(archive), content_type="application/zip")
    file["Content-Length"] = archive.size
    file["Content-Disposition"] = f'attachment; filename="my-data-{archive.made_at:%Y-%m-%d}.zip"'
    return file


def pieces_of(archive):
    """One query a piece, and none of them open between two: a slow reader holds nothing in the database."""
    number = 1
    while piece := archive.pieces.filter(number=number).first():
        yield bytes(piece.content)
        number += 1


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def delete_account(request):
    """What will happen, said beforehand; while the days to undo it run, how to undo it."""
    if request.method == "POST":
        return ask_for_deletion(request)
    return deletion_page(request, DeletionForm(initial=request.GET.dict()), owned_alone_by(request.user))


@confirmed
def ask_for_deletion(request):
    """Begin the days in which it can be undone."""
    form = DeletionForm(request.POST)
    if not form.is_valid():
        return deletion_page(request, form, [], status=422)
    try:
        if actions.ask_for_deletion(choice=form.cleaned_data["choice"], by=request.user):
            messages.success(
                request, _("Your account will be deleted. We have sent you a mail that says how to undo it.")
            )
        else:
            messages.info(request, _("This was asked for already. To choose otherwise, undo it first."))
    except actions.OnlyOwner as refusal:
        return deletion_page(request, form, refusal.groups, status=409)
    return redirect("my_data:delete_account")


def deletion_page(request, form, groups, *, status=200):
    """The page of the deletion; with groups, that they must be handed over first."""
    context = {"form": form, "groups": groups, "days": User.DELETION_DELAY.days}
    return TemplateResponse(request, "my_data/delete_account.html", context, status=status)


@require_POST
@signed_in
def undo_deletion(request):
    """Keep the account after all."""
    if actions.undo_deletion(by=request.user):
        messages.success(request, _("Your account stays."))
    else:
        messages.info(request, _("There was nothing to undo."))
    return redirect("my_data:delete_account")


@require_safe
@public(because="what the site keeps of people, they may know before they come")
def privacy(request):
    """What this site keeps, and how long: the numbers are those that the code goes by."""
    context = {
        "login_days": settings.SESSION_COOKIE_AGE // (24 * 60 * 60),
        "link_days": KEEP_USED_LINKS.days,
        "link_good_for": SignInLink.LIFETIME.days,
        "notice_days": Notice.KEPT_FOR.days,
        "archive_days": Archive.KEPT_FOR.days,
        "deletion_days": User.DELETION_DELAY.days,
    }
    return TemplateResponse(request, "my_data/privacy.html", context)
