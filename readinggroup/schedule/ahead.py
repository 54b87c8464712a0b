"""What is ahead in a group, for its front page: the next session, whether one goes, and the dates to answer to."""

from django.db.models import Prefetch

from readinggroup.groups.permissions import Can, may

from .models import Attendance, ReadingSession
from .passages import with_spans
from .preparing import to_read
from .shown_poll import polls_to_answer

MOST_POLLS = 5


def ahead_for(membership) -> dict:
    """The next session that this member, or visitor, may see, and the date polls; five queries, whatever there is."""
    sessions = ReadingSession.objects.visible_to(membership).with_passages()
    mine = Prefetch("attendances", Attendance.objects.filter(user=membership.user_id), to_attr="mine")
    next_one = with_spans(sessions.coming().prefetch_related(mine)[:1], membership.group)
    polls = [poll.session for poll in polls_to_answer(membership)[:MOST_POLLS]]
    return {
        "next_session": next_one[0] if next_one else None,
        "to_read": to_read(next_one[0], membership.user_id) if next_one else None,
        "my_answer": next_one[0].mine[0] if next_one and next_one[0].mine else None,
        "polls": polls,
        "may_attend": may(membership, Can.ATTEND),
        "may_schedule": may(membership, Can.SCHEDULE),
    }
