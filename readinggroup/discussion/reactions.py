"""Marks with a meaning: setting them, taking them back, and the bar of them under a comment."""

from collections import defaultdict
from functools import lru_cache

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from readinggroup.groups.permissions import Can, may_still
from readinggroup.lib.stamps import stamp

from .models import Comment, Reaction, ReactionKind, State


class Refused(Exception):  # noqa: N818 - said to the reader, not an error of the program
    """The mark cannot stand there: the comment is one's own, or not to be seen any more."""


@transaction.atomic
def mark(*, comment, kind, by, is_set: bool) -> None:
    """Set a mark at somebody else's comment, or take it back. Said twice, it is done once.

    Refused for one's own comment, and for one that was withdrawn, hidden or held meanwhile; PermissionDenied for who
    was suspended or removed at this moment.
    """
    if not may_still(by, Can.DISCUSS, group=comment.reading.group_id):
        raise PermissionDenied
    standing = Comment.objects.select_for_update(of=("self",), no_key=True).get(pk=comment.pk)
    if is_set and standing.author_id == by.pk:
        raise Refused(_("Marks are for what others have written."))
    if is_set and standing.state != State.VISIBLE:
        raise Refused(_("This comment can no longer be marked: it was taken back, hidden or held."))
    if is_set:
        Reaction.objects.bulk_create([Reaction(comment=comment, by=by, kind=kind)], ignore_conflicts=True)
    else:
        Reaction.objects.filter(comment=comment, by=by, kind=kind).delete()


def reactions_at(comment_pks) -> dict:
    """The marks at these comments: comment's primary key -> kind -> people's primary keys, in the order set. One query.

    Of comments whose words are shown to the reader: marks at a stub are not told.
    """
    given = defaultdict(lambda: defaultdict(list))
    rows = Reaction.objects.filter(comment__in=comment_pks).order_by("created_at", "pk")
    for comment, kind, by in rows.values_list("comment_id", "kind", "by_id"):
        given[comment][kind].append(by)
    return given


def people_at(given) -> set:
    """Who has set the marks of one comment."""
    return {person for people in given.values() for person in people}


_SLOTS = ("id", *(f"{what}_{kind}" for what in ("count", "names") for kind in ReactionKind.values))
NONE, GIVEN, MINE = "none", "given", "mine"


@lru_cache(maxsize=20)
def _untouched(_language):
    """The buttons of a comment that nobody has marked."""
    return stamp("discussion/_reactions.html", _SLOTS, may_react=True)


def reaction_bar(public_id, given, viewer_id, names, *, may_react) -> str:
    """The marks of one comment as HTML: buttons for who `may_react`, how many there are, and whose.

    `given` is kind -> people's primary keys, `names` what `naming.names_for` answers. The buttons belong to the one
    form of the discussion (_reactions_form.html). A comment without marks costs a constant string.
    """
    if not given and not may_react:
        return ""
    if not given:
        return _untouched(get_language()).fill({"id": public_id})
    values, flags = {"id": public_id}, {}
    for kind in ReactionKind.values:
        people = given.get(kind, ())
        flags[kind] = MINE if viewer_id in people else GIVEN if people else NONE
        values[f"count_{kind}"] = str(len(people))
        values[f"names_{kind}"] = ", ".join(f"<bdi>{names[f'n{person}']}</bdi>" for person in people)
    bar = stamp("discussion/_reactions.html", _SLOTS, may_react=may_react, is_marked=True, **flags)
    return bar.fill(values)
