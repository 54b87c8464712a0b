"""From bytes to text: which encoding, which line ends, and whether it is a text at all."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

import chardet
from django.utils.translation import gettext as _

from . import limits
from .document import Unreadable

OLE = b"\xd0\xcf\x11\xe0"  # the old Word, and any office file with a password
# Beginnings of files that people upload by mistake.
MAGICS = {
    b"%PDF": "PDF",
    b"PK\x03\x04": "ZIP",
    OLE: "DOC",
    b"{\\rtf": "RTF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x7fELF": "ELF",
    b"\x1f\x8b": "gzip",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"SQLite format 3": "SQLite",
    b"AT&TFORM": "DjVu",
}
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(rb"""(?:charset\s*=\s*|<\?xml[^>]{0,200}?encoding\s*=\s*)["']?\s*([A-Za-z0-9._:-]{2,40})""")
# What pages that say these really use (WHATWG Encoding Standard, labels of windows-1252).
WESTERN = {"iso-8859-1", "iso8859-1", "latin-1", "latin1", "ascii", "us-ascii", "iso-8859-15", "iso8859-15"}
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028]")
TYPOGRAPHIC = {bytes([value]) for value in (0x85, *range(0x91, 0x98), 0xA0)}  # … ‘’“”•–— in windows-125x
SAMPLE_BYTES = 100_000  # enough for the detector, and bounded


@dataclass
class Decoded:
    text: str
    encoding: str
    doubtful: bool = False
    assumptions: list[str] = field(default_factory=list)


def decode(source: bytes, *, encoding: str | None = None, declares: bool = False) -> Decoded:
    """The file's text with `\\n` as the only line end. `declares`: the format can name its own encoding (HTML).

    Order: the caller's word, byte order mark, strict UTF-8, the file's own declaration, a detector's proposal.
    """
    if len(source) > limits.SOURCE_BYTES:
        raise Unreadable(_("The file is larger than %(size)d MB.") % {"size": limits.SOURCE_BYTES // 1024**2})
    if not source:
        raise Unreadable(_("The file is empty: there is no text in it."))
    name = magic_of(source)
    if name:
        raise Unreadable(
            _("This is a %(name)s file, not a text. %(formats)s") % {"name": name, "formats": read_today()}
        )
    decoded = _decoded(source, encoding, declares)
    _refuse_binary(decoded.text)
    _clean(decoded)
    if not decoded.text.strip():
        raise Unreadable(_("There is no text in the file."))
    return decoded


def magic_of(source: bytes) -> str | None:
    """What the file is by its first bytes, where these say that it is no text."""
    return next((name for magic, name in MAGICS.items() if source.startswith(magic)), None)


def read_today() -> str:
    return _("Word (.docx), EPUB, OpenDocument (.odt), HTML, Markdown (.md) and plain text (.txt) are read.")


def _decoded(source: bytes, encoding: str | None, declares: bool) -> Decoded:
    if encoding:
        return _as_told(source, encoding)
    for bom, name in BOMS:
        if source.startswith(bom):
            return _as_told(source, name)
    if b"\x00" in source:
        raise Unreadable(_("The file is not a text: it contains zero bytes."))
    text = _try(source, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8")
    declared = DECLARED.search(source[:4096]) if declares else None
    if declared:
        name = _western(declared[1].decode("ascii"))
        text = _try(source, name)
        if text is not None:
            return Decoded(text, name)
    return _guessed(source)


def _as_told(source: bytes, encoding: str) -> Decoded:
    text = _try(source, encoding)
    if text is None:
        raise Unreadable(_("The file cannot be read as %(encoding)s.") % {"encoding": encoding})
    return Decoded(text, encoding)


def _guessed(source: bytes) -> Decoded:
    if set(re.findall(rb"[\x80-\xff]", source)) <= TYPOGRAPHIC:
        proposed = "windows-1252"  # too little for a detector, but quotation marks and dashes are nothing else
    else:
        proposed = (chardet.detect(source[:SAMPLE_BYTES]).get("encoding") or "windows-1252").lower()
    for name in (_western(proposed), "windows-1252"):
        text = _try(source, name)
        if text is not None and (name == "windows-1252" or _is_plausible(text)):
            said = _("The encoding was guessed as %(name)s; please compare a few accented letters.")
            return Decoded(text, name, True, [said % {"name": _spoken(name)}])
    raise Unreadable(_("The encoding of the file could not be recognised."))


def _is_plausible(text: str) -> bool:
    """No letters of two scripts in one word (`cafй`), and no control characters where quotation marks would be."""
    sample = text[:SAMPLE_BYTES]
    foreign = [word for word in re.findall(r"[^\W\d_]+", sample) if not word.isascii()]
    mixed = sum(bool(re.search(r"[A-Za-z]", word) and re.search(r"[\u0370-\uffff]", word)) for word in foreign)
    return mixed * 4 <= len(foreign) and not CONTROLS.search(sample)


def _spoken(name: str) -> str:
    return re.sub(r"(?i)^(?:windows-|cp)(125\d)$", r"Windows-\1", name)


def _western(name: str) -> str:
    return "windows-1252" if name.lower() in WESTERN else name


def _try(source: bytes, encoding: str) -> str | None:
    """None where the bytes are not in this encoding, or there is no such encoding."""
    try:
        text = source.decode(encoding)
        text.encode("utf-8")  # lone surrogates would fail later, in the database
    except (UnicodeError, LookupError, ValueError, AssertionError):
        return None
    return text


def _refuse_binary(text: str) -> None:
    if "\x00" in text:
        raise Unreadable(_("The file is not a text: it contains zero bytes."))
    if len(CONTROLS.findall(text)) > max(2, len(text) // 20):
        raise Unreadable(_("The file is not a text: it is full of control characters."))


def _clean(decoded: Decoded) -> None:
    text = decoded.text.removeprefix("\ufeff")
    text, odd = LINE_ENDS.sub("\n", text), re.search(r"[\x0b\x0c\x85\u2028\u2029]", text)
    text = text.replace("\u2029", "\n\n")
    if odd:
        decoded.assumptions.append(_("Form feeds and Unicode line separators were read as line ends."))
    text, removed = CONTROLS.subn("", text)
    if removed:
        decoded.assumptions.append(_("Control characters were left out: %(count)d.") % {"count": removed})
    decoded.text = text
