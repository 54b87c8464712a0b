"""Where drafts are kept while somebody types, and the list of one's own.

Nobody but its author is ever shown a draft: every query here begins at the person who asks. Keeping asks for less than
posting does (Can.READ_ALL): who is suspended while they write, or whose group is closed, keeps their words.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readinggroup.groups.permissions import Can, may, signed_in
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.readings.access import of_reading
from readinggroup.readings.models import ReadingState

from . import drafts
from .forms import DraftForm
from .models import Draft
from .views import of_comment, own_or_404


@require_POST
@of_reading(Can.READ_ALL)
def draft_comment(request, membership, reading, paragraph):
    """Keep a new comment that is being written, also about a paragraph that the text holds no more."""
    found = get_object_or_404(reading.edition.paragraphs, public_id=paragraph)
    box = address_of_box(membership.group, reading, found)
    return keep(request, membership, box, reading=reading, paragraph=found, parent=None, edited=None)


@require_POST
@of_comment(Can.READ_ALL)
def draft_answer(request, membership, comment):
    """Keep an answer that is being written."""
    box = reverse("discussion:answer_comment", args=[comment.public_id])
    place = {"reading": comment.reading, "paragraph": comment.paragraph, "parent": comment, "edited": None}
    return keep(request, membership, box, **place)


@require_POST
@of_comment(Can.READ_ALL)
def draft_edit(request, membership, comment):
    """Keep another wording of one's own comment that is being written."""
    own_or_404(membership, comment)
    box = reverse("discussion:edit_comment", args=[comment.public_id])
    place = {"reading": comment.reading, "paragraph": comment.paragraph, "parent": None, "edited": comment}
    return keep(request, membership, box, **place)


def address_of_box(group, reading, paragraph) -> str:
    """The box for a new comment at the paragraph."""
    page = reverse("discussion:paragraph", args=[group.slug, reading.slug, paragraph.public_id])
    return f"{page}#composer"


def keep(request, membership, box, **place):
    """Save the draft and say so; for a plain request, go back to the box, where the words stand."""
    writer = request.POST.get("who", "")
    if writer and writer != request.user.public_id:
        raise PermissionDenied  # a tab of somebody who was signed in here before
    form = DraftForm(request.POST)
    context = {"membership": membership, "group": membership.group, "form": form, "box": box}
    if not form.is_valid():
        reason = " ".join(message for errors in form.errors.values() for message in errors)
        return answer(request, context, 422, reason=reason)
    try:
        sequence = drafts.save(place=place, by=request.user, **form.cleaned_data)
    except drafts.StaleDraft as stale:
        return answer(request, context, 409, theirs=stale.draft)
    except drafts.TooManyDrafts:
        return answer(request, context, 422, reason=too_many())
    if wants_part(request):
        return answer(request, context, 200, sequence=sequence)
    messages.success(request, _("Draft saved.") if sequence else _("There is no draft here any more."))
    return redirect(box if may(membership, Can.DISCUSS) else "discussion:my_drafts")


def too_many() -> str:
    return _("You keep %(most)d drafts already, and there is no room for more: delete some under “My drafts”.") % {
        "most": drafts.MOST_DRAFTS
    }


def answer(request, context, status, **more):
    """What became of the saving; with the words, unless they are kept."""
    parts = "discussion/draft.html", "discussion/_draft_answer.html"
    return page_or_part(request, *parts, {**context, **more}, status=status)


# --- The list --------------------------------------------------------------------------------------------------------


@require_safe
@signed_in
def my_drafts(request):
    """All that one has begun to write and not sent, in all groups, and where each can go."""
    mine = [described(draft) for draft in drafts.all_of(request.user)]
    return TemplateResponse(request, "discussion/my_drafts.html", {"drafts": mine})


@require_POST
@signed_in
def delete_draft(request, draft):
    """Throw a draft away; the page has asked before."""
    Draft.objects.filter(author=request.user, public_id=draft).delete()  # twice is once
    messages.success(request, _("The draft is deleted."))
    return redirect("discussion:my_drafts")


@require_POST
@signed_in
def move_draft(request, draft):
    """Make what was an answer or a rewording a new comment's draft, where the comment itself is gone; and go there."""
    places = Draft.objects.exclude(Q(parent=None) & Q(edited=None)).select_related("reading__group", "paragraph")
    mine = get_object_or_404(places, author=request.user, public_id=draft)
    try:
        drafts.move(draft=mine)
    except ValueError:
        messages.error(
            request, _("Together with what you have begun at this paragraph it is too long for one comment. Copy it.")
        )
        return redirect("discussion:my_drafts")
    return redirect(address_of_box(mine.reading.group, mine.reading, mine.paragraph))


def described(draft) -> dict:
    """The draft as the list shows it: its place as far as its author may still see it, and what hinders it."""
    membership, reading = draft.membership, draft.reading
    reading.group = membership.group
    inside = membership.is_member
    trouble = hindrance(draft)
    opens = None
    if not trouble:
        comment = draft.parent or draft.edited
        act = "answer_comment" if draft.parent else "edit_comment"
        box = address_of_box(membership.group, reading, draft.paragraph)
        opens = reverse(f"discussion:{act}", args=[comment.public_id]) if comment else box
    return {
        "draft": draft,
        "group": membership.group,
        "title": reading.edition.title if inside else "",
        "asked": draft.asked if inside and draft.parent and not drafts.is_lost(draft) else "",
        "trouble": trouble,
        "opens": opens,
        "movable": inside and may(membership, Can.DISCUSS) and drafts.is_lost(draft) and draft.number is not None,
        "ended": inside and reading.state == ReadingState.FINISHED,
    }


def hindrance(draft) -> str:
    """Why the draft cannot be sent from where it was written, and where its words can go; "" if it can."""
    membership = draft.membership
    if not membership.is_member:
        return _("You do not belong to this group any more. The words are yours: copy them if you want.")
    if membership.group.is_closed:
        return _("Nobody writes in this group any more. If it is opened again, the words can be sent; or copy them.")
    if membership.is_suspended:
        return _("You cannot write in this group at present. The words wait until you can; or copy them.")
    if draft.number is None:
        return _("The paragraph is no longer in the text. Copy the words, and post them at another paragraph.")
    if drafts.is_lost(draft) and draft.parent:
        return _("What you answered can no longer be answered. Post the words as a new comment at the paragraph.")
    if drafts.is_lost(draft):
        return _("Your comment is withdrawn. Post the words as a new comment at the paragraph.")
    return ""
