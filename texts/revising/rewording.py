"""Other words for a paragraph: emphasis, links and note marks stay with the words that they belong to.

So a typing error can be corrected in a plain box of text.
"""

import re
from dataclasses import replace
from html.parser import HTMLParser

from rapidfuzz.distance import Indel

from texts.importing.inline import TAGS, Builder, Inline, joined, part, render

BETWEEN = "\n\n"  # parts two paragraphs in a box of text
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


def paragraphs_in(typed: str) -> list[str]:
    """What was typed, parted at blank lines. A line's end inside a paragraph is kept."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n")
    return [part.strip() for part in _BLANK_LINES.split(lines) if part.strip()]


class _Reader(HTMLParser):
    """A paragraph's HTML as it was rendered at import: letters, a few tags, note marks."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.builder, self.marks, self.in_mark = Builder(collapse=False), 0, False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "sup" and "data-note" in given:
            self.builder.mark(given["data-note"], self.marks)
            self.marks, self.in_mark = self.marks + 1, True
        elif tag in TAGS:
            self.builder.begin(tag, given.get("href") or "")

    def handle_endtag(self, tag):
        if tag == "sup" and self.in_mark:
            self.in_mark = False
        else:
            self.builder.end(tag)

    def handle_data(self, data):
        self.builder.add(data, verbatim=True)


def inline_of(html: str) -> Inline:
    """The paragraph's words with their emphasis, and its note marks, the key of each its place among them."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.builder.take()


def reworded(inline: Inline, texts: list[str]) -> list[Inline]:
    """The paragraph with these words instead of its own, as many as there are texts.

    Words that stay keep their emphasis; a note mark stays behind the word that it followed.
    """
    whole = _moved(inline, BETWEEN.join(texts))
    found, start = [], 0
    for text in texts:
        found.append(part(whole, start, start + len(text)))
        start += len(text) + len(BETWEEN)
    return found


def _moved(inline, text) -> Inline:
    steps = _steps(inline.text, text)
    spans = (
        replace(span, start=_place(steps, span.start, is_end=False), end=_place(steps, span.end, is_end=True))
        for span in inline.spans
    )
    marks = [replace(mark, offset=_place(steps, mark.offset, is_end=True)) for mark in inline.marks]
    return Inline(text, [span for span in spans if span.start < span.end], marks)


def _steps(old, new) -> list[tuple[int, int, int, int, bool]]:
    """What became of the old text, word by word: (start, end, new start, new end, whether the words stayed)."""
    was, now = _WORD.findall(old), _WORD.findall(new)
    olds, news = _places(was), _places(now)
    steps = []
    for step in Indel.opcodes(was, now):
        stayed = step.tag == "equal"
        here = (olds[step.src_start], olds[step.src_end], news[step.dest_start], news[step.dest_end], stayed)
        if steps and not stayed and not steps[-1][4]:  # taken out and put in: one word instead of another
            here = (steps[-1][0], here[1], steps[-1][2], here[3], False)
            steps.pop()
        steps.append(here)
    return steps


def _places(words) -> list[int]:
    places = [0]
    for word in words:
        places.append(places[-1] + len(word))
    return places


def _place(steps, at, *, is_end) -> int:
    """Where a place between two letters is now: behind the letter before it (`is_end`), or before the one after it."""
    for start, end, new_start, new_end, stayed in steps:
        if (start < at <= end) if is_end else (start <= at < end):
            if stayed:
                return new_start + at - start
            return new_end if is_end else new_start
    return 0 if is_end else max((step[3] for step in steps), default=0)


def as_one(inlines: list[Inline], between: str = " ") -> Inline:
    """Several paragraphs as one."""
    numbered, before = [], 0
    for inline in inlines:
        numbered.append(
            Inline(inline.text, inline.spans, [replace(mark, key=mark.key + before) for mark in inline.marks])
        )
        before += len(inline.marks)
    return joined(numbered, between)


__all__ = ["BETWEEN", "as_one", "inline_of", "paragraphs_in", "render", "reworded"]
