"""DOCX as programs really write them, and ODT: what a reader of the page sees is what is read."""

import html

import pytest
from importing_checks import check, marks, shapes, texts
from written import PACKAGE, archive, docx, odt, p, relationships, run, xml

from texts.importing import read

W2 = "http://purl.oclc.org/ooxml/wordprocessingml/main"
FOOTNOTE = '<w:footnote w:id="{id}"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t> {text}</w:t></w:r></w:p></w:footnote>'
REFERENCE = '<w:r><w:footnoteReference w:id="{}"/></w:r>'


def word(body, **parts):
    document = read(docx(body, **parts), filename="some.docx")
    check(document)
    return document


def para(*inside):
    return f"<w:p>{''.join(inside)}</w:p>"


def r(text, properties=""):
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{html.escape(text, quote=False)}</w:t></w:r>'


def field(instruction, *result):
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{instruction}</w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{"".join(result)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


INNER = f"<w:tbl><w:tr><w:tc>{p('b')}</w:tc></w:tr></w:tbl>"
CONTENTS = '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
SIGNS = (
    "<w:r><w:softHyphen/><w:t>er</w:t><w:noBreakHyphen/><w:t>ate</w:t><w:tab/><w:t>a</w:t></w:r>"
    '<w:r><w:sym w:font="Symbol" w:char="F062"/><w:sym w:font="Webdings" w:char="F0FF"/><w:cr/><w:t>b</w:t></w:r>'
)
BOX = "<w:txbxContent>" + p("In the box.") + "</w:txbxContent>"
ODD = {
    "smart tags and custom xml": (
        para(r("In "), "<w:smartTag><w:smartTag>", r("Lyon"), "</w:smartTag></w:smartTag>", r(", then"))
        + f"<w:customXml>{p('Inside.')}</w:customXml>",
        ["In Lyon, then", "Inside."],
    ),
    "content controls around blocks, runs, rows and cells": (
        f"<w:sdt><w:sdtPr/><w:sdtContent>{p('A block.')}</w:sdtContent></w:sdt>"
        + para(r("A "), f"<w:sdt><w:sdtContent>{r('run')}</w:sdtContent></w:sdt>", r("."))
        + f"<w:tbl><w:sdt><w:sdtContent><w:tr><w:tc>{p('Cell.')}</w:tc></w:tr></w:sdtContent></w:sdt></w:tbl>"
        + f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{p('Click here')}</w:sdtContent></w:sdt>",
        ["A block.", "A run.", "Cell."],
    ),
    "a table of contents": (
        CONTENTS + f"<w:sdtContent>{p('One ... 3')}</w:sdtContent></w:sdt>{p('The text.')}",
        ["The text."],
    ),
    "fields and links over runs": (
        para(r("See "), field(' HYPERLINK "https://a.org" ', r("the "), r("page", "<w:b/>")), r(" and "))
        + para(field(" PAGEREF _Toc1 ", r("12")), '<w:fldSimple w:instr=" DATE "><w:r><w:t>!</w:t></w:r></w:fldSimple>')
        + para(r("Begun."), '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>X</w:instrText></w:r>')
        + p("Not swallowed."),
        ["See the page and", "12!", "Begun.", "Not swallowed."],
    ),
    "tracked changes": (
        para(r("Kept"), f'<w:ins w:id="1">{r(" in")}</w:ins>', "<w:del><w:r><w:delText> out</w:delText></w:r></w:del>")
        + para(f"<w:moveFrom>{r('Moved.')}</w:moveFrom>", r("Stays."), f"<w:moveTo>{r(' Here.')}</w:moveTo>")
        + f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{r('One ')}</w:p>"
        + p("paragraph.")
        + f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>{p('Gone.')}</w:tc></w:tr></w:tbl>",
        ["Kept in", "Stays. Here.", "One paragraph."],
    ),
    "tables in tables": (
        f"<w:tbl><w:tr><w:tc>{p('a')}{INNER}<w:p/></w:tc><w:tc><w:p/></w:tc></w:tr><w:tr><w:tc>{p('c')}</w:tc></w:tr></w:tbl>"
        + p("d"),
        ["a", "b", "c", "d"],
    ),
    "text boxes once": (
        para(
            r("Around."),
            '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx>',
            f"{BOX}</wps:txbx></wps:wsp></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{BOX}</v:textbox></w:pict>",
            "</mc:Fallback></mc:AlternateContent></w:r>",
        )
        + para(f"<w:r><w:pict><v:textbox>{BOX.replace('the', 'an old')}</v:textbox></w:pict></w:r>"),
        ["Around.", "In the box.", "In an old box."],
    ),
    "signs": (
        para(
            r("co\u00adop"),
            SIGNS,
        ),
        ["cooper\u2011ate aβ\nb"],
    ),
    "formulas, comments and pictures": (
        para(
            r("E = "),
            "<m:oMath><m:r><m:t>mc</m:t></m:r><m:sSup><m:e/><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>",
            "<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath>",
            '<w:commentRangeStart w:id="0"/>',
            r("."),
            '<w:r><w:commentReference w:id="0"/></w:r>',
        )
        + para('<w:r><w:drawing><a:blip xmlns:a="x"/></w:drawing></w:r>'),
        ["E = mc2a/b."],
    ),
    "right to left, ruby and initials": (
        "<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>שלום</w:t></w:r></w:p>"
        + para(f"<w:r><w:ruby><w:rt>{r('kan')}</w:rt><w:rubyBase>{r('漢')}</w:rubyBase></w:ruby></w:r>")
        + f'<w:p><w:pPr><w:framePr w:dropCap="drop"/></w:pPr>{r("O")}</w:p>'
        + p("nce upon a time."),
        ["שלום", "漢", "Once upon a time."],
    ),
    "hidden text": (
        para(r("Seen"), r(" not", "<w:vanish/>"), r(" again", '<w:vanish w:val="0"/>'))
        + f"<w:p><w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>{r('gone', '<w:vanish/>')}</w:p>",
        ["Seen again"],
    ),
    "only bare elements": ("<w:p><w:r><w:t>Bare.</w:t></w:r></w:p><w:bookmarkStart/><w:unknown/>", ["Bare."]),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_documents_give_their_text(name):
    body, expected = ODD[name]
    assert texts(word(body)) == expected


def test_emphasis_and_links():
    document = word(
        para(r("a ", "<w:i/>"), r("b", '<w:i/><w:b w:val="true"/>'), r("c", '<w:b w:val="0"/>'), r("2", RAISED))
        + para(
            '<w:hyperlink r:id="rId9">', r("there"), "</w:hyperlink>", field(' HYPERLINK "javascript:x" ', r(" no"))
        ),
        more={"word/_rels/document.xml.rels": LINKS},
    )
    assert document.blocks[0].html == "<em>a </em><em><strong>b</strong></em>c<sup>2</sup>"
    assert 'href="https://example.org/"' in document.blocks[1].html
    assert "javascript" not in document.blocks[1].html


RAISED = '<w:vertAlign w:val="superscript"/>'
LINKS = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId9" TargetMode="External" '
    'Type="x/hyperlink" Target="https://example.org/"/></Relationships>'
)


def level(at, form, text, start=1, more=""):
    inside = f'<w:start w:val="{start}"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>{more}'
    return f'<w:lvl w:ilvl="{at}">{inside}</w:lvl>'


def numbering(levels, more=""):
    kinds = "".join(
        f'<w:abstractNum w:abstractNumId="{at}">{inside}</w:abstractNum>' for at, inside in enumerate(levels)
    )
    lists = "".join(
        f'<w:num w:numId="{at + 1}"><w:abstractNumId w:val="{at}"/></w:num>' for at, _inside in enumerate(levels)
    )
    return kinds + lists + more


NUMBERING = numbering(
    [
        level(0, "decimal", "%1.", 3) + level(1, "lowerLetter", "%2)"),
        level(0, "bullet", "\uf0b7"),
        level(0, "upperRoman", "Article %1.") + level(1, "decimal", "%1.%2", more="<w:isLgl/>"),
    ],
    '<w:num w:numId="4"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/>'
    "</w:lvlOverride></w:num>",
)


def item(text, number, at=0):
    return p(text, f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>')


def test_lists_count_as_the_word_processor_counts():
    body = (
        item("three", 1) + item("four", 1) + item("a", 1, 1) + item("b", 1, 1) + p("between") + item("five", 1)
        + item("a again", 1, 1) + item("bullet", 2) + item("restarted", 4) + item("goes on", 4) + item("none", 0)
        + item("law", 3) + item("part", 3, 1) + item("lost list", 77)
    )  # fmt: skip
    document = word(body, numbering=NUMBERING)
    assert [(b.text, b.list, b.number, b.level) for b in document.blocks] == [
        ("three", "numbered", 3, 1),
        ("four", "numbered", 4, 1),
        ("a", "numbered", 1, 2),
        ("b", "numbered", 2, 2),
        ("between", None, None, None),
        ("five", "numbered", 5, 1),
        ("a again", "numbered", 1, 2),
        ("bullet", "bulleted", None, 1),
        ("restarted", "numbered", 1, 1),
        ("goes on", "numbered", 2, 1),
        ("none", None, None, None),
        ("Article I. law", None, None, None),
        ("1.1 part", None, None, None),
        ("lost list", "bulleted", None, 1),
    ]


def test_numbers_from_a_style_and_before_a_heading():
    style = (
        '<w:style w:type="paragraph" w:styleId="LN"><w:name w:val="List Number"/><w:pPr><w:numPr><w:numId w:val="1"/>'
        "</w:numPr></w:pPr></w:style>"
    )
    body = p("one", '<w:pStyle w:val="LN"/>') + p(
        "off", '<w:pStyle w:val="LN"/><w:numPr><w:numId w:val="0"/></w:numPr>'
    )
    document = word(body, numbering=NUMBERING, style=style)
    assert [(b.text, b.number) for b in document.blocks] == [("one", 3), ("off", None)]
    heading = p("Title", '<w:pStyle w:val="Title"/>') + p(
        "The law", '<w:pStyle w:val="Heading1"/><w:numPr><w:numId w:val="1"/></w:numPr>'
    )
    document = word(heading + p("Text."), numbering=NUMBERING)
    assert shapes(document)[1] == ("heading", "3. The law")
    named = word(p("one", '<w:pStyle w:val="ListNumber"/>') + p("two", '<w:pStyle w:val="ListNumber"/>'))
    assert [(b.text, b.number) for b in named.blocks] == [("one", 1), ("two", 2)]


def test_notes_of_every_kind():
    notes = (
        '<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
        + FOOTNOTE.format(id=2, text="1 January was a Friday.")
        + FOOTNOTE.format(id=3, text="* A star.").replace("<w:footnoteRef/>", "")
        + FOOTNOTE.format(id=4, text="First.").replace("</w:footnote>", f"{p('Second.')}</w:footnote>")
    )
    endnotes = FOOTNOTE.format(id=2, text="At the end.").replace("footnote", "endnote")
    body = (
        para(run("One"), REFERENCE.format(2), run(" two"))
        + para(
            run("three"), '<w:r><w:footnoteReference w:customMarkFollows="1" w:id="3"/><w:t>*</w:t></w:r>', run(" on")
        )
        + para(run("four"), REFERENCE.format(4), '<w:r><w:endnoteReference w:id="2"/></w:r>', REFERENCE.format(9))
    )
    document = word(body, notes=notes, endnotes=endnotes)
    assert texts(document) == ["One two", "three on", "four"]
    assert marks(document) == [("1", 0, 3), ("*", 1, 5), ("2", 2, 4), ("i", 2, 4), ("3", 2, 4)]
    assert [note.body for note in document.notes] == [
        "1 January was a Friday.", "A star.", "First.\n\nSecond.", "At the end.", None,
    ]  # fmt: skip
    assert any("does not hold" in said for said in document.assumptions)


@pytest.mark.parametrize(
    "between",
    [
        "<w:p/>",
        "<w:p/><w:p/>",
        '<w:p><w:pPr><w:pBdr><w:bottom w:val="single"/></w:pBdr></w:pPr></w:p>',
        '<w:p><w:r><w:br w:type="page"/></w:r></w:p>',
        p("", '<w:sectPr><w:type w:val="nextPage"/></w:sectPr>').replace("</w:pPr></w:p>", "</w:pPr></w:p>"),
        p("* * *"),
    ],
)
def test_breaks_of_every_kind_are_kept(between):
    document = word("".join(p(f"Sentence {n} of the text.") for n in range(4)) + between + p("Another."))
    assert [block.kind for block in document.blocks] == ["paragraph"] * 4 + ["section_break", "paragraph"]


def test_blank_lines_that_are_only_the_usual_distance():
    spaced = "<w:p/>".join(p(f"Sentence {n} of the text.") for n in range(4))
    document = word(f"{spaced}<w:p/><w:p/>{spaced}")
    assert [block.kind for block in document.blocks] == ["paragraph"] * 4 + ["section_break"] + ["paragraph"] * 4
    broken = word(para(r("Before."), '<w:r><w:br w:type="page"/></w:r>', r("After.")))
    assert texts(broken) == ["Before.", "", "After."]


def test_styles_say_what_a_paragraph_is():
    more = (
        '<w:style w:type="paragraph" w:styleId="Zitat"><w:name w:val="Intense Quote"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="Zitat"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="Sub"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>'
        "</w:style>"
    )
    styled = {"Title": "The Well", "Author": "Ada Lind", "Zitat": "A quotation.", "Mine": "Mine.", "Sub": "A part"}
    body = "".join(p(text, f'<w:pStyle w:val="{style}"/>') for style, text in styled.items())
    document = word(body + p("Set off.", '<w:ind w:left="720" w:right="720"/>') + p("A line.\tB."), style=more)
    kinds = ["title", "byline", "blockquote", "blockquote", "heading", "blockquote", "paragraph"]
    assert [block.kind for block in document.blocks] == kinds
    assert (document.title, document.author) == ("The Well", "Ada Lind")


def test_packages_of_other_programs():
    plain = xml("w:document", f"<w:body>{p('The text.')}</w:body>")
    elsewhere = {
        "_rels/.rels": relationships(officeDocument="/Word/Main.XML"),
        "word/main.xml": plain,
        "word/_rels/main.xml.rels": relationships(styles="/word/looks.xml"),
        "word/looks.xml": xml("w:styles", ""),
    }
    strict = plain.replace("http://schemas.openxmlformats.org/wordprocessingml/2006/main", W2)
    sources = [
        archive(elsewhere),
        archive({"word/document.xml": plain}),
        archive({"word\\document.xml": plain, "_rels\\.rels": relationships(officeDocument="word\\document.xml")}),
        archive({"word/document.xml": strict}),
        archive({"word/document.xml": plain.replace("UTF-8", "UTF-16").encode("utf-16")}),
        archive({"word/document.xml": plain, "word/vbaProject.bin": b"\xd0\xcf\x11\xe0 Sub AutoOpen()"}),
    ]
    for source in sources:
        for name in ("x.docx", "x.docm", "x.txt", ""):
            assert texts(read(source, filename=name)) == ["The text."]


def test_odt_gives_the_same():
    automatic = (
        '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Quotations"/>'
        '<style:style style:name="T1" style:family="text"><style:text-properties fo:font-style="italic"/></style:style>'
    )
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>Deleted.</text:p></text:deletion>"
        '</text:changed-region></text:tracked-changes><text:p text:style-name="Title">The Well</text:p>'
        "<text:table-of-content><text:p>x</text:p></text:table-of-content>"
        '<text:p>a<text:s text:c="2"/>b<text:tab/>c<text:line-break/>d <text:span text:style-name="T1">e</text:span>'
        "<office:annotation><text:p>remark</text:p></office:annotation></text:p>"
        '<text:p text:style-name="P1">Quoted.</text:p>'
        '<text:list text:style-name="N"><text:list-item text:start-value="3"><text:p>three</text:p>'
        "<text:p>more</text:p></text:list-item><text:list-item><text:p>four</text:p></text:list-item></text:list>"
        '<text:p>between</text:p><text:list text:style-name="N" text:continue-numbering="true"><text:list-item>'
        "<text:p>five</text:p></text:list-item></text:list>"
        "<text:p><draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame></text:p>"
    )
    document = read(odt(body, automatic), filename="x.odt")
    check(document)
    assert [(b.kind, b.text, b.number) for b in document.blocks] == [
        ("title", "The Well", None),
        ("paragraph", "a  b c\nd e", None),
        ("blockquote", "Quoted.", None),
        ("list_item", "three", 3),
        ("paragraph", "more", None),
        ("list_item", "four", 4),
        ("paragraph", "between", None),
        ("list_item", "five", 5),
        ("paragraph", "In a box.", None),
    ]
    assert "<em>e</em>" in document.blocks[1].html


def test_the_only_heading_of_the_first_level_is_the_title():
    words = "Some words that stand below it, and which go on for a while."
    written = docx(
        p("The Well", '<w:pStyle w:val="Heading1"/>') + p("A part", '<w:pStyle w:val="Heading2"/>') + p(words)
    )
    opened = odt(
        '<text:h text:outline-level="1">The Well</text:h><text:h text:outline-level="2">A part</text:h>'
        f"<text:p>{words}</text:p>"
    )
    for document in (read(written, filename="x.docx"), read(opened, filename="x.odt")):
        assert [(b.kind, b.text) for b in document.blocks[:2]] == [("title", "The Well"), ("heading", "A part")]
    chapters = docx("".join(p(f"Chapter {n}", '<w:pStyle w:val="Heading1"/>') + p(words) for n in "AB"))
    assert [b.kind for b in read(chapters, filename="x.docx").blocks] == ["heading", "paragraph"] * 2
