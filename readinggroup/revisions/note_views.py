"""The notes of an edition: their texts can be written in at any time, and make no revision."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can
from readinggroup.lib.paging import number_in, page_asked_for
from readinggroup.readings.access import of_reading
from readinggroup.readings.pages import outline_of
from texts.models import NoteMark
from texts.revising.rehearsal import wording_of

from . import actions
from .forms import NoteForm
from .rehearsal_views import frame_of

A_PAGE = 50


@require_http_methods(["GET", "POST"])
@of_reading(Can.KEEP_TEXTS)
def notes(request, membership, reading):
    """All notes of the edition with their texts, each in a form of its own."""
    refused, status = {}, 200
    if request.method == "POST":
        note = get_object_or_404(reading.edition.notes, position=number_in(request.POST.get("note", "")) or 0)
        form = NoteForm(request.POST, auto_id=f"%s-{note.position}")
        status = 422
        if form.is_valid():
            body, seen = form.cleaned_data["body"], form.cleaned_data["seen"]
            try:
                if seen != wording_of(note.body) and body != note.body:
                    raise actions.StaleNote(note)
                actions.write_note(reading=reading, note=note, body=body, by=request.user, seen=note.body)
            except actions.StaleNote:
                note.refresh_from_db()
                form.data = form.data.copy()
                form.data["seen"] = wording_of(note.body)
                status = 409
            else:
                messages.success(request, _("The text of note %(label)s is kept.") % {"label": note.label})
                page = reverse("revisions:notes", args=[membership.group.slug, reading.slug])
                return redirect(f"{page}?{request.GET.urlencode()}#note-{note.position}")
        refused = {note.position: (form, note if status == 409 else None)}
    page = page_asked_for(request, Paginator(reading.edition.notes.all(), A_PAGE))
    context = frame_of(membership, reading) | {"page": page, "rows": list(rows_of(page, reading, refused))}
    return TemplateResponse(request, "revisions/notes.html", context, status=status)


def rows_of(page, reading, refused):
    """Each note with where it is called now, its form, and the text that another person has written meanwhile."""
    addresses = outline_of(reading.edition.current_id).by_paragraph
    marks = NoteMark.objects.filter(version__revision=reading.edition.current_id, note__in=list(page))
    called = {}
    for note, paragraph in marks.order_by("-version__number").values_list("note_id", "version__paragraph_id"):
        called[note] = addresses.get(paragraph)
    for note in page:
        initial = {"body": note.body, "seen": wording_of(note.body)}
        fresh = NoteForm(initial=initial, auto_id=f"%s-{note.position}")
        form, standing = refused.get(note.position, (fresh, None))
        yield {"note": note, "form": form, "standing": standing, "called": called.get(note.pk)}
