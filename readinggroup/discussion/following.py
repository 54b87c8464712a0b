"""What one wants to be told of, chosen for a reading, a paragraph or a thread."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.lib.markup import excerpt
from readinggroup.readings.access import of_reading
from readinggroup.readings.pages import outline_of

from .forms import FollowForm
from .models import Comment, Follow
from .views import of_comment, version_or_404

AS_AT_THE_PARAGRAPH = gettext_lazy("as for its paragraph")
AS_AT_THE_READING = gettext_lazy("as for the whole reading")
AS_USUAL = gettext_lazy("as usual: of answers to me, and of threads in which I have written")


def choose(*, by, reading, level, paragraph_id=None, thread_id=None) -> None:
    """Choose how much to be told of this; "" takes the choice back. The last of several at once counts."""
    place = {"user": by, "reading": reading, "paragraph_id": paragraph_id, "thread_id": thread_id}
    if not level:
        Follow.objects.filter(**place).delete()
        return
    Follow.objects.bulk_create(
        [Follow(**place, level=level, by_writing=False)],
        update_conflicts=True,
        unique_fields=["user", "reading", "paragraph", "thread"],
        update_fields=["level", "by_writing"],
    )


@require_http_methods(["GET", "POST"])
@of_comment(Can.READ_ALL)
def follow_thread(request, membership, comment):
    """How much to be told of the thread that this comment belongs to."""
    place = {"paragraph_id": comment.paragraph_id, "thread_id": comment.root_id or comment.pk}
    return chosen(
        request,
        membership,
        comment.reading,
        place,
        legend=_("Tell me of this thread"),
        otherwise=AS_AT_THE_PARAGRAPH,
        back=redirect("discussion:comment", comment=comment.public_id),
    )


@require_http_methods(["GET", "POST"])
@of_reading(Can.READ_ALL)
def follow_paragraph(request, membership, reading, paragraph):
    """How much to be told of the discussion of one paragraph."""
    version = version_or_404(reading, paragraph)
    return chosen(
        request,
        membership,
        reading,
        {"paragraph_id": version.paragraph_id},
        legend=_("Tell me of paragraph %(number)d") % {"number": version.number},
        otherwise=AS_AT_THE_READING,
        back=redirect("discussion:paragraph", membership.group.slug, reading.slug, paragraph),
    )


@require_http_methods(["GET", "POST"])
@of_reading(Can.READ_ALL)
def follow_reading(request, membership, reading):
    """How much to be told of the whole reading; and all that one follows in it."""
    more = {"edition": reading.edition, "follows": follows_in(membership, reading)}
    return chosen(
        request,
        membership,
        reading,
        {},
        legend=_("Tell me of the whole reading"),
        otherwise=AS_USUAL,
        back=redirect("discussion:follow_reading", membership.group.slug, reading.slug),
        more=more,
    )


def chosen(request, membership, reading, place, *, legend, otherwise, back, more=None):
    """The form with the choice as it stands. After a post the choice is made: for htmx the form again, else `back`."""
    mine = Follow.objects.filter(user=request.user, reading=reading, by_writing=False)
    standing = mine.filter(paragraph=place.get("paragraph_id"), thread=place.get("thread_id"))
    initial = {"level": standing.values_list("level", flat=True).first() or ""}
    form = FollowForm(request.POST or None, initial=initial, otherwise=otherwise, auto_id=False)
    if request.method == "POST" and form.is_valid():
        choose(by=request.user, reading=reading, level=form.cleaned_data["level"], **place)
        if not wants_part(request):
            messages.success(request, _("That is settled."))
            return back
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "form": form,
        "legend": legend,
        "form_id": "follow-" + "-".join(str(pk) for pk in place.values()),
        "settled": request.method == "POST" and form.is_valid(),
        **(more or {}),
    }
    return page_or_part(
        request, "discussion/follow.html", "discussion/_follow.html", context, status=422 if form.errors else 200
    )


def follows_in(membership, reading) -> list:
    """All that one follows of this reading's paragraphs and threads, in the order of the text. Two queries."""
    rows = Follow.objects.filter(user=membership.user_id, reading=reading, paragraph__isnull=False)
    rows = list(rows.select_related("paragraph", "thread"))
    threads = Comment.objects.visible_to(membership).filter(pk__in=[row.thread_id for row in rows if row.thread_id])
    words = dict(threads.values_list("pk", "shown_html"))
    addresses = outline_of(reading.edition.current_id).by_paragraph
    for row in rows:
        row.address = addresses.get(row.paragraph_id)
        row.excerpt = excerpt(words.get(row.thread_id, ""))
    # A thread that one may not see, and what stands in the text no more, is still listed: it can be let go.
    return sorted(rows, key=lambda row: (row.address.number if row.address else 1_000_000, row.thread_id or 0))
