"""When the database cannot answer or cannot save: 503 with Retry-After and, for a post, the form to be sent again.

The answer asks nothing of the database: no person, no login, no group. It is for what ends by itself or by the hand of
whoever runs the site (a restart, a full disk, too many connections); a fault of ours stays a 500.
"""

import errno
import logging
import select
import sys
from typing import NamedTuple

import psycopg
from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.core.signals import got_request_exception
from django.db import Error as DjangosError
from django.db import InterfaceError, InternalError, OperationalError, connections
from django.http import HttpResponse, UnreadablePostError
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import patch_vary_headers

from .htmx import wants_part
from .kept_words import is_from_here, kept_form, typed_in, written_on

logger = logging.getLogger(__name__)


class Trouble(NamedTuple):
    """A kind of it: how pages and figures call it, and after how many seconds it is worth to try again."""

    kind: str
    retry_after: int


AWAY = Trouble("away", 5)  # no connection, or it broke
BUSY = Trouble("busy", 5)  # too many connections, no memory, waited too long for a lock or an answer
ONLY_READS = Trouble("only_reads", 30)  # no space left, or a replica answers

MAY_PASS = (OperationalError, InterfaceError, InternalError)
MAY_PASS_UNWRAPPED = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)
# By SQLSTATE (PostgreSQL, appendix A); two letters name a class.
KINDS = {
    "08": AWAY,  # connection
    "57P": AWAY,  # shut down, crashed, starting up
    "57014": BUSY,  # cancelled: a statement's time was over
    "55P03": BUSY,  # a lock's
    "25P03": BUSY, "25P04": BUSY,  # a transaction's
    "40": BUSY,  # deadlock, serialization
    "53": BUSY,  # memory, connections
    "53100": ONLY_READS,  # disk full
    "58030": ONLY_READS,  # cannot write to it
    "25006": ONLY_READS,  # the transaction may only read
}  # fmt: skip
NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def trouble_of(error: BaseException | None) -> Trouble | None:
    """What kind of trouble this error comes from; None where it is a fault of ours, or somebody's bad input.

    Others wrap the database's errors (Django, the queue of tasks), so the causes are asked as well.
    """
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if found := _trouble_of_one(error):
            return found
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def _trouble_of_one(error) -> Trouble | None:
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return ONLY_READS
    if is_of_a_valkey(error):
        return AWAY
    if isinstance(error, psycopg.errors.UndefinedTable):
        # Without the cache's table (`createcachetable` makes it) nobody signs in; nothing else needs it.
        return AWAY if any(f'"{table}"' in str(error) for table in tables_of_caches()) else None
    if not isinstance(error, MAY_PASS + MAY_PASS_UNWRAPPED):
        return None
    cause = error.__cause__ if isinstance(error, DjangosError) else error
    state = getattr(cause, "sqlstate", None)
    if state is None:  # said by our side of the connection
        return None if isinstance(error, (InternalError, psycopg.InternalError)) else AWAY
    return next((KINDS[state[:length]] for length in (5, 3, 2) if state[:length] in KINDS), None)


def is_of_a_valkey(error) -> bool:
    """Whether the cache that CACHE_URL names is away: nobody signs in without its counts, as without the table's."""
    redis = sys.modules.get("redis")  # loaded only where CACHE_URL is set
    return redis is not None and isinstance(error, (redis.ConnectionError, redis.TimeoutError))


def tables_of_caches() -> list[str]:
    return [cache["LOCATION"] for cache in settings.CACHES.values() if cache["BACKEND"].endswith("DatabaseCache")]


class UnavailableMiddleware:
    """Turn such an error into that answer, wherever in the request it happened.

    Most happen in a view, where `process_exception` sees them. What fails in a middleware below (a login that cannot be
    saved, say) Django makes a 500 of before it comes up here; its signal tells us why.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        got_request_exception.connect(note_trouble, dispatch_uid="readinggroup.lib.unavailable")

    def __call__(self, request):
        leave_broken_connections()
        try:
            response = self.get_response(request)
        except Exception as error:
            # The page for an error failed as well, since it asks who is there.
            if trouble := trouble_of(error):
                return unavailable(request, error, trouble)
            raise
        error = getattr(request, "failed_by", None)
        if error is not None and response.status_code >= 500:
            return unavailable(request, error, trouble_of(error))
        return response

    def process_exception(self, request, exception):
        if trouble := trouble_of(exception):
            return unavailable(request, exception, trouble)
        return None


def note_trouble(sender, request=None, **_kwargs):
    """Of an error that nobody caught: remember it with its request."""
    error = sys.exc_info()[1]
    if request is not None and trouble_of(error):
        request.failed_by = error


def leave_broken_connections() -> None:
    """Close what is kept of connections that the server has ended since: the request begins with a new one.

    A connection at rest on which something has come has been ended (or told of a changed setting: a new one costs
    little). To look costs a microsecond; to ask the server each time, as CONN_HEALTH_CHECKS does, a round trip.
    """
    for connection in connections.all(initialized_only=True):
        if connection.connection is None or connection.in_atomic_block:
            continue
        try:
            at_rest = select.poll()
            at_rest.register(connection.connection.fileno(), select.POLLIN)
            broken = bool(at_rest.poll(0))
        except psycopg.Error:  # it has no socket any more
            broken = True
        if broken:
            connection.close()


def unavailable(request, error, trouble: Trouble = AWAY):
    """The 503 page, or for htmx one line of it, which the composer shows under the words that it still has."""
    match = request.resolver_match
    first_line = str(error).strip().partition("\n")[0]
    logger.error("%s %s: %s (%s)", request.method, match.view_name if match else "-", first_line, trouble.kind)
    response = plain_page(request, "503.html", status=503, trouble=trouble.kind)
    response.headers["Retry-After"] = str(trouble.retry_after)
    response.trouble = trouble.kind  # for the figures
    return response


def plain_page(request, template, *, status, trouble=""):
    """A page that asks nothing of the database, with the words of a form; for htmx one line that says the same."""
    language = getattr(request, "LANGUAGE_CODE", None) or translation.get_language_from_request(request)
    with translation.override(language):
        context = {"status": status, "trouble": trouble}
        if not wants_part(request):
            context |= {"again": again(request), **words_of(request)}
        html = render_to_string("_error.html" if wants_part(request) else template, context)
    response = HttpResponse(html, status=status)
    response.headers["Content-Language"] = language
    patch_vary_headers(response, ["HX-Request", "Accept-Language", "Cookie"])
    return response


def words_of(request) -> dict:
    """The form to be sent again, or where it cannot be (a file, a secret, perhaps a stranger's) its words to be copied.

    Whose form it is, is not always known yet: the token is looked at after the person is.
    """
    try:
        typed = typed_in(request)
        ours = getattr(request, "csrf_processing_done", False) or is_from_here(request)
        form = kept_form(request) if ours and not request.FILES else None
    except (UnreadablePostError, TooManyFilesSent):  # they went away while they sent it, or never meant it
        return {}
    if form is None:
        return {"typed": typed}
    return {"form": form, "csrf_token": get_token(request)}


def again(request) -> str:
    """Where to look whether all is well again: here, or for a form the page on which it was written."""
    return request.get_full_path() if request.method in {"GET", "HEAD"} else written_on(request)
