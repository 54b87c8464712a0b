"""What a moderator's decision does to comments.

Each expects to be called in a transaction that holds the comment's row (`actions.held`), after whatever the decision
is about was looked at there. A comment in another state than a decision can be about is a mistake of the caller.
"""

from django.db.models import Q

from .actions import held_keys
from .counters import hold_counters
from .models import OPEN_STATES, Comment, Draft, Follow, State
from .telling import tell_of


def approve(*, comment) -> None:
    """Show what was held to everybody, and tell whom it concerns; under a veil it waits with the rest."""
    become(comment, shown_state(comment), of={State.HELD})
    tell_of(comment)


def hide(*, comment, rule) -> None:
    """Show the words to nobody but their author; a stub stays and names the rule, if it was one of the group's."""
    become(comment, State.HIDDEN, of=set(OPEN_STATES), rule=rule)


def show_again(*, comment) -> None:
    """Take the hiding back. Whoever was told of the comment before is not told again."""
    become(comment, shown_state(comment), of={State.HIDDEN})
    tell_of(comment)


def shown_state(comment) -> State:
    """In which state a comment is that is neither held nor hidden."""
    return State.VEILED if comment.veil_id else State.VISIBLE


def lay_before_moderators(comment) -> None:
    """Let who moderates read a comment that lies under a veil, since it was reported. It is held."""
    if comment.veil_id and not comment.shown_to_moderators:
        comment.shown_to_moderators = True
        comment.save(update_fields=["shown_to_moderators"])


def become(comment, state, *, of, rule=None) -> None:
    """The comment is in another state from now on; ValueError if it was in none `of` these."""
    if comment.state not in of:
        raise ValueError(f"a decision about a comment that is {comment.state}")
    comment.state, comment.held_for, comment.hidden_under = state, "", rule
    comment.save(update_fields=["state", "held_for", "hidden_under"])


def move_thread(*, comment, version) -> None:
    """Move a thread, by its first comment, to another paragraph of the same reading.

    All that hangs on it goes along: answers, what was seen, who follows, drafts. `version` is what that paragraph reads
    now. Whoever decides on other comments, too, holds all of them and their threads first, in the order of their keys,
    and then the counters of all their paragraphs.
    """
    if comment.parent_id is not None or comment.paragraph_id == version.paragraph_id:
        raise ValueError("what is moved is a whole thread, to another paragraph")
    # Whoever answers holds the thread's first comment (`actions.post`), as this does: none comes while these are moved.
    thread = held_keys(Comment.objects.filter(Q(pk=comment.pk) | Q(root=comment.pk)))
    hold_counters((comment.reading_id, paragraph) for paragraph in (comment.paragraph_id, version.paragraph_id))
    # One by one, in the order in which they were said: in this order they are numbered at the new place.
    for pk in Comment.objects.filter(pk__in=thread).order_by("sequence").values_list("pk", flat=True):
        Comment.objects.filter(pk=pk).update(paragraph=version.paragraph_id, version=version)
    Follow.objects.filter(thread=comment.pk).update(paragraph=version.paragraph_id)
    Draft.objects.filter(Q(parent__in=thread) | Q(edited__in=thread)).update(paragraph=version.paragraph_id)
    comment.paragraph_id, comment.version = version.paragraph_id, version
