"""Telling of several sessions at once: nobody gets a notice for each of twelve Thursdays."""

from django.db.models import Count
from django.urls import reverse

from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import Answer, Attendance


def who_was_invited(group, sessions) -> set:
    """The members' keys who were told of these sessions, and did not decline all of them. Of drafts nobody was told."""
    announced = [session.pk for session in sessions if session.announced_at]
    if not announced:
        return set()
    declined = Attendance.objects.filter(session__in=announced, answer=Answer.NOT_GOING)
    of_all = declined.values("user").annotate(number=Count("pk")).filter(number=len(announced))
    members = group.memberships.active().exclude(user__in=of_all.values("user"))
    return set(members.values_list("user", flat=True))


def tell_of_series(series, what, *, sessions, by, about=None, people=None, **facts) -> None:
    """Tell these people, or all members, what became of the series: "scheduled", "changed", "cancelled".

    `sessions` are those that it is about; the first of them is told with its time. `about` are all that came, changed
    or went, if these are more: each has its own invitation in the mail.
    """
    group = series.reading.group
    members = set(group.memberships.active().values_list("user", flat=True))
    first = min(sessions, key=lambda session: session.starts_at)
    in_order = sorted(about or sessions, key=lambda session: session.starts_at)
    tell(
        recipients=(members if people is None else members & set(people)) - {by.pk},
        kind=f"schedule/series_{what}",
        category=Category.SESSION,
        event=f"series-{series.public_id}-{what}-{series.version}",
        group=group.pk,
        address=reverse("schedule:series", args=[group.slug, series.public_id]),
        thread=f"series-{series.public_id}",
        facts={
            "group": group.name,
            "title": series.title,
            "sessions": len(sessions),
            "starts_at": first.starts_at.isoformat(),
            "about": " ".join(session.public_id for session in in_order),
            **facts,
        },
    )
