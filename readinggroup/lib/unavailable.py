"""When the database is away for a moment: 503 with Retry-After and, for a post, the words that were typed."""

import logging

from django.db import InterfaceError, OperationalError
from django.shortcuts import render

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
    """The 503 page. It asks nothing of the database: no user, no session."""
    logger.error("The database did not answer %s %s: %s", request.method, request.path, error)
    response = render(request, "503.html", {"typed": typed_in(request)}, status=503, using=None)
    response["Retry-After"] = "5"
    return response
