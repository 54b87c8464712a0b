# ruff: noqa: E501 - pages have long lines
"""Pages as they are saved from real sites and written by real programs: the text, and nothing around it."""

import quopri

import pytest
from importing_checks import check, marks, texts, web

from texts.importing import read

MARXISTS = """<html><head><title>The Well</title></head><body><p class="title">Ada Lind</p><h1>The Well</h1><hr class="base">
<p class="information"><span class="info">Written:</span> 1931.</p><hr class="end"><h3>I</h3>
<p class="fst">First paragraph.<sup class="enote"><a name="f1" href="#n1">[1]</a></sup></p><p class="skip">&nbsp;</p>
<p>After a gap.</p><p class="quoteb">A quotation set off.</p><p>*&nbsp; *&nbsp; *</p><p>The last.</p><hr class="section">
<h3>Notes</h3><p class="note"><a name="n1" href="#f1">1.</a> Body.</p>
<p class="linkback"><a href="index.htm">Archive</a></p><p class="updat">Last updated on 1.1.2020</p></body></html>"""
WIKIPEDIA = """<html><head><title>Well - Wikipedia</title></head><body class="skin-vector"><header><nav>Menu</nav></header>
<main id="content"><header><h1 id="firstHeading"><span>Well</span></h1><div id="p-lang-btn">96 languages</div></header>
<div id="siteSub">From the encyclopedia</div><div id="mw-content-text"><div class="mw-parser-output">
<div class="hatnote">For other uses, see.</div><table class="infobox"><tr><td>Box</td></tr></table>
<p>A <b>well</b> is a hole.<sup id="cite_ref-1" class="reference"><a href="#cite_note-1"><span>[</span>1<span>]</span></a>
</sup></p><div class="mw-heading"><h2>History</h2><span class="mw-editsection">[<a>edit</a>]</span></div><p>It is old.</p>
<div class="reflist"><ol><li id="cite_note-1"><span><b><a href="#cite_ref-1">^</a></b></span> <span>Body.</span></li></ol>
</div><div role="navigation" class="navbox">Wells of the world</div></div></div><div id="catlinks">Categories</div></main>
<footer>Text is available</footer></body></html>"""
SUBSTACK = """<html><head><meta property="og:title" content="The Well"><meta name="author" content="Ada Lind"></head><body>
<div class="main-menu"><button>Subscribe</button></div><article class="post"><div class="post-header">
<h1 class="post-title">The Well</h1><h3 class="subtitle">On water</h3><div class="pencraft">Jan 1<button>Share</button></div>
</div><div><div class="available-content"><div dir="auto" class="body markup"><p>First.<a class="footnote-anchor"
id="footnote-anchor-1" href="#footnote-1">1</a></p><div class="subscription-widget-wrap"><p>Subscribe now</p></div>
<p>Second.</p><p class="button-wrapper"><a href="https://x.org">Share</a></p><div class="footnote"><a id="footnote-1"
href="#footnote-anchor-1">1</a><div class="footnote-content"><p>Body.</p></div></div></div></div></div>
<div class="post-footer">12 likes</div></article><div class="comments-section"><p>Great post!</p></div></body></html>"""
GOOGLE = """<html><head><style>.c1{font-style:italic}</style></head><body class="c9 doc-content"><p class="c0 title" id="h.a">
<span>The Well</span></p><p class="c0"><span>First</span><sup><a href="#ftnt1" id="ftnt_ref1">[1]</a></sup><span> of
</span><span class="c2"><a href="https://www.google.com/url?q=https://a.org/&amp;sa=D">it</a></span><sup>
<a href="#cmnt1" id="cmnt_ref1">[a]</a></sup><span>.</span></p><p class="c0 c3"><span class="c1"></span></p><p class="c0">
<span>Second.</span></p><p class="c0"><span>Third.</span></p><hr style="page-break-before:always;display:none;"><ol
class="c5 lst-kix_x-0 start" start="1"><li class="c0"><span>one</span></li></ol><p>between</p><ol class="c5 lst-kix_x-0"
start="2"><li><span>two</span></li></ol><hr class="c7"><div><p class="c0"><a href="#ftnt_ref1" id="ftnt1">[1]</a>
<span>&nbsp;Body.</span></p></div><div class="c4"><p><a href="#cmnt_ref1" id="cmnt1">[a]</a><span>A remark.</span></p></div>
</body></html>"""
WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Microsoft Word 15 (filtered)">
<title>x</title></head><body lang=EN-GB><div class=WordSection1><p class=MsoTitle>The Well</p><p class=MsoNormal>First
paragraph.<a href="#_ftn1" name="_ftnref1" title=""><span class=MsoFootnoteReference><span>[1]</span></span></a></p>
<p class=MsoNormal>Second.</p><p class=MsoNormal>&nbsp;</p><p class=MsoQuote>Quoted.</p><p class=MsoListParagraphCxSpFirst
style='text-indent:-18.0pt'>1.<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span>one</p>
<p class=MsoListParagraphCxSpLast style='text-indent:-18.0pt'>2.<span>&nbsp;&nbsp;&nbsp; </span>two</p><p
class=MsoListParagraph><span style='font-family:Symbol'>·<span>&nbsp;&nbsp;&nbsp;&nbsp; </span></span>point</p></div>
<div><br clear=all><hr align=left size=1 width="33%"><div id=ftn1><p class=MsoFootnoteText><a href="#_ftnref1"
name="_ftn1" title=""><span>[1]</span></a> Body.</p></div></div></body></html>"""
LIBREOFFICE = """<html><body lang="en-GB"><div title="header"><p>The Well, page 1</p></div><h1 class="western">The Well</h1>
<p class="western" style="margin-bottom: 0cm">First.<a class="sdfootnoteanc" name="sdfootnote1anc" href="#sdfootnote1sym">
<sup>1</sup></a></p><p><br/>
</p><p>Second.</p><p>Third, and
so on.</p><ol start="3"><li><p>three</p></li></ol><div id="sdfootnote1"><p class="sdfootnote"><a class="sdfootnotesym"
name="sdfootnote1sym" href="#sdfootnote1anc">1</a>Body.</p></div><div title="footer"><p>3</p></div></body></html>"""
PANDOC = """<html lang="en"><head><title>The Well</title></head><body><header id="title-block-header"><h1 class="title">The Well
</h1><p class="author">Ada Lind</p></header><nav id="TOC" role="doc-toc"><ul><li><a href="#a">One</a></li></ul></nav>
<h1 id="a">One</h1><p>First.<a href="#fn1" class="footnote-ref" id="fnref1" role="doc-noteref"><sup>1</sup></a></p>
<div class="line-block">A line of verse<br/>another of the same<br/>and a third one</div><section id="footnotes"
class="footnotes" role="doc-endnotes"><hr/><ol><li id="fn1"><p>Body.<a href="#fnref1" class="footnote-back"
role="doc-backlink">↩︎</a></p></li></ol></section></body></html>"""
GUTENBERG = """<html><head><title>The Well | Project Gutenberg</title></head><body><section class="pg-boilerplate pgheader"
id="pg-header"><h2>The Project Gutenberg eBook</h2><p>This ebook is for the use of anyone</p></section><h1>The Well</h1>
<p>by Ada Lind</p><div class="chapter"><h2>I</h2><p><span class="pagenum"><a id="Page_3">[Pg 3]</a></span>First
para<span class="pagenum">[4]</span>graph.<a id="FNanchor_1" href="#Footnote_1" class="fnanchor">[1]</a></p>
<div class="poetry"><div class="stanza"><div class="verse indent0">One line,</div><div class="verse indent2">two.</div></div>
<div class="stanza"><div class="verse">And three.</div></div></div><div class="footnote"><p><a id="Footnote_1"
href="#FNanchor_1" class="label">[1]</a> Body.</p></div></div><section class="pg-boilerplate pgfooter" id="pg-footer">
<p>END OF THE PROJECT</p></section></body></html>"""
PAGES = {
    "marxists.org": (
        MARXISTS,
        ["Ada Lind", "The Well", "", "Written: 1931.", "I", "First paragraph.", "", "After a gap.", "A quotation set off.",
         "", "The last."],
    ),
    "wikipedia": (WIKIPEDIA, ["Well", "A well is a hole.", "History", "It is old."]),
    "substack": (SUBSTACK, ["The Well", "First.", "Second."]),
    "google docs": (
        GOOGLE, ["The Well", "First of it.", "", "Second.", "Third.", "", "one", "between", "two"],
    ),
    "word": (WORD, ["The Well", "First paragraph.", "Second.", "", "Quoted.", "one", "two", "point"]),
    "libreoffice": (LIBREOFFICE, ["The Well", "First.", "", "Second.", "Third, and so on.", "three"]),
    "pandoc": (PANDOC, ["The Well", "Ada Lind", "One", "First.", "A line of verse", "another of the same", "and a third one"]),
    "gutenberg": (GUTENBERG, ["The Well", "by Ada Lind", "I", "First paragraph.", "One line,", "two.", "And three."]),
}  # fmt: skip


@pytest.mark.parametrize("site", PAGES)
def test_the_text_of_a_saved_page_and_nothing_around_it(site):
    source, expected = PAGES[site]
    document = web(source)
    check(document)
    assert texts(document) == expected
    assert [(note.label, note.body) for note in document.notes] == [("1", "Body.")]
    assert [label for label, _block, _offset in marks(document)] == ["1"]
    assert document.title in ("The Well", "Well")


def test_kinds_that_only_classes_tell():
    document = web(WORD)
    assert [(b.kind, b.number) for b in document.blocks[4:]] == [
        ("blockquote", None), ("list_item", 1), ("list_item", 2), ("list_item", None),
    ]  # fmt: skip
    assert [b.stanza for b in web(GUTENBERG).blocks if b.kind == "verse_line"] == [1, 1, 2]
    assert [(b.text, b.number) for b in web(GOOGLE).blocks if b.list] == [("one", 1), ("two", 2)]
    assert 'href="https://a.org/"' in web(GOOGLE).blocks[1].html
    assert web(PANDOC).author == "Ada Lind"
    assert [b.kind for b in web(MARXISTS).blocks if b.text.startswith("A quot")] == ["blockquote"]


def test_a_page_that_a_browser_saved_as_one_file():
    page = quopri.encodestring("<html><body><p>Café, saved = kept.</p></body></html>".encode())
    source = (
        b"From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n"
        b'\ttype="text/html";\r\n\tboundary="--b"\r\n\r\n----b\r\nContent-Type: text/html; charset=utf-8\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + page + b"\r\n----b\r\nContent-Type: image/png\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n----b--\r\n"
    )
    for name in ("a.mhtml", "a.txt"):
        assert texts(read(source, filename=name)) == ["Café, saved = kept."]


def test_an_encoding_that_a_page_declares_or_a_person_says():
    words = "<p>Déjà vu, naïve — “ça va”.</p>"
    declared = f"<html><head><meta charset='windows-1252'></head><body>{words}</body></html>".encode("cp1252")
    assert texts(read(declared, filename="a.html")) == ["Déjà vu, naïve — “ça va”."]
    undeclared = f"<html><body>{words}</body></html>".encode("cp1252")
    guessed = read(undeclared, filename="a.html")
    assert guessed.encoding_doubtful
    for encoding, text in (("windows-1252", "Déjà"), ("koi8-r", "DИjЮ")):
        assert texts(read(undeclared, filename="a.html", encoding=encoding))[0].startswith(text[:1])
        assert (text == "Déjà") == ("Déjà" in texts(read(undeclared, filename="a.html", encoding=encoding))[0])
    with_bom = f"<html><body>{words}</body></html>".encode("utf-16")
    assert texts(read(with_bom, filename="a.html")) == ["Déjà vu, naïve — “ça va”."]
