"""Locking a place, slowing it, having a look first: setting that, taking it back, and what stands where.

Readings, paragraphs and threads are given as rows or as their keys.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from readinggroup.lib.lengths import in_words
from readinggroup.lib.prepared import Parameter, prepared
from readinggroup.readings.models import Reading

from .counters import hold_counters
from .models import Comment, Restriction, RestrictionKind

# Under which names the trigger on comments refuses.
_REFUSALS = {"comment_place_is_not_locked": RestrictionKind.LOCKED, "comment_is_not_too_soon": RestrictionKind.SLOW}


class Refusal(NamedTuple):
    """Why the database has refused a comment at its place: the kind, the row if it still stands, when to try again."""

    kind: RestrictionKind
    restriction: Restriction | None
    again_at: datetime | None = None


def refusal_in(error) -> Refusal | None:
    """What this IntegrityError says of a restricted place; None if it is about something else."""
    told = getattr(error.__cause__, "diag", None)
    kind = _REFUSALS.get(told and told.constraint_name)
    if kind is None:
        return None
    key, _space, again = told.message_detail.partition(" ")
    again_at = datetime.fromtimestamp(float(again), UTC) if again else None
    return Refusal(kind, Restriction.objects.filter(pk=key).first(), again_at)


@transaction.atomic
def restrict(*, reading, paragraph=None, thread=None, kind, by, reason="", until=None, every=None) -> Restriction:
    """Restrict what is said at a thread, a paragraph, or (only HELD_FIRST) a whole reading; what stood is replaced.

    Whoever writes there at this moment comes wholly before or after: both hold the paragraph's ParagraphActivity.
    """
    place = hold_place(reading=reading, paragraph=paragraph, thread=thread)
    Restriction.objects.filter(**place, kind=kind).delete()
    return Restriction.objects.create(**place, kind=kind, created_by=by, reason=reason, until=until, every=every)


@transaction.atomic
def lift_restriction(*, reading, paragraph=None, thread=None, kind, by) -> bool:
    """Take a restriction back; whether there was one that stood. `by` is who lifts it, for the caller's own record."""
    place = hold_place(reading=reading, paragraph=paragraph, thread=thread)
    standing = list(Restriction.objects.standing().filter(**place, kind=kind).values_list("pk", flat=True))
    Restriction.objects.filter(**place, kind=kind).delete()
    return bool(standing)


def hold_place(*, reading, paragraph, thread) -> dict:
    """The place as a row of Restriction names it, held until this transaction ends.

    First the thread, which then cannot be moved, then the paragraph's counter: the order of everybody who writes.
    """
    reading, paragraph, thread = map(key_of, (reading, paragraph, thread))
    if thread is not None:
        named = Comment.objects.only("root_id").get(pk=thread)
        first = Comment.objects.select_for_update(of=("self",), no_key=True).get(pk=named.root_id or named.pk)
        hold_counters([(reading, first.paragraph_id)])
        return {"reading_id": reading, "paragraph_id": None, "thread_id": first.pk}
    if paragraph is None:
        Reading.objects.select_for_update(of=("self",), no_key=True).get(pk=reading)
    else:
        hold_counters([(reading, paragraph)])
    return {"reading_id": reading, "paragraph_id": paragraph, "thread_id": None}


def key_of(row):
    return getattr(row, "pk", row)


def restrictions_at(*, reading, paragraph, thread=None) -> dict:
    """What counts now for a new comment there: kind -> Restriction, the nearest place first. One query."""
    rows = Restriction.objects.standing().at(reading=reading, paragraph=paragraph, thread=thread)
    # The wider ones first, so that the nearer ones take their place.
    rows = sorted(rows, key=lambda row: (row.thread_id is not None, row.paragraph_id is not None))
    return {row.kind: row for row in rows}


def restrictions_by_thread(*, reading, paragraph) -> dict:
    """What counts now in the paragraph's discussion: a thread's key, or None for all of it -> kind -> Restriction."""
    rows = Restriction.objects.standing().in_discussion(reading=reading, paragraph=paragraph)
    places = {}
    for row in sorted(rows, key=lambda row: row.paragraph_id is not None):
        places.setdefault(row.thread_id, {})[row.kind] = row
    return places


def held_first_at(*, reading, paragraph, thread=None) -> bool:
    """Whether what is written there is held until a moderator has looked. One query."""
    keys = {"reading": reading, "paragraph": paragraph, "thread": thread}
    return bool(_held_first().rows(**{name: key_of(key) for name, key in keys.items()}))


@prepared
def _held_first():
    here = Restriction.objects.standing().at(**{name: Parameter(name) for name in ("reading", "paragraph", "thread")})
    return here.filter(kind=RestrictionKind.HELD_FIRST).values_list("pk")


# --- In words --------------------------------------------------------------------------------------------------------


def words_of(restriction) -> str:
    """What readers are told of the place, as plain text."""
    if restriction.kind == RestrictionKind.LOCKED:
        said = _("Locked until %(until)s") % {"until": moment(restriction.until)} if restriction.until else _("Locked")
    elif restriction.kind == RestrictionKind.SLOW:
        said = _("Slow mode, one comment a person in %(time)s") % {"time": in_words(restriction.every)}
    else:
        said = _("A moderator looks at each new comment here before others see it")
    if restriction.until and restriction.kind != RestrictionKind.LOCKED:
        said = _("%(restricted)s, until %(until)s") % {"restricted": said, "until": moment(restriction.until)}
    return f"{said}: {restriction.reason}" if restriction.reason else f"{said}."


def words_of_refusal(refusal: Refusal) -> str:
    """What the writer is told, who finds the words in the box again."""
    if refusal.kind == RestrictionKind.SLOW:
        again = {"moment": moment(refusal.again_at)}
        sentence = _("It is slow mode here. You can write again from %(moment)s on.") % again
        return f"{sentence} {_('Your words are still here: send them then.')}"
    sentence = _("Nobody can write here now.")
    if refusal.restriction is not None:
        sentence = f"{sentence} {words_of(refusal.restriction)}"
    return f"{sentence} {_('Your words are still here: copy them, or say them elsewhere.')}"


def moment(then) -> str:
    """A point in time in the zone of who reads: today without the date, far from now without the hour."""
    local = timezone.localtime(then)
    days = abs((local.date() - timezone.localdate()).days)
    return date_format(local, "TIME_FORMAT" if not days else "DATETIME_FORMAT" if days == 1 else "DATE_FORMAT")
