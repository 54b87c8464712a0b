"""Markdown, HTML, and that the format does not change what is read."""

import pytest
from importing_checks import check, kinds, markdown, marks, plain, shapes, texts, web

PLAIN = """The Long Water – Ada Berg

This pamphlet was written in a winter when the river did not freeze, and nobody asked for it until the spring came.1

Before the flood the council asked for these things:

• a boat for every street;
• two ropes;

and it asked for them in this order:

1. The boats at once.
2. The ropes when the boats are there.

She wrote:

“The water does not read what we decide; it reads the height of the bank, and it reads it without a mistake.”

The Second Winter

Then the river came all the same, and it stayed for longer than anyone who lived on the bank could remember it.2

The water came at evening,
It took the lower road,
And no one saw it leaving


It was the last thing that the council wrote down before the clerk closed the book and went to look for his boat.

Ada Berg
May 1931

Notes

1. Printed by hand.
2. Forty-one days.
"""

MARKDOWN = """# The Long Water

by Ada Berg

This pamphlet was written in a winter when the river did not freeze, and nobody asked
for it until the spring came.[^1]

Before the flood the council asked for these things:

• a boat for every street;
• two ropes;

and it asked for them in this order:

1. The boats at once.
2. The ropes when the boats are there.

She wrote:

> “The water does not read what we decide; it reads the height of the bank, and it reads it without a mistake.”

## The Second Winter

Then the river came all the same, and it stayed for longer than anyone who lived on the bank could remember it.[^2]

The water came at evening,\\
It took the lower road,\\
And no one saw it leaving

***

It was the last thing that the council wrote down before the clerk closed the book and went to look for his boat.

Ada Berg\\
May 1931

[^1]: Printed by hand.
[^2]: Forty-one days.
"""

HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The Long Water</title></head><body>
<nav><a href="/">Home</a></nav><main><h1>The Long Water</h1><p>by Ada Berg</p>
<p>This pamphlet was written in a winter when the river did not freeze, and nobody asked
for it until the spring came.<sup><a id="r1" href="#n1">1</a></sup></p>
<p>Before the flood the council asked for these things:</p><ul><li>a boat for every street;<li>two ropes;</ul>
<p>and it asked for them in this order:</p><ol><li>The boats at once.</li>
<li><p>The ropes when the boats are there.</p></ol>
<p>She wrote:</p>
<blockquote>“The water does not read what we decide; it reads the height of the bank, and it reads it without a
mistake.”</blockquote>
<h2>The Second Winter</h2>
<p>Then the river came all the same, and it stayed for longer than anyone who lived on the bank could remember
it.<a id="r2" href="#n2">[2]</a></p>
<p>The water came at evening,<br>It took the lower road,<br>And no one saw it leaving</p><hr>
<p>It was the last thing that the council wrote down before the clerk closed the book and went to look for his boat.</p>
<p>Ada Berg<br>May 1931</p>
<h3>Notes</h3><p id="n1"><a href="#r1">1.</a> Printed by hand.</p>
<div id="n2"><p>[2] Forty-one days. <a href="#r2">↩</a></p></div>
</main><footer>Printed from a server</footer></body></html>"""


def comparable(document):
    """The byline is `by Ada Berg` where there is no dash, and the plain text has its second title by blank lines."""
    return [(kind, text.removeprefix("by ")) for kind, text in shapes(document)]


def test_the_format_does_not_change_what_is_read():
    one = plain(PLAIN.replace("\n\nThe Second Winter", "\n\n\nThe Second Winter"))
    others = [markdown(MARKDOWN), web(HTML)]
    for document in [one, *others]:
        check(document)
        assert (document.title, document.author) == ("The Long Water", "Ada Berg")
        assert [(note.label, note.body) for note in document.notes] == [
            ("1", "Printed by hand."),
            ("2", "Forty-one days."),
        ]
    for other in others:
        assert comparable(other) == comparable(one)
        assert marks(other) == marks(one)
        assert [(b.section, b.list, b.number) for b in other.blocks] == [
            (b.section, b.list, b.number) for b in one.blocks
        ]


def test_markdown_footnotes():
    document = markdown(
        "One[^a] and two[^2] and [^x].\n\n[^a]: *First*.\n\n    Second part.\n\n[2]: Swallowed by CommonMark.\n"
    )
    assert texts(document) == ["One and two and [^x]."]
    assert [(n.label, n.body) for n in document.notes] == [
        ("a", "First.\n\nSecond part."),
        ("2", "Swallowed by CommonMark."),
    ]
    assert document.notes[0].body_html.startswith("<em>First</em>")
    document = markdown("One[^1] and two[^2], three[^3].\n\n[^1]: a\n[^2]: b\n")
    assert [(note.label, note.body) for note in document.notes] == [("1", "a"), ("2", "b"), ("3", None)]


def test_markdown_keeps_text_that_looks_like_markup():
    text = "1871. March was cold and (c) +- ... “we” 'they' stayed. A <b>tag</b>, a_name_here, 3 * 4 * 5 and [sic] […]."
    assert texts(markdown(text)) == [text]
    assert kinds(markdown("Some words.\n\n1871\\. March.\n\n2000) and more\n")) == ["paragraph"] * 3


def test_markdown_links_that_are_defined_stay_links():
    document = markdown(
        "See [1] and [there].\n\n[1]: https://example.org/x\n[there]: <https://example.org/y> 'Title'\n"
    )
    assert texts(document) == ["See 1 and there."]
    assert 'href="https://example.org/x"' in document.blocks[0].html


def test_markdown_front_block():
    document = markdown("---\ntitle: 'The Water'\nauthor: Ada Berg\nlang: de\ntags: x\n---\n\nText of it.\n")
    assert (document.title, document.author, document.language) == ("The Water", "Ada Berg", "de")
    assert texts(document) == ["Text of it."]
    assert texts(markdown("---\n\nText of it.\n")) == ["Text of it."]


def test_markdown_lists():
    document = markdown("3. three\n4. four\n   - sub a\n   - sub b\n\n   more of four\n\n* x\n* y\n")
    assert [(b.kind, b.number, b.level) for b in document.blocks] == [
        ("list_item", 3, 1),
        ("list_item", 4, 1),
        ("list_item", None, 2),
        ("list_item", None, 2),
        ("paragraph", None, None),
        ("list_item", None, 1),
        ("list_item", None, 1),
    ]


def test_markdown_speech_is_no_list():
    assert shapes(markdown("- Where were you?\n- At the bank.\n")) == [
        ("paragraph", "- Where were you?"),
        ("paragraph", "- At the bank."),
    ]


def test_markdown_indented_and_fenced():
    document = markdown("Text.\n\n    set off here\n    and on\n\n```\ncode <b>\n  x\n```\n")
    assert shapes(document) == [
        ("paragraph", "Text."),
        ("blockquote", "set off here and on"),
        ("paragraph", "code <b>\n  x"),
    ]
    check(document)


def test_markdown_breaks_and_emphasis():
    document = markdown(
        '# A *Title*\n\nSome **bold *and* more** `co<de`\nnext [link](https://a.org/?a=1&b=2 "t").\n\n* * *\n\nEnd.\n'
    )
    assert shapes(document) == [
        ("title", "A Title"),
        ("paragraph", "Some bold and more co<de next link."),
        ("section_break", ""),
        ("paragraph", "End."),
    ]
    assert "<strong>bold <em>and</em> more</strong> <code>co&lt;de</code>" in document.blocks[1].html
    check(document)


def test_html_white_space_entities_and_breaks():
    document = web(
        "<p>One\n  two&nbsp;three &amp;lt; <b> four </b> five<br>second</p><p>a<br><br>b</p><pre>x\n  y</pre>"
    )
    assert texts(document) == ["One two\u00a0three &lt; four five\nsecond", "a", "b", "x\n  y"]
    check(document)


def test_html_loses_no_text():
    document = web(
        "<body>bare <div>in div<p>in p</p>after p</div><table><caption>c<tr><th>h<td>d</table><dl><dt>t<dd>e</dl>"
        "<figure><img alt='alt'><figcaption>f</figcaption></figure><ul>loose<li>i<div>j</div></ul><unknown>u</unknown>"
    )
    assert texts(document) == "bare|in div|in p|after p|c|h|d|t|e|alt|f|loose|i|j|u".split("|")  # noqa: SIM905


def test_html_lists():
    document = web(
        "<ol start=3><li>a<li value=7>b<li>c</ol><ol reversed><li>x<li>y</ol><ol><li>k<ol><li>l</ol><li>m</ol>"
    )
    assert [(b.text, b.number, b.level) for b in document.blocks] == [
        ("a", 3, 1),
        ("b", 7, 1),
        ("c", 8, 1),
        ("x", 2, 1),
        ("y", 1, 1),
        ("k", 1, 1),
        ("l", 1, 2),
        ("m", 2, 1),
    ]


MAKERS = {
    "pandoc": (
        '<a href="#fn{n}" class="footnote-ref" id="fnref{n}"><sup>{n}</sup></a>',
        '<li id="fn{n}"><p>Body {n}.<a href="#fnref{n}" class="footnote-back">↩︎</a></p></li>',
    ),
    "word": (
        '<a href="#_ftn{n}" name="_ftnref{n}">[{n}]</a>',
        '<div id="ftn{n}"><p><a href="#_ftnref{n}" name="_ftn{n}">[{n}]</a> Body {n}.</p></div>',
    ),
    "libreoffice": (
        '<sup><a class="sdfootnoteanc" name="sdfootnote{n}anc" href="#sdfootnote{n}sym">{n}</a></sup>',
        (
            '<div id="sdfootnote{n}"><p><a class="sdfootnotesym" name="sdfootnote{n}sym" href="#sdfootnote{n}anc">'
            "{n}</a>\nBody {n}.</p></div>"
        ),
    ),
    "wikipedia": (
        '<sup id="cite_ref-{n}"><a href="#cite_note-{n}"><span>[</span>{n}<span>]</span></a></sup>',
        '<li id="cite_note-{n}"><span><b><a href="#cite_ref-{n}">^</a></b></span> <span>Body {n}.</span></li>',
    ),
    "google": (
        '<sup><a href="#ftnt{n}" id="ftnt_ref{n}">[{n}]</a></sup>',
        '<div><p><a href="#ftnt_ref{n}" id="ftnt{n}">[{n}]</a><span> Body {n}.</span></p></div>',
    ),
    "substack": (
        '<a class="footnote-anchor" id="footnote-anchor-{n}" href="#footnote-{n}">{n}</a>',
        (
            '<div class="footnote"><a id="footnote-{n}" href="#footnote-anchor-{n}">{n}</a>'
            "<div><p>Body {n}.</p></div></div>"
        ),
    ),
    "epub": (
        '<a epub:type="noteref" href="#en{n}">{n}</a>',
        '<aside epub:type="footnote" id="en{n}"><p>Body {n}.</p></aside>',
    ),
    "drupal": (
        '<a class="see-footnote" id="footnoteref{n}_x" title="Body" href="#footnote{n}_x">{n}</a>',
        (
            '<li class="footnote" id="footnote{n}_x"><a class="footnote-label" href="#footnoteref{n}_x">{n}.</a>'
            " Body {n}.</li>"
        ),
    ),
    "brackets outside": (
        '[<a href="#a{n}" name="b{n}">{n}</a>]',
        '<p><a name="a{n}"></a><a href="#b{n}">{n}.</a> Body {n}.</p>',
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("count", [1, 3])
def test_notes_of_many_makers(maker, count):
    reference, body = MAKERS[maker]
    text = "".join(f"<p>Sentence.{reference.format(n=n)} And on.</p>" for n in range(1, count + 1))
    notes = "".join(body.format(n=n) for n in range(1, count + 1))
    notes = f"<ol>{notes}</ol>" if body.startswith("<li") else notes
    document = web(f"<html><body><h1>T</h1>{text}<hr><h2>Notes</h2>{notes}</body></html>")
    assert texts(document) == ["T"] + ["Sentence. And on."] * count
    assert [(note.label, note.body) for note in document.notes] == [(str(n), f"Body {n}.") for n in range(1, count + 1)]
    assert marks(document) == [(str(n), n, 9) for n in range(1, count + 1)]
    check(document)


def test_a_table_of_contents_is_no_note():
    document = web(
        "<p>Go to <a href='#c1'>1</a> or <a href='#c2'>2</a>.</p><h2 id=c1>One</h2><p>x<h2 id=c2>Two</h2><p>y"
    )
    assert document.notes == []
    assert texts(document) == ["Go to 1 or 2.", "One", "x", "Two", "y"]


def test_unlinked_superscripts_follow_the_series():
    document = web("<p>A sentence.<sup>1</sup> An area of 3 m<sup>2</sup>, another.<sup>2</sup></p>")
    assert marks(document) == [("1", 0, 11), ("2", 0, 37)]
    assert "m<sup>2</sup>" in document.blocks[0].html
    assert web("<p>E = mc<sup>2</sup> and 3 m<sup>2</sup></p>").notes == []
