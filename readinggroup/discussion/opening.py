"""Telling people of what a veil has let go: the triggers note it (`models/veils.py`), the worker tells it."""

from django.db import connection, transaction

from .models import Comment, OpenedComment
from .telling import tell_of

A_BATCH = 50


def tell_of_opened() -> int:
    """Tell whom it concerns of all that was opened since; the answer is of how many comments."""
    told = 0
    while batch := tell_some():
        told += batch
    return told


@transaction.atomic
def tell_some() -> int:
    """The same of the first few: told, and noted as told, at once; two workers share them."""
    waiting = OpenedComment.objects.select_for_update(skip_locked=True).order_by("pk")[:A_BATCH]
    rows = dict(waiting.values_list("pk", "comment"))
    comments = Comment.objects.filter(pk__in=rows.values()).select_related("reading", "parent", "root")
    for comment in comments.order_by("pk"):
        tell_of(comment, but=who_has_seen(comment))
    OpenedComment.objects.filter(pk__in=rows).delete()
    return len(rows)


def who_has_seen(comment) -> set:
    """Who has read it already, since they had written there under the veil: their keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_id FROM readings_seen"
            " WHERE reading_id = %s AND paragraph_id = %s AND sequences @> %s::integer",
            [comment.reading_id, comment.paragraph_id, comment.sequence],
        )
        return {user for (user,) in cursor.fetchall()}
