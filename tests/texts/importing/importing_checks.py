"""What the tests of importing share."""

import html
import re

from texts.importing import Unreadable, read

MARK = re.compile(r'<sup class="note-mark" data-note="([^"]*)"></sup>')
ALLOWED = {"em", "strong", "i", "b", "cite", "code", "sub", "sup", "a", "br", "q", "abbr", "small", "del", "ins"}
TAG = re.compile(r"<(/?)([a-z0-9]+)([^<>]*)>")


def plain(text, **more):
    return read(text.encode() if isinstance(text, str) else text, filename="some.txt", **more)


def markdown(text):
    return read(text.encode(), filename="some.md")


def web(text):
    return read(text.encode(), filename="some.html")


def kinds(document):
    return [block.kind for block in document.blocks]


def texts(document):
    return [block.text for block in document.blocks]


def shapes(document):
    return [(block.kind, block.text) for block in document.blocks]


def marks(document):
    return [(mark.label, index, mark.offset) for index, block in enumerate(document.blocks) for mark in block.notes]


def check(document):
    """What holds for every document, whatever it was read from."""
    sections = [block.section for block in document.blocks]
    assert sections == sorted(sections)
    for block in document.blocks:
        assert bool(block.text) == (block.kind != "section_break")
        assert "\r" not in block.text
        assert all(0 <= mark.offset <= len(block.text) for mark in block.notes)
        assert [mark.offset for mark in block.notes] == sorted(mark.offset for mark in block.notes)
        assert all(document.notes[mark.note].label == mark.label for mark in block.notes)
        assert [html.unescape(label) for label in MARK.findall(block.html)] == [mark.label for mark in block.notes]
        check_html(block.html)
        assert text_of(block.html) == block.text
    for note in document.notes:
        assert (note.body is None) == (note.body_html is None)
        check_html(note.body_html or "")
        assert text_of(note.body_html or "") == (note.body or "")


def read_or_refuse(source, name):
    """The document, checked; None where the file was refused in one line."""
    try:
        document = read(source.encode() if isinstance(source, str) else source, filename=name)
    except Unreadable as error:
        assert "\n" not in str(error)  # noqa: PT017 - refusing is allowed here, not expected
        return None
    check(document)
    return document


def text_of(source):
    return html.unescape(re.sub(r"<[^<>]*>", "", MARK.sub("", source)))


def check_html(source):
    rest = MARK.sub("", source)
    for _close, tag, attributes in TAG.findall(rest):
        assert tag in ALLOWED
        if attributes.strip():
            assert re.fullmatch(r' href="(?:https?://|mailto:)[^"\s]*" rel="[a-z ]+"', attributes), attributes
    assert "<" not in TAG.sub("", rest)
