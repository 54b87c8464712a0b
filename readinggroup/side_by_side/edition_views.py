"""Which texts of the group are editions of one work: organizers say so, and may take it back."""

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can
from readinggroup.lib.languages import name_of
from readinggroup.readings.access import of_reading
from texts.parallel.saving import join_works, separate_edition

from .access import of_two_readings, other_editions
from .forms import JoinForm


@require_http_methods(["GET", "POST"])
@of_reading(Can.KEEP_TEXTS)
def editions(request, membership, reading):
    """The other editions of this work that the group has; and a form to say that a text is one."""
    others = list(other_editions(membership, reading))
    candidates = membership.group.readings.on_the_shelf().with_text().exclude(edition__work=reading.edition.work_id)
    form = JoinForm(request.POST if request.method == "POST" else None, readings=candidates)
    if request.method == "POST" and form.is_valid():
        other = form.cleaned_data["other"]
        join_works(reading.edition, other.edition)
        messages.success(request, _("They are editions of one work now. See whether the paragraphs go together."))
        return redirect("side_by_side:links", membership.group.slug, reading.slug, other.slug)
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "others": [(other, name_of(other.edition.language)) for other in others],
        "form": form,
    }
    return TemplateResponse(request, "side_by_side/editions.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@of_two_readings(Can.KEEP_TEXTS)
def separate(request, membership, reading, other):
    """Say that the other text is of a work of its own; that takes its links away, so it is asked first."""
    if request.method == "POST":
        separate_edition(other.edition)
        messages.success(request, _("They are texts of two works now."))
        return redirect("side_by_side:editions", membership.group.slug, reading.slug)
    context = {"membership": membership, "group": membership.group, "reading": reading, "other": other}
    return TemplateResponse(request, "side_by_side/separate.html", context)
