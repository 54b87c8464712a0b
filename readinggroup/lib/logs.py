"""Logs as one JSON object a line, each with the id of the request or the task from which it came."""

import json
import logging
import re
import secrets
import time
from contextvars import ContextVar

from django.conf import settings

of_now: ContextVar[dict] = ContextVar("of_now", default={})  # noqa: B039 - never changed in place
REQUEST_ID = re.compile(r"[\w-]{8,64}", re.ASCII)
access = logging.getLogger("readinggroup.requests")


class WithContext(logging.Filter):
    """Give each record what is known of where it came from."""

    def filter(self, record):
        record.of_now = of_now.get()
        return True


class JsonFormatter(logging.Formatter):
    """One object a line: when, how bad, who says it, what, and of which request or task."""

    def format(self, record):
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "of_now", {}),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class RequestIdMiddleware:
    """Give the request an id, or keep that of a trusted proxy; say it in the log and in an answer that failed.

    The line names the pattern of the address, not the address: that can hold tokens and names.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        sent = request.headers.get("X-Request-ID", "") if settings.SECURE_PROXY_SSL_HEADER else ""
        request.request_id = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
        before = of_now.set({"request_id": request.request_id})
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            if response.status_code >= 500:
                response["X-Request-ID"] = request.request_id  # for whoever tells us of it
            if settings.LOG_REQUESTS and request.path != "/healthz" and access.isEnabledFor(logging.INFO):
                access.info("answered", extra={"facts": facts_of(request, response, began)})
            return response
        finally:
            of_now.reset(before)


def facts_of(request, response, began) -> dict:
    match = getattr(request, "resolver_match", None)
    return {
        "method": request.method,
        "page": match.view_name if match else "",
        "status": response.status_code,
        "milliseconds": round((time.perf_counter() - began) * 1_000, 1),
    }


def with_task(call_next, context, worker):
    """A task of the worker under its own name and number (a middleware of procrastinate)."""
    before = of_now.set({"task": context.job.task_name, "job": context.job.id})
    try:
        return call_next()
    finally:
        of_now.reset(before)
