"""Organizers bring a text: upload, preview, shelf."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can, requires
from texts.importing.bounded import read_bounded
from texts.importing.document import Unreadable
from texts.importing.saving import heading_of, sections_of, sha256_of, shortened
from texts.models import Kind

from . import actions
from .forms import ENCODINGS, DetailsForm, UploadForm, section_title_field, section_titles_in
from .models import Reading, ReadingState, TextImport


@require_http_methods(["GET", "POST"])
@requires(Can.KEEP_TEXTS)
def import_text(request, membership):
    """Choose a file. What cannot be read is said at once; what can goes to the preview."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        brought = kept_or_refused(membership.group, form, by=request.user)
        if isinstance(brought, Reading):
            messages.info(request, _("This very file is on your shelf already."))
            return redirect("readings:reading_page", group=membership.group.slug, reading=brought.slug)
        if brought:
            return redirect("readings:preview_import", group=membership.group.slug, upload=brought.pk)
    unfinished = membership.group.text_imports.filter(reading=None, withheld=False)
    context = {
        "membership": membership,
        "group": membership.group,
        "form": form,
        "unfinished": unfinished.select_related("source", "by")[:20],
    }
    return TemplateResponse(request, "readings/import_text.html", context, status=422 if form.errors else 200)


def kept_or_refused(group, form, *, by) -> TextImport | Reading | None:
    """The file of the form, kept for its preview; the reading that came of it before; None if it cannot be read."""
    file = form.cleaned_data["file"]
    content = file.read()
    known = actions.reading_from_file(group=group, sha256=sha256_of(content))
    if known:
        return known
    try:
        read_bounded(content, filename=file.name)
    except Unreadable as problem:
        form.add_error("file", str(problem))
        return None
    return actions.keep_upload(
        group=group,
        content=content,
        filename=file.name,
        by=by,
        for_members=form.cleaned_data["for_members"],
    )


@require_http_methods(["GET", "POST"])
@requires(Can.KEEP_TEXTS)
def preview_import(request, membership, upload):
    """Every block as it would be set, what is doubtful, and what to call it all; then onto the shelf."""
    uploads = membership.group.text_imports.filter(withheld=False).select_related("source", "reading")
    upload = get_object_or_404(uploads, pk=upload)
    if upload.reading:
        return redirect("readings:reading_page", group=membership.group.slug, reading=upload.reading.slug)
    if request.POST.get("encoding") in ENCODINGS:
        upload.encoding = request.POST["encoding"]
        upload.save(update_fields=["encoding"])
        return redirect("readings:preview_import", group=membership.group.slug, upload=upload.pk)
    try:
        document = read_bounded(
            bytes(upload.source.content), filename=upload.source.name, encoding=upload.encoding or None
        )
    except Unreadable as problem:
        messages.error(request, str(problem))
        return redirect("readings:import_text", group=membership.group.slug)
    sections = sections_of(document.blocks)
    proposed = proposed_details(document, request.GET)
    initial = proposed | {"for_members": upload.for_members}
    form = DetailsForm(request.POST or None, group=membership.group, initial=initial)
    typed = section_titles_in(request.POST, len(sections))
    if request.method == "POST" and form.is_valid():
        return put_on_shelf(request, membership, upload, document, form.cleaned_data, typed)
    context = {
        "membership": membership,
        "group": membership.group,
        "form": form,
        "upload": upload,
        "document": document,
        "encodings": ENCODINGS,
        "sections": list(preview_of(sections, document.section_titles | typed)),
    }
    return TemplateResponse(request, "readings/preview_import.html", context, status=422 if form.errors else 200)


def proposed_details(document, asked) -> dict:
    """What the edition is called until an organizer says otherwise: as the address asks, else as the file says."""
    found = {"title": document.title, "author": document.author, "language": document.language or "en"}
    return found | {name: asked[name] for name in DetailsForm.Meta.fields if asked.get(name)}


def preview_of(sections, typed):
    """The sections for the preview: heading, what it is called in the form, opening words, numbered blocks."""
    number = 0
    for position, blocks in enumerate(sections):
        numbered = [(place, Kind(block.kind).label, block) for place, block in enumerate(blocks, number + 1)]
        number += len(blocks)
        title = typed.get(position) or heading_of(blocks)
        yield {
            "title": title,
            "field": section_title_field(position),
            "opening": shortened(blocks[0].text),
            "blocks": numbered,
        }


def put_on_shelf(request, membership, upload, document, details, section_titles):
    """Publish what the preview showed."""
    state = ReadingState.CURRENT if details.pop("begin") else ReadingState.PLANNED
    reading = actions.bring_text(
        group=membership.group,
        document=document,
        source_file=upload.source,
        state=state,
        section_titles=section_titles,
        **details,
    )
    TextImport.objects.filter(pk=upload.pk).update(reading=reading)
    messages.success(request, _("“%(title)s” is on the shelf.") % {"title": reading.edition.title})
    if details["beside"] and details["beside"].edition.work_id == reading.edition.work_id:
        return redirect("side_by_side:links", membership.group.slug, reading.slug, details["beside"].slug)
    return redirect("readings:reading_page", group=membership.group.slug, reading=reading.slug)
