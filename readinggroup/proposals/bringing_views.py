"""An organizer brings the text that was chosen."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can, requires
from readinggroup.readings.forms import UploadForm
from readinggroup.readings.imports import kept_or_refused
from readinggroup.readings.models import Reading

from .actions.bringing import details_of, keep_file_for, link, to_be_brought


@require_http_methods(["GET", "POST"])
@requires(Can.KEEP_TEXTS)
def bring_text(request, membership, proposal):
    """Choose the file of an accepted proposal; what it is called is in the preview already."""
    group = membership.group
    found = to_be_brought(group).select_related("text_import__source").filter(public_id=proposal).first()
    if found is None:
        raise Http404
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent)
    if form.is_valid():
        brought = kept_or_refused(group, form, by=request.user)
        if isinstance(brought, Reading):
            link(found, brought)
            messages.success(request, _("This very file is on your shelf already: it is what came of the proposal."))
            return redirect("readings:reading_page", group=group.slug, reading=brought.slug)
        if brought and keep_file_for(proposal=found, upload=brought):
            preview = reverse("readings:preview_import", args=[group.slug, brought.pk])
            return redirect(f"{preview}?{urlencode(details_of(found))}")
        if brought:
            form.add_error(None, _("Somebody else has brought it a moment earlier."))
    context = {"membership": membership, "group": group, "form": form, "proposal": found}
    return TemplateResponse(request, "proposals/bring_text.html", context, status=422 if form.errors else 200)
