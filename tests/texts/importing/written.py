"""A document written out in every format, by hand: what programs of all kinds would have made of the same text."""

import html
import io
import re
import zipfile
from itertools import groupby

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="{OFFICE}" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
RULE = '<w:p><w:r><w:pict><v:rect style="width:0;height:1.5pt" o:hrstd="t" o:hr="t"/></w:pict></w:r></w:p>'
STYLES = {"Title": "Title", "Quote": "Quote", "Author": "Author", "Abstract": "Abstract", "Verse": "Verse"}
STYLES |= {f"Heading{level}": f"heading {level}" for level in range(1, 7)}


def archive(members):
    """A zip of names and contents, in order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def xml(root, inside, more=""):
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {NAMESPACES}{more}>{inside}</{root}>'


def relationships(**targets):
    rows = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{name}" Target="{target}"/>' for name, target in targets.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'


def styles(more=""):
    rows = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in STYLES.items()
    )
    return xml("w:styles", f'<w:style w:type="paragraph" w:default="1" w:styleId="Normal"/>{rows}{more}')


def docx(body, *, numbering="", notes="", endnotes="", more=None, style=""):
    """A DOCX of a body's XML."""
    parts = {"styles": styles(style)}
    if numbering:
        parts["numbering"] = xml("w:numbering", numbering)
    if notes:
        parts["footnotes"] = xml("w:footnotes", notes)
    if endnotes:
        parts["endnotes"] = xml("w:endnotes", endnotes)
    return archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
            "_rels/.rels": relationships(officeDocument="word/document.xml"),
            "word/_rels/document.xml.rels": relationships(**{name: f"{name}.xml" for name in parts}),
            **{f"word/{name}.xml": part for name, part in parts.items()},
            "word/document.xml": xml("w:document", f"<w:body>{body}</w:body>"),
            **(more or {}),
        }
    )


def p(text, properties=""):
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text)}</w:p>"


def run(text):
    return f'<w:r><w:t xml:space="preserve">{html.escape(text, quote=False)}</w:t></w:r>' if text else ""


def pieces(block, text, reference):
    """The block's text with references to its notes."""
    out, last = [], 0
    for mark in block.notes:
        out += [text(block.text[last : mark.offset]), reference(mark.label)]
        last = mark.offset
    return "".join([*out, text(block.text[last:])])


def body_of(document, label):
    return next(note.body for note in document.notes if note.label == label)


def as_docx(document, rule=RULE):
    """With styles for what has one, a list of its own for every run of items, and breaks as `rule`."""
    names = {"title": "Title", "byline": "Author", "abstract": "Abstract", "blockquote": "Quote"}
    out, lists, before = [], [], None
    for block in document.blocks:
        inside = pieces(block, run, lambda label: f'<w:r><w:footnoteReference w:id="{label}"/></w:r>')
        properties = ""
        if block.list:
            if before is None or before.list != block.list or block.number == 1:
                lists.append(block)
            properties = f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{len(lists)}"/></w:numPr>'
        elif block.kind == "heading":
            properties = '<w:pStyle w:val="Heading1"/>'
        elif block.kind in names:
            properties = f'<w:pStyle w:val="{names[block.kind]}"/>'
        if block.kind == "section_break":
            out.append(rule)
        elif block.kind == "verse_line" and before.kind == "verse_line":
            out[-1] = out[-1].removesuffix("</w:p>") + f"<w:r><w:br/></w:r>{inside}</w:p>"
        else:
            out.append(f"<w:p><w:pPr>{properties}</w:pPr>{inside}</w:p>")
        before = block
    numbering = "".join(
        f'<w:abstractNum w:abstractNumId="{at}"><w:lvl w:ilvl="0"><w:start w:val="{first.number or 1}"/>'
        f'<w:numFmt w:val="{"decimal" if first.number else "bullet"}"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum>'
        for at, first in enumerate(lists, 1)
    ) + "".join(f'<w:num w:numId="{at}"><w:abstractNumId w:val="{at}"/></w:num>' for at in range(1, len(lists) + 1))
    notes = "".join(
        f'<w:footnote w:id="{n.label}"><w:p><w:r><w:footnoteRef/></w:r>{run(" " + n.body)}</w:p></w:footnote>'
        for n in document.notes
    )
    return docx("".join(out), numbering=numbering, notes=notes)


