"""A group's sessions, and one session."""

from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, may, requires

from .agenda import agenda_context
from .models import ReadingSession, SessionState


def session_or_404(membership, public_id) -> ReadingSession:
    """The group's session of that name, if this member, or visitor, may see it."""
    sessions = ReadingSession.objects.select_related(
        "reading__edition__current", "reading__group", "facilitator", "minute_taker", "minutes"
    )
    sessions = sessions.filter(reading__group=membership.group)
    if not may(membership, Can.SCHEDULE):
        sessions = sessions.exclude(state=SessionState.DRAFT)
    if not may(membership, Can.READ_ALL):
        sessions = sessions.filter(reading__for_members=False)
    return get_object_or_404(sessions, public_id=public_id)


@require_safe
@requires(Can.READ)
def sessions(request, membership):
    """What is coming, and what was."""
    theirs = ReadingSession.objects.filter(reading__group=membership.group)
    context = {"membership": membership, "group": membership.group, "coming": theirs.coming()}
    return TemplateResponse(request, "schedule/sessions.html", context)


@require_safe
@requires(Can.READ)
def session(request, membership, session):
    """One session."""
    shown = session_or_404(membership, session)
    context = {"membership": membership, "group": membership.group, "session": shown}
    context |= agenda_context(membership, shown)
    return TemplateResponse(request, "schedule/session.html", context)
