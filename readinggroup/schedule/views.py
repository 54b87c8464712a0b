"""A group's sessions, and one session."""

from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, may, requires
from readinggroup.readings.progress import how_far

from .models import ReadingSession, SessionState
from .preparing import to_read


def session_or_404(membership, public_id) -> ReadingSession:
    """The group's session of that name, if this member, or visitor, may see it."""
    sessions = ReadingSession.objects.select_related(
        "reading__edition__current", "reading__group", "facilitator", "minute_taker"
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
    context |= what_to_read(shown, membership, request.user)
    return TemplateResponse(request, "schedule/session.html", context)


def what_to_read(session, membership, user) -> dict:
    """For the parts of its page about reading: what is to be read, and how many have read it."""
    ahead = to_read(session, user)
    if ahead is None or not membership.is_member:
        return {"to_read": ahead}
    far = how_far(session.reading, session.reading.edition.current_id)
    read_all = sum(people for number, people in far.at.items() if number >= ahead.last)
    return {"to_read": ahead, "far": far, "read_all": read_all, "read_some": far.between(ahead.first, ahead.last - 1)}