def as_pasted_docx(document, source):
    """A plain text that was pasted into a word processor: nothing but lines and empty lines."""
    notes = "\n\nNotes\n\n" + "\n".join(f"{note.label}. {note.body}" for note in document.notes)
    return docx("".join(p(line) for line in (source.rstrip("\n") + notes).split("\n")))


ELEMENTS = {"title": "<h1>{}</h1>", "byline": '<p class="byline">{}</p>', "heading": "<h2>{}</h2>"}
ELEMENTS |= {"blockquote": "<blockquote><p>{}</p></blockquote>", "section_break": "<hr/>"}


def as_elements(blocks, reference):
    out, before = [], None
    for block in blocks:
        text = pieces(block, lambda text: html.escape(text, quote=False), reference)
        if block.kind == "verse_line":
            out.append(f"<p>{text}</p>" if before != "verse_line" else f"<br/>{text}</p>")
            if before == "verse_line":
                out[-2] = out[-2].removesuffix("</p>")
        elif block.list:
            out.append(
                f'<ol start="{block.number}"><li>{text}</li></ol>' if block.number else f"<ul><li>{text}</li></ul>"
            )
        else:
            out.append(ELEMENTS.get(block.kind, "<p>{}</p>").format(text))
        before = block.kind
    return "".join(out)


def page(inside, title="x"):
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>{title}</title></head><body>{inside}</body></html>'
    )


CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
LATER = ' linear="no"'
KINDS = {"xhtml": "application/xhtml+xml", "ncx": "application/x-dtbncx+xml"}


def epub(files, *, spine=None, title="A Book", creator="", version="3.0", properties=None, more=None):
    """An EPUB of pages: `files` by name; `spine` names those that are read in turn, with a `-` those that are not."""
    items = "".join(
        f'<item id="i{at}" href="{name}" media-type="{KINDS.get(name.rpartition(".")[2], "image/png")}" '
        f'properties="{(properties or {}).get(name, "")}"/>'
        for at, name in enumerate(files)
    )
    names = list(files)
    references = "".join(
        f'<itemref idref="{"i" + str(names.index(one.lstrip("-"))) if one.lstrip("-") in names else one}"'
        f"{LATER if one.startswith('-') else ''}/>"
        for one in (spine or [name for name in names if name.endswith("xhtml")])
    )
    creator = f"<dc:creator>{creator}</dc:creator>" if creator else ""
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{html.escape(title)}</dc:title>{creator}'
        f"<dc:language>en</dc:language></metadata><manifest>{items}</manifest><spine>{references}</spine></package>"
    )
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/content.opf": package,
            **{f"OEBPS/{name}": content for name, content in files.items()},
            **(more or {}),
        }
    )


def as_epub(document, *, version="3.0"):
    """A file a section, the notes in one of their own."""
    files = {}
    for at, blocks in groupby(document.blocks, key=lambda block: block.section):
        inside = as_elements(
            [block for block in blocks if block.kind != "section_break"],
            lambda label: f'<a epub:type="noteref" id="r{label}" href="notes.xhtml#n{label}">{label}</a>',
        )
        files[f"s{at}.xhtml"] = page(f"<section>{inside}</section>")
    notes = "".join(
        f'<aside epub:type="footnote" id="n{n.label}"><p><a href="s0.xhtml#r{n.label}">{n.label}.</a> '
        f"{html.escape(n.body, quote=False)}</p></aside>"
        for n in document.notes
    )
    files["notes.xhtml"] = page(f"<h2>Notes</h2>{notes}")
    return epub(files, title=document.title, creator=document.author, version=version)


