"""Sessions that recur: making them, the page of a series, changing and calling off what is to come."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.permissions import Can, may, requires

from . import actions
from .actions.series import coming_from
from .forms import readings_to_meet_about
from .making_views import first_day_of
from .models import ReadingSession, Series, SessionState
from .passages import with_spans
from .recurrence import continued, wall_from
from .series_forms import CancelSeriesForm, SeriesForm, asked_of


def series_or_404(membership, public_id) -> Series:
    """The group's series of that name, if this member, or visitor, may see its text."""
    found = Series.objects.select_related("reading__edition", "reading__group")
    found = found.filter(reading__group=membership.group)
    if not may(membership, Can.READ_ALL):
        found = found.filter(reading__for_members=False)
    return get_object_or_404(found, public_id=public_id)


def context_of(membership, **more) -> dict:
    """What these pages have in common."""
    return {"membership": membership, "group": membership.group, "may_schedule": may(membership, Can.SCHEDULE), **more}


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def make_series(request, membership):
    """Say how the sessions recur, look at the dates, make them."""
    readings, zone = readings_to_meet_about(membership.group), request.user.time_zone or membership.group.time_zone
    sent, initial = request.POST if request.method == "POST" else None, initial_of_series(request, readings)
    form = SeriesForm(sent, readings=readings, zone=zone, initial=initial)
    valid = request.method == "POST" and bool(readings) and form.is_valid()
    if valid and "make" in request.POST and form.dates_were_shown and form.check_dates():
        try:
            series = actions.make_series(
                reading=form.readings[form.cleaned_data["reading"]],
                by=request.user,
                key=form.cleaned_data["key"],
                when=form.chosen(),
                **form.details(),
            )
        except actions.NotPossible:
            raise PermissionDenied from None
        messages.success(request, _("The sessions are made. Put them on the calendar when they are as you wish."))
        return to_series(membership, series)
    context = context_of(membership, form=form, readings=readings)
    return TemplateResponse(request, "schedule/make_series.html", context, status=422 if form.errors else 200)


def initial_of_series(request, readings) -> dict:
    """The text that was asked for, from the day on which its reading is to begin."""
    asked = next((one for one in readings if one.slug == request.GET.get("reading")), None)
    return {"reading": asked.slug, "first_date": first_day_of(asked)} if asked else {}


@require_safe
@requires(Can.READ)
def series(request, membership, series):
    """The sessions of a series, in their order."""
    shown = series_or_404(membership, series)
    visible = ReadingSession.objects.visible_to(membership).with_passages()
    sessions = with_spans(visible.filter(series=shown).order_by("starts_at", "pk"), membership.group)
    if not sessions and not may(membership, Can.SCHEDULE):
        raise Http404
    drafts = any(session.state == SessionState.DRAFT for session in sessions)
    coming = coming_from(shown).first() if may(membership, Can.SCHEDULE) else None
    context = context_of(membership, series=shown, sessions=sessions, drafts=drafts, coming=coming)
    return TemplateResponse(request, "schedule/series.html", context)


@require_POST
@requires(Can.SCHEDULE)
def put_series_on_calendar(request, membership, series):
    """All its sessions take place, and the members are told."""
    shown = series_or_404(membership, series)
    try:
        actions.put_series_on_calendar(series=shown, by=request.user)
    except actions.NotPossible:
        raise PermissionDenied from None
    except actions.NoneLeft:
        return none_left(request, membership, shown)
    messages.success(request, _("The sessions are on the calendar, and the members are told."))
    return to_series(membership, shown)


def since_asked_for(request, membership):
    """The session from which on something is done to its series; None for all that is to come."""
    asked = request.POST.get("since", request.GET.get("since", ""))
    if not asked:
        return None
    rows = ReadingSession.objects.filter(reading__group=membership.group).exclude(series=None)
    return get_object_or_404(rows.select_related("series__reading__edition", "series__reading__group"), public_id=asked)


def to_series(membership, series):
    return redirect("schedule:series", group=membership.group.slug, series=series.public_id)


def none_left(request, membership, series):
    """Nothing of it is still to come."""
    messages.error(request, _("None of its sessions is still to come."))
    return to_series(membership, series)


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def change_series(request, membership, series):
    """Change what is still to come of a series, from one session on or all of it; what that does is shown first."""
    shown, since = series_or_404(membership, series), since_asked_for(request, membership)
    if since is not None:
        shown = since.series  # another may have parted the series here meanwhile
    begins = coming_from(shown, since).first()
    if begins is None:
        return none_left(request, membership, shown)
    wall = wall_from(begins.recurrence)
    initial = asked_of(shown, rule=continued(shown.rule, shown.first, wall), first=wall)
    form = SeriesForm(request.POST if request.method == "POST" else None, zone=shown.zone, initial=initial)
    context = context_of(membership, form=form, series=shown, since=since, begins=begins)
    if request.method == "POST" and form.is_valid():
        return change_as_asked(request, context)
    return change_page(request, context)


def change_page(request, context, *, status=200):
    status = 422 if context["form"].errors and status == 200 else status
    return TemplateResponse(request, "schedule/change_series.html", context, status=status)


def change_as_asked(request, context):
    """Rehearse the change, which says what it does; then, if the dates are as they were shown, do it."""
    form, series = context["form"], context["series"]
    asked = {"series": series, "since": context["since"], "by": request.user, **form.details()}
    asked["version"] = form.cleaned_data["version"] or 0
    try:
        outcome, cancelled = rehearsed(**asked, when=form.chosen(with_left_out=False))
        form.leave_out(outcome.series.left_out, cancelled)
        if form.check_dates() and form.dates_were_shown and "make" in request.POST:
            outcome = actions.change_series(**asked, when=form.chosen())
            messages.success(request, _("The series is changed."))
            return to_series(context["membership"], outcome.series)
        if not form.errors:
            context["outcome"], _cancelled = rehearsed(**asked, when=form.chosen())
    except actions.StaleSeries as stale:
        context["stale"] = stale.series
        return change_page(request, context, status=409)
    except actions.NotPossible:
        raise PermissionDenied from None
    except (actions.NoneLeft, actions.TooMany):
        form.add_error(None, _("These are more sessions than are made at once, or none. Choose another end."))
    return change_page(request, context)


def rehearsed(**asked):
    """What the change would do, and the dates of it that belong to cancelled sessions; nothing is done."""
    with transaction.atomic():
        outcome = actions.change_series(**asked)
        cancelled = outcome.series.sessions.filter(state=SessionState.CANCELLED)
        dates = frozenset(cancelled.values_list("recurrence", flat=True))
        transaction.set_rollback(True)
    return outcome, dates


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def cancel_series(request, membership, series):
    """Call off what is still to come of a series, with a reason."""
    shown, since = series_or_404(membership, series), since_asked_for(request, membership)
    if since is not None:
        shown = since.series
    coming = list(coming_from(shown, since))
    if not coming:
        return none_left(request, membership, shown)
    form = CancelSeriesForm(request.POST if request.method == "POST" else None, initial={"version": shown.version})
    context, status = context_of(membership, form=form, series=shown, since=since, coming=coming), 200
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_series(series=shown, since=since, by=request.user, **form.cleaned_data)
        except actions.StaleSeries as stale:
            context["stale"], status = stale.series, 409
        except actions.NotPossible:
            raise PermissionDenied from None
        except actions.NoneLeft:
            return none_left(request, membership, shown)
        else:
            messages.success(request, _("They are called off, and whoever meant to come is told."))
            return to_series(membership, shown)
    status = 422 if form.errors else status
    return TemplateResponse(request, "schedule/cancel_series.html", context, status=status)
