"""What the HTML of a mail says, as lines of text: paragraphs apart, list items marked, quotations behind `>`."""

import re

from lxml import etree, html

_UNSEEN = {"head", "script", "style", "template", "title", "noscript"}
_APART = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "table", "blockquote"}
_OWN_LINE = {"div", "li", "tr", "hr", "section", "article", "header", "footer", "center", "body", "dd", "dt"}
# How mail programs mark the signature.
_SIGNATURES = re.compile(r"\b(gmail_signature|moz-signature|ms-outlook-mobile-signature|protonmail_signature_block)\b")
_SPACES = re.compile(r"[ \t\r\n\f]+")
MOST_QUOTED = 10


class Lines:
    """Lines as they are written."""

    def __init__(self):
        self.lines, self.line, self.quoted, self.kept = [], "", 0, 0

    def say(self, text):
        if self.kept:
            first, *others = text.split("\n")
            self.line += first
            for other in others:
                self.end()
                self.line = other
            return
        text = _SPACES.sub(" ", text)
        self.line += text.lstrip(" ") if not self.line or self.line.endswith(" ") else text

    def end(self):
        quoted = ">" * min(self.quoted, MOST_QUOTED)
        self.lines.append(f"{quoted} {self.line}".rstrip() if quoted else self.line.rstrip())
        self.line = ""

    def begin_line(self):
        if self.line.strip():
            self.end()
        self.line = ""

    def begin_paragraph(self):
        self.begin_line()
        if self.lines and self.lines[-1].strip("> "):
            self.end()


def text_of_html(source: str) -> str:
    """The text that a reader of this HTML sees, without the signature that a mail program has put there."""
    source = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", source)
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(source.encode(), parser=parser)
    except (etree.LxmlError, ValueError):  # nothing in it
        return ""
    lines, hidden = Lines(), None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start" and hidden is None:
            if is_unseen(element):
                hidden = element
            else:
                opens(lines, element)
        elif event == "end" and hidden is None:
            closes(lines, element)
        if event == "end" and (hidden is None or element is hidden):
            hidden = None
            if element.tail and element is not root:
                lines.say(element.tail)
    lines.begin_line()
    return "\n".join(lines.lines)


def is_unseen(element) -> bool:
    named = f"{element.get('class', '')} {element.get('id', '')}"
    return element.tag in _UNSEEN or _SIGNATURES.search(named) is not None


def opens(lines, element):
    if element.tag == "br":
        lines.end()
    elif element.tag in _APART:
        lines.begin_paragraph()
    elif element.tag in _OWN_LINE:
        lines.begin_line()
    lines.quoted += element.tag == "blockquote"
    lines.kept += element.tag == "pre"
    if element.tag == "li":
        lines.line = "- "
    if element.text:
        lines.say(element.text)


def closes(lines, element):
    if element.tag in _APART or element.tag in _OWN_LINE:
        lines.begin_line()
    if element.tag == "blockquote":
        lines.quoted -= 1
    if element.tag == "pre":
        lines.kept -= 1
    if element.tag in _APART:
        lines.begin_paragraph()
