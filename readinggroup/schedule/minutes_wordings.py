"""The wordings of what minutes say at one place: as it stands, as it stood, who wrote it, and what was changed."""

from typing import NamedTuple

from django.core.paginator import Paginator
from django.http import Http404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.lib.differences import MOST_STEPS, SAME, differences
from readinggroup.lib.paging import page_asked_for

from .minutes_views import of_who_writes, shown_or_404

A_PAGE = 10


class Wording(NamedTuple):
    """One wording: its number from 1, by whom and when, and what it changed as runs."""

    number: int
    by: object
    since: object
    runs: list


@require_safe
@of_who_writes
def minutes_wordings(request, membership, session, item):
    """Every wording of one item's minutes, newest first, each with what it changed of the one before."""
    shown = shown_or_404(session, item)
    if shown.entry is None:
        raise Http404
    page = page_asked_for(request, Paginator(range(shown.entry.version, 0, -1), A_PAGE))
    context = {
        "membership": membership,
        "group": membership.group,
        "session": session,
        "each": shown,
        "page": page,
        "wordings": wordings_on(page, shown.entry),
    }
    return TemplateResponse(request, "schedule/minutes_wordings.html", context)


def wordings_on(page, entry) -> list[Wording]:
    """The wordings of the page, compared with the one before, which may stand on the next page. One query.

    What an entry said before wordings were kept is not known, and not listed.
    """
    asked = [*page, page[-1] - 1]
    rows = {row.version: row for row in entry.wordings.filter(version__in=asked).select_related("written_by")}
    rows[entry.version] = entry
    found = []
    for number in page:
        if number not in rows:
            continue
        row, before = rows[number], rows.get(number - 1)
        runs = [(SAME, row.body)]
        if before:
            runs = differences(before.body, row.body, steps=MOST_STEPS // len(page))
        found.append(Wording(number, row.written_by, row.written_at, runs))
    return found
