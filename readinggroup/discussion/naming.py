"""How a group calls the people of a page that is kept for everybody: a slot for each, filled anew by every request.

A rename or a pseudonym holds at once, whatever is kept; and the page of two hundred comments asks once.
"""

from django.db import connection
from django.utils.html import escape

from readinggroup.groups.models import Role
from readinggroup.lib.stamps import slot

_NAMES = """
    SELECT person.id, coalesce(nullif(member.name_here, ''), person.display_name), member.roles
    FROM accounts_user person
    LEFT JOIN groups_membership member ON member.user_id = person.id AND member.group_id = %s
    WHERE person.id = ANY(%s::bigint[])
"""


def name_slot(user_id) -> str:
    """Where the person's name in this group is to stand; always inside `<bdi>`."""
    return slot(f"n{user_id}")


def role_slot(user_id) -> str:
    """Where it is to stand which roles they hold there."""
    return slot(f"r{user_id}")


def names_for(group_id, people) -> dict:
    """What the slots of these people are filled with: one query."""
    if not people:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, [group_id, list(people)])
        rows = cursor.fetchall()
    filled = {}
    for person, name, roles in rows:
        filled[f"n{person}"] = escape(name)
        words = escape(", ".join(str(Role(role).label) for role in roles or ()))
        filled[f"r{person}"] = f' <span class="role">{words}</span>' if words else ""
    return filled
