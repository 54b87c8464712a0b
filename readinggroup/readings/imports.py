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
from .models import ReadingState, TextImport


@require_http_methods(["GET", "POST"])
@requires(Can.KEEP_TEXTS)
def import_text(request, membership):
    """Choose a file. What cannot be read is said at once; what can goes to the preview."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        content = file.read()
        known = actions.reading_from_file(group=membership.group, sha256=sha256_of(content))
        if known:
            messages.info(request, _("This very file is on your shelf already."))
            return redirect("readings:reading_page", group=membership.group.slug, reading=known.slug)
        try:
            read_bounded(content, filename=file.name)
        except Unreadable as problem:
            form.add_error("file", str(problem))
        else:
            upload = actions.keep_upload(
                group=membership.group,
                content=content,
                filename=file.name,
                by=request.user,
                for_members=form.cleaned_data["for_members"],
            )
            return redirect("readings:preview_import", group=membership.group.slug, upload=upload.pk)
    context = {
        "membership": membership,
        "group": membership.group,
        "form": form,
        "unfinished": membership.group.text_imports.filter(reading=None).select_related("source", "by")[:20],
    }
    return TemplateResponse(request, "readings/import_text.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Can.KEEP_TEXTS)
def preview_import(request, membership, upload):
    """Every block as it would be set, what is doubtful, and what to call it all; then onto the shelf."""
    uploads = membership.group.text_imports.select_related("source", "reading")
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
    proposed = {"title": document.title, "author": document.author, "language": document.language or "en"}
    form = DetailsForm(request.POST or None, initial=proposed | {"for_members": upload.for_members})
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
        "sections": list(preview_of(sections, typed)),
    }
    return TemplateResponse(request, "readings/preview_import.html", context, status=422 if form.errors else 200)


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
    return redirect("readings:reading_page", group=membership.group.slug, reading=reading.slug)
