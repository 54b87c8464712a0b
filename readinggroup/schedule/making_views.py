"""Planning a session, and changing it."""

import re
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.public_ids import public_id_from
from readinggroup.lib.time_zones import zone_called
from readinggroup.lib.wall_time import NoSuchTime, TwiceThatTime

from . import actions
from .forms import ChangeSessionForm, SessionForm, initial_of, new_key, readings_to_meet_about
from .views import session_or_404

_KEY = re.compile(r"[0-9a-f]{32}")


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def new_session(request, membership):
    """Plan a session: it is a draft, which organizers see, until it is put on the calendar."""
    readings = readings_to_meet_about(membership.group)
    if not readings:
        return TemplateResponse(request, "schedule/nothing_to_read.html", {"group": membership.group})
    sent = request.POST if request.method == "POST" else None
    initial = initial_of_new(request, membership, readings)
    form = SessionForm(sent, group=membership.group, readings=readings, initial=initial)
    key = request.POST.get("key", "")
    if not _KEY.fullmatch(key):
        key = new_key()
    if request.method == "POST" and form.is_valid() and (made := make(request, form, key)):
        messages.success(request, _("That is kept as a draft. Put it on the calendar when it is right."))
        then = "schedule:choose_passages" if "then" in request.POST else "schedule:session"
        return redirect(then, group=membership.group.slug, session=made.public_id)
    return show_form(request, membership, form, key=key)


def make(request, form, key):
    """The session as a draft; None where something has to be asked, or where they may schedule no more."""
    reading = form.readings[form.cleaned_data["reading"]]
    name = public_id_from("session", key, request.user)
    try:
        return save_or_ask(
            form, lambda: actions.create(reading=reading, by=request.user, public_id=name, **form.details())
        )
    except actions.NotPossible:
        form.add_error(None, _("You may not plan sessions here any more."))
        return None


def initial_of_new(request, membership, readings) -> dict:
    """What a new session's form begins with: the text that is read, the organizer's own zone, who plans it."""
    asked = {reading.slug: reading for reading in readings}.get(request.GET.get("reading"), readings[0])
    zone = request.user.time_zone
    return {
        "reading": asked.slug,
        "revision": asked.edition.current_id,
        "passages": request.GET.get("passages", "")[:1_000],
        "zone": zone if zone_called(zone) else membership.group.time_zone,
        "facilitator": request.user.public_id,
        "date": first_day_of(asked),
    }


def first_day_of(reading):
    """The day on which the reading is to begin, if that is still to come."""
    is_ahead = reading.starts_on and reading.starts_on >= timezone.localdate()
    return reading.starts_on if is_ahead else None


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def change_session(request, membership, session):
    """Change a session. Whoever meant to come is told when its time or place changes."""
    standing = session_or_404(membership, session)
    sent = request.POST if request.method == "POST" else None
    form = ChangeSessionForm(sent, group=membership.group, session=standing, initial=initial_of(standing))
    context = {"session": standing}
    if request.method == "GET" and not standing.can_change:
        raise Http404
    if request.method == "POST" and form.is_valid():
        try:
            return change(request, membership, standing, form) or show_form(request, membership, form, **context)
        except actions.StaleSession as stale:
            return show_stale(request, membership, form, session_or_404(membership, stale.session.public_id))
        except actions.NotPossible:
            form.add_error(None, _("This session cannot be changed any more: it is cancelled, or over."))
            return show_form(request, membership, form, status=409, **context)
    return show_form(request, membership, form, **context)


def change(request, membership, standing, form):
    """Save what was typed, and lead to the session; None if its time has to be asked about."""
    version = form.cleaned_data["version"]
    saved = save_or_ask(
        form, lambda: actions.change(session=standing, version=version, by=request.user, **form.details())
    )
    if saved is None:
        return None
    messages.success(request, _("That is changed."))
    then = "schedule:choose_passages" if "then" in request.POST else "schedule:session"
    return redirect(then, group=membership.group.slug, session=standing.public_id)


def save_or_ask(form, save):
    """What `save()` makes; None where the form has to ask about the time, since the clocks are changed then."""
    try:
        return save()
    except NoSuchTime as gap:
        form.suggest(gap.suggestion)
    except TwiceThatTime as twice:
        form.ask_which(twice)
    return None


def show_stale(request, membership, form, standing):
    """409: what stands now beside what was typed, which is saved over it only by a click of the person."""
    data = request.POST.copy()
    data["version"] = standing.version
    again = ChangeSessionForm(data, group=membership.group, session=standing, initial=initial_of(standing))
    again.is_valid()
    differences = form.differences(standing)
    context = {"session": standing, "stale": True, "differences": differences}
    return show_form(request, membership, again, status=409, **context)


def show_form(request, membership, form, *, status=None, **more):
    """The form, with all that was typed."""
    status = status or (422 if form.errors else 200)
    context = {"membership": membership, "group": membership.group, "form": form, **more}
    if form.twice:
        context["twice"] = [(name, told(instant, form)) for name, instant in which(form.twice)]
    return TemplateResponse(request, "schedule/session_form.html", context, status=status)


def which(twice):
    return [("first", twice.first), ("second", twice.second)]


def told(instant, form) -> str:
    """One of two equal wall times by how far the clocks are from UTC then: "UTC+02:00"."""
    here = instant.astimezone(ZoneInfo(form.cleaned_data["zone"]))
    return f"{here:%H:%M} (UTC{here.isoformat()[-6:]}, {here.tzname()})"
