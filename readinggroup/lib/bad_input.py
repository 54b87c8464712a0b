"""Bytes that no person typed get a plain 400, before anything of ours sees them.

Postgres refuses NUL in any text, and Python refuses to encode lone surrogates. Forms check their own fields;
paths, query strings and cookies are checked here, so that no view has to. Forms come in UTF-8, as our pages ask for:
other encodings (UTF-7 is one) can spell lone surrogates, which a form would refuse and then could not show again.
"""

from django.core.exceptions import BadRequest
from django.db import DataError


def is_storable(text: str) -> bool:
    """Whether the text can be written to Postgres: no NUL, no lone surrogate."""
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


class BadInputMiddleware:
    """Refuse requests that hold what cannot be stored; turn Postgres's own refusal of a value into a 400."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        parts = [request.path_info, *request.COOKIES.values()]
        for key, values in request.GET.lists():
            parts += [key, *values]
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in {"utf-8", "utf8"} or not all(is_storable(part) for part in parts):
            # Raised inside the handler's own conversion, so that the answer is the site's 400 page.
            request.is_unstorable = True
            # That page asks who is there: a cookie that cannot be looked up is nobody's.
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if is_storable(value)}
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if getattr(request, "is_unstorable", False):
            raise BadRequest("The address holds characters that cannot be stored.")

    def process_exception(self, request, exception):
        if isinstance(exception, DataError):
            raise BadRequest("A value cannot be stored.") from exception
