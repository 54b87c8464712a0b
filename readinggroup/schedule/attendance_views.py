"""Who comes to a session: one's own answer, and who was there."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.lib.paging import page_asked_for

from . import actions
from .attendance_forms import AttendanceForm, WhoWasThereForm
from .shown_attendance import KINDS, MOST_NAMED, NOT_YET, attendance_part
from .views import session_or_404


@require_http_methods(["GET", "POST"])
@requires(Can.ATTEND)
def attend(request, membership, session):
    """Say whether one comes."""
    shown = session_or_404(membership, session)
    if request.method == "GET":
        return show_attendance(request, membership, shown)
    form, status = AttendanceForm(request.POST), 422
    if form.is_valid():
        try:
            actions.answer(session=shown, by=request.user, **form.cleaned_data)
        except actions.NoPlaceForGuests as refusal:
            form.add_error("guests", no_place_sentence(refusal.free))
            status = 409
        except actions.NotPossible:
            shown.refresh_from_db()
            form.add_error(None, _("You can no longer answer: the session is over, or was cancelled, meanwhile."))
            status = 409
        else:
            return answered(request, membership, shown)
    return show_attendance(request, membership, shown, form=form, status=status)


def answered(request, membership, session):
    """The part as it stands now; or back to the session."""
    if wants_part(request):
        session.refresh_from_db()
        return show_attendance(request, membership, session, is_saved=True)
    messages.success(request, _("Your answer is kept."))
    page = reverse("schedule:session", args=[membership.group.slug, session.public_id])
    return HttpResponseRedirect(f"{page}#attendance")


def no_place_sentence(guests):
    """Why so many cannot come."""
    if guests == 0:
        return _("There is no place left for guests.")
    sentence = ngettext("There is a place for %(count)d guest.", "There are places for %(count)d guests.", guests)
    return sentence % {"count": guests}


def show_attendance(request, membership, session, *, form=None, is_saved=False, status=200):
    """Who comes, as a page or as the part of the session's page."""
    context = {
        "membership": membership,
        "group": membership.group,
        "session": session,
        "is_saved": is_saved,
        **attendance_part(membership, session, form),
    }
    return page_or_part(request, "schedule/attend.html", "schedule/_attendance.html", context, status=status)


@require_safe
@requires(Can.SEE_MEMBERS)
def people(request, membership, session, answer):
    """All who have given one answer, in their order."""
    shown = session_or_404(membership, session)
    if answer not in KINDS or shown.state in NOT_YET:
        raise Http404
    rows = shown.attendances.in_line().filter(kind=answer).select_related("user")
    page = page_asked_for(request, Paginator(rows, MOST_NAMED))
    context = {"membership": membership, "group": membership.group, "session": shown, "title": KINDS[answer],
               "page": page}  # fmt: skip
    return TemplateResponse(request, "schedule/people.html", context)


@require_http_methods(["GET", "POST"])
@requires(Can.ATTEND)
def note_who_was_there(request, membership, session):
    """Note who was there: for organizers, and for who leads the session. Of many, page by page."""
    shown = session_or_404(membership, session)
    if not shown.is_run_by(membership):
        raise PermissionDenied
    attendances = shown.attendances.select_related("user").order_by("answer", "waits_since", "pk")
    page = page_asked_for(request, Paginator(attendances, MOST_NAMED))
    # The form is about those whom it named when it was shown, wherever they stand by now.
    named = attendances.filter(user__public_id__in=WhoWasThereForm.named_in(request.POST))
    data = request.POST if request.method == "POST" else None
    form = WhoWasThereForm(data, attendances=(data and list(named)) or page, group=membership.group)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.note_who_was_there(session=shown, was_there=form.was_there, by=request.user)
            except actions.NotPossible:
                form.add_error(None, _("The session has not begun yet."))
                status = 409
            else:
                messages.success(request, _("That is noted."))
                return redirect(after_noting(membership, shown, page))
    context = {"membership": membership, "group": membership.group, "session": shown, "form": form, "page": page}
    return TemplateResponse(request, "schedule/who_was_there.html", context, status=status)


def after_noting(membership, session, page) -> str:
    """To the next of several pages; after the last, back to the session."""
    names = [membership.group.slug, session.public_id]
    if page.has_next():
        return f"{reverse('schedule:note_who_was_there', args=names)}?page={page.next_page_number()}"
    return reverse("schedule:session", args=names)
