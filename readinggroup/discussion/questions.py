"""Open questions: threads that ask something, until they are answered."""

from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from readinggroup.groups.permissions import Can, may_still

from .models import OPEN_STATES, Comment, QuestionState


class Asks(NamedTuple):
    """What a comment has to do with its thread's question."""

    is_thread: bool  # the thread's first comment
    author: int | None  # of the thread; None where that stands on another page
    question: str = ""  # how the thread's question stands
    is_answer: bool = False  # whether it is answered here


def asks_of(discussion) -> dict:
    """Of each comment of a page, by its primary key, what it has to do with its thread's question."""
    threads = {row.pk: row for row in discussion if row.parent_id is None}
    asks = {}
    for row in discussion:
        thread = threads.get(row.root_id or row.pk)
        if thread is None or not thread.html:
            asks[row.pk] = Asks(thread is row, None)
        else:
            asks[row.pk] = Asks(thread is row, thread.author_id, thread.question, thread.answered_in == row.public_id)
    return asks


MARK, SETTLE, ANSWERS, REOPEN = "mark", "settle", "answers", "reopen"


def question_act(asks, user_id, *, may_settle) -> str:
    """Which act about the thread's question is offered at the comment to this reader, if any."""
    if asks.author is None or not (may_settle or asks.author == user_id):
        return ""
    if asks.is_thread:
        return {"": MARK, QuestionState.OPEN: SETTLE, QuestionState.ANSWERED: REOPEN}[asks.question]
    if not asks.question:
        return ""
    return REOPEN if asks.is_answer else ANSWERS


class StaleQuestion(Exception):  # noqa: N818 - said to the reader, not an error of the program
    """Somebody else has settled the question since the form was shown, or it stands there no more."""


def standing_of(root) -> str:
    """How the question stands, for a form to say what its reader had before them."""
    return f"{root.question}:{root.answered_in_id or ''}"


@transaction.atomic
def settle_question(*, root, question, by, was, answered_in=None) -> None:
    """Say of a thread that it asks something, that this was answered (and where), or that it asks nothing.

    StaleQuestion unless it stands as the form said it `was`, or as is wished already; and when the thread, or the
    answer that is named, was taken back or hidden meanwhile. PermissionDenied for who may write no more.
    """
    if answered_in and answered_in.root_id != root.pk:
        raise ValueError("a question is answered in its own thread, not in another thread")
    if not may_still(by, Can.DISCUSS, group=root.reading.group_id):
        raise PermissionDenied
    # In the order of their keys: the thread's first comment is older than its answers.
    pks = [root.pk, answered_in.pk] if answered_in else [root.pk]
    held = Comment.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=pks).order_by("pk")
    held = {comment.pk: comment for comment in held}
    if any(comment.state not in OPEN_STATES for comment in held.values()):
        raise StaleQuestion
    standing = held[root.pk]
    if (standing.question, standing.answered_in_id) == (question, answered_in and answered_in.pk):
        return
    if standing_of(standing) != was:
        raise StaleQuestion
    Comment.objects.filter(pk=root.pk).update(
        question=question,
        question_by=by if question else None,
        question_at=timezone.now() if question else None,
        answered_in=answered_in,
    )
