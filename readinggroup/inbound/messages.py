"""A message as bytes: its headers, and the text that its writer sees in it.

Parsed by the standard library under its oldest policy, which leaves headers as they came: the newer one raises on many
that are malformed.
"""

import codecs
import re
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses
from hashlib import sha256

from .html import text_of_html

DEEPEST = 20  # parts within parts
LONGEST_HEADER = 10_000
# Where mail servers and programs say for whom a message is.
_RECIPIENTS = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc"]
# Not encodings that people write in, and slow or strange to decode.
_NO_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw-unicode-escape", "unicode-escape", "utf-7"}
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def read(data: bytes) -> Message:
    """The message; of one whose parts are nested deeper than anybody's, the headers."""
    try:
        return BytesParser(policy=policy.compat32).parsebytes(data)
    except RecursionError:
        head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
        return BytesHeaderParser(policy=policy.compat32).parsebytes(head + b"\n\n")


def headers(message, *names) -> list:
    """What these headers say, as strings."""
    return [str(value)[:LONGEST_HEADER] for name in names for value in message.get_all(name, [])]


def recipients(message) -> str:
    return "\n".join(headers(message, *_RECIPIENTS))


def senders(message) -> list:
    """The addresses of From, in lower case."""
    return [address.lower() for _name, address in getaddresses(headers(message, "From")[:1])]


def identity(message) -> str:
    """What makes two copies of a message the same: its Message-ID, or what it holds."""
    named = "".join(headers(message, "Message-ID")[:1]).strip()
    return named or sha256(message.as_bytes()).hexdigest()


def comes_from_nobody(message) -> bool:
    """Whether the envelope's sender was empty, as it is for what mail servers report (RFC 5321, 4.5.5)."""
    return any(value.strip() == "<>" for value in headers(message, "Return-Path"))


def is_automatic(message) -> bool:
    """Whether a machine has sent it: an answer during a holiday, a list, a report (RFC 3834)."""
    submitted = [value.partition(";")[0].strip().lower() for value in headers(message, "Auto-Submitted")]
    precedence = {value.strip().lower() for value in headers(message, "Precedence")}
    return (
        any(value != "no" for value in submitted)
        or not precedence.isdisjoint({"bulk", "list", "junk", "auto_reply"})
        or bool(headers(message, "X-Auto-Response-Suppress", "List-Id"))
        or comes_from_nobody(message)
        or message.get_content_type() == "multipart/report"
    )


def text_of(message) -> str:
    """The text of the message: plain where there is some, else what its HTML says. "" if there is none."""
    text = "\n\n".join(filter(None, (piece.strip("\n") for piece in pieces(message))))
    return _NOT_TEXT.sub("", _LINE_ENDS.sub("\n", text))


def pieces(part, depth=0) -> list:
    """The texts of a part, as they are read one after the other; what is attached is not among them."""
    if depth > DEEPEST or is_attached(part):
        return []
    children = part.get_payload() if part.is_multipart() else []
    if part.get_content_type() == "multipart/alternative":
        plain_first = sorted(children, key=lambda child: child.get_content_type() != "text/plain")
        return next(filter(None, (pieces(child, depth + 1) for child in plain_first)), [])
    if part.get_content_maintype() == "multipart":
        return [text for child in children for text in pieces(child, depth + 1)]
    if part.get_content_type() == "text/plain":
        text = decoded(part)
        if str(part.get_param("format", "")).lower() == "flowed":
            text = unflowed(text, deletes_space=str(part.get_param("delsp", "")).lower() == "yes")
        return [text] if text.strip() else []
    if part.get_content_type() == "text/html":
        text = text_of_html(decoded(part))
        return [text] if text.strip() else []
    return []


def is_attached(part) -> bool:
    disposition = "".join(headers(part, "Content-Disposition")).lower()
    return disposition.lstrip().startswith("attachment") or "filename" in disposition


def decoded(part) -> str:
    """The words of one part, in whatever it says that they are written; what cannot be read becomes U+FFFD."""
    content = part.get_payload(decode=True) or b""
    charset = (part.get_content_charset() or "").lower()
    try:
        name = codecs.lookup(charset).name if charset not in _NO_CHARSETS else "ascii"
        if name == "iso8859-1":
            name = "cp1252"  # as browsers read it: many say the one and write the other
        return content.decode("utf-8" if name == "ascii" else name)
    except (LookupError, ValueError):
        pass
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def unflowed(text, *, deletes_space) -> str:
    """Lines that the mail program has wrapped, put together again (RFC 3676)."""
    lines, continues = [], None
    for line in _LINE_ENDS.sub("\n", text).split("\n"):
        quoted = line[: len(line) - len(line.lstrip(">"))]
        words = line[len(quoted) :].removeprefix(" ")
        flows = words.endswith(" ") and words != "-- "
        ends = words[:-1] if flows and deletes_space else words
        if continues == quoted and words != "-- ":
            lines[-1].append(ends)
        else:
            lines.append([f"{quoted} {ends}" if quoted else ends])
        continues = quoted if flows else None
    return "\n".join("".join(parts) for parts in lines)
