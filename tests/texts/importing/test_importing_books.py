"""EPUB 2 and 3: spine, notes across files, what is no text, and files that are not as they should be."""

import pytest
from importing_checks import check, marks, texts
from written import CONTAINER, archive, epub, page

from texts.importing import Unreadable, read


def book(files, **more):
    document = read(epub(files, **more), filename="a.epub")
    check(document)
    return document


def test_the_spine_is_the_order():
    files = {f"{name}.xhtml": page(f"<p>Chapter {name} of it.</p>") for name in "abc"}
    document = book(files, spine=["c.xhtml", "-b.xhtml", "a.xhtml", "gone", "c.xhtml"])
    assert [text for text in texts(document) if text] == ["Chapter c of it.", "Chapter a of it."]
    assert [block.section for block in document.blocks if block.text] == [0, 1]
    assert any("does not hold" in said for said in document.assumptions)
    assert any("reading order" in said for said in document.assumptions)
    assert (document.title, document.language) == ("A Book", "en")


def test_what_stands_around_the_text_is_left_out():
    files = {
        "nav.xhtml": page('<nav epub:type="toc"><ol><li><a href="a.xhtml">I</a></li></ol></nav>'),
        "cover.xhtml": page('<svg xmlns="http://www.w3.org/2000/svg"><image/></svg><img src="c.png" alt=""/>'),
        "a.xhtml": page(
            '<h1>I</h1><p>It was <span epub:type="pagebreak" id="p3">3</span>late<span class="pagenum">[4]</span>.</p>'
            "<script>x()</script><style>p{}</style><p>co&shy;op&nbsp;&eacute;</p>"
        ),
        "b.xhtml": page("<h1>II</h1><p>Later.</p>"),
        "c.png": b"\x89PNG",
        "f.ttf": b"font",
    }
    document = book(files, properties={"nav.xhtml": "nav"}, creator="Ada Lind")
    assert texts(document) == ["I", "It was late.", "coop\u00a0é", "II", "Later."]
    assert [block.kind for block in document.blocks] == ["heading", "paragraph", "paragraph", "heading", "paragraph"]
    assert (document.title, document.author) == ("A Book", "Ada Lind")


NOTE = '<aside epub:type="footnote" id="n{n}"><p>Body {n}.</p></aside>'
REFERENCE = '<p>Sentence {n}.<a epub:type="noteref" href="{file}#n{n}"><sup>{n}</sup></a> On.</p>'


@pytest.mark.parametrize("spine", [["a.xhtml", "b.xhtml", "n.xhtml"], ["n.xhtml", "a.xhtml", "b.xhtml"],
                                   ["a.xhtml", "b.xhtml", "-n.xhtml"], ["a.xhtml", "b.xhtml"]])  # fmt: skip
def test_notes_in_a_file_of_their_own(spine):
    files = {
        "a.xhtml": page(REFERENCE.format(n=1, file="n.xhtml")),
        "b.xhtml": page(REFERENCE.format(n=2, file="../OEBPS/n.xhtml")),
        "n.xhtml": page(f"<h2>Notes</h2>{NOTE.format(n=1)}{NOTE.format(n=2)}"),
    }
    document = book(files, spine=spine)
    assert [text for text in texts(document) if text] == ["Sentence 1. On.", "Sentence 2. On."]
    assert [(note.label, note.body) for note in document.notes] == [("1", "Body 1."), ("2", "Body 2.")]
    assert [mark[0::2] for mark in marks(document)] == [("1", 11), ("2", 11)]


def test_the_same_ids_in_two_files_are_two_notes():
    inside = REFERENCE.format(n=1, file="") + NOTE
    files = {f"{name}.xhtml": page(inside.format(n=1).replace("Body 1", f"Of {name}")) for name in "ab"}
    assert [note.body for note in book(files).notes] == ["Of a.", "Of b."]


def test_a_file_that_was_divided_in_a_sentence_goes_on():
    files = {
        "a.xhtml": page("<p>It began and</p>"),
        "b.xhtml": page("<p>went on.</p>"),
        "c.xhtml": page("<p>Then.</p>"),
    }
    assert [block.kind for block in book(files).blocks] == ["paragraph", "paragraph", "section_break", "paragraph"]


def test_what_the_contents_call_a_file_is_proposed_for_its_section():
    files = {"a.xhtml": page("<p>First.</p>"), "b.xhtml": page("<p>Second.</p>"), "toc.ncx": (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Of Water</text></navLabel>'
        '<content src="b.xhtml"/></navPoint><navPoint><navLabel><text>Of Air</text></navLabel>'
        '<content src="a.xhtml#x"/></navPoint></navMap></ncx>'
    )}  # fmt: skip
    assert book(files, version="2.0").section_titles == {0: "Of Air", 1: "Of Water"}


def test_pages_that_are_no_xml_and_encodings_inside():
    files = {
        "a.xhtml": "<html><body><p>Not closed<br>here<p>Café",
        "b.xhtml": "<?xml version='1.0' encoding='windows-1252'?><html><body><p>“Déjà”</p></body></html>".encode(
            "cp1252"
        ),
        "c.xhtml": page("<p>Sechzehn é</p>").replace("utf-8", "utf-16").encode("utf-16"),
        "d.xhtml": b"",
        "e.xhtml": page("<title/><a id='x'/><p>After empty elements.</p>"),
    }
    document = book(files)
    assert [text for text in texts(document) if text] == [
        "Not closed\nhere", "Café", "“Déjà”", "Sechzehn é", "After empty elements.",
    ]  # fmt: skip


ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><enc:EncryptedData '
    'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptionMethod Algorithm="{}"/><enc:CipherData>'
    '<enc:CipherReference URI="{}"/></enc:CipherData></enc:EncryptedData></encryption>'
)


def test_a_protected_book_is_refused_and_one_with_mixed_up_fonts_is_not():
    files = {"a.xhtml": page("<p>Open.</p>")}
    fonts = ENCRYPTION.format("http://www.idpf.org/2008/embedding", "OEBPS/f.ttf")
    assert texts(book(files, more={"META-INF/encryption.xml": fonts})) == ["Open."]
    locked = ENCRYPTION.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/a.xhtml")
    with pytest.raises(Unreadable, match="DRM"):
        book(files, more={"META-INF/encryption.xml": locked})


def test_a_book_without_its_container_is_found_and_one_without_a_list_is_refused():
    source = epub({"a.xhtml": page("<p>Found.</p>")}).replace(b"META-INF/container.xml", b"META-INF/containe_.xml")
    assert texts(read(source, filename="a.epub")) == ["Found."]
    for members in (
        {"mimetype": "application/epub+zip"},
        {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER},
        {"mimetype": "application/epub+zip", "META-INF/container.xml": "no xml"},
    ):
        with pytest.raises(Unreadable, match="EPUB"):
            read(archive(members), filename="a.epub")
    with pytest.raises(Unreadable, match="no text"):
        book({"a.xhtml": page("<img src='x.png'/>"), "x.png": b""})


def test_an_encoding_that_a_person_chose_counts_for_pages_that_do_not_say_theirs():
    pages = {"a.xhtml": "<html><body><p>Привет, мир и все люди в нём.</p></body></html>".encode("koi8-r"),
             "b.xhtml": page("<p>In UTF-8: é.</p>")}  # fmt: skip
    source = epub(pages)
    assert read(source, filename="a.epub").encoding_doubtful
    document = read(source, filename="a.epub", encoding="koi8-r")
    assert [text for text in texts(document) if text] == ["Привет, мир и все люди в нём.", "In UTF-8: é."]
    assert document.encoding == "koi8-r"
