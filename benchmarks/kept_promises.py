"""Whether what was acknowledged is stored, and whether every counter says what can be counted."""

from django.db import connection

from readinggroup.discussion.models import Comment, Draft, Follow
from readinggroup.readings.models import Seen
from readinggroup.schedule.models import Attendance


def not_kept(kept, unsure=()) -> dict:
    """What was acknowledged and is not stored as it was, by kind. `unsure` names what was sent again unanswered."""
    return {
        "comments and answers": comments_not_kept(kept.comments),
        "marked read": seen_not_kept(kept.seen),
        "follows": [
            where
            for where, level in kept.follows.items()
            if ("follow", where) not in unsure and level_of(*where) != level
        ],
        "attendances": [
            where
            for where, answer in kept.attendances.items()
            if ("attend", where) not in unsure and answer_of(*where) != answer
        ],
        "drafts": [where for where, words in kept.drafts.items() if draft_of(*where) != words],
    }


def comments_not_kept(acknowledged) -> list:
    """Each is there once, of its author, in its reading, word by word."""
    rows = Comment.objects.filter(key__in=acknowledged).values_list("key", "author_id", "reading_id", "body")
    stored = {str(key): row for key, *row in rows}
    return [key for key, said in acknowledged.items() if stored.get(key) != list(said)]


def seen_not_kept(acknowledged) -> list:
    """What was marked as read is seen, up to that sequence."""
    lost = []
    for person, reading, paragraph, sequence in acknowledged:
        rows = Seen.objects.filter(user=person, reading=reading, paragraph__public_id=paragraph)
        if not rows.extra(where=["sequences @> %s::integer"], params=[sequence]).exists():
            lost.append((person, reading, paragraph, sequence))
    return lost


def level_of(person, reading):
    return Follow.objects.filter(user=person, reading=reading, paragraph=None, by_writing=False).values_list(
        "level", flat=True
    ).first()  # fmt: skip


def answer_of(person, session):
    return Attendance.objects.filter(user=person, session=session).values_list("answer", flat=True).first()


def draft_of(person, reading, paragraph):
    mine = Draft.objects.filter(author=person, reading=reading, paragraph__public_id=paragraph, parent=None)
    return mine.filter(edited=None).values_list("body", flat=True).first()


# What is counted, and a question that finds each row in which the count is not what can be counted.
COUNTED = {
    "comments at a paragraph": """
        SELECT FROM readings_paragraphactivity activity FULL JOIN (
            SELECT reading_id, paragraph_id, count(*) FILTER (WHERE state = 'visible') AS comments,
                count(*) FILTER (WHERE state = 'veiled') AS waiting, max(sequence) AS said, count(*) AS every
            FROM discussion_comment GROUP BY 1, 2
        ) listed USING (reading_id, paragraph_id)
        WHERE (coalesce(activity.comments, 0), coalesce(activity.waiting, 0), coalesce(activity.said, 0))
            <> (coalesce(listed.comments, 0), coalesce(listed.waiting, 0), coalesce(listed.said, 0))
    """,
    "comments are numbered without a gap": """
        SELECT FROM discussion_comment GROUP BY reading_id, paragraph_id HAVING max(sequence) <> count(*)
    """,
    "what each reader has seen": """
        WITH so_far AS (
            SELECT reading_id, paragraph_id, sequence, count(*) FILTER (WHERE state = 'visible')
                OVER (PARTITION BY reading_id, paragraph_id ORDER BY sequence) AS visible
            FROM discussion_comment
        ), spans AS (
            SELECT id, comments, reading_id, paragraph_id, lower(span) AS first, upper(span) - 1 AS last
            FROM readings_seen LEFT JOIN LATERAL unnest(sequences) span ON true
        )
        SELECT FROM spans
        LEFT JOIN so_far until ON (until.reading_id, until.paragraph_id, until.sequence)
            = (spans.reading_id, spans.paragraph_id, spans.last)
        LEFT JOIN so_far before ON (before.reading_id, before.paragraph_id, before.sequence)
            = (spans.reading_id, spans.paragraph_id, spans.first - 1)
        GROUP BY spans.id, spans.comments
        HAVING spans.comments <> coalesce(sum(until.visible - coalesce(before.visible, 0)), 0)
    """,
    "one's own comments are seen": """
        SELECT FROM discussion_comment said LEFT JOIN readings_seen seen
            ON (seen.reading_id, seen.paragraph_id, seen.user_id)
            = (said.reading_id, said.paragraph_id, said.author_id)
        WHERE NOT coalesce(seen.sequences @> said.sequence::integer, false)
    """,
    "answers stand where was asked": """
        SELECT FROM discussion_comment said JOIN discussion_comment asked ON asked.id = said.parent_id
        WHERE (said.reading_id, said.paragraph_id, said.depth, said.root_id)
            <> (asked.reading_id, asked.paragraph_id, asked.depth + 1, coalesce(asked.root_id, asked.id))
    """,
}


def miscounted() -> dict:
    """How many rows are wrong, by what they count; of a counter that is right, nothing."""
    found = {}
    with connection.cursor() as cursor:
        for what, question in COUNTED.items():
            cursor.execute(f"SELECT count(*) FROM ({question}) wrong")  # noqa: S608 - our own SQL
            if rows := cursor.fetchone()[0]:
                found[what] = rows
    return found
