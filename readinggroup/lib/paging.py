"""Numbers that an address holds: the page of a list (`?page=2`), the section of a text."""

from django.core.paginator import Page, Paginator
from django.http import Http404

MOST = 999_999  # whoever asks for more asks for nothing that is there


def number_in(text: str, most: int = MOST) -> int | None:
    """The whole number that the text is, from 1 to `most`; None if it is no such number."""
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(MOST)) or not 1 <= int(text) <= most:
        return None
    return int(text)


def number_asked_for(request) -> int:
    """The number of the page, from 1; 404 if what stands there is no such number."""
    number = number_in(request.GET.get("page", "1"))
    if number is None:
        raise Http404
    return number


def page_asked_for(request, pages: Paginator) -> Page:
    """The page itself; 404 if there is none of that number. An empty list has one page."""
    number = number_asked_for(request)
    if number > pages.num_pages:
        raise Http404
    return pages.page(number)
