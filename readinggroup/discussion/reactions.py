"""Marks with a meaning: setting them and taking them back, and the bar of them under a comment."""

from collections import defaultdict
from html import escape

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from readinggroup.accounts.models import User
from readinggroup.groups.permissions import Can
from readinggroup.lib.htmx import wants_part
from readinggroup.lib.stamps import stamp

from .models import Comment, Reaction, ReactionKind, State
from .views import of_comment


class Refused(Exception):  # noqa: N818 - said to the reader, not an error of the program
    """The mark cannot stand there: the comment is one's own, or not to be seen any more."""


@transaction.atomic
def mark(*, comment, kind, by, is_set: bool) -> None:
    """Set a mark at somebody else's comment, or take it back. Said twice, it is done once.

    Refused for one's own comment, and for one that was withdrawn, hidden or held meanwhile.
    """
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


_SLOTS = ("id", *(f"{what}_{kind}" for what in ("count", "names") for kind in ReactionKind.values))
NONE, GIVEN, MINE = "none", "given", "mine"


def reaction_bar(public_id, given, viewer_id, names, *, may_react) -> str:
    """The marks of one comment as HTML: buttons for who `may_react`, how many there are, and whose.

    `given` is kind -> people's primary keys, `names` their names as this group calls them, escaped already. The buttons
    belong to the one form of the discussion (_reactions_form.html). A comment without marks costs a constant string.
    """
    if not given and not may_react:
        return ""
    if not given:
        return stamp("discussion/_reactions.html", _SLOTS, may_react=True).fill({"id": public_id})
    values, flags = {"id": public_id}, {}
    for kind in ReactionKind.values:
        people = given.get(kind, ())
        flags[kind] = MINE if viewer_id in people else GIVEN if people else NONE
        values[f"count_{kind}"] = str(len(people))
        values[f"names_{kind}"] = ", ".join(f"<bdi>{names[person]}</bdi>" for person in people)
    bar = stamp("discussion/_reactions.html", _SLOTS, may_react=may_react, is_marked=True, **flags)
    return bar.fill(values)


@require_POST
@of_comment(Can.DISCUSS)
def reactions(request, membership, comment):
    """Set a mark at a comment, or take it back: the button says which, so that a click sent twice is done once."""
    is_set = "set" in request.POST
    kind = request.POST.get("set" if is_set else "unset", "")
    if kind not in ReactionKind.values:
        raise BadRequest(_("There is no such mark."))
    note = ""
    try:
        mark(comment=comment, kind=kind, by=request.user, is_set=is_set)
    except Refused as refusal:
        note = refusal.args[0]
    if wants_part(request):
        return HttpResponse(bar_now(membership, comment) + (note and format_html('<p role="status">{}</p>', note)))
    if note:
        messages.info(request, note)
    return redirect("discussion:comment", comment=comment.public_id)


def bar_now(membership, comment) -> str:
    """The comment's marks as they are now, for the one who has just pressed a button."""
    if comment.state != State.VISIBLE:
        return ""
    given = reactions_at([comment.pk]).get(comment.pk, {})
    people = User.objects.filter(pk__in={person for people in given.values() for person in people})
    names = {person.pk: escape(membership.group.name_of(person)) for person in people}
    may_react = comment.author_id != membership.user_id
    return reaction_bar(comment.public_id, given, membership.user_id, names, may_react=may_react)
