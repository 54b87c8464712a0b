"""Markdown: CommonMark with footnotes. Typographic replacements and raw HTML are off, so no character changes."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def

from . import closing, front, limits, lists, quotations, verse
from .decoding import decode
from .document import Document, Unreadable
from .finishing import Source, finish
from .inline import HREF, Builder, Inline, joined, lines
from .markdown_bounds import bounded_inline, refuse_deep, refuse_much
from .pieces import Piece, section_break, with_text
from .wording import looks_like_speech

FOOTNOTE = re.compile(r"\[\^([^\s\[\]^]{1,40})\]")
DEFINITION = re.compile(r"(?m)^( {0,3})\[(\d{1,3})\]:(?=[ \t]+\S)")
YAML = re.compile(r"---[ \t]*\n(?P<fields>(?:.*\n){0,200}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
FIELD = re.compile(r"(?P<key>[A-Za-z_-]+)[ \t]*:[ \t]*(?P<value>.*\S)")
# An ordered item that is really a year, or the first letter of a name: escaped so that it stays text.
YEAR_ITEM = re.compile(r"(?m)^([ \t>]*)(\d{4,9})([.)])(?=[ \t])")
PASTED_BULLET = re.compile(r"(?m)^([ \t]*)([•‣◦▪●⁃∙])(?=[ \t]+\S)")
TAGS = {"em": "em", "strong": "strong", "link": "a"}


def read(data: bytes, *, filename: str = "", encoding: str | None = None) -> Document:
    if len(data) > limits.MARKDOWN_BYTES:
        raise Unreadable(
            _("The Markdown file is larger than %(size)d MB.") % {"size": limits.MARKDOWN_BYTES // 1024**2}
        )
    decoded = decode(data, encoding=encoding)
    source = Source("markdown", filename, encoding=decoded.encoding, encoding_doubtful=decoded.doubtful)
    source.assumptions += decoded.assumptions
    text = _without_yaml(decoded.text, source)
    pieces = with_text(_Reader(source).read(text))
    _front_and_kinds(pieces, source)
    return finish(pieces, source)


def _front_and_kinds(pieces: list[Piece], source: Source) -> None:
    found, said = front.apply(pieces, title=source.title)
    source.title, source.author = source.title or found.title, source.author or found.author
    source.assumptions += said
    source.assumptions += lists.apply_bullets(pieces)
    closing.apply(pieces)
    if not any(piece.kind == "blockquote" for piece in pieces):
        source.assumptions += quotations.apply(pieces)


def _without_yaml(text: str, source: Source) -> str:
    """Title, author and language from a `---` block at the top; only plain `key: value` lines are understood."""
    match = YAML.match(text)
    fields = [line for line in match["fields"].splitlines() if line.strip()] if match else []
    read = [FIELD.match(line) for line in fields]
    if not fields or not any(read):
        return text
    values = {one["key"].lower(): one["value"].strip("\"'") for one in read if one}
    source.title = values.get("title", "")
    source.author = values.get("author", "")
    source.language = values.get("lang", values.get("language")) or None
    if len(values) > sum(key in values for key in ("title", "author", "lang", "language")):
        source.assumptions.append(_("Of the block at the top of the file only title, author and language were read."))
    return text[match.end() :]


def _parser(source: Source) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.options["maxNesting"] = limits.MARKDOWN_NESTING
    parser.disable(["html_block", "html_inline"])
    parser.block.ruler.before("reference", "footnote_def", footnote_def, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.after("image", "footnote_ref", _footnote_ref)
    parser.core.ruler.at("inline", lambda state: bounded_inline(state, source))
    return parser


def _footnote_ref(state, silent: bool) -> bool:
    """`[^1]` where `[^1]: …` exists. The plugin's own rule scans to the paragraph's end at every `[^`."""
    match = FOOTNOTE.match(state.src, state.pos, state.posMax)
    if not match or ":" + match[1] not in state.env.get("footnotes", {}).get("refs", {}):
        return False
    if not silent:
        state.push("footnote_ref", "", 0).meta = {"label": match[1]}
    state.pos = match.end()
    return True


class _Reader:
    """Walks the flat list of tokens; what is open around a paragraph says what it is."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.pieces: list[Piece] = []
        self.open: list[dict] = []  # lists, items and quotations around the present token
        self.note: str | None = None
        self.bodies: dict[str, list[Inline]] = {}

    def read(self, text: str) -> list[Piece]:
        refuse_much(text)
        refuse_deep(text)
        text = YEAR_ITEM.sub(r"\1\2\\\3", text)
        text = PASTED_BULLET.sub(r"\n\1\2", text)
        text = DEFINITION.sub(self._definition, text)
        for token in _parser(self.source).parse(text, {}):
            handler = getattr(self, f"_{token.type}", None)
            if handler:
                handler(token)
        for label, parts in self.bodies.items():
            self.source.bodies["footnote", label] = (label, joined(parts, "\n\n"))
        return self.pieces

    def _definition(self, match: re.Match) -> str:
        # `[1]: text` is a link definition for CommonMark and would vanish: it is a note's text.
        return f"{match[1]}[^{match[2]}]:" if self._is_note_text(match) else match[0]

    @staticmethod
    def _is_note_text(match: re.Match) -> bool:
        rest = match.string[match.end() : match.end() + 200].split("\n")[0].strip()
        return not re.match(r"<?(?:https?://|mailto:|[./#])\S*>?(?:\s+[\"'(].*)?\Z", rest)

    def _footnote_reference_open(self, token: Token) -> None:
        self.note = token.meta["label"]
        self.bodies[self.note] = []

    def _footnote_reference_close(self, _token: Token) -> None:
        self.note = None

    def _bullet_list_open(self, token: Token) -> None:
        self.open.append({"list": "bulleted", "sign": token.markup, "items": [], "at": len(self.pieces)})

    def _ordered_list_open(self, token: Token) -> None:
        self.open.append({"list": "numbered", "sign": token.markup, "items": [], "at": len(self.pieces)})

    def _bullet_list_close(self, _token: Token) -> None:
        self._restore_speech(self.open.pop())

    def _ordered_list_close(self, _token: Token) -> None:
        self.open.pop()

    def _list_item_open(self, token: Token) -> None:
        # CommonMark numbers from the first item on; the source's own numbers are what people cite.
        self.open.append({"item": self.open[-1], "number": int(token.info) if token.info else None, "fresh": True})

    def _list_item_close(self, _token: Token) -> None:
        self.open.pop()

    def _blockquote_open(self, _token: Token) -> None:
        self.open.append({"quote": True})

    def _blockquote_close(self, _token: Token) -> None:
        self.open.pop()

    def _hr(self, _token: Token) -> None:
        if self.note is None:
            self.pieces.append(section_break())

    def _inline(self, token: Token) -> None:
        if self.heading is None:
            self._paragraph(_inline_of(token))
            return
        level, self.heading = self.heading, None
        inline = _inline_of(token)
        kind = "heading"
        own = not self.source.title or inline.text == self.source.title
        if level == 1 and own and not any(piece.kind == "title" for piece in self.pieces):
            kind = "title"
        if self.note is not None:
            self.bodies[self.note].append(inline)
        else:
            self.pieces.append(Piece(inline, kind=kind, level=None if kind == "title" else level))

    heading: int | None = None

    def _heading_open(self, token: Token) -> None:
        self.heading = int(token.tag[1])

    def _code_block(self, token: Token) -> None:
        # Four spaces in a pasted text mean "set off", hardly ever a program.
        for passage in re.split(r"\n[ \t]*\n", token.content.strip("\n")):
            texts = [line.strip() for line in passage.split("\n") if line.strip()]
            if self.note is None and verse.are_verse(texts):
                self._verse([Inline(text) for text in texts])
            elif texts:
                self._paragraph(Inline(" ".join(texts)), kind="blockquote")
        said = _("Passages indented by four spaces were read as quotations, not as program code.")
        self.source.assumptions.append(said)

    def _fence(self, token: Token) -> None:
        builder = Builder(collapse=False)
        builder.begin("code")
        builder.add(token.content.strip("\n"))
        builder.end("code")
        self._paragraph(builder.take())

    def _paragraph(self, inline: Inline, kind: str = "paragraph") -> None:
        if self.note is not None:
            self.bodies[self.note].append(inline)
            return
        parts = lines(inline)
        if verse.are_verse([one.text for one in parts]):
            self._verse(parts)
            return
        piece = Piece(inline, kind=kind)
        around = self.open[-1] if self.open else None
        if any("quote" in one for one in self.open):
            piece.kind = "blockquote"
        if around and around.get("fresh"):
            around["fresh"] = False
            self._make_item(piece, around)
        self.pieces.append(piece)

    def _make_item(self, piece: Piece, item: dict) -> None:
        parent = item["item"]
        piece.kind, piece.list, piece.number = "list_item", parent["list"], item["number"]
        piece.marker = parent["sign"] if piece.number is None else f"{piece.number}{parent['sign']}"
        piece.level = sum("list" in one for one in self.open)
        parent["items"].append(piece)

    def _verse(self, parts: list[Inline]) -> None:
        self.pieces += [Piece(one, kind="verse_line", gap=int(index == 0)) for index, one in enumerate(parts)]

    def _restore_speech(self, closed: dict) -> None:
        """`- Good morning.` is speech though CommonMark makes a list of it; the dash is part of the text."""
        items, at = closed["items"], closed["at"]
        after_colon = at > 0 and self.pieces[at - 1].text.endswith(":")
        if closed["sign"] != "-" or not looks_like_speech(
            [one.text for one in items], after_colon=after_colon, dash="-"
        ):
            return
        for piece in items:
            piece.inline = joined([Inline("-"), piece.inline], " ")
            piece.kind, piece.list, piece.marker, piece.level = "paragraph", None, "", None
            piece.doubt(_("Begins with a dash: read as speech, not as a list item."))
        self.source.assumptions.append(_("Lines beginning with a dash were read as speech, not as list items."))


def _inline_of(token: Token) -> Inline:
    builder = Builder(collapse=False)
    for child in token.children or []:
        _add(builder, child)
    return builder.take()


def _add(builder: Builder, child: Token) -> None:
    if child.type == "softbreak":
        builder.add(" ")
    elif child.type == "hardbreak":
        builder.newline()
    elif child.type == "code_inline":
        builder.begin("code")
        builder.add(child.content)
        builder.end("code")
    elif child.type == "footnote_ref":
        builder.mark(child.meta["label"], ("footnote", child.meta["label"]))
    elif child.type == "link_open":
        href = str(child.attrGet("href") or "")
        builder.begin("a" if HREF.match(href) else "unlinked", href)
    elif child.type == "link_close":
        # Links are closed in the order in which they were opened, so the innermost is the one that ends.
        builder.end(next((span.tag for span in reversed(builder.open) if span.tag in ("a", "unlinked")), "a"))
    elif child.type == "image":
        builder.add("".join(one.content for one in child.children or []) or child.content)
    elif child.type.endswith("_open"):
        builder.begin(TAGS[child.type.removesuffix("_open")])
    elif child.type.endswith("_close"):
        builder.end(TAGS[child.type.removesuffix("_close")])
    else:
        builder.add(child.content)
