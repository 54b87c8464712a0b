"""The yardstick: a Django view that returns the same bytes, behind the same middleware, on the same server.

Used as ROOT_URLCONF by the benchmark only. `?page=` names a page of the site; its bytes are fetched once per process,
through the site's own view and with the cookies of the request, and from then on returned as they are. Without `page`
the answer is empty. `select/` asks the database for one row first: what the smallest page with a question costs.
"""

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from readinggroup import urls
from readinggroup.accounts.access import public

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
def select(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return bare(request)


urlpatterns = [path("bare/", bare), path("select/", select), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
