"""The same text in another format is the same text: no block, no character, no number, no note differs."""

from dataclasses import replace

import pytest
from importing_checks import check, markdown, plain, web
from test_importing_essay import ESSAY
from test_importing_formats import PLAIN
from written import as_docx, as_epub, as_html, as_markdown, as_odt, as_pasted_docx, docx, p, run

from texts.importing import read

needs_the_essay = pytest.mark.skipif(
    not ESSAY.exists(), reason="the essay is not beside this checkout: ../shared/texts/the-latest-deception.txt"
)
RULES = {
    "rule": None,
    "empty": "<w:p/>",
    "page": '<w:p><w:r><w:br w:type="page"/></w:r></w:p>',
    "border": '<w:p><w:pPr><w:pBdr><w:top w:val="single"/></w:pBdr></w:pPr></w:p>',
    "stars": p("* * *"),
}
FORMS = {
    f"docx, {name}": lambda one, rule=rule: as_docx(one, *([rule] if rule else [])) for name, rule in RULES.items()
}
FORMS |= {"epub": as_epub, "epub 2": lambda one: as_epub(one, version="2.0"), "html": as_html}
FORMS |= {"markdown": as_markdown, "odt": as_odt}
NAMES = {"docx": "x.docx", "epub": "x.epub", "html": "x.html", "mark": "x.md", "odt": "x.odt"}


def compared(document):
    return [
        (b.kind, b.text, b.list, b.number, b.section, [(mark.label, mark.offset) for mark in b.notes])
        for b in document.blocks
    ]


def same(one, other):
    check(other)
    assert compared(other) == compared(one)
    assert [(note.label, note.body) for note in other.notes] == [(note.label, note.body) for note in one.notes]
    assert (other.title, other.author) == (one.title, one.author)


@pytest.fixture(scope="module")
def short():
    return plain(PLAIN.replace("\n\nThe Second Winter", "\n\n\nThe Second Winter"))


@pytest.fixture(scope="module")
def essay():
    read_so = plain(ESSAY.read_text(encoding="utf-8"))
    return replace(read_so, notes=[replace(note, body=f"1. Body of {note.label}, c. 1930.") for note in read_so.notes])


@pytest.mark.parametrize("form", FORMS)
def test_a_short_text_is_the_same_in_every_format(short, form):
    same(short, read(FORMS[form](short), filename=NAMES[form[:4].strip(", ")]))


@needs_the_essay
@pytest.mark.parametrize("form", FORMS)
def test_the_essay_is_the_same_in_every_format(essay, form):
    same(essay, read(FORMS[form](essay), filename=NAMES[form[:4].strip(", ")]))
    assert sum(block.kind != "section_break" for block in essay.blocks) == 211


@needs_the_essay
def test_the_essay_pasted_into_a_word_processor_is_the_same(essay):
    bodies = replace(essay, notes=[replace(note, body=f"Body of {note.label}.") for note in essay.notes])
    same(bodies, read(as_pasted_docx(bodies, ESSAY.read_text(encoding="utf-8")), filename="x.docx"))


GLUED = "<w:p><w:pPr><w:pStyle w:val='Title'/></w:pPr>{}<w:r><w:footnoteReference w:id='1'/></w:r>{}</w:p>{}"


def test_a_title_with_its_author_is_divided_in_every_format():
    text = "Some sentences of the text that is called so, and which goes on for a while."
    title, name = "The Long Water", "– Ada Berg"
    note = "<w:footnote w:id='1'><w:p><w:r><w:t>Body.</w:t></w:r></w:p></w:footnote>"
    documents = [
        plain(f"{title}1{name}\n\n{text}\n"),
        markdown(f"# {title}[^1]{name}\n\n{text}\n\n[^1]: Body.\n"),
        web(f"<h1>{title}<sup><a href='#n'>1</a></sup>{name}</h1><p>{text}</p><p id=n>1. Body.</p>"),
        read(docx(GLUED.format(run(title), run(name), p(text)), notes=note), filename="x.docx"),
    ]
    for document in documents:
        check(document)
        assert compared(document) == compared(documents[0])
        assert (document.title, document.author) == ("The Long Water", "Ada Berg")
        assert [block.kind for block in document.blocks] == ["title", "byline", "paragraph"]
    assert [block.text for block in web("<h1>War – Total Peace</h1><p>x</p>").blocks] == ["War – Total Peace", "x"]
