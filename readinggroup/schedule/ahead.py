"""What is ahead in a group, for its front page: the next session, whether one goes, and the dates to answer to."""

from django.db.models import DateTimeField, Prefetch, prefetch_related_objects
from django.utils import timezone

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.prepared import Parameter, prepared

from .models import Attendance, ReadingSession
from .passages import with_spans
from .preparing import to_read
from .shown_poll import polls_without

MOST_POLLS = 5


def coming(schedules, reads_all):
    """The sessions ahead that somebody sees who may do that; of the parameters `group` and `now`."""
    sessions = ReadingSession.objects.visible_in(Parameter("group"), schedules=schedules, reads_all=reads_all)
    return sessions.coming(Parameter("now", DateTimeField()))


def polls():
    """The date polls that wait for an answer; of the parameters `user`, `group` and `now`."""
    return polls_without(Parameter("user"), Parameter("group"), Parameter("now"))


@prepared
def _next(schedules, reads_all):
    return coming(schedules, reads_all).select_related("reading__edition__current")[:1]


@prepared
def _polls():
    return polls()[:MOST_POLLS]


def next_session(membership, now):
    """The next session that this member, or visitor, may see, with its passages and their own answer, or None."""
    schedules, reads_all = may(membership, Can.SCHEDULE), may(membership, Can.READ_ALL)
    found = _next(schedules, reads_all).objects(group=membership.group.pk, now=now)
    mine = Prefetch("attendances", Attendance.objects.filter(user=membership.user_id), to_attr="mine")
    prefetch_related_objects(found, "passages", mine)
    return next(iter(with_spans(found, membership.group)), None)


def ahead_for(membership, *, any_session=True, any_poll=True) -> dict:
    """The next session that this member, or visitor, may see, and the date polls; five queries, whatever there is.

    What the page knows not to be there is not asked for.
    """
    now = timezone.now()
    session = next_session(membership, now) if any_session else None
    may_attend = may(membership, Can.ATTEND)
    polls = []
    if any_poll and may_attend:
        polls = _polls().objects(group=membership.group.pk, user=membership.user_id, now=now)
    return {
        "next_session": session,
        "to_read": to_read(session, membership.user_id) if session else None,
        "my_answer": session.mine[0] if session and session.mine else None,
        "polls": [poll.session for poll in polls],
        "may_attend": may_attend,
        "may_schedule": may(membership, Can.SCHEDULE),
    }
