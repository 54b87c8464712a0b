"""Reading a foreign file in a process of its own, with bounds on memory, processor time and waiting.

A new interpreter is started instead of a fork, because the server has threads. Works on Linux and macOS (macOS does not
hold a process to its address space; there the bounds on time and on the file itself remain).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from . import limits
from .document import Document, Unreadable

ROOT = Path(__file__).resolve().parents[2]
PAGES = Path("/proc/self/statm")  # Linux: the first number is the mapped memory in pages


def read_bounded(
    source: bytes,
    *,
    filename: str = "",
    encoding: str | None = None,
    format: str | None = None,  # noqa: A002 - the same words as `read`
    wall_seconds: float = limits.WALL_SECONDS,
) -> Document:
    """Like `read`, in a child process. Raises `Unreadable` also where the file needs too much time or memory."""
    most = limits.ARCHIVE_BYTES if source.startswith(b"PK") else limits.SOURCE_BYTES
    if len(source) > most:
        raise Unreadable(_("The file is larger than %(size)d MB.") % {"size": most // 1024**2})
    request = {"filename": filename, "encoding": encoding, "format": format, **_language()}
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "texts.importing.bounded"],
            input=json.dumps(request).encode() + b"\n" + source,
            capture_output=True,
            timeout=wall_seconds,
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable(_("Reading the file took too long.")) from error
    return _answer(done)


def _answer(done: subprocess.CompletedProcess) -> Document:
    try:
        answer = json.loads(done.stdout) if done.returncode == 0 else {}
    except ValueError:
        answer = {}
    if "document" in answer:
        return Document.from_dict(answer["document"])
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"])
    if done.returncode < 0:  # ended by a signal: the bound on processor time, or the system short of memory
        raise Unreadable(_("Reading the file took too much time or memory."))
    raise Unreadable(_("The file could not be read: the reader failed on it."))


def _language() -> dict:
    """So that the child speaks the language of the person who waits."""
    if not settings.USE_I18N:
        return {"language": None, "locale_paths": []}
    return {"language": translation.get_language(), "locale_paths": [str(path) for path in settings.LOCALE_PATHS]}


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (limits.CPU_SECONDS, limits.CPU_SECONDS + 1))
    mapped = int(PAGES.read_text().split()[0]) * resource.getpagesize() if PAGES.exists() else limits.EXTRA_MEMORY_BYTES
    try:
        resource.setrlimit(resource.RLIMIT_AS, (mapped + limits.EXTRA_MEMORY_BYTES,) * 2)
    except (ValueError, OSError):
        return  # macOS refuses; time and size are bounded all the same


def _speak(language: str | None, locale_paths: list[str]) -> None:
    """Settings enough for translated messages: the site's own would open its database."""
    import django

    settings.configure(USE_I18N=bool(language), LOCALE_PATHS=locale_paths)
    django.setup()
    if language:
        translation.activate(language)


def main() -> None:
    """The child: one line of JSON and the file on standard input, one JSON object on standard output."""
    from . import read

    header, _newline, source = sys.stdin.buffer.read().partition(b"\n")
    request = json.loads(header)
    _speak(request.pop("language"), request.pop("locale_paths"))
    _limit()
    try:
        answer = {"document": read(source, **request).as_dict()}
    except Unreadable as error:
        answer = {"unreadable": str(error)}
    except MemoryError:
        answer = {"unreadable": _("Reading the file took too much time or memory.")}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
