"""A group's sessions, and one session."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.paging import page_asked_for
from readinggroup.readings.progress import how_far

from .agenda import agenda_context
from .models import ReadingSession
from .passages import spans_of, with_spans
from .preparing import to_read
from .shown_attendance import attendance_part
from .shown_poll import poll_part

A_PAGE = 20
MOST_AHEAD = 100


def session_or_404(membership, public_id) -> ReadingSession:
    """The group's session of that name, if this member, or visitor, may see it."""
    sessions = ReadingSession.objects.visible_to(membership).with_passages()
    found = get_object_or_404(
        sessions.select_related("facilitator", "minute_taker", "series", "minutes"), public_id=public_id
    )
    found.reading.group = membership.group
    return found


@require_safe
@requires(Can.READ)
def sessions(request, membership):
    """What is coming, what is being settled, and what was."""
    theirs = ReadingSession.objects.visible_to(membership).with_passages()
    page = page_asked_for(request, Paginator(theirs.past(), A_PAGE))
    group = membership.group
    context = {
        "membership": membership,
        "group": group,
        "coming": with_spans(theirs.coming()[:MOST_AHEAD], group),
        "cancelled": with_spans(theirs.cancelled_ahead()[:A_PAGE], group),
        "unsettled": with_spans(theirs.unsettled().order_by("-created_at")[:MOST_AHEAD], group),
        "past": with_spans(page, group),
        "page": page,
        "may_schedule": may(membership, Can.SCHEDULE),
    }
    if context["may_schedule"]:
        context["readings"] = group.readings.with_text().current().exclude(edition__current=None)
    return TemplateResponse(request, "schedule/sessions.html", context)


@require_safe
@requires(Can.READ)
def session(request, membership, session):
    """One session: when and where, what is read, and what each may do. Put together from one part a subject."""
    return session_page(request, membership, session_or_404(membership, session))


def session_page(request, membership, session, *, status=200, **more):
    """The page as the session stands; also the answer to an act that is refused, which says why not."""
    coming = attendance_part(membership, session)
    mine = coming["who_comes"] and coming["who_comes"].mine
    context = {
        "membership": membership,
        "group": membership.group,
        "session": session,
        **frame_of(session, membership, mine),
        **coming,
        **poll_part(membership, session),
        **agenda_context(membership, session),
        **what_to_read(session, membership),
        **more,
    }
    return TemplateResponse(request, "schedule/session.html", context, status=status)


def frame_of(session, membership, attendance) -> dict:
    """What the session's own parts show to this member, or visitor, whose answer to it this is."""
    return {
        "spans": spans_of(session),
        "shows_where": session.shows_where_to(membership, attendance),
        "shows_people": may(membership, Can.SEE_MEMBERS),
        "may_schedule": may(membership, Can.SCHEDULE),
        "may_run": session.is_run_by(membership),
    }


def what_to_read(session, membership) -> dict:
    """For the parts of its page about reading: what is to be read, and how many have read it."""
    ahead = to_read(session, membership.user_id)
    if ahead is None or not membership.is_member:
        return {"to_read": ahead}
    far = how_far(session.reading, session.reading.edition.current_id)
    read_all = sum(people for number, people in far.at.items() if number >= ahead.last)
    return {"to_read": ahead, "far": far, "read_all": read_all, "read_some": far.between(ahead.first, ahead.last - 1)}
