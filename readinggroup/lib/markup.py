"""Members' text: Markdown in, safe HTML out. The one place where what people write becomes HTML.

CommonMark without images and without HTML; linkify and typographer are off, so that nothing that was typed is changed
into something else. nh3 then lets through only what is listed here. Rendered once, when written.
"""

import unicodedata
from html import escape, unescape

import nh3
from django.utils.text import Truncator
from markdown_it import MarkdownIt

ALLOWED_TAGS = {
    "p", "br", "em", "strong", "a", "blockquote", "ul", "ol", "li", "code", "pre", "hr", "h4", "h5", "h6"
}  # fmt: skip
ALLOWED_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "*": set()}  # "*": nh3 would else let title and lang through
ALLOWED_SCHEMES = {"http", "https", "mailto"}

LONGEST_EXCERPT = 240  # characters
# The longest comment. markdown-it needs at most some tenths of a second for the worst text of this length.
LONGEST = 20_000

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
_markdown.disable(["image", "html_block", "html_inline"])


def _lower_headings(state):
    """A heading in a comment is never above the page's own: h1 becomes h4, h2 h5, the rest h6."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"


_markdown.core.ruler.push("lower_headings", _lower_headings)


def render_markdown(text: str) -> str:
    """The text as HTML that may be shown to anyone. Links are marked as a stranger's.

    Where Markdown leaves nothing to be seen (a lone link definition, an empty list item), the text is shown as typed.
    """
    html = sanitise(_markdown.render(text)).strip()
    # CommonMark 2.3: what stands for a NUL, also where the text was not parsed.
    return html if shows_something(html) else f"<p>{escape(text.replace(chr(0), chr(0xFFFD)))}</p>"


def own_words(text: str) -> str:
    """The text without its quotations, code and markup: what the writer says in their own words, a line a block."""
    lines, quoted = [], 0
    for token in _markdown.parse(text):
        if token.type in {"blockquote_open", "blockquote_close"}:
            quoted += token.nesting
        elif token.type == "inline" and not quoted:
            said = (part.content if part.type == "text" else _BETWEEN.get(part.type, "") for part in token.children)
            lines.append("".join(said))
    return "\n".join(lines)


_BETWEEN = {"softbreak": "\n", "hardbreak": "\n", "code_inline": "\n"}


def shows_something(html: str) -> bool:
    """Whether a reader sees anything: a letter, a number, a sign."""
    return any(unicodedata.category(character)[0] in "LNSP" for character in plain_text(html))


def plain_text(html: str) -> str:
    """The words without markup, character by character what a browser calls the element's text."""
    return unescape(nh3.clean(html, tags=set()))


def excerpt(html: str) -> str:
    """The beginning of the words, as text."""
    words = " ".join(plain_text(html).split())
    # Django looks at each character for what combines with the one before: a fifth of an inbox.
    if len(words) <= LONGEST_EXCERPT:
        return unicodedata.normalize("NFC", words)
    return Truncator(words).chars(LONGEST_EXCERPT)


def sanitise(html: str) -> str:
    """The HTML with everything taken out that is not on the list above."""
    return nh3.clean(
        html,
        tags=ALLOWED_TAGS,
        attributes=ALLOWED_ATTRIBUTES,
        url_schemes=ALLOWED_SCHEMES,
        link_rel="nofollow ugc noopener noreferrer",
    )
