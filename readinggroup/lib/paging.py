"""Which page of a list the address asks for, as `?page=2`."""

from django.core.paginator import Page, Paginator
from django.http import Http404

MOST_DIGITS = 6  # whoever asks for more asks for nothing that is there


def number_asked_for(request) -> int:
    """The number of the page, from 1; 404 if what stands there is no such number."""
    asked = request.GET.get("page", "1")
    if not asked.isascii() or not asked.isdecimal() or len(asked) > MOST_DIGITS or int(asked) < 1:
        raise Http404
    return int(asked)


def page_asked_for(request, pages: Paginator) -> Page:
    """The page itself; 404 if there is none of that number. An empty list has one page."""
    number = number_asked_for(request)
    if number > pages.num_pages:
        raise Http404
    return pages.page(number)
