"""Files that are broken, foreign or meant to harm."""

import io
import time
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from importing_checks import check, markdown, plain, read_or_refuse, texts, web
from test_importing_formats import PLAIN
from written import W, archive, as_docx, as_epub, as_odt, docx, epub, p, page

from tests.thoroughness import THOROUGH, thoroughly
from texts.importing import Document, Unreadable, limits, read
from texts.importing.bounded import read_bounded

ACCENTS = "Le café était fermé à l’été, naïve “citations” — déjà vu, où çà, Müller und Söhne, garçon, forêt.\n\n" * 3
WHOLE = {"docx": as_docx(plain(PLAIN)), "epub": as_epub(plain(PLAIN)), "odt": as_odt(plain(PLAIN))}
MILD = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_unicode_encodings(encoding):
    bom = "\ufeff" if encoding == "utf-16-be" else ""
    document = read((bom + ACCENTS).encode(encoding), filename="x.txt")
    assert texts(document)[0] == ACCENTS.split("\n")[0]
    assert not document.encoding_doubtful


def test_windows_1252_is_guessed_and_said():
    document = read(ACCENTS.encode("windows-1252"), filename="x.txt")
    assert texts(document)[0] == ACCENTS.split("\n")[0]
    assert document.encoding_doubtful
    assert any("Windows-1252" in said for said in document.assumptions)


def test_declared_and_told_encodings():
    page = "<html><head><meta charset='iso-8859-1'></head><body><p>caf\u00e9 “x”</p></body></html>".encode(
        "windows-1252"
    )
    document = read(page, filename="x.html")
    assert texts(document) == ["café “x”"]
    assert not document.encoding_doubtful
    assert texts(read("Привет, мир".encode("koi8-r"), encoding="koi8-r")) == ["Привет, мир"]
    with pytest.raises(Unreadable):
        read(b"abc\xff", encoding="utf-8")
    with pytest.raises(Unreadable):
        read(b"abc", encoding="no-such-thing")


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b" \n\t\r\n ",
        b"\xef\xbb\xbf",
        b"%PDF-1.7 x",
        b"PK\x03\x04....",
        b"\x7fELF\x02",
        b"abc\x00def",
        bytes(range(1, 32)) * 9,
    ],
)
def test_what_is_no_text(source):
    with pytest.raises(Unreadable) as raised:
        read(source)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["X.DOC", "a.pdf", "b.rtf"])
def test_formats_that_are_not_read_yet(name):
    with pytest.raises(Unreadable, match=r"\.txt"):
        read(b"anything", filename=name)


def test_too_large():
    with pytest.raises(Unreadable):
        read(b"x" * (limits.SOURCE_BYTES + 1))
    with pytest.raises(Unreadable):
        read(b"a\n\n" * (limits.BLOCKS + 1))
    with pytest.raises(Unreadable):
        read(b"x" * (limits.BLOCK_CHARACTERS + 1))


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\u2028", "\x85"])
def test_line_ends(end):
    assert texts(plain(end.join(["A first sentence here.", "", "And a second one.", ""]))) == [
        "A first sentence here.",
        "And a second one.",
    ]


def test_control_characters_are_removed_and_said():
    document = plain("Some\x07 text\x1b that is long enough to be one.")
    assert texts(document) == ["Some text that is long enough to be one."]
    assert any("Control characters" in said for said in document.assumptions)


HOSTILE = """<html><body onload=x()><script>alert(1)</script><style>p{}</style>
<p onclick=a() style="color:red" class=note-mark data-note=9 id=q>Text <a href="javascript:alert(1)">one</a>
<a href=" JaVaScRiPt:alert(1)">two</a> <a href="data:text/html,x">three</a> <a href="//evil.org">four</a>
<img src=x onerror=alert(1) alt="&lt;script&gt;"> <sup class="note-mark" data-note="x">forged</sup>
<b hx-get="/x" hx-on:click="y()">bold</b> <a href='https://ok.org/"onmouseover="x'>five</a></p>
<svg><script>alert(2)</script></svg><math><mtext><img onerror=x></mtext></math><iframe src=x></iframe>
<template><p>t</p></template><noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<p>&lt;script&gt;alert(3)&lt;/script&gt; &amp;amp;</p><!-- <p>comment</p> --><![CDATA[x]]></body></html>"""


