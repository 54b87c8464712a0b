"""Two editions of one work, paragraph beside paragraph."""

from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.languages import name_of
from readinggroup.readings.pages import outline_of
from readinggroup.readings.views import section_asked_for
from texts.parallel.rows import between

from .access import of_two_readings
from .pages import rows_beside, rows_in, shown, with_words_and_counts

UNDER = "under"


@require_safe
@of_two_readings(Can.READ)
def beside(request, membership, reading, other):
    """Both texts in columns, or one under the other; long ones by section."""
    revision = reading.edition.current
    position = section_asked_for(request, revision.pk, revision.words)
    parallel = between(reading.edition_id, other.edition_id)
    rows = shown(rows_in(rows_beside(parallel, reading, other), position), reading, other)
    notes = with_words_and_counts(rows, reading, other)
    sections = outline_of(revision.pk).sections
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "other": other,
        "languages_of": [name_of(each.edition.language) for each in (reading, other)],
        "parallel": parallel,
        "rows": rows,
        "doubtful": any(row.row.links and not row.row.is_confirmed for row in rows),
        "notes": notes,
        "position": position,
        "section": sections[position] if position is not None else None,
        "section_count": 0 if position is None else len(sections),
        "sections": sections if position is not None else [],
        "under": request.GET.get("set") == UNDER,
        "may_keep_texts": may(membership, Can.KEEP_TEXTS),
    }
    return TemplateResponse(request, "side_by_side/beside.html", context)
