"""Muting the author of a comment, and the list of whom one has muted."""

from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, signed_in

from .folds import muted_by
from .models import MutedPerson
from .muting import mute, unmute
from .views import of_comment, posted, show_opened


@require_http_methods(["GET", "POST"])
@of_comment(Can.READ_ALL)
def mute_person(request, membership, comment):
    """Read no more of the comment's author in this group, or read them again; asked once before."""
    if comment.author_id == membership.user_id or not comment.is_shown_whole:
        raise Http404
    if request.method == "GET":
        context = {"is_muted": comment.author_id in muted_by(membership)}
        focus = f"mute-{comment.public_id}"
        return show_opened(request, membership, comment, "discussion/_mute.html", context, focus=focus)
    # The button says which, so that a click sent twice is done once.
    change = unmute if request.POST.get("act") == "unmute" else mute
    change(membership=membership, person=comment.author)
    return posted(request, membership, comment)


@require_http_methods(["GET", "POST"])
@signed_in
def my_muted(request):
    """Whom I have muted, in all my groups, by the names they bear there; and taking that back."""
    mine = MutedPerson.objects.filter(by=request.user)
    if request.method == "POST":
        asked = request.POST.get("muted", "")
        mine.filter(pk=asked if asked.isascii() and asked.isdecimal() and len(asked) < 18 else None).delete()
        return redirect("discussion:my_muted")
    here = Membership.objects.filter(group=OuterRef("group"), user=OuterRef("person"))
    muted = mine.select_related("group").annotate(name=Subquery(here.with_names().values("shown_name")[:1]))
    return TemplateResponse(request, "discussion/my_muted.html", {"muted": muted.order_by("group__name", "name")})
