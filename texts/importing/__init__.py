"""Reading a file into a `Document`: blocks, notes, and what was assumed. No database.

A new format is one more module with a `read(data, *, filename, encoding)` and one more line in `FORMATS`.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from django.utils.translation import gettext as _

from . import html, markdown, plain
from .decoding import read_today
from .document import Block, Document, Note, NoteMark, Unreadable

__all__ = ["FORMATS", "Block", "Document", "Note", "NoteMark", "Unreadable", "read"]

FORMATS = {"plain": plain.read, "markdown": markdown.read, "html": html.read}
EXTENSIONS = {
    "txt": "plain",
    "text": "plain",
    "md": "markdown",
    "markdown": "markdown",
    "mkd": "markdown",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
}
NOT_YET = {"docx", "doc", "odt", "epub", "pdf", "rtf", "mobi", "azw3", "djvu", "fb2"}
MARKUP = re.compile(
    rb"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|article|main)\b", re.I | re.S
)


def read(
    source: bytes,
    *,
    filename: str = "",
    encoding: str | None = None,
    format: str | None = None,  # noqa: A002
) -> Document:
    """The text in `source`. Raises `Unreadable` where it is none; its message is for the person who gave the file.

    `format` ("plain", "markdown", "html") wins over the file name, the file name over what the bytes look like.
    """
    extension = PurePath(filename.replace("\\", "/")).suffix.lower().lstrip(".")
    if format is None and extension in NOT_YET:
        said = _("%(format)s files cannot be read yet.") % {"format": extension.upper()}
        raise Unreadable(f"{said} {read_today()}")
    chosen = format or EXTENSIONS.get(extension) or _sniffed(source)
    if chosen not in FORMATS:
        said = _("There is no format called “%(format)s”.") % {"format": chosen}
        raise Unreadable(f"{said} {read_today()}")
    return FORMATS[chosen](source, filename=filename, encoding=encoding)


def _sniffed(source: bytes) -> str:
    """HTML announces itself; Markdown cannot be told from plain text safely, so it needs its file name."""
    return "html" if MARKUP.match(source[:2048].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")) else "plain"
