"""All sessions of a month, for organizers."""

from calendar import Calendar
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import get_format
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.time_zones import zone_called

from .models import ReadingSession
from .passages import with_spans

YEARS = range(1970, 2101)
MOST = 500  # sessions of a month, with drafts and cancelled ones


def zone_of(request, membership):
    """In which zone an organizer sees the month: their own, or the group's."""
    return zone_called(request.user.time_zone) or membership.group.zone


@require_safe
@requires(Can.SCHEDULE)
def this_month(request, membership):
    """The month that it is where the organizer is."""
    today = timezone.localdate(timezone=zone_of(request, membership))
    return redirect("schedule:month", group=membership.group.slug, year=today.year, number=today.month)


@require_safe
@requires(Can.SCHEDULE)
def month(request, membership, year, number):
    """Every session of a month in its place, drafts and cancelled ones too; and what has no time yet."""
    if year not in YEARS or not 1 <= number <= 12:
        raise Http404
    zone = zone_of(request, membership)
    weeks = Calendar((get_format("FIRST_DAY_OF_WEEK") - 1) % 7).monthdatescalendar(year, number)
    begins, ends = (midnight(day, zone) for day in (weeks[0][0], weeks[-1][-1] + timedelta(days=1)))
    theirs = ReadingSession.objects.visible_to(membership).with_passages()
    found = theirs.filter(starts_at__gte=begins, starts_at__lt=ends).order_by("starts_at", "pk")[:MOST]
    by_day = groupby(with_spans(found, membership.group), key=lambda session: day_of(session, zone))
    by_day = {day: list(sessions) for day, sessions in by_day}
    context = {
        "membership": membership,
        "group": membership.group,
        "month": date(year, number, 1),
        "weeks": [[(day, by_day.get(day, [])) for day in week] for week in weeks],
        "any": bool(by_day),
        "undated": with_spans(theirs.unsettled().filter(starts_at=None)[:MOST], membership.group),
        "before": date(year, number, 1) - timedelta(days=1),
        "after": date(year, number, 1) + timedelta(days=31),
        "today": timezone.localdate(timezone=zone),
        "zone": zone,
    }
    return TemplateResponse(request, "schedule/month.html", context)


def midnight(day, zone):
    return datetime.combine(day, time(), tzinfo=zone)


def day_of(session, zone) -> date:
    """On which day of the month it stands: an all-day one on its own day, wherever it is."""
    return session.date if session.all_day else session.starts_at.astimezone(zone).date()
