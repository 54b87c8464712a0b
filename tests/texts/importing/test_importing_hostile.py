"""Files that are broken, foreign or meant to harm."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from importing_checks import check, markdown, plain, read_or_refuse, texts, web

from texts.importing import Document, Unreadable, limits, read
from texts.importing.bounded import read_bounded

ACCENTS = "Le café était fermé à l’été, naïve “citations” — déjà vu, où çà, Müller und Söhne, garçon, forêt.\n\n" * 3
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


@pytest.mark.parametrize("name", ["x.docx", "X.EPUB", "a.pdf", "b.odt"])
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
