"""When the database is away for a moment: 503 with Retry-After and, for a post, the words that were typed."""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from .htmx import wants_part
from .kept_words import typed_in

logger = logging.getLogger(__name__)


class UnavailableMiddleware:
    """Turn a lost or missing database connection into an answer that keeps what was typed."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError) as error:
            return unavailable(request, error)

    def process_exception(self, request, exception):
        if isinstance(exception, (OperationalError, InterfaceError)):
            return unavailable(request, exception)
        return None


def unavailable(request, error):
    """The 503 page, or for htmx one line of it. It asks nothing of the database: no user, no session."""
    logger.error("The database did not answer %s %s: %s", request.method, request.path, error)
    template = "_error.html" if wants_part(request) else "503.html"
    html = render_to_string(template, {"status": 503, "typed": typed_in(request)})
    response = HttpResponse(html, status=503, headers={"Retry-After": "5"})
    patch_vary_headers(response, ["HX-Request"])
    return response