def as_html(document):
    inside = as_elements(document.blocks, lambda label: f'<sup><a id="r{label}" href="#n{label}">{label}</a></sup>')
    notes = "".join(
        f'<li id="n{n.label}"><a href="#r{n.label}">^</a> {html.escape(n.body, quote=False)}</li>'
        for n in document.notes
    )
    return f"<!doctype html><html><body><main>{inside}<h2>Notes</h2><ol>{notes}</ol></main></body></html>".encode()


def as_markdown(document):
    def escaped(text):
        return re.sub(r"([\\`*_\[\]<>#&.-])", r"\\\1", text)

    frame = {"section_break": "***\n\n", "title": "# {}\n\n", "blockquote": "> {}\n\n", "verse_line": "{}\\\n"}
    frame |= {"heading": "## {}\n\n"}
    out, before = [], None
    for block in document.blocks:
        text = pieces(block, escaped, "[^{}]".format)
        if before is not None and (before.list != block.list or before.kind == "verse_line" != block.kind):
            out[-1] = out[-1].rstrip("\\\n") + "\n\n"
        if block.list:
            out.append(f"{block.number}. {text}\n" if block.number else f"* {text}\n")
        else:
            out.append(frame.get(block.kind, "{}\n\n").format(text))
        before = block
    notes = "".join(f"[^{note.label}]: {escaped(note.body)}\n" for note in document.notes)
    return ("".join(out).rstrip("\\\n") + "\n\n" + notes).encode()


URN = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
OPEN = " ".join(
    f'xmlns:{key}="{URN.format(name)}"'
    for key, name in (
        ("office", "office"), ("text", "text"), ("style", "style"), ("table", "table"), ("draw", "drawing"),
        ("fo", "xsl-fo-compatible"), ("meta", "meta"),
    )
)  # fmt: skip
LEVELS = (
    '<text:list-style style:name="N"><text:list-level-style-number text:level="1" style:num-format="1" '
    'style:num-suffix="."/></text:list-style><text:list-style style:name="B"><text:list-level-style-bullet '
    'text:level="1" text:bullet-char="•"/></text:list-style>'
)


def odt(body, automatic="", more=None):
    content = (
        f'<?xml version="1.0"?><office:document-content {OPEN} xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<office:automatic-styles>{LEVELS}{automatic}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": content,
            **(more or {}),
        }
    )


def as_odt(document):
    names = {"title": "Title", "byline": "Author", "abstract": "Abstract", "blockquote": "Quotations"}
    out, before = [], None
    for block in document.blocks:
        inside = pieces(
            block,
            lambda text: html.escape(text, quote=False),
            lambda label: (
                f"<text:note><text:note-citation>{label}</text:note-citation><text:note-body>"
                f"<text:p>{html.escape(body_of(document, label), quote=False)}</text:p></text:note-body></text:note>"
            ),
        )
        if block.kind == "section_break":
            out.append('<text:p text:style-name="Horizontal_20_Line"/>')
        elif block.list:
            start = f' text:start-value="{block.number}"' if block.number else ""
            out.append(
                f'<text:list text:style-name="{"N" if block.number else "B"}"><text:list-item{start}>'
                f"<text:p>{inside}</text:p></text:list-item></text:list>"
            )
        elif block.kind == "verse_line" and before == "verse_line":
            out[-1] = out[-1].removesuffix("</text:p>") + f"<text:line-break/>{inside}</text:p>"
        elif block.kind == "heading":
            out.append(f'<text:h text:outline-level="1">{inside}</text:h>')
        else:
            out.append(f'<text:p text:style-name="{names.get(block.kind, "Standard")}">{inside}</text:p>')
        before = block.kind
    return odt("".join(out))
