"""Answer a plain request with a page, and an htmx request with the part of it that changed."""

from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers


def wants_part(request) -> bool:
    """Whether htmx asked, and for a part: a request that restores history wants the whole page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def page_or_part(request, page, part, context, *, status=200):
    """Render `part` for htmx and `page`, which includes `part`, for everyone else."""
    response = TemplateResponse(request, part if wants_part(request) else page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
