"""Running text with emphasis, links and note markers, kept as one string plus ranges.

All formats build `Inline` values and one function renders them, so what a file brings along (classes, handlers,
styles) has no way into the HTML: only the tags and attributes listed here are ever written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from html import escape

import nh3

from . import limits

TAGS = {"em", "strong", "i", "b", "cite", "code", "sub", "sup", "a", "q", "abbr", "small", "del", "ins"}
HREF = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+\Z", re.IGNORECASE)


@dataclass
class Span:
    start: int
    end: int
    tag: str
    href: str = ""


@dataclass
class Mark:
    """A note marker: `key` says which note, whatever its label is."""

    offset: int
    label: str
    key: object


@dataclass
class Inline:
    text: str = ""
    spans: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


@dataclass
class Cut:
    """A range to take out of the text; with a key, a note marker is left in its place."""

    start: int
    end: int
    label: str = ""
    key: object = None


def cut(inline: Inline, cuts: list[Cut]) -> Inline:
    """The text without the given ranges (in rising order, not overlapping); spans and markers move along."""
    if not cuts:
        return inline
    kept, last, removed = [], 0, 0
    starts, before = [], []  # where each cut begins, and how much was removed before it
    for one in cuts:
        kept.append(inline.text[last : one.start])
        starts.append(one.start)
        before.append(removed)
        removed += one.end - one.start
        last = one.end
    kept.append(inline.text[last:])

    def moved(position: int) -> int:
        index = bisect_right(starts, position) - 1
        if index < 0:
            return position
        return position - before[index] - (min(position, cuts[index].end) - starts[index])

    spans = [replace(span, start=moved(span.start), end=moved(span.end)) for span in inline.spans]
    marks = [replace(mark, offset=moved(mark.offset)) for mark in inline.marks]
    marks += [Mark(moved(one.start), one.label, one.key) for one in cuts if one.key is not None]
    marks.sort(key=lambda mark: mark.offset)
    return Inline("".join(kept), [span for span in spans if span.start < span.end], marks)


def part(inline: Inline, start: int, end: int) -> Inline:
    """The text from start to end."""
    size = len(inline.text)
    cuts = [Cut(0, start)] if start > 0 else []
    if end < size:
        cuts.append(Cut(end, size))
    inside = [mark for mark in inline.marks if start <= mark.offset <= end]
    return cut(Inline(inline.text, inline.spans, inside), cuts)


def lines(inline: Inline) -> list[Inline]:
    """The text, one value a line; empty lines are left out."""
    return _split(inline, re.compile(r"[^\n]+"))


def passages(inline: Inline) -> list[Inline]:
    """The text, one value between two blank lines."""
    return _split(inline, re.compile(r"[^\n]+(?:\n[^\n]+)*"))


def _split(inline: Inline, pattern: re.Pattern) -> list[Inline]:
    if "\n" not in inline.text:
        return [inline]
    result = []
    for match in pattern.finditer(inline.text):
        bare = match[0].strip(" \n")
        if bare:
            start = match.start() + match[0].index(bare)
            result.append(part(inline, start, start + len(bare)))
    return result


def joined(parts: list[Inline], separator: str) -> Inline:
    """Several texts as one, with a separator between them."""
    whole, position, texts = Inline(), 0, []
    for one in parts:
        if texts:
            position += len(separator)
        texts.append(one.text)
        whole.spans += [replace(span, start=span.start + position, end=span.end + position) for span in one.spans]
        whole.marks += [replace(mark, offset=mark.offset + position) for mark in one.marks]
        position += len(one.text)
    whole.text = separator.join(texts)
    return whole


def render(inline: Inline) -> str:
    """HTML whose text content is exactly the text: allowed tags, escaped characters, empty elements at the notes.

    A line break in the text becomes `<br>` followed by the line break itself, so that nothing is lost or added.
    """
    html = _written(inline)
    if not inline.spans:
        return html
    # A second gate behind our own allow-list: if the code above ever errs, nothing foreign gets through.
    return nh3.clean(
        html,
        tags=TAGS | {"br"},
        attributes={"a": {"href"}, "sup": {"data-note"}},
        allowed_classes={"sup": {"note-mark"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )


def _written(inline: Inline) -> str:
    text, out, position, open_spans = inline.text, [], 0, []
    for at, order, item in _events(inline):
        out.append(_escaped(text[position:at]))
        position = at
        if order == 1:
            out.append(f'<sup class="note-mark" data-note="{escape(item.label)}"></sup>')
        elif order == 2 and len(open_spans) < limits.INLINE_NESTING and not _link_in_link(item, open_spans):
            open_spans.append(item)
            out.append(_opening(item))
        elif order == 0 and any(item is span for span in open_spans):
            # Ranges come from a tree, so the one that ends is the innermost; if not, close what is inside it too.
            while open_spans:
                span = open_spans.pop()
                out.append(f"</{span.tag}>")
                if span is item:
                    break
    out.append(_escaped(text[position:]))
    out.extend(f"</{span.tag}>" for span in reversed(open_spans))
    return "".join(out)


def _events(inline: Inline) -> list[tuple]:
    """What happens where: at one place first what ends (innermost first), then notes, then what begins (outermost)."""
    events = []
    for index, span in enumerate(inline.spans):
        events.append((span.end, 0, -span.start, -index, span))
        events.append((span.start, 2, -span.end, index, span))
    events += [(mark.offset, 1, 0, index, mark) for index, mark in enumerate(inline.marks)]
    events.sort(key=lambda event: event[:4])
    return [(event[0], event[1], event[4]) for event in events]


def _link_in_link(span: Span, open_spans: list[Span]) -> bool:
    return span.tag == "a" and any(other.tag == "a" for other in open_spans)


def _opening(span: Span) -> str:
    return f'<a href="{escape(span.href)}">' if span.tag == "a" else f"<{span.tag}>"


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>\n")


class Builder:
    """Collects running text from a parser's events."""

    def __init__(self, *, collapse: bool) -> None:
        self.collapse = collapse  # runs of white space become one space, as browsers do
        self.parts: list[str] = []
        self.size = 0
        self.spans: list[Span] = []
        self.marks: list[Mark] = []
        self.open: list[Span] = []

    def add(self, text: str, *, verbatim: bool = False) -> None:
        if self.collapse and not verbatim:
            text = re.sub(r"[ \t\n\r\f]+", " ", text)
            if text.startswith(" ") and self.last() in ("", " ", "\n"):
                text = text[1:]
        if text:
            self.parts.append(text)
            self.size += len(text)

    def last(self) -> str:
        return self.parts[-1][-1] if self.parts else ""

    def newline(self) -> None:
        if self.collapse and self.last() == " ":
            self.parts[-1] = self.parts[-1][:-1]
            self.size -= 1
            if not self.parts[-1]:
                self.parts.pop()
        self.add("\n", verbatim=True)

    def begin(self, tag: str, href: str = "") -> None:
        self.open.append(Span(self.size, -1, tag, href))

    def end(self, tag: str) -> None:
        """Closes the innermost open range of that tag; an end without a beginning is ignored."""
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index].tag == tag:
                span = self.open.pop(index)
                span.end = self.size
                self.spans.append(span)
                return

    def mark(self, label: str, key: object) -> None:
        self.marks.append(Mark(self.size, label, key))

    def take(self) -> Inline:
        """What was collected, trimmed; ranges that are still open go on in the next text."""
        text = "".join(self.parts)
        spans = self.spans + [replace(span, end=self.size) for span in self.open]
        start = len(text) - len(text.lstrip(" \t\n"))
        end = max(start, len(text.rstrip(" \t\n")))
        spans = [replace(s, start=min(s.start, len(text)), end=min(s.end, len(text))) for s in spans]
        marks = [replace(mark, offset=min(max(mark.offset, start), end)) for mark in self.marks]
        result = part(Inline(text, [s for s in spans if s.tag in TAGS and s.start < s.end], marks), start, end)
        self.parts, self.size, self.spans, self.marks = [], 0, [], []
        for span in self.open:
            span.start = 0
        return result
