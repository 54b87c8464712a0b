"""A session's agenda as pages show it, and the paragraphs that it can be made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.text import Truncator

from readinggroup.groups.permissions import Can, may
from readinggroup.readings.pages import outline_of
from readinggroup.readings.views import page_at
from texts.models import ParagraphVersion

from .leading import has_minutes, is_over, is_published, may_write_minutes
from .models import AgendaItem, MinutesEntry, Outcome, SessionState

OPENING = 90  # characters of a paragraph, to know it by


@dataclass
class Shown:
    """One item as it is shown, with the number and the opening words of its paragraph now, and when it is due."""

    item: AgendaItem | None = None
    place: int = 0
    number: int | None = None
    opening: str = ""
    href: str = ""
    due: datetime | None = None
    entry: MinutesEntry | None = None
    outcomes: tuple[Outcome, ...] = ()


def shown_items(session) -> list[Shown]:
    """The agenda in its order: three queries. A paragraph that is no longer in the text has no number."""
    items = list(session.agenda_items.all())
    revision = session.reading.edition.current_id
    by_paragraph = outline_of(revision).by_paragraph
    here = {by_paragraph[item.paragraph_id].pk for item in items if item.paragraph_id in by_paragraph}
    versions = ParagraphVersion.objects.filter(revision=revision, paragraph__in=here)
    texts = dict(versions.values_list("paragraph_id", "text"))
    due, shown = None if session.all_day else session.starts_at, []
    for place, item in enumerate(items, 1):
        each = Shown(item, place, due=due)
        address = by_paragraph.get(item.paragraph_id)
        if address:
            each.number, each.href = address.number, page_at(session.reading, address)
            each.opening = Truncator(texts[address.pk]).chars(OPENING)
        due = due and due + timedelta(minutes=item.allotted)
        shown.append(each)
    return shown


def with_minutes(session, shown) -> list[Shown]:
    """The same with what was written about each, and what came of it: two queries. No item: the session as a whole."""
    entries = {entry.item_id: entry for entry in session.minutes_entries.select_related("written_by")}
    by_item = {}
    for outcome in session.outcomes.all():
        by_item.setdefault(outcome.item_id, []).append(outcome)
    for each in shown:
        key = each.item and each.item.pk
        each.entry, each.outcomes = entries.get(key), tuple(by_item.get(key, ()))
    return shown


def agenda_context(membership, session) -> dict:
    """What the session's page shows of its agenda and its minutes."""
    items = shown_items(session)
    may_read_minutes = is_published(session) and may(membership, Can.READ_ALL)
    may_organize = may(membership, Can.SCHEDULE)
    return {
        "agenda": with_minutes(session, items) if may_read_minutes else items,
        "agenda_takes": sum(each.item.allotted for each in items),
        "may_lead": session.is_run_by(membership) and session.state != SessionState.CANCELLED,
        "may_follow": may(membership, Can.READ_ALL)
        and session.state in {SessionState.SCHEDULED, SessionState.UNDER_WAY, SessionState.HELD},
        "minutes": getattr(session, "minutes", None),
        "may_read_minutes": may_read_minutes,
        "minutes_as_a_whole": session.minutes_entries.filter(item=None).first() if may_read_minutes else None,
        "may_write_minutes": has_minutes(session) and may_write_minutes(membership, session),
        "may_publish_minutes": may_organize and is_over(session) and not is_published(session),
    }
