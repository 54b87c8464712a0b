"""Making a session's agenda, and going through it."""

from django.db import transaction
from django.db.models import RestrictedError
from django.utils import timezone

from readinggroup.groups.models import Membership

from ..models import Agenda, AgendaItem, SessionState
from .refusals import HasMinutes, NotPossible, StaleAgenda
from .scheduling import close_session, held, open_session


def held_for_leading(session, by):
    """The session and its agenda, held until this transaction ends. NotPossible if they may not lead it (any more).

    The membership is held first, then the session, which everything about its agenda waits for.
    """
    membership = Membership.objects.hold(group=session.reading.group_id, user=by)
    standing = held(session)
    if membership is None or not standing.is_run_by(membership) or standing.state == SessionState.CANCELLED:
        raise NotPossible
    agenda, _made = Agenda.objects.get_or_create(session=standing)
    return standing, agenda


def changed(agenda, **fields) -> Agenda:
    """The agenda as it is now, under its next version."""
    for name, value in fields.items():
        setattr(agenda, name, value)
    agenda.version += 1
    agenda.changed_at = timezone.now()
    agenda.save()
    return agenda


@transaction.atomic
def change_agenda(*, session, version, items, by) -> Agenda:
    """These items, in order, instead of those before: dicts with `item` (its public id), `paragraph` (a primary key),
    `words`, `allotted`.

    An item without `item` is new; one that is not named is taken off. StaleAgenda if `version` is not the one that
    stands, or names an item that is not there; HasMinutes if one is taken off of which something is written.
    """
    standing, agenda = held_for_leading(session, by)
    if agenda.version != version:
        raise StaleAgenda(agenda)
    before = {item.public_id: item for item in standing.agenda_items.all()}
    kept = []
    for position, fields in enumerate(items):
        item = before.pop(fields["item"], None) if fields["item"] else AgendaItem(session=standing)
        if item is None:
            raise StaleAgenda(agenda)
        if item.pk is None:
            item.paragraph_id = fields["paragraph"]
        item.position, item.words, item.allotted = position, fields["words"], fields["allotted"]
        kept.append(item)
    try:
        AgendaItem.objects.filter(pk__in=[item.pk for item in before.values()]).delete()
    except RestrictedError:
        raise HasMinutes from None
    for item in kept:
        item.save()
    agenda.refresh_from_db(fields=["current"])  # it may have been taken off
    return changed(agenda)


@transaction.atomic
def add_items(*, session, paragraphs, allotted, by) -> int:
    """Put these paragraphs at the end of the agenda; how many were not there. The same again is nothing new."""
    standing, agenda = held_for_leading(session, by)
    there = list(standing.agenda_items.values_list("paragraph", "position"))
    known, last = {paragraph for paragraph, _position in there}, max((at for _p, at in there), default=-1)
    new = [paragraph for paragraph in paragraphs if paragraph.pk not in known]
    new = new[: max(0, AgendaItem.MOST - len(there))]
    AgendaItem.objects.bulk_create(
        AgendaItem(session=standing, position=last + place, paragraph=paragraph, allotted=allotted)
        for place, paragraph in enumerate(new, 1)
    )
    if new:
        changed(agenda)
    return len(new)


@transaction.atomic
def go_to(*, session, version, item, by) -> Agenda:
    """Go on to this item of the agenda; a session that was only scheduled begins. None: before the first.

    StaleAgenda if somebody went on, or changed the agenda, meanwhile: of two who press "next" one goes on.
    """
    standing, agenda = held_for_leading(session, by)
    if agenda.version != version:
        raise StaleAgenda(agenda)
    if standing.state == SessionState.SCHEDULED:
        open_session(session=standing, by=by)
    elif standing.state != SessionState.UNDER_WAY:
        raise NotPossible
    return changed(agenda, current=item, since=timezone.now() if item else None)


@transaction.atomic
def end_session(*, session, version, by) -> Agenda:
    """The group has gone through its agenda and parts."""
    standing, agenda = held_for_leading(session, by)
    if standing.state == SessionState.HELD:
        return agenda
    if agenda.version != version:
        raise StaleAgenda(agenda)
    close_session(session=standing, by=by)
    return changed(agenda, current=None, since=None)
