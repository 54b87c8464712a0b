"""The history of a text: its revisions and what each changed, any of them to be read, and the way back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.paging import number_in, page_asked_for
from readinggroup.readings.access import of_reading
from readinggroup.readings.pages import counts_in, kept_skeleton, outline_of, talk_label
from readinggroup.readings.views import section_asked_for
from texts.models import Revision, RevisionState
from texts.revising.publishing import Outdated
from texts.revising.rehearsal import restoring

from . import actions
from .forms import WhyForm
from .rehearsal_views import frame_of
from .shown_changes import compare, folded
from .shown_history import counted, entries_between, heirs_in, removed_from, words_for
from .shown_plan import shown_plan

A_PAGE, CHANGES_A_PAGE, REMOVED_A_PAGE = 10, 30, 50


def published_revisions(reading):
    """The revisions of the reading's text, with who published them, newest first."""
    found = reading.edition.revisions.filter(state=RevisionState.PUBLISHED)
    return found.select_related("correction__by", "undoes").prefetch_related("undone_by").order_by("-number")


def revision_or_404(reading, number) -> Revision:
    """The revision of that number."""
    return get_object_or_404(published_revisions(reading), number=number)


@require_safe
@of_reading(Can.READ)
def history(request, membership, reading):
    """Every revision: when, who, why, and how much it changed."""
    page = page_asked_for(request, Paginator(published_revisions(reading), A_PAGE))
    context = frame_of(membership, reading) | {
        "page": page,
        "rows": counted(list(page)),
        "removed": removed_from(reading.edition).count(),
        "may_see_members": may(membership, Can.SEE_MEMBERS),
        "may_keep": may(membership, Can.KEEP_TEXTS),
    }
    return TemplateResponse(request, "revisions/history.html", context)


@require_safe
@of_reading(Can.READ)
def changes(request, membership, reading, number):
    """What a revision changed of the one before, paragraph by paragraph."""
    shown = revision_or_404(reading, number)
    if number == 1:  # there is nothing to compare it with
        return redirect("revisions:history", group=membership.group.slug, reading=reading.slug)
    former = revision_or_404(reading, number - 1)
    entries = entries_between(former, shown)
    page = page_asked_for(request, Paginator(folded(entries), CHANGES_A_PAGE))
    listed = list(page)
    words_for(listed, former, shown)
    compare(listed)
    context = frame_of(membership, reading) | {
        "shown": shown,
        "former": former,
        "page": page,
        "entries": listed,
        "row": counted([shown])[0],
        "may_see_members": may(membership, Can.SEE_MEMBERS),
        "may_undo": may(membership, Can.KEEP_TEXTS) and shown.pk == reading.edition.current_id,
    }
    return TemplateResponse(request, "revisions/changes.html", context)


@require_safe
@of_reading(Can.READ)
def revision(request, membership, reading, number):
    """A former revision to be read, with the discussion as it stands now."""
    shown = revision_or_404(reading, number)
    if shown.pk == reading.edition.current_id:
        return redirect("readings:reading_page", group=membership.group.slug, reading=reading.slug)
    position = section_asked_for(request, shown.pk, shown.words)
    outline, counts, heirs = outline_of(shown.pk), counts_in(reading.pk), heirs_in(reading.edition)
    labels = {}
    for address in outline.addresses:
        place = heirs.get(address.pk, address.pk)
        labels[f"p{address.pk}"] = talk_label(counts[place], counts.waiting[place])
        labels[f"d{address.pk}"] = ""
    way = reverse("readings:reading_page", args=[membership.group.slug, reading.slug])
    text = kept_skeleton(shown.pk, reading.edition.note_changes, position, outline, way=way).fill(labels)
    context = frame_of(membership, reading) | {
        "shown": shown,
        "position": position,
        "section_count": 0 if position is None else len(outline.sections),
        "text": mark_safe(text),  # noqa: S308 - made of our templates and sanitised paragraphs
    }
    return TemplateResponse(request, "revisions/revision.html", context)


@require_safe
@of_reading(Can.READ)
def removed_paragraphs(request, membership, reading):
    """Paragraphs that are not in the text any more, with their last words, and how much is said there."""
    page = page_asked_for(request, Paginator(removed_from(reading.edition), REMOVED_A_PAGE))
    rows = list(page)
    counts = counts_in(reading.pk)
    for row in rows:
        row.said = counts[row.paragraph_id]
    context = frame_of(membership, reading) | {"page": page, "rows": rows}
    return TemplateResponse(request, "revisions/removed_paragraphs.html", context)


@require_http_methods(["GET", "POST"])
@of_reading(Can.KEEP_TEXTS)
def undo(request, membership, reading):
    """Bring the former revision back, after asking once, and saying what will happen."""
    current = reading.edition.current
    form = WhyForm(request.POST or None, initial={"seen": current.number})
    if request.method == "GET" or current.number == 1:
        return show_undo(request, membership, reading, form)
    if not form.is_valid():
        return show_undo(request, membership, reading, form, status=422)
    seen = number_in(form.cleaned_data["seen"]) or 0
    try:
        made = actions.undo_revision(reading=reading, by=request.user, why=form.cleaned_data["why"], revision=seen)
    except Outdated:
        told = _("Somebody has revised the text meanwhile. This is what would be undone now.")
        reading.edition.refresh_from_db(fields=["current"])
        form.data = form.data.dict() | {"seen": reading.edition.current.number}
        return show_undo(request, membership, reading, form, told=told, status=409)
    messages.success(request, _("Undone. The text reads as it did before."))
    return redirect("revisions:changes", group=membership.group.slug, reading=reading.slug, number=made.number)


def show_undo(request, membership, reading, form, *, told="", status=200):
    """What would be undone, and what becomes of what was said since."""
    current = revision_or_404(reading, reading.edition.current.number)
    context = frame_of(membership, reading) | {"current": current, "form": form, "told": told}
    context["may_see_members"] = True  # whoever keeps texts
    if current.number > 1:
        context |= {"shown": shown_plan(restoring(current), reading), "row": counted([current])[0]}
    return TemplateResponse(request, "revisions/undo.html", context, status=status)
