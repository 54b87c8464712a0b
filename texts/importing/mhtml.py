"""MHTML: a page that a browser saved as one file. The page is in it as a mail would hold it; pictures are left."""

from __future__ import annotations

import re
from email import message_from_bytes

from django.utils.translation import gettext as _

from . import html
from .document import Document, Unreadable

BEGINNING = re.compile(
    rb"(?:[A-Za-z-]{2,40}:[^\n]*\n(?:[ \t][^\n]*\n)*){1,30}?content-type:\s*multipart/related", re.IGNORECASE
)


def read(data: bytes, *, filename: str = "", encoding: str | None = None) -> Document:
    """The first page in the file; the others are frames and advertisements in it."""
    try:
        pages = [part for part in message_from_bytes(data).walk() if part.get_content_type() == "text/html"]
        content = pages[0].get_payload(decode=True) if pages else None
        declared = pages[0].get_content_charset() if pages else None
    except (RecursionError, ValueError, LookupError, AttributeError) as error:
        raise Unreadable(_("There is no page in the file that can be read.")) from error
    if not content:
        raise Unreadable(_("There is no page in the file that can be read."))
    if encoding is None and declared:
        try:
            content.decode(declared)
            encoding = declared
        except (LookupError, ValueError):
            encoding = None
    return html.read(content, filename=filename, encoding=encoding)
