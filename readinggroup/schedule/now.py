"""How a session stands at this moment, in one question: what its running page asks every few seconds."""

from typing import NamedTuple

from django.db import connection

from readinggroup.groups.models import STANDING, standing_columns, standing_from


class Now(NamedTuple):
    """All that the running page depends on, but for who asks."""

    session: int
    state: str
    version: int
    agenda: int | None  # its version
    item: int | None  # where it is
    said: int  # changes to what is said at the item's paragraph
    minutes: int | None  # the version of what is written about the item
    outcomes: str  # how many, and the last


_NOW = """,
    session.id, session.state, session.version, agenda.version, agenda.current_id, coalesce(activity.changes, 0),
    entry.version,
    (SELECT concat_ws(':', count(*), max(id)) FROM schedule_outcome WHERE session_id = session.id)
"""
_OF_THE_SESSION = """
    LEFT JOIN (
        schedule_readingsession session JOIN readings_reading reading ON reading.id = session.reading_id
    ) ON reading.group_id = g.id AND session.public_id = %s AND (m.id IS NOT NULL OR g.visibility <> 'members')
    LEFT JOIN schedule_agenda agenda ON agenda.session_id = session.id
    LEFT JOIN schedule_agendaitem item ON item.id = agenda.current_id
    LEFT JOIN schedule_minutesentry entry ON entry.item_id = item.id
    LEFT JOIN readings_paragraphactivity activity
        ON activity.reading_id = session.reading_id AND activity.paragraph_id = item.paragraph_id
"""


def standing_and_session(user_id, group, session):
    """How the person stands to the group, and the session as it is now: (membership, Now), in one row and one query.

    The second is None if the group has no such session.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {standing_columns()} {_NOW} {STANDING} {_OF_THE_SESSION}",
            [group, user_id, session],
        )
        row = cursor.fetchone()
    now = Now(*row[-len(Now._fields) :])
    return standing_from(row), None if now.session is None else now
