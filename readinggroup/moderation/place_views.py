"""Locking a paragraph's discussion or a thread without a report, and unlocking it."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.discussion.views import of_comment, version_or_404
from readinggroup.groups.permissions import Can
from readinggroup.readings.access import of_reading

from . import actions
from .deciding_views import not_yours_sentence
from .forms import PlaceVerdictForm
from .models import Action
from .rules_of_day import rules_of


@require_http_methods(["GET", "POST"])
@of_reading(Can.MODERATE)
def decide_about_paragraph(request, membership, reading, paragraph):
    """Lock or unlock all that is said at a paragraph."""
    version = version_or_404(reading, paragraph)
    back = reverse("discussion:paragraph", args=[membership.group.slug, reading.slug, paragraph])
    return answer(request, membership, back, reading=reading, version=version)


@require_http_methods(["GET", "POST"])
@of_comment(Can.MODERATE)
def decide_about_thread(request, membership, comment):
    """Lock or unlock one thread, by its first comment; of one's own somebody else decides."""
    if comment.parent_id is not None or comment.author_id == membership.user_id:
        raise Http404
    back = reverse("discussion:comment", args=[comment.public_id])
    return answer(request, membership, back, reading=comment.reading, thread=comment)


def answer(request, membership, back, *, reading, version=None, thread=None):
    """The form, and what becomes of it when it is sent."""
    place = {"reading": reading, "paragraph": version and version.paragraph_id, "thread": thread}
    lock = actions.lock_at(**place)
    form = PlaceVerdictForm(
        request.POST or None,
        initial={"standing": lock.pk if lock else 0},
        possible=[Action.UNLOCK, Action.LOCK] if lock or request.method == "POST" else [Action.LOCK],
        rules=rules_of(membership.group, [timezone.now()]),
        reasons=membership.group.reasons.offered(),
    )
    context = {"membership": membership, "group": membership.group, "reading": reading, "version": version,
               "thread": thread, "lock": lock, "form": form, "back": back}  # fmt: skip
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                decided(form, reading, version, thread, request.user)
                messages.success(request, _("That is decided, and stands in the log."))
                return redirect(back)
            status = 422
        except actions.Stale:
            lock = actions.lock_at(**place)
            status, context["stale"], context["lock"] = 409, True, lock
            form.data = form.data.copy()
            form.data["standing"] = lock.pk if lock else 0
        except actions.NotYours:
            status = 409
            form.add_error(None, not_yours_sentence())
    return TemplateResponse(request, "moderation/decide_about_place.html", context, status=status)


def decided(form, reading, version, thread, by):
    """Do what the form says."""
    actions.decide_about_place(
        reading=reading,
        version=version,
        thread=thread,
        verdict=form.verdict("thread" if thread else "paragraph"),
        by=by,
        standing=form.cleaned_data["standing"],
    )
