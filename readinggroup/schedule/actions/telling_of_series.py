"""Telling of several sessions at once: nobody gets a notice for each of twelve Thursdays."""

from collections import defaultdict

from django.urls import reverse

from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import Answer, Attendance


def who_goes_to(sessions) -> dict:
    """Who goes to these, may go or waits for a place: the people's keys by the session's."""
    answers = Attendance.objects.filter(session__in=sessions).exclude(answer=Answer.NOT_GOING)
    people = defaultdict(set)
    for session, person in answers.values_list("session", "user"):
        people[session].add(person)
    return people


def tell_of_series(series, what, *, sessions, by, people=None, **facts) -> None:
    """Tell these people, or all members, what became of the series: "scheduled", "changed", "cancelled".

    `sessions` are those that it is about; the first of them is told with its time.
    """
    group = series.reading.group
    members = set(group.memberships.active().values_list("user", flat=True))
    first = min(sessions, key=lambda session: session.starts_at)
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
            **facts,
        },
    )
