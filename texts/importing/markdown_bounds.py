"""What keeps hostile Markdown from costing more than its size."""

from __future__ import annotations

import re
from itertools import takewhile

from django.utils.translation import gettext as _
from markdown_it.token import Token

from . import limits
from .document import Unreadable
from .finishing import Source

SIGNS = re.compile(r"[\[\]*_`<!&\\]")
BLOCK_SIGN = re.compile(r"(?m)^[ \t]*(?:[#>*+=_`~\[-]|\d{1,9}[.)])")


def refuse_much(text: str) -> None:
    """Parsing costs most by line and by block, so both are counted before it begins."""
    runs = len(re.findall(r"\n[ \t]*\n(?=[ \t]*\S)", text))
    if text.count("\n") > limits.MARKDOWN_LINES:
        raise Unreadable(_("The Markdown file has more than %(count)d lines.") % {"count": limits.MARKDOWN_LINES})
    if runs > limits.BLOCKS + limits.NOTES or len(BLOCK_SIGN.findall(text)) > limits.MARKDOWN_MARKED_LINES:
        raise Unreadable(_("The text has more than %(count)d paragraphs.") % {"count": limits.BLOCKS})


def refuse_deep(text: str) -> None:
    """Below its nesting limit markdown-it drops text without a word; such files are no texts anyway."""
    half = limits.MARKDOWN_NESTING // 3
    for line in text.split("\n"):
        opening = "".join(takewhile(lambda character: character in " \t>*+-", line[: limits.MARKDOWN_NESTING * 8]))
        depth = len(re.findall(r">|[*+-](?=\s)", opening)) + len(opening.expandtabs(4)) // 8
        if depth > half and line.strip(" \t*+->_"):
            raise Unreadable(_("Lists or quotations in this file are nested too deeply."))


def bounded_inline(state, source: Source) -> None:
    """Markdown-it's own step, but paragraphs that would cost too much keep their characters as they stand."""
    total, skipped = 0, 0
    for token in state.tokens:
        if token.type != "inline":
            continue
        signs = len(SIGNS.findall(token.content))
        total += signs
        large = len(token.content) > limits.MARKDOWN_INLINE_CHARACTERS or signs > limits.MARKDOWN_INLINE_SIGNS
        if signs and (large or total > limits.MARKDOWN_TOTAL_SIGNS):
            skipped += 1
            token.children = _plain_tokens(token.content)
        else:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
    if skipped:
        source.assumptions.append(
            _("Paragraphs with too much markup were taken as they stand, without emphasis or links: %(count)d.")
            % {"count": skipped}
        )


def _plain_tokens(content: str) -> list[Token]:
    tokens = []
    for line in content.split("\n"):
        if tokens:
            tokens.append(Token("softbreak", "br", 0))
        tokens.append(Token("text", "", 0, content=line.strip(" ")))
    return tokens
