"""Why what somebody has written waits for a moderator before others see it, and how long that usually takes."""

import re
from collections import Counter
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readinggroup.groups.permissions import Can, may

from .models import HeldFor
from .restricting import held_first_at

FLOOD, FLOOD_WITHIN = 20, timedelta(minutes=5)  # comments of one person in one group
REPEATED_WITHIN, SHORTEST_REPEATED = timedelta(days=1), 20  # characters; "Yes, I think so." is said often
# Whoever has fewer comments that all can see is new here, and may set one link.
AT_HOME, LINKS_OF_NEWCOMERS = 3, 1

# A link as our Markdown makes it, and an address that was only typed: where each leads.
_LINK = re.compile(
    r"""<a\s[^>]*?href="([^"]*)".*?</a>|\b((?:https?://|www\.)\w(?:(?!https?://|www\.)[^\s<])*)""",
    re.DOTALL | re.IGNORECASE,
)
# Nothing is counted further than it matters: people write thousands of comments.
_RECORD = """
    WITH mine AS NOT MATERIALIZED (
        SELECT said.state, said.created_at, said.body FROM discussion_comment said
        JOIN readings_reading reading ON reading.id = said.reading_id
        WHERE said.author_id = %(user)s AND reading.group_id = %(group)s
    )
    SELECT
        (SELECT count(*) FROM (SELECT FROM mine WHERE state = 'visible' LIMIT %(enough)s) AS shown),
        (SELECT count(*) FROM mine WHERE created_at > statement_timestamp() - %(flood)s),
        %(words)s <> '' AND EXISTS (
            SELECT FROM mine WHERE created_at > statement_timestamp() - %(repeated)s AND state <> 'withdrawn'
                AND regexp_replace(lower(body), '\\s+', ' ', 'g') = regexp_replace(lower(%(words)s), '\\s+', ' ', 'g')
        )
"""


class Place(NamedTuple):
    """Where something is written. `paragraph` and `thread` (the first comment's) are keys."""

    reading: object
    paragraph: int
    thread: int | None = None


def why_held(*, membership, place, body, html, before=None) -> str:
    """The reason (HeldFor) for which these words are held; "" if they are shown at once.

    `before` is the HTML of a comment that all can see and that now gets other words: links that stood there already
    count only beside one that did not, so that none is put in the place of another unseen. Moderators are never held.
    The caller holds the membership, so that of two comments one is the first. One query at most.
    """
    if may(membership, Can.MODERATE):
        return ""
    if held_first_at(**place._asdict()):
        return HeldFor.PLACE
    group, links, is_new = membership.group, links_in(html), before is None
    more_links = links.total() if is_new or links - links_in(before) else 0
    if more_links > group.hold_links:
        return HeldFor.LINKS
    if not is_new and not group.hold_first and more_links <= LINKS_OF_NEWCOMERS:
        return ""
    shown, lately, is_repeated = record_of(membership, body)
    if shown < group.hold_first:
        return HeldFor.NEWCOMER
    if shown < AT_HOME and more_links > LINKS_OF_NEWCOMERS:
        return HeldFor.LINKS
    if is_new and lately >= FLOOD:
        return HeldFor.FLOOD
    return HeldFor.REPEATED if is_new and is_repeated else ""


def links_in(html) -> Counter:
    """The addresses that these words lead to, or name, each with how often."""
    return Counter(led_to or typed.rstrip(".,;:!?)") for led_to, typed in _LINK.findall(html))


def record_of(membership, body) -> tuple[int, int, bool]:
    """Of this member here: how many comments all can see (up to what matters), how many are of the last minutes, and
    whether these words were said within a day. One query."""
    values = {
        "user": membership.user_id,
        "group": membership.group_id,
        "enough": max(AT_HOME, membership.group.hold_first),
        "flood": FLOOD_WITHIN,
        "repeated": REPEATED_WITHIN,
        "words": body if len(body) >= SHORTEST_REPEATED else "",
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values)
        return cursor.fetchone()


def usual_wait(group) -> str:
    """How long it usually takes until a moderator has looked at what is held, rounded up; "" while nobody knows."""
    if group is None or group.hold_takes is None:
        return ""
    hours = ceil(group.hold_takes / timedelta(hours=1))
    if hours <= 1:
        return _("It is usually looked at within an hour.")
    if hours <= 48:
        words = ngettext(
            "It is usually looked at within about %(count)d hour.",
            "It is usually looked at within about %(count)d hours.",
            hours,
        )
        return words % {"count": hours}
    days = ceil(hours / 24)
    words = ngettext(
        "It is usually looked at within about %(count)d day.",
        "It is usually looked at within about %(count)d days.",
        days,
    )
    return words % {"count": days}


def sentences_of(held_for, group) -> str:
    """Why a comment is held and how long that usually takes, as its author is told."""
    why = str(HeldFor(held_for).label) if held_for else ""
    return " ".join(filter(None, (why, usual_wait(group))))
