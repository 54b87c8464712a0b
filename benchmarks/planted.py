"""Faults planted on purpose, each on a page of its own, beside the site: what a scanner must find before its silence
says anything. ROOT_URLCONF of `scans.py` alone; what they do wrong stands beside each.
"""

from pathlib import Path

from django.db import connection
from django.http import HttpResponse
from django.urls import path

from readinggroup import urls
from readinggroup.accounts.access import public

PAGE = "<!DOCTYPE html><title>Planted</title><p>{}</p>"
planted = public(because="exists in the scanners' process only")


@planted
def index(request):
    links = "".join(
        f'<a href="{address}">{address}</a> ' for address in ("words?q=a", "row?id=1", "go?to=/", "file?name=a")
    )
    return HttpResponse(PAGE.format(links))


@planted
def words(request):
    """Typed words are put into the page as they are."""
    return HttpResponse(PAGE.format(request.GET.get("q", "")))


@planted
def row(request):
    """Typed words are put into SQL as they are."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT body FROM discussion_comment WHERE id = {request.GET.get('id', '0')}")  # noqa: S608
        found = cursor.fetchone()
    return HttpResponse(PAGE.format(found))


@planted
def go(request):
    """Leads wherever the address says."""
    answer = HttpResponse(status=302)
    answer["Location"] = request.GET.get("to", "/")
    return answer


@planted
def file(request):
    """Reads whatever file the address names."""
    try:
        return HttpResponse(Path("/", request.GET.get("name", "")).read_bytes(), content_type="text/plain")
    except OSError:
        return HttpResponse(PAGE.format("None."), status=404)


urlpatterns = [
    path("planted/", index),
    path("planted/words", words),
    path("planted/row", row),
    path("planted/go", go),
    path("planted/file", file),
    *urls.urlpatterns,
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
