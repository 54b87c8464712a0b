"""Sheets and scripts without comments and blanks, as browsers get them; in DEBUG they get what stands in `static/`."""

import re
from base64 import b64encode
from hashlib import sha256

from django.core.files.base import ContentFile
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

_STRING = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
_STRING_OR_COMMENT = re.compile(rf"({_STRING})|/\*.*?\*/", re.S)
_BLANKS = re.compile(r"\s+")
_AROUND = re.compile(r" ?([{};,>]) ?")
_AFTER_NAME = re.compile(r"(?<=[{;])([\w-]+): ")
_ZERO = re.compile(r"(?<![\w.#-])0(\.\d)")  # 0.5 is .5
OURS = re.compile(r"(css|js)/[\w.-]+\.(css|js)")  # what packages bring is as they made it


def minified_sheet(text: str) -> str:
    """The same rules in fewer bytes.

    Not by rcssmin (1.3): it takes the blank before `:is()` inside a layer, and with it what the selector says.
    """
    text = _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", text)
    pieces = re.split(f"({_STRING})", text)
    pieces[0::2] = [_ZERO.sub(r"\1", _AROUND.sub(r"\1", _BLANKS.sub(" ", piece))) for piece in pieces[0::2]]
    return _AFTER_NAME.sub(r"\1:", "".join(pieces).replace(";}", "}")).strip()


def in_policy(text: str) -> str:
    """How a Content-Security-Policy names a sheet that stands in a page: by its hash, so that no other counts."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


class MinifiedFiles:
    """A folder of static files, as `collectstatic` reads it, whose sheets and scripts are given minified."""

    def __init__(self, files):
        self.files = files

    def open(self, path):
        with self.files.open(path) as file:
            text = file.read().decode()
        return ContentFile((minified_sheet(text) if path.endswith(".css") else jsmin(text)).encode(), name=path)


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Static files under names with a hash of what is in them, compressed; ours also minified."""

    def post_process(self, paths, dry_run=False, **options):
        smaller = {
            name: (MinifiedFiles(files), path) if OURS.fullmatch(name) else (files, path)
            for name, (files, path) in paths.items()
        }
        yield from super().post_process(smaller, dry_run, **options)
