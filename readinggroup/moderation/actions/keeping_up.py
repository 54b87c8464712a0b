"""What the worker does for moderation: telling of what the database has put into the queue, and how long it takes."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from readinggroup.groups.models import Group

from ..models import Action, Case
from .reporting import tell_moderators

OF_THE_LAST = timedelta(days=90)
MOST, FEWEST = 50, 3  # held cases that are counted

# How long it took from the queue to the decision, of what was held: half of them took longer. Where that is unknown, or
# was long ago, nothing is said.
_USUAL = f"""
    WITH took AS (
        SELECT c.group_id, c.closed_at - c.opened_at AS time,
            row_number() OVER (PARTITION BY c.group_id ORDER BY c.closed_at DESC, c.id DESC) AS nth
        FROM moderation_case c
        WHERE c.closed_at > %(since)s AND c.closed_at >= c.opened_at AND EXISTS (
            SELECT FROM moderation_part p WHERE p.case_id = c.id AND (
                p.action = '{Action.APPROVE}' OR p.action = '{Action.HIDE}' AND p.before ->> 'state' = 'held'
            )
        )
    ), usual AS (
        SELECT group_id, LEAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY time), interval '365 days') AS time
        FROM took WHERE nth <= {MOST} GROUP BY group_id HAVING count(*) >= {FEWEST}
    )
    UPDATE groups_group g SET hold_takes = usual.time
    FROM groups_group known LEFT JOIN usual ON usual.group_id = known.id
    WHERE known.id = g.id AND g.hold_takes IS DISTINCT FROM usual.time
"""  # noqa: S608 - words and numbers of our own


def keep_hold_takes() -> int:
    """Note of every group how long what is held usually waits. The answer is of how many that has changed."""
    with connection.cursor() as cursor:
        cursor.execute(_USUAL, {"since": timezone.now() - OF_THE_LAST})
        return cursor.rowcount


def tell_of_what_waits() -> int:
    """Tell those who moderate of cases of which nobody was told, as of comments that are held: once a group.

    The answer is how many groups there were.
    """
    groups = Group.objects.filter(pk__in=Case.objects.nobody_was_told().order_by().values("group"))
    return sum(tell_of_group(group) for group in groups)


@transaction.atomic
def tell_of_group(group) -> bool:
    """Of one. Another worker that is about it meanwhile is waited for, and tells of nothing any more."""
    cases = Case.objects.nobody_was_told().filter(group=group)
    told = list(cases.select_for_update(of=("self",), no_key=True))
    if not told:
        return False
    # The same case may wait a second time, changed as was asked. That each is told of once, `told_at` sees to.
    tell_moderators(group=group, case=told[0], event=f"queue-{group.pk}-{timezone.now():%Y%m%d%H%M%S%f}")
    Case.objects.filter(pk__in=[case.pk for case in told]).update(told_at=timezone.now())
    return True