def test_hostile_html_leaves_only_what_is_allowed():
    document = web(HOSTILE)
    check(document)
    html = "".join(block.html for block in document.blocks)
    for bad in ("javascript", "onerror=x", "onclick", "hx-", "style=", "<script", "<img", "data-note", "class="):
        assert bad not in html.replace("&lt;script", "")
    assert "forged" in html
    assert document.notes == []


def test_entity_bombs_and_foreign_entities():
    bomb = '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    document = web(f"{bomb}<html><body><p>&b; &x; end</p></body></html>")
    assert "root:" not in "".join(texts(document))
    assert "aaaaaaaaaa" not in texts(document)[-1]


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "a href=x", "ul><li", "span"])
def test_deep_nesting_ends_quickly(tag):
    started = time.process_time()
    read_or_refuse(f"<{tag}>" * 100_000 + "text", "x.html")
    assert time.process_time() - started < 5


@pytest.mark.parametrize("size", [4_000, limits.MARKDOWN_BYTES - 1000])
@pytest.mark.parametrize(
    "part", ["![", "[", "*a_ ", "> ", "- ", "`a``b", "[^", "<a", "[a](", "- a\n", "![a\n\n", "\\", "a\n"]
)
def test_pathological_markdown_ends_in_time(part, size):
    started = time.process_time()
    read_or_refuse((part * (size // len(part)))[:size] + "\n\nend[^1]\n\n[^1]: x\n", "x.md")
    assert time.process_time() - started < 10


def test_costly_markdown_paragraphs_stay_as_they_are():
    document = markdown("*a* " * 3_000 + "\n\n*b*\n")
    assert texts(document)[0].startswith("*a* *a*")
    assert texts(document)[1] == "b"
    assert any("too much markup" in said for said in document.assumptions)


@MILD
@given(st.binary(max_size=400), st.sampled_from(["x.txt", "x.md", "x.html", ""]))
def test_any_bytes(source, name):
    read_or_refuse(source, name)


WORDS = """word Word. 1 2 3 [1] ¹ “ ” — *** CHAPTER I By_Ada Lyon, 1927 ` * _ [^1]
[^1]: <p> </p> <b> </b> <li> <ol> <br> <pre> </pre> <hr> </a> <sup> </sup> <blockquote> &lt; & < é \U0001f600 \\ ![ ]( )
--- title: Notes
<p\xa0id=n> <a\xa0href='#n'>1</a>"""
SPACES = [" ", "\n", "\n\n", "\n\n\n", "- ", "• ", "1. ", "2. ", "(a) ", "> ", "    ", "\t", "# ", "\u00a0", "e\u0301"]
PIECES = st.sampled_from([word.replace("\xa0", " ") for word in WORDS.replace("\n", " ").split(" ")] + SPACES)
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200)


@settings(MILD, max_examples=150)
@given(TEXTS, st.sampled_from(["x.txt", "x.md", "x.html"]))
def test_any_text(text, name):
    try:
        source = text.encode()
    except UnicodeEncodeError:
        return
    document = read_or_refuse(source, name)
    if document is None:
        return
    if name == "x.txt":
        assert {character for block in document.blocks for character in block.text} <= set(text) | {" "}
    assert Document.from_dict(document.as_dict()) == document


def test_bounded_reads_the_same():
    source = f"The Water\n\nby Ada Berg\n\n{ACCENTS}".encode()
    assert read_bounded(source, filename="x.txt") == read(source, filename="x.txt")


def test_bounded_passes_refusals_on():
    with pytest.raises(Unreadable, match="PDF"):
        read_bounded(b"%PDF-1.4", filename="x.txt")
    with pytest.raises(Unreadable, match="too long"):
        read_bounded(b"text", filename="x.txt", wall_seconds=0.01)


def xml_of(inside, doctype=""):
    return f'<?xml version="1.0"?>{doctype}<w:document xmlns:w="{W}"><w:body>{inside}</w:body></w:document>'


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
GOOD = docx(p("The text."))
BAD = {
    "empty archive": archive({}),
    "truncated": GOOD[: len(GOOD) // 2],
    "without its end": GOOD[:-30],
    "broken in the middle": GOOD.replace(b"\x00\x00word/document.xml", b"\x00\x00word/d\xffcument.xml"),
    "no document": archive({"_rels/.rels": "<Relationships/>", "word/styles.xml": "<x/>"}),
    "no xml": archive({"word/document.xml": b"\x00\x01\x02 text"}),
    "another root": archive({"word/document.xml": "<html><body><p>x</p></body></html>"}),
    "no text": docx("<w:p/><w:sectPr/>"),
    "pictures only": docx("<w:p><w:r><w:drawing/></w:r></w:p>"),
    "entities": archive({"word/document.xml": xml_of("<w:p><w:r><w:t>&b;&f;</w:t></w:r></w:p>", LAUGHS)}),
    "a spreadsheet": archive({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<x/>"}),
    "an archive in an archive": archive({"essay.docx": GOOD}),
    "the old Word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a password": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
    "rich text": b"{\\rtf1 x}",
    "deep": archive({"word/document.xml": xml_of("<w:sdt>" * 300)}),
    "deep and closed": archive({"word/document.xml": xml_of("<w:sdtContent>" * 250 + "</w:sdtContent>" * 250)}),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("filename", thoroughly(["x.docx", "x.epub", "x.odt", "x.txt"], ["x.docx"]))
def test_broken_archives_are_refused_in_one_line(name, filename):
    with pytest.raises(Unreadable) as raised:
        read(BAD[name], filename=filename)
    assert "\n" not in str(raised.value)
    assert "root:" not in str(raised.value)


def zipped(members, level=9):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as file:
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


def locked():
    source = bytearray(archive({"word/document.xml": xml_of("")}))
    source[6] |= 1
    source[source.index(b"PK\x01\x02") + 8] |= 1
    return bytes(source)


def test_bombs_are_refused_before_they_are_unpacked():
    many = b"<w:p><w:r><w:t>a</w:t></w:r></w:p>" * (limits.XML_TAGS // 5)
    bombs = {
        "would unpack to": zipped([("word/document.xml", xml_of(" " * 80_000_000))]),
        "too many elements": zipped([("word/document.xml", xml_of(many.decode()))]),
        "parts": zipped([(f"{at}.xml", "") for at in range(limits.ARCHIVE_MEMBERS + 1)]),
        "two different parts": zipped([("word/document.xml", xml_of("")), ("Word/document.xml", xml_of("x"))]),
        "password": locked(),
    }
    for words, source in bombs.items():
        with pytest.raises(Unreadable, match=words):
            read(source, filename="x.docx")


def test_a_bomb_that_lies_about_its_size_is_refused():
    source = bytearray(zipped([("word/document.xml", xml_of("x" * 70_000_000))]))
    at = source.index(b"PK\x01\x02") + 24
    source[at : at + 4] = (1000).to_bytes(4, "little")
    with pytest.raises(Unreadable):
        read(bytes(source), filename="x.docx")


def test_names_that_climb_write_nothing_and_names_of_giants_are_cut():
    source = archive(
        {"../../evil.txt": "x", "/etc/evil": "x", "a" * 60_000: "x", "word/document.xml": xml_of(p("Fine."))}
    )
    assert texts(read(source, filename="x.docx")) == ["Fine."]


def test_a_giant_attribute_is_text_of_nothing():
    giant = xml_of(f'<w:p w:x="{"y" * 9_000_000}"><w:r><w:t>Fine.</w:t></w:r></w:p>')
    try:
        assert texts(read(zipped([("word/document.xml", giant)]), filename="x.docx")) == ["Fine."]
    except Unreadable as error:
        assert "\n" not in str(error)  # noqa: PT017 - either is well


def test_the_largest_that_is_read_stays_within_its_bounds():
    paragraphs = "<w:p><w:r><w:rPr><w:i/></w:rPr><w:t>Some words of it.</w:t></w:r></w:p>"
    many = thoroughly(limits.BLOCKS, 1_500)
    source = docx(paragraphs * many)
    started = time.monotonic()
    assert len(read_bounded(source, filename="x.docx").blocks) == many
    assert time.monotonic() - started < 20
    if THOROUGH:
        with pytest.raises(Unreadable):
            read_bounded(docx(paragraphs * (limits.XML_TAGS // 9)), filename="x.docx")


@settings(MILD, max_examples=thoroughly(600, 40))
@given(
    st.sampled_from(["docx", "epub", "odt"]), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=6)
)
def test_any_damage_is_read_or_refused(format_name, damage):
    source = bytearray(WHOLE[format_name])
    for place, some in damage:
        at = int(place * len(source))
        source[at : at + len(some)] = some
    read_or_refuse(bytes(source), f"x.{format_name}")


SCRIPT = (
    "&lt;script&gt;alert(1)&lt;/script&gt;<script>alert(2)</script><img src='x' onerror='y'/>"
    "<a href='javascript:z'>a</a>"
)
TAGS = """w:p w:r w:t w:tbl w:tr w:tc w:sdt w:sdtContent w:pPr w:rPr w:numPr w:ins w:del w:hyperlink w:br w:fldChar
w:footnoteReference w:instrText w:pict w:txbxContent mc:AlternateContent mc:Choice m:oMath m:t w:ruby w:rubyBase"""
VALUES = ["", ' w:val="1"', ' w:val="-9"', ' w:id="1"', ' w:fldCharType="begin"', ' w:val="x"']


@st.composite
def word_xml(draw, depth=4):
    tag = draw(st.sampled_from(TAGS.split()))
    inside = draw(st.sampled_from(["", "words", "1"])) if tag in ("w:t", "m:t", "w:instrText") else ""
    if depth:
        inside += "".join(draw(st.lists(word_xml(depth=depth - 1), max_size=3)))
    value = draw(
        st.sampled_from(["", ' w:val="1"', ' w:val="-9"', ' w:id="1"', ' w:fldCharType="begin"', ' w:val="x"'])
    )
    return f"<{tag}{value}>{inside}</{tag}>"


@settings(MILD, max_examples=thoroughly(2_000, 30))
@given(st.lists(word_xml(), max_size=5).map("".join))
def test_any_elements_in_any_order(body):
    read_or_refuse(docx(p("One.") + body, notes='<w:footnote w:id="1"><w:p/></w:footnote>'), "x.docx")


def test_scripts_in_a_book_are_text_or_nothing():
    document = read(epub({"a.xhtml": page(f"<p onclick='x'>{SCRIPT}</p>")}), filename="x.epub")
    check(document)
    assert texts(document) == ["<script>alert(1)</script>a"]
    assert "&lt;script&gt;" in document.blocks[0].html


def test_what_a_file_is_wins_over_what_it_is_called():
    page_of_html = b"<!doctype html><html><body><p>A page.</p></body></html>"
    for name in ("x.docx", "x.txt", "x.md", "x.doc", "x.epub"):
        document = read(page_of_html, filename=name)
        assert texts(document) == ["A page."]
        assert any(name[2:] in said for said in document.assumptions)
    document = read("Only plain text, with é.".encode(), filename="x.docx")
    assert texts(document) == ["Only plain text, with é."]
    assert any("plain text" in said for said in document.assumptions)


FOREIGN = {
    "a file": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "an address": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>',
    "a growing one": '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY e "&b;&b;&b;&b;">]>',
    "a parameter": '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p; <!ENTITY e "ha">]>',
    "a definition elsewhere": '<!DOCTYPE x SYSTEM "file:///etc/passwd" [<!ENTITY e "ha">]>',
}


@pytest.mark.parametrize("entity", FOREIGN)
def test_foreign_entities_in_any_part_of_a_book_bring_nothing_along(entity):
    """Row 42: the metadata of an e-book read files of the server."""
    page_of_it = f"{FOREIGN[entity]}<html><body><p>Before &e; after.</p></body></html>"
    good = {"a.xhtml": page("<p>Before it.</p>")}
    package = "<package xmlns:dc='d'><metadata><dc:title>&e;</dc:title></metadata><manifest/><spine/></package>"
    ncx = (
        "<ncx><navMap><navPoint><navLabel><text>&e;</text></navLabel><content src='a.xhtml'/></navPoint></navMap></ncx>"
    )
    books = [
        epub({"a.xhtml": page_of_it}),
        epub({**good, "toc.ncx": FOREIGN[entity] + ncx}),
        epub(good, more={"META-INF/encryption.xml": FOREIGN[entity] + "<encryption>&e;</encryption>"}),
        archive({"mimetype": "application/epub+zip", "x.opf": FOREIGN[entity] + package}),
        archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": FOREIGN[entity] + "<x>&e;</x>"}),
    ]
    for source in books:
        document = read_or_refuse(source, "x.epub")
        said = str(document.as_dict()) if document else ""
        assert "root:" not in said
        assert "haha" not in said
