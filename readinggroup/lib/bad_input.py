"""Bytes that no person typed get a plain 400, before anything of ours sees them.

Postgres refuses NUL in any text, and Python refuses to encode lone surrogates. Forms check their own fields;
paths, query strings and cookies are checked here, so that no view has to.
"""

from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError
from django.utils.translation import gettext_lazy as _


def is_storable(text: str) -> bool:
    """Whether the text can be written to Postgres: no NUL, no lone surrogate."""
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def validate_storable(text: str) -> None:
    """Refuse, in a form, what cannot be written to Postgres."""
    if not is_storable(text):
        raise ValidationError(_("The text holds characters that cannot be kept. Take them out and send again."))


class BadInputMiddleware:
    """Refuse requests that hold what cannot be stored; turn Postgres's own refusal of a value into a 400."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        parts = [request.path_info, *request.COOKIES.values()]
        for key, values in request.GET.lists():
            parts += [key, *values]
        if not all(is_storable(part) for part in parts):
            # Raised inside the handler's own conversion, so that the answer is the site's 400 page.
            request.is_unstorable = True
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if getattr(request, "is_unstorable", False):
            raise BadRequest("The address holds characters that cannot be stored.")

    def process_exception(self, request, exception):
        if isinstance(exception, DataError):
            raise BadRequest("A value cannot be stored.") from exception
