"""A group's sessions in its file (`group_export`): when they were, about what, who came, what was said and decided.

People stand there by the names that the group shows, as its members see them. Of a question that was answered
no word stands here: it stands with the comments, if it may.
"""

from itertools import islice

from django.db.models import Prefetch

from readinggroup.schedule.models import (
    AgendaItem,
    Attendance,
    MinutesEntry,
    Outcome,
    PollReply,
    ProposedTime,
    ReadingSession,
    Series,
)
from readinggroup.schedule.passages import ranges_of
from texts.models import ParagraphVersion

A_CHUNK = 20  # sessions, each with all who answered: some of them may be thousands


def sessions_of(membership):
    """The sessions that this owner may see, with all that hangs on them; a chunk at a time, in their order."""
    seen = ReadingSession.objects.visible_to(membership).order_by("starts_at", "pk")
    rows = seen.select_related("reading__edition", "series", "facilitator", "minute_taker", "minutes", "poll")
    rows = rows.prefetch_related(
        "passages",
        Prefetch("attendances", Attendance.objects.in_line().select_related("user")),
        Prefetch("agenda_items", AgendaItem.objects.order_by("position")),
        "minutes_entries__written_by",
        "outcomes__by",
        "poll__times__answers__reply__user",
        Prefetch("poll__replies", PollReply.objects.exclude(words="").select_related("user").order_by("pk")),
    ).iterator(chunk_size=A_CHUNK)
    while chunk := list(islice(rows, A_CHUNK)):
        numbers = numbers_of(chunk)
        for session in chunk:
            yield told_of(session, membership.group.name_of, numbers)


def numbers_of(sessions) -> dict:
    """Which number a paragraph of their agendas bears now: (revision, paragraph) -> number."""
    paragraphs = {item.paragraph_id for session in sessions for item in session.agenda_items.all()}
    revisions = {session.reading.edition.current_id for session in sessions}
    rows = ParagraphVersion.objects.filter(revision__in=revisions - {None}, paragraph__in=paragraphs - {None})
    return {
        (revision, paragraph): number
        for revision, paragraph, number in rows.values_list("revision", "paragraph", "number")
    }


def told_of(session, name_of, numbers) -> dict:
    """One session. `name_of` tells how the group calls somebody."""
    poll, minutes = getattr(session, "poll", None), getattr(session, "minutes", None)
    plain = ("title", "words", "state", "date", "time", "zone", "all_day", "starts_at", "ends_at", "where", "link",
             "places", "read_first", "opened_at", "closed_at", "cancelled_at", "cancelled_for")  # fmt: skip
    return {
        "id": session.public_id,
        "text": session.reading.edition.title,
        "discussion": f"discussion/{session.reading.slug}.json",
        **{name: getattr(session, name) for name in plain},
        "series": session.series and series_of(session.series),
        "facilitator": session.facilitator and name_of(session.facilitator),
        "minute_taker": session.minute_taker and name_of(session.minute_taker),
        "passages": [{"from": first, "to": last} for first, last in ranges_of(session)],
        "poll": poll and poll_of(poll, name_of),
        "attendance": [attendance_of(each, name_of) for each in session.attendances.all()],
        "minutes_published_at": minutes and minutes.published_at,
        "minutes_of_the_whole": [
            entry_of(entry, name_of) for entry in session.minutes_entries.all() if entry.item_id is None
        ],
        "agenda": [
            item_of(item, session, name_of, numbers.get((session.reading.edition.current_id, item.paragraph_id)))
            for item in session.agenda_items.all()
        ],
    }


def series_of(series: Series) -> dict:
    return {"id": series.public_id, "title": series.title, "rule": series.rule, "first": series.first.isoformat()}


def attendance_of(attendance: Attendance, name_of) -> dict:
    """Who has said what, and whether they were there; in the order of the waiting list, then of the answers."""
    return {
        "name": name_of(attendance.user),
        "answer": attendance.kind,
        "guests": attendance.guests,
        "words": attendance.words,
        "answered_at": attendance.answered_at,
        "attended": attendance.attended,
    }


def poll_of(poll, name_of) -> dict:
    """When the group was asked until when, who could when, and what they said with it."""
    return {
        "opened_at": poll.opened_at,
        "closes_at": poll.closes_at,
        "times": [time_of(proposed, name_of) for proposed in poll.times.all()],
        "words": [{"name": name_of(reply.user), "words": reply.words} for reply in poll.replies.all()],
    }


def time_of(proposed: ProposedTime, name_of) -> dict:
    said = sorted(proposed.answers.all(), key=lambda each: each.reply_id)
    return {
        "starts_at": proposed.starts_at,
        "zone": proposed.zone,
        "all_day": proposed.all_day,
        "withdrawn_at": proposed.withdrawn_at,
        "picked_at": proposed.picked_at,
        "answers": [{"name": name_of(each.reply.user), "answer": each.answer} for each in said],
    }


def item_of(item: AgendaItem, session, name_of, number) -> dict:
    """One item of the agenda, with its minutes and what came of it. A paragraph that has gone has no number."""
    return {
        "paragraph": number,
        "words": item.words,
        "allotted_minutes": item.allotted,
        "minutes": [entry_of(entry, name_of) for entry in session.minutes_entries.all() if entry.item_id == item.pk],
        "outcomes": [outcome_of(each, name_of) for each in session.outcomes.all() if each.item_id == item.pk],
    }


def entry_of(entry: MinutesEntry, name_of) -> dict:
    return {"words": entry.body, "last_written_by": name_of(entry.written_by), "last_written_at": entry.written_at}


def outcome_of(outcome: Outcome, name_of) -> dict:
    return {
        "kind": outcome.kind,
        "words": outcome.words,
        "question": outcome.question or None,  # the id of the comment that asked
        "noted_by": name_of(outcome.by),
        "noted_at": outcome.created_at,
    }
