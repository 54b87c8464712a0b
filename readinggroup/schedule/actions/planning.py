"""A reading plan becomes sessions."""

from django.db import transaction
from django.utils import timezone

from readinggroup.groups.permissions import Can, may_still
from readinggroup.readings.models import Reading
from readinggroup.readings.pages import outline_of
from texts.models import Paragraph

from ..models import Passage, ReadingSession, SessionState
from .refusals import NotPossible, PlannedAlready, TooFewDates
from .scheduling import change, create


def empty_sessions(sessions):
    """Those of the sessions that are to come and that nothing is read for yet, in their order."""
    rows = sessions.filter(state__in=[SessionState.DRAFT, SessionState.SCHEDULED], starts_at__gt=timezone.now())
    return rows.filter(passages=None).order_by("starts_at", "pk")


def ranges_planned(reading) -> list[tuple[int, int]]:
    """The numbers of the paragraphs that sessions are about already, cancelled ones aside, as ranges."""
    numbers = outline_of(reading.edition.current_id).by_paragraph
    passages = Passage.objects.filter(session__reading=reading).exclude(session__state=SessionState.CANCELLED)
    found = [[numbers.get(pk) for pk in ends] for ends in passages.values_list("first", "last")]
    return [(first.number, last.number) for first, last in found if first and last]


@transaction.atomic
def make_plan(*, reading, by, parts, zone, series=None, again=False) -> list[ReadingSession]:
    """Sessions for these parts of the text, (title, first paragraph, last) each: drafts, or those of a series.

    Whoever plans holds the reading, so that a plan that is sent twice is made once: PlannedAlready if one of the
    paragraphs stands in a session, unless it is to be read `again`. NotPossible; TooFewDates.
    """
    if not may_still(by, Can.SCHEDULE, group=reading.group_id):
        raise NotPossible
    Reading.objects.select_for_update(of=("self",), no_key=True).get(pk=reading.pk)
    numbers = outline_of(reading.edition.current_id).by_paragraph
    begins, ends = numbers[parts[0][1]].number, numbers[parts[-1][2]].number
    if not again and any(first <= ends and begins <= last for first, last in ranges_planned(reading)):
        raise PlannedAlready
    if series is None:
        return [
            create(reading=reading, by=by, title=title, zone=zone, passages=[(first, last)])
            for title, first, last in with_paragraphs(parts)
        ]
    sessions = list(empty_sessions(series.sessions))
    if len(sessions) < len(parts):
        raise TooFewDates(len(sessions))
    return [
        change(session=session, version=session.version, by=by, title=title, passages=[(first, last)])
        for session, (title, first, last) in zip(sessions, with_paragraphs(parts), strict=False)
    ]


def with_paragraphs(parts):
    """The parts with their paragraphs instead of these's keys."""
    keys = {key for _title, *ends in parts for key in ends}
    paragraphs = Paragraph.objects.in_bulk(keys)
    return [(title, paragraphs[first], paragraphs[last]) for title, first, last in parts]
