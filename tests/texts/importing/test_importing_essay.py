"""The first text of the group, read from beside the checkout: every count and every offset is known."""

import html
import re
from collections import Counter
from pathlib import Path

import pytest
from importing_checks import check, kinds, markdown, marks, plain, web

ROOT = Path(__file__).resolve().parents[3]
ESSAY = ROOT.parent / "shared" / "texts" / "the-latest-deception.txt"
# label, index of the block (section breaks count), kind, offset in code points
NOTES = """1 1 title 20|2 13 paragraph 101|3 15 paragraph 133|4 17 paragraph 164|5 19 paragraph 279|6 23 list_item 101
7 36 paragraph 462|8 51 paragraph 2098|9 62 paragraph 60|10 70 blockquote 676|11 76 paragraph 762|12 79 blockquote 303
13 81 blockquote 783|14 83 paragraph 31|15 105 blockquote 532|16 173 paragraph 953|17 177 paragraph 937
18 177 paragraph 974|19 177 paragraph 1323|20 191 paragraph 682|21 204 paragraph 276"""


@pytest.fixture(scope="module")
def source():
    if not ESSAY.exists():
        pytest.skip("the essay is not beside this checkout: ../shared/texts/the-latest-deception.txt")
    return ESSAY.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def essay(source):
    return plain(source)


def test_kinds_are_as_counted_by_hand(essay):
    expected = {"section_break": 9, "title": 1, "byline": 1, "abstract": 1, "paragraph": 151, "list_item": 25}
    expected |= {"blockquote": 20, "verse_line": 9, "signature": 1, "dateline": 2}
    assert Counter(block.kind for block in essay.blocks) == expected
    assert Counter(block.list for block in essay.blocks if block.list) == {"numbered": 14, "bulleted": 11}
    numbers = [block.number for block in essay.blocks if block.number]
    assert numbers == [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2]


def test_title_and_author(essay):
    assert (essay.title, essay.author) == ("The Latest Deception", "Gabriel Miasnikov")
    assert [block.kind for block in essay.blocks[:4]] == ["abstract", "title", "byline", "section_break"]


def test_sections(essay):
    found = Counter(block.section for block in essay.blocks if block.kind != "section_break")
    assert [found[section] for section in range(10)] == [3, 63, 17, 7, 16, 3, 24, 23, 22, 33]


def test_note_markers(essay):
    rows = [row.split() for row in re.split(r"[|\n]", NOTES)]
    expected = [(label, int(block), kind, int(offset)) for label, block, kind, offset in rows]
    found = [
        (mark.label, index, block.kind, mark.offset) for index, block in enumerate(essay.blocks) for mark in block.notes
    ]
    assert found == expected
    assert [(note.label, note.body) for note in essay.notes] == [(str(n), None) for n in range(1, 22)]


def test_every_character_of_the_file_is_kept(essay, source):
    rebuilt = []
    for block in essay.blocks:
        text = block.text
        for mark in reversed(block.notes):
            text = text[: mark.offset] + mark.label + text[mark.offset :]
        rebuilt.append(f"{block.marker} {text}" if block.marker else text)
    assert "".join("".join(rebuilt).split()) == "".join(source.split())
    for block in essay.blocks:  # white space inside paragraphs too, where no marker was taken out
        assert block.notes or block.text in source


def test_invariants(essay):
    check(essay)
    assert not any(block.doubtful for block in essay.blocks)


def test_pasted_as_markdown_nothing_is_lost(essay, source):
    document = markdown(source)
    check(document)
    numbers = [block.number for block in document.blocks if block.number]
    assert numbers == [block.number for block in essay.blocks if block.number]
    assert sum(block.list == "bulleted" for block in document.blocks) == 11
    assert len(document.notes) == 21
    letters = ["".join("".join(block.text for block in one.blocks).split()) for one in (essay, document)]
    assert letters[0] == letters[1]


def marked(block, escape, reference):
    """The block's text with references to notes in the way of another format."""
    out, last = [], 0
    for mark in block.notes:
        out += [escape(block.text[last : mark.offset]), reference.format(n=mark.label)]
        last = mark.offset
    return "".join([*out, escape(block.text[last:])])


HTML = {
    "section_break": "<hr>",
    "title": "<h1>{}</h1>",
    "byline": "<p class=byline>{}</p>",
    "blockquote": "<blockquote>{}</blockquote>",
}


def as_html(document):
    out = []
    for index, block in enumerate(document.blocks):
        text = marked(block, html.escape, '<sup><a id="r{n}" href="#n{n}">{n}</a></sup>')
        before = document.blocks[index - 1].kind if index else ""
        if block.kind == "verse_line":
            out.append(f"<p>{text}" if before != "verse_line" else f"<br>{text}")
        elif block.list:
            out.append(f"<ol start={block.number}><li>{text}</ol>" if block.number else f"<ul><li>{text}</ul>")
        else:
            out.append(HTML.get(block.kind, "<p>{}</p>").format(text))
    notes = "".join(
        f'<li id="n{note.label}"><a href="#r{note.label}">^</a> Body {note.label}.' for note in document.notes
    )
    return f"<html><body><main>{''.join(out)}<h2>Notes</h2><ol>{notes}</ol></main></body></html>"


def as_markdown(document):
    out = []
    for block in document.blocks:
        text = marked(block, lambda plain_text: re.sub(r"([\\`*_\[\]<>#&.-])", r"\\\1", plain_text), "[^{n}]")
        frame = {"section_break": "***\n\n", "title": "# {}\n\n", "blockquote": "> {}\n\n", "verse_line": "{}\\\n"}
        if block.list:
            out.append(f"{block.number}. {text}\n" if block.number else f"* {text}\n")
        else:
            out.append(
                ("\n" if out and out[-1][:2] in ("* ", "1.", "2.", "4.", "8.") else "")
                + frame.get(block.kind, "{}\n\n").format(text)
            )
    return "".join(out).rstrip("\\\n") + "\n\n" + "".join(f"[^{n.label}]: Body {n.label}.\n" for n in document.notes)


@pytest.mark.parametrize("form", [as_html, as_markdown])
def test_another_format_changes_nothing(essay, form):
    other = {as_html: web, as_markdown: markdown}[form](form(essay))
    check(other)
    assert [block.text for block in other.blocks] == [block.text for block in essay.blocks]
    assert kinds(other) == kinds(essay)
    assert marks(other) == marks(essay)
    assert [block.number for block in other.blocks] == [block.number for block in essay.blocks]
    assert [block.section for block in other.blocks] == [block.section for block in essay.blocks]
    assert [(note.label, note.body) for note in other.notes] == [(str(n), f"Body {n}.") for n in range(1, 22)]
    assert (other.title, other.author) == (essay.title, essay.author)
