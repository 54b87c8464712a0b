"""The text with its discussion as one file, to be kept and opened without the site."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can
from readinggroup.readings.access import of_reading

from .views import whole_context

STYLES = "css/site.css"
# The address of a link in our own tags. What people wrote holds no tag that they made: `<` is escaped there.
_FROM_ROOT = re.compile(r'(<a\b[^<>]*?\shref=")/(?!/)')
_FROM_HERE = re.compile(r'(<a\b[^<>]*?\shref=")\?')


@require_safe
@of_reading(Can.READ)
def save_whole(request, membership, reading):
    """The document as a file: it brings its styles along, runs no script, and its links lead to the site."""
    context = whole_context(request, membership, reading)
    style = Path(finders.find(STYLES)).read_text(encoding="utf-8")
    context["style"] = mark_safe(style)  # noqa: S308 - our own files
    # Only this one style applies: not even a style attribute that slipped through would.
    context["style_hash"] = b64encode(sha256(style.encode()).digest()).decode()
    html = render_to_string("discussion/whole_saved.html", context, request)
    html = _FROM_ROOT.sub(rf"\g<1>{request.build_absolute_uri('/')}", html)
    html = _FROM_HERE.sub(rf"\g<1>{context['address']}?", html)
    section = "" if context["position"] is None else f"-section-{context['position'] + 1}"
    name = f"{reading.slug}{section}-{timezone.localdate():%Y-%m-%d}.html"
    return HttpResponse(html, headers={"Content-Disposition": f'attachment; filename="{name}"'})
