"""Sessions with an agenda, as tests want them."""

from datetime import timedelta
from types import SimpleNamespace

from django.urls import reverse
from django.utils import timezone

from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, ReadingSession

from .. import factories


def create_session(house, *, first=4, last=9, starts=timedelta(days=2), **details):
    """A session on the calendar, about a range of paragraphs, in the group's zone."""
    begins = (timezone.now() + starts).replace(tzinfo=None, second=0, microsecond=0)
    passage = tuple(factories.version_of(house.reading, number).paragraph for number in (first, last))
    made = actions.create(
        reading=house.reading,
        by=house.organizer,
        passages=[passage],
        **{"title": "The second ferry", "date": begins.date(), "time": begins.time(), "zone": "UTC"} | details,
    )
    return actions.put_on_calendar(session=made, by=house.organizer)


def put_on_agenda(house, session, *numbers, allotted=10):
    """These paragraphs on its agenda; the items, in order."""
    paragraphs = [factories.version_of(house.reading, number).paragraph for number in numbers]
    actions.add_items(session=session, paragraphs=paragraphs, allotted=allotted, by=house.organizer)
    return list(session.agenda_items.all())


def under_way(house, *numbers, **details):
    """A session that the member facilitates, at the first of these paragraphs; the other takes the minutes."""
    details = {"facilitator": house.member, "minute_taker": house.other} | details
    session = create_session(house, **details)
    items = put_on_agenda(house, session, *(numbers or (4, 5)))
    begin(session, items[0], by=session.facilitator or house.organizer)
    session.refresh_from_db()
    return SimpleNamespace(session=session, items=items)


def begin(session, item, *, by):
    agenda = session.agenda
    agenda.refresh_from_db()
    return actions.go_to(session=session, version=agenda.version, item=item, by=by)


def ended(session):
    """The session a while after its end."""
    times = {"starts_at": timezone.now() - timedelta(hours=3), "ends_at": timezone.now() - timedelta(hours=1)}
    ReadingSession.objects.filter(pk=session.pk).update(**times)
    session.refresh_from_db()
    return session


def comes(session, person):
    return actions.answer(session=session, by=person, answer=Answer.GOING)


def address(name, session, *more):
    """A page of the session."""
    return reverse(name, args=[session.reading.group.slug, session.public_id, *more])


def agenda_form(session, rows, *, version=None):
    """The form of the agenda: rows are dicts of fields; `item` may be an AgendaItem."""
    agenda = getattr(session, "agenda", None)
    if agenda:
        agenda.refresh_from_db()
    data = {
        "form-TOTAL_FORMS": len(rows),
        "form-INITIAL_FORMS": session.agenda_items.count(),
        "version": version if version is not None else agenda.version if agenda else 0,
    }
    for index, row in enumerate(rows):
        fields = {"item": "", "words": "", "allotted": 10, "ORDER": index + 1} | row
        if hasattr(fields["item"], "public_id"):
            fields["item"] = fields["item"].public_id
        data |= {f"form-{index}-{name}": value for name, value in fields.items()}
    return data
