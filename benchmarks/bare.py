"""The yardstick: a Django view that returns the same bytes, behind the same middleware, on the same server.

Used as ROOT_URLCONF by the benchmark only. `?page=` names a page of the site; its bytes are fetched once per process,
through the site's own view and with the cookies of the request, and from then on returned as they are. Without `page`
the answer is empty. `select/` asks the database for one row first: what the smallest page with a question costs; below
it are the pages of `selects.py`.
"""

import re

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from readinggroup import urls
from readinggroup.accounts.access import public

from . import selects

_bytes = {"": b""}


@public(because="exists in the benchmark's process only")
def bare(request):
    page = request.GET.get("page", "")
    if page not in _bytes:
        client = Client(headers={"host": request.get_host()})
        client.cookies.load(dict(request.COOKIES))
        _bytes[page] = client.get(page).content
    return HttpResponse(_bytes[page])


@public(because="exists in the benchmark's process only")
def text(request):
    """The page's main part as plain HTML without styles, scripts and buttons, filled up to as many bytes."""
    page = bare(request).content
    main = re.search(rb"<main.*?</main>", page, re.S)[0]
    main = re.sub(rb"<(svg|button|form|script|template|dialog)\b.*?</\1>|<input[^>]*>", b"", main, flags=re.S)
    html = b'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bare</title></head><body>' + main
    return HttpResponse(html + b"<!--" + page[: max(0, len(page) - len(html))].replace(b"--", b"==") + b"-->")


@public(because="exists in the benchmark's process only")
def select(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return bare(request)


urlpatterns = [
    path("bare/", bare),
    path("bare/text/", text),
    path("select/", select),
    *selects.urlpatterns,
    *urls.urlpatterns,
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
