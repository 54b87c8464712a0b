"""What surrounds the words that were looked for, with these marked."""

import re
from html import escape, unescape

import nh3
from django.db import connection
from django.utils.safestring import mark_safe

from readinggroup.lib.full_text import without_signs
from readinggroup.lib.markup import plain_text

# What ts_headline sets around a hit, and between the parts of a long text. No text holds them: control characters are
# taken out before.
_BEGIN, _END, _BETWEEN = "\x02", "\x03", "\x04"
_MARKS = f'StartSel="{_BEGIN}", StopSel="{_END}"'
_WHOLE = f"{_MARKS}, HighlightAll=true"
_PARTS = f'{_MARKS}, MaxFragments=2, MinWords=14, MaxWords=34, ShortWord=0, FragmentDelimiter="{_BETWEEN}"'
SHORT = 300  # characters of a text that is shown whole
_SPACE = re.compile(r"[\x00-\x1f\x7f\s]+")
_LETTER = re.compile(r"\w")
_BLOCK_ENDS = re.compile(r"</(?:p|li|h4|h5|h6|pre|blockquote)>|<br|<hr")


def marked(texts, names, words) -> list[str]:
    """Of each text what surrounds the words, as HTML with the words in `<mark>`. One query."""
    if not texts:
        return []
    texts = [_SPACE.sub(" ", text).strip() for text in texts]
    options = [_WHOLE if len(text) <= SHORT else _PARTS for text in texts]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ts_headline(name::regconfig, text, websearch_to_tsquery(name::regconfig, %s), options)"
            " FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS each (text, name, options, place)"
            " ORDER BY place",
            [words, [without_signs(text) for text in texts], names, options],
        )
        return [
            as_html(text, snippet.split(_BETWEEN)) for text, (snippet,) in zip(texts, cursor.fetchall(), strict=True)
        ]


def as_html(text, parts) -> str:
    """The parts of the text with their hits in `<mark>`, escaped, with dots where something is left out.

    Postgres was given the text without signs, so its parts are found there, and shown as they stand in the text.
    """
    bare, at, out = without_signs(text), 0, []
    for part in parts:
        begin = bare.find(part.replace(_BEGIN, "").replace(_END, ""), at)
        if begin < 0:
            continue
        if _LETTER.search(bare, at, begin):
            out.append(" … " if out else "… ")
        else:
            out.append(escape(text[at:begin]))
        at = begin
        for piece in re.split(f"([{_BEGIN}{_END}])", part):
            if piece in {_BEGIN, _END}:
                out.append("<mark>" if piece == _BEGIN else "</mark>")
            else:
                out.append(escape(text[at : at + len(piece)]))
                at += len(piece)
    out.append(" …" if _LETTER.search(bare, at) else escape(text[at:]))
    return mark_safe("".join(out))  # noqa: S308 - escaped piece by piece


def plain(html) -> str:
    """The words of a comment as they are shown, without what it quotes (unless it says nothing else)."""
    spaced = _BLOCK_ENDS.sub(r" \g<0>", html)
    own = unescape(nh3.clean(spaced, tags=set(), attributes={}, clean_content_tags={"blockquote"}))
    return own if own.strip() else plain_text(spaced)
