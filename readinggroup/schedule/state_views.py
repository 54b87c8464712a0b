"""What becomes of a session: put on the calendar, opened, closed, cancelled."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from readinggroup.groups.permissions import Can, requires

from . import actions
from .forms import CancelForm
from .models import SessionState
from .views import session_or_404, session_page

# A session that begins later than this is opened only by whoever says once more that it has begun.
EARLY = timedelta(hours=1)


@require_POST
@requires(Can.SCHEDULE)
def put_on_calendar(request, membership, session):
    """The session takes place, and the group is told."""
    standing = session_or_404(membership, session)
    if standing.ends_at and standing.ends_at <= timezone.now():
        return show_refusal(request, membership, standing, _("This time is over. Give the session another one."), 422)
    try:
        actions.put_on_calendar(session=standing, by=request.user)
    except actions.NotPossible:
        return show_refusal(request, membership, standing, _("It cannot be put on the calendar as it is now."))
    messages.success(request, _("It is on the calendar, and the members are told."))
    return to_session(standing, membership)


@require_POST
@requires(Can.ATTEND)
def open_session(request, membership, session):
    """The group has met. Of a session that is to begin much later it is asked once more."""
    standing = run_or_404(membership, session)
    early = standing.state == SessionState.SCHEDULED and standing.starts_at > timezone.now() + EARLY
    if early and "confirmed" not in request.POST:
        context = {"membership": membership, "group": membership.group, "session": standing}
        return TemplateResponse(request, "schedule/open_early.html", context)
    try:
        actions.open_session(session=standing, by=request.user)
    except actions.NotPossible:
        return show_refusal(request, membership, standing, _("It cannot be opened as it is now."))
    messages.success(request, _("The session is open."))
    return to_session(standing, membership)


@require_POST
@requires(Can.ATTEND)
def close_session(request, membership, session):
    """The meeting is over."""
    standing = run_or_404(membership, session)
    try:
        actions.close_session(session=standing, by=request.user)
    except actions.NotPossible:
        return show_refusal(request, membership, standing, _("It cannot be closed as it is now."))
    messages.success(request, _("The session is closed."))
    return to_session(standing, membership)


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def cancel_session(request, membership, session):
    """Cancel a session, with a reason for whoever meant to come. A draft, of which nobody knows, is thrown away."""
    standing = session_or_404(membership, session)
    is_draft = standing.state == SessionState.DRAFT
    form = None if is_draft else CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (is_draft or form.is_valid()):
        return discard(request, membership, standing) if is_draft else cancel(request, membership, standing, form)
    if not standing.can_cancel:
        raise Http404
    context = {"membership": membership, "group": membership.group, "session": standing, "form": form}
    return TemplateResponse(
        request, "schedule/cancel_session.html", context, status=422 if form and form.errors else 200
    )


def discard(request, membership, standing):
    """Throw the draft away; if somebody has put it on the calendar meanwhile, ask why it is to be cancelled."""
    try:
        is_gone = actions.discard(session=standing, by=request.user)
    except actions.NotPossible:
        return show_refusal(request, membership, standing, _("You may not plan sessions here any more."))
    if not is_gone:
        return redirect(request.path)
    messages.success(request, _("The draft is gone."))
    return redirect("schedule:sessions", group=membership.group.slug)


def cancel(request, membership, standing, form):
    """Cancel what was announced, if it has not begun."""
    try:
        actions.cancel(session=standing, by=request.user, **form.cleaned_data)
    except actions.NotPossible:
        return show_refusal(request, membership, standing, _("It cannot be cancelled any more: it has begun."))
    messages.success(request, _("The session is cancelled, and whoever meant to come is told."))
    return to_session(standing, membership)


def run_or_404(membership, public_id):
    """The session, if this member runs it."""
    standing = session_or_404(membership, public_id)
    if not standing.is_run_by(membership):
        raise Http404
    return standing


def to_session(standing, membership):
    return redirect("schedule:session", group=membership.group.slug, session=standing.public_id)


def show_refusal(request, membership, standing, sentence, status=409):
    """Why not, on the session's page as it stands now."""
    standing = session_or_404(membership, standing.public_id)
    return session_page(request, membership, standing, status=status, refusal=sentence)
