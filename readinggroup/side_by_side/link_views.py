"""Where organizers check which paragraphs of two editions belong together, section by section."""

from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can
from readinggroup.lib.languages import name_of
from readinggroup.lib.paging import number_in
from readinggroup.readings.pages import outline_of
from texts.parallel import saving
from texts.parallel.rows import between

from .access import of_two_readings
from .forms import LinkForm
from .pages import rows_beside, rows_in, shown

ON_ROWS = {
    "confirm": saving.confirm_row,
    "join": saving.join_with_next,
    "separate": saving.separate_row,
    "move": saving.move,
    "confirm_section": saving.confirm_section,
}


@require_http_methods(["GET", "POST"])
@of_two_readings(Can.KEEP_TEXTS)
def links(request, membership, reading, other):
    """The rows of a section: right, or to be joined, separated, moved. What is stale changes nothing: 409."""
    section = section_of(request, reading)
    form = LinkForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = done(form, reading, other, section) if form.is_valid() else 422
        if status == 200:
            return redirect(back_to(membership, reading, other, section, form.cleaned_data))
    context = shown_links(membership, reading, other, section) | {"form": form, "stale": status == 409}
    return TemplateResponse(request, "side_by_side/links.html", context, status=status)


def section_of(request, reading) -> int:
    """The section that is asked for, counted from 0; the first, if none is."""
    count = len(outline_of(reading.edition.current_id).sections)
    return (number_in(request.GET.get("section", ""), count) or 1) - 1


def done(form, reading, other, section) -> int:
    """Do what was asked: 200; 409 if the rows are not those that were seen, 422 if it cannot be done."""
    asked = form.cleaned_data
    try:
        if asked["act"] == "propose":
            saving.propose(saving.pair(reading.edition, other.edition))
            return 200
        parallel = between(reading.edition_id, other.edition_id)
        if parallel is None:
            return 409
        if asked["act"] == "confirm_all":
            saving.confirm_all(parallel=parallel)
            return 200
        places = places_of(asked, reading, other)
        saw = {"edition": reading.edition, "section": section, "seen": asked["seen"]}
        ON_ROWS[asked["act"]](parallel=parallel, **saw, **places)
    except saving.StaleLinks:
        return 409
    except saving.NoSuchRow:
        form.add_error(None, _("There is no such paragraph, or it stands there already."))
        return 422
    return 200


def places_of(asked, reading, other) -> dict:
    """The paragraph that the act is about, and where it goes: keys. NoSuchRow if they are not there."""
    if asked["act"] == "confirm_section":
        return {}
    mine, theirs = (outline_of(each.edition.current_id) for each in (reading, other))
    address = mine.by_name.get(asked["paragraph"]) or theirs.by_name.get(asked["paragraph"])
    if address is None:
        raise saving.NoSuchRow
    if asked["act"] != "move":
        return {"paragraph": address.pk}
    there = theirs.addresses if asked["paragraph"] in mine.by_name else mine.addresses
    if asked["to"] > len(there):
        raise saving.NoSuchRow
    return {"paragraph": address.pk, "to": there[asked["to"] - 1].pk}


def back_to(membership, reading, other, section, asked) -> str:
    """The page again, where one was."""
    page = reverse("side_by_side:links", args=[membership.group.slug, reading.slug, other.slug])
    anchor = f"#row-{asked['paragraph']}" if asked["paragraph"] else ""
    return f"{page}?section={section + 1}{anchor}"


def shown_links(membership, reading, other, section) -> dict:
    """What the page shows: the rows as they are now."""
    parallel = between(reading.edition_id, other.edition_id)
    every = rows_beside(parallel, reading, other)
    rows = rows_in(every, section)
    sections = outline_of(reading.edition.current_id).sections
    open_in = {row.section for row in every if not row.is_confirmed}
    return {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "other": other,
        "languages_of": [name_of(each.edition.language) for each in (reading, other)],
        "parallel": parallel,
        "rows": shown(rows, reading, other),
        "seen": saving.fingerprint(rows),
        "all_confirmed": all(row.is_confirmed for row in rows),
        "unchecked": len(open_in),
        "position": section,
        "sections": [(each, each.position not in open_in) for each in sections],
        "section_count": len(sections),
        "has_more": bool(every) and every[-1] is not rows[-1] if rows else False,
    }
