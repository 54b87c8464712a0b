"""A paragraph is corrected on its own page: reworded, parted, merged, moved, taken out, or given a new neighbour."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can
from readinggroup.readings.access import of_reading
from readinggroup.readings.pages import outline_of
from readinggroup.readings.views import page_at
from texts.revising.rehearsal import BadChange, by_hand

from . import actions
from .forms import AddedForm, MoveForm, WordingForm
from .rehearsal_views import frame_of, to_rehearsal

EDIT, MERGE, MOVE, REMOVE, ADD = "edit", "merge", "move", "remove", "add"


@require_http_methods(["GET", "POST"])
@of_reading(Can.KEEP_TEXTS)
def correct_paragraph(request, membership, reading, paragraph):
    """What is to be done with the paragraph. It leads to the rehearsal; nothing is changed here."""
    versions = reading.edition.current.versions.select_related("paragraph")
    version = get_object_or_404(versions, paragraph__public_id=paragraph)
    act = request.POST.get("act", EDIT) if request.method == "POST" else ""
    addresses = outline_of(reading.edition.current_id).addresses
    forms = {
        EDIT: WordingForm(request.POST if act == EDIT else None, initial={"text": version.text}),
        ADD: AddedForm(request.POST if act == ADD else None, auto_id="added-%s"),
        MOVE: MoveForm(request.POST if act == MOVE else None, most=len(addresses)),
    }
    problem = ""
    if request.method == "POST":
        if act not in {*forms, MERGE, REMOVE}:
            raise Http404
        try:
            change = change_asked_for(act, forms.get(act), version, addresses)
            if change:
                by_hand(reading.edition.current, [change])
                correction = actions.open_correction(reading=reading, by=request.user, changes=[change])
                return to_rehearsal(membership, correction)
        except BadChange as refusal:
            problem = str(refusal)
    context = frame_of(membership, reading) | {
        "version": version,
        "forms": forms,
        "problem": problem,
        "previous": addresses[version.number - 2] if version.number > 1 else None,
        "next": addresses[version.number] if version.number < len(addresses) else None,
        "in_text": page_at(reading, addresses[version.number - 1]),
    }
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "revisions/correct_paragraph.html", context, status=status)


def change_asked_for(act, form, version, addresses) -> dict | None:
    """The change as a Correction keeps it; None where the form has errors."""
    name = version.paragraph.public_id
    if form is not None and not form.is_valid():
        return None
    if act == EDIT:
        if form.cleaned_data["text"] == [version.text]:
            raise BadChange(_("These are the words that stand there already."))
        return {"change": EDIT, "paragraph": name, "texts": form.cleaned_data["text"]}
    if act == ADD:
        return {"change": ADD, "after": name, "texts": form.cleaned_data["text"]}
    if act == MOVE:
        number = form.cleaned_data["number"]
        if number in {version.number - 1, version.number}:
            raise BadChange(_("That is where it stands already."))
        return {"change": MOVE, "paragraph": name, "after": addresses[number - 1].public_id if number else ""}
    return {"change": act, "paragraph": name}
