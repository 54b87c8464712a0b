"""Setting a mark at a comment, and taking it back."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from readinggroup.groups.permissions import Can
from readinggroup.lib.htmx import wants_part

from .models import ReactionKind, State
from .naming import names_for
from .reactions import Refused, mark, people_at, reaction_bar, reactions_at
from .views import of_comment


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
    names = names_for(membership.group.pk, people_at(given))
    may_react = comment.author_id != membership.user_id
    return reaction_bar(comment.public_id, given, membership.user_id, names, may_react=may_react)
