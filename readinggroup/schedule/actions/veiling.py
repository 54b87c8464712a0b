"""Read first: while such a session is to come, a veil lies over its passages; it opens with the session.

A veil is the readings' own: this draws it, moves it and opens it, as the session wants it at the moment.
"""

from django.db import transaction
from django.utils import timezone

from readinggroup.readings import veils

from ..models import ReadingSession, SessionState
from ..passages import addresses_of

# The group is together, or was: what is to be talked about is before all.
MET = {SessionState.UNDER_WAY, SessionState.HELD}


def keep_veil(session) -> None:
    """Have the veil over the session's passages as the session wants it now. The session is held.

    It is opened with the session, and at the latest when that was to begin; it is taken away when the session is
    cancelled or not to be read first any more. One that was opened stays open: a session that is moved away afterwards
    gets a new one, for what is written from then on.
    """
    veil = session.veil if session.veil_id and session.veil.opened_at is None else None
    if not wants_veil(session):
        if veil is not None:
            end = veils.open_veil if session.state in MET else veils.take_away
            end(veil=veil)
            veil.refresh_from_db()
        return
    wanted = {"paragraphs": [address.pk for address in addresses_of(session)], "until": session.starts_at}
    if veil is not None:
        veils.change(veil=veil, **wanted)
        veil.refresh_from_db()
    elif wanted["paragraphs"]:
        session.veil = veils.draw(reading=session.reading, **wanted)
        session.save(update_fields=["veil"])


def wants_veil(session) -> bool:
    return session.read_first and session.state == SessionState.SCHEDULED and session.starts_at > timezone.now()


def keep_veils() -> None:
    """The same for all that are to come: as the text of each may have changed, or somebody made many at once."""
    coming = ReadingSession.objects.filter(
        read_first=True, state=SessionState.SCHEDULED, starts_at__gt=timezone.now(), reading__group__delete_at=None
    )
    for pk in list(coming.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            rows = ReadingSession.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk)
            for session in rows.select_related("reading__edition", "veil"):
                keep_veil(session)
