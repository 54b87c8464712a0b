"""When the rules of a zone change, the wall time stays, and the instant follows.

A country decides in February that its clocks change in March no more: "19:00 in Casablanca" stays 19:00 there, and is
another hour for everybody who is elsewhere.
"""

from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from readinggroup.lib.wall_time import day_begins, instants_of, meant_by

from ..models import DATED, ReadingSession, SessionState
from .scheduling import A_DAY, held, tell_attending

# What was, was when it was.
STILL_TO_COME = {SessionState.DRAFT, SessionState.POLL, SessionState.SCHEDULED}


def retake_instants() -> int:
    """Take the instants anew of all that is to come; the answer is how many sessions are at another instant now.

    The zones are read anew too, since the system's may have been replaced while this process ran.
    """
    ZoneInfo.clear_cache()
    rows = ReadingSession.objects.filter(state__in=STILL_TO_COME, starts_at__gt=timezone.now()).order_by("pk")
    return sum(retake(session) for session in rows.iterator() if instants_now(session) != instants_kept(session))


@transaction.atomic
def retake(session) -> bool:
    """Put one session to the instant that its wall time means now. Calendars know, and who goes is told, once."""
    standing = held(session)
    if standing.state not in STILL_TO_COME or instants_now(standing) == instants_kept(standing):
        return False
    standing.starts_at, standing.ends_at = instants_now(standing)
    standing.version += 1
    standing.sequence += 1
    standing.changed_at = timezone.now()
    standing.save(update_fields=["starts_at", "ends_at", "version", "sequence", "changed_at"])
    if standing.state in DATED:
        tell_attending(standing, "schedule/zone_rules", f"zone-rules-{standing.version}", zone=standing.zone)
    return True


def instants_kept(session) -> tuple:
    return session.starts_at, session.ends_at


def instants_now(session) -> tuple:
    """When it begins and ends by the rules that this machine knows. Nobody can be asked: what is missing is moved."""
    zone = session.zone_info
    if session.all_day:
        days = max(1, -(-session.length // A_DAY))
        return day_begins(session.wall, zone), day_begins(session.wall + days * A_DAY, zone)
    instants = instants_of(session.wall, zone) or [meant_by(session.wall, zone)]
    starts_at = instants[-1 if session.second else 0]
    return starts_at, starts_at + session.length
