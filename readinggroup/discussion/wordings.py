"""The wordings of a comment: as it stands, as it stood, and what was changed, word by word.

Its author may take the earlier ones back, so that others see only how it stands; moderators see them all.
"""

from typing import NamedTuple

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.differences import MOST_STEPS, SAME, differences
from readinggroup.lib.paging import page_asked_for

from .actions import show_wordings_from
from .models import OPEN_STATES, CommentWording, State
from .views import of_comment, own_or_404

A_PAGE = 10


class Wording(NamedTuple):
    """One wording: its number from 1, since when, what it changed as runs, and whether others no longer see it."""

    number: int
    since: object
    runs: list
    is_first: bool  # of those that are shown: there is nothing to compare it with
    is_taken_back: bool


@require_safe
@of_comment(Can.READ)
def wordings(request, membership, comment):
    """Every wording that this reader may see, newest first, each with what it changed of the one before."""
    oldest = oldest_shown_to(membership, comment)
    if oldest is None:
        raise Http404
    kept = CommentWording.objects.filter(pgh_obj=comment, wording__gte=oldest, wording__lt=comment.wording)
    numbers = [comment.wording, *kept.order_by("-wording").values_list("wording", flat=True)]
    page = page_asked_for(request, Paginator(numbers, A_PAGE))
    is_own = comment.author_id == membership.user_id
    context = {
        "membership": membership,
        "group": membership.group,
        "comment": comment,
        "page": page,
        "wordings": wordings_on(page, numbers, kept, comment),
        "taken_back": oldest - 1,  # and not shown to this reader
        "is_own": is_own,
        "may_settle": is_own and may(membership, Can.DISCUSS) and comment.state in OPEN_STATES,
    }
    return TemplateResponse(request, "discussion/wordings.html", context)


def oldest_shown_to(membership, comment) -> int | None:
    """From which wording on this reader may see them; None where they may see none.

    Of what a moderator has hidden, moderators see the wordings, since they decide whether it stays so. Of what its
    author has withdrawn, nobody does.
    """
    moderates = may(membership, Can.MODERATE)
    if not comment.is_shown_whole and not (comment.state == State.HIDDEN and moderates):
        return None
    return comment.oldest_wording_for(membership)


def wordings_on(page, numbers, kept, comment) -> list[Wording]:
    """The wordings of the page, compared with the one before, which may stand on the next page. One query."""
    asked = numbers[page.start_index() - 1 : page.end_index() + 1]
    words = {row.wording: (row.body, row.edited_at) for row in kept.filter(wording__in=asked)}
    words[comment.wording] = (comment.body, comment.edited_at)
    found = []
    for place, number in enumerate(page):
        body, edited_at = words[number]
        before = words[asked[place + 1]][0] if place + 1 < len(asked) else None
        runs = [(SAME, body)] if before is None else differences(before, body, steps=MOST_STEPS // len(page))
        since = edited_at or comment.created_at
        found.append(Wording(number, since, runs, before is None, number < comment.oldest_shown))
    return found


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def take_back_wordings(request, membership, comment):
    """Keep one's earlier wordings from others, after asking once."""
    own_and_open_or_404(membership, comment)
    if request.method == "GET":
        context = {"membership": membership, "group": membership.group, "comment": comment}
        return TemplateResponse(request, "discussion/take_back_wordings.html", context)
    show_wordings_from(comment=comment, by=request.user, earlier=False)
    messages.success(request, _("Others see only how your comment stands now."))
    return redirect("discussion:wordings", comment=comment.public_id)


@require_POST
@of_comment(Can.DISCUSS)
def show_wordings(request, membership, comment):
    """Let others see one's earlier wordings again."""
    own_and_open_or_404(membership, comment)
    show_wordings_from(comment=comment, by=request.user, earlier=True)
    messages.success(request, _("Others see your earlier wordings again."))
    return redirect("discussion:wordings", comment=comment.public_id)


def own_and_open_or_404(membership, comment) -> None:
    """Refuse it of others' comments, and of what was withdrawn or hidden."""
    own_or_404(membership, comment)
    if comment.state not in OPEN_STATES:
        raise Http404
