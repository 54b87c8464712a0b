"""Sessions: whether one came, and when one could."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from readinggroup.schedule.models import (
    Attendance,
    CalendarAddress,
    MinutesEntry,
    MinutesWording,
    Outcome,
    PollReply,
    ReadingSession,
    Series,
)

from .part import Part, Words, each, on_this_site


def session_of(session) -> dict:
    """Which session something is about."""
    group = session.reading.group
    return {
        "group": group.name,
        "session": session.title,
        "address": on_this_site("schedule:session", group.slug, session.public_id),
        "starts_at": session.starts_at,
    }


def attendances(user):
    """What I answered to sessions, and whether it was noted that I was there."""
    for mine in each(Attendance.objects.filter(user=user).select_related("session__reading__group")):
        yield session_of(mine.session) | {
            "answer": mine.answer,
            "guests": mine.guests,
            "words": mine.words,
            "waits_since": mine.waits_since,
            "attended": mine.attended,
            "answered_at": mine.answered_at,
        }


def poll_replies(user):
    """When I said that I can, in date polls."""
    mine = PollReply.objects.filter(user=user).select_related("poll__session__reading__group")
    for reply in each(mine.prefetch_related("answers__time")):
        yield session_of(reply.poll.session) | {
            "words": reply.words,
            "answers": [{"time": said.time.starts_at, "answer": said.answer} for said in reply.answers.all()],
            "answered_at": reply.answered_at,
        }


def calendar_addresses(user):
    """When I had private addresses of my calendar made, and whether they are used: not the keys themselves."""
    for address in each(CalendarAddress.objects.filter(user=user)):
        yield {
            "created_at": address.created_at,
            "revoked_at": address.revoked_at,
            "last_fetched_at": address.last_fetched_at,
        }


def at_session(row) -> dict:
    """Which session something belongs to."""
    reading = row.session.reading
    return {
        "group": reading.group.name,
        "session": row.session.title,
        "address": on_this_site("schedule:session", reading.group.slug, row.session.public_id),
    }


def of_sessions(rows):
    return each(rows.select_related("session__reading__group"))


def minutes(user):
    """What stands in minutes as I have left it, and what I had written there before somebody, or I, reworded it."""
    for entry in of_sessions(MinutesEntry.objects.filter(written_by=user)):
        yield at_session(entry) | wording_of(entry, replaced_at=None)
    earlier = MinutesWording.objects.filter(written_by=user)
    for wording in each(earlier.select_related("pgh_obj__session__reading__group")):
        yield at_session(wording.pgh_obj) | wording_of(wording, replaced_at=wording.pgh_created_at)


def wording_of(row, *, replaced_at) -> dict:
    return {"words": Words(row.body, row.body_html), "written_at": row.written_at, "replaced_at": replaced_at}


def outcomes(user):
    """Decisions and answered questions that I have noted."""
    for outcome in of_sessions(Outcome.objects.filter(by=user)):
        yield at_session(outcome) | {
            "kind": outcome.kind,
            "words": outcome.words,
            "question": outcome.question and on_this_site("discussion:comment", outcome.question),
            "created_at": outcome.created_at,
        }


def sessions(user):
    """What I had to do with it, when it was, and what I wrote about it if I planned it."""
    theirs = Q(created_by=user) | Q(facilitator=user) | Q(minute_taker=user) | Q(cancelled_by=user)
    for session in each(ReadingSession.objects.filter(theirs).select_related("reading__group", "reading__edition")):
        planned = session.created_by_id == user.pk
        yield {
            "group": session.reading.group.name,
            "text": session.reading.edition.title,
            "address": on_this_site("schedule:session", session.reading.group.slug, session.public_id),
            "title": session.title,
            "words": session.words if planned else "",
            "where": session.where if planned else "",
            "link": session.link if planned else "",
            "state": session.state,
            "starts_at": session.starts_at,
            "zone": session.zone,
            "planned_at": session.created_at if planned else None,
            "i_lead": session.facilitator_id == user.pk,
            "i_write_the_minutes": session.minute_taker_id == user.pk,
            "i_cancelled_for": session.cancelled_for if session.cancelled_by_id == user.pk else "",
        }


_FIELDS = ("created_by", "facilitator", "minute_taker", "cancelled_by")


def series(user):
    """Sessions that recur, as I asked for them; each of them is among the sessions, too."""
    for one in each(Series.objects.filter(created_by=user).select_related("reading__group", "reading__edition")):
        yield {
            "group": one.reading.group.name,
            "text": one.reading.edition.title,
            "address": on_this_site("schedule:series", one.reading.group.slug, one.public_id),
            "title": one.title,
            "words": one.words,
            "where": one.where,
            "link": one.link,
            "rule": one.rule,
            "first": one.first.isoformat(),
            "zone": one.zone,
            "made_at": one.created_at,
        }


PARTS = [
    Part("attendances", _("Sessions to which I come"), ("schedule.Attendance.user",), attendances),
    Part("poll_replies", _("When I can, in date polls"), ("schedule.PollReply.user",), poll_replies),
    Part(
        "calendar_addresses",
        _("Private addresses of my calendar"),
        ("schedule.CalendarAddress.user",),
        calendar_addresses,
    ),
    Part(
        "minutes",
        _("Minutes that I have written"),
        ("schedule.MinutesEntry.written_by", "schedule.MinutesWording.written_by"),
        minutes,
    ),
    Part("outcomes", _("What I have noted in minutes"), ("schedule.Outcome.by",), outcomes),
    Part(
        "sessions",
        _("Sessions that I planned or lead"),
        tuple(f"schedule.ReadingSession.{field}" for field in _FIELDS),
        sessions,
    ),
    Part("series", _("Series of sessions that I made"), ("schedule.Series.created_by",), series),
]
