"""The beginning of a text: title, byline, and what an editor put before the title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _

from .headings import is_named_heading
from .inline import part
from .pieces import Piece, is_alone
from .wording import FULL_STOP, byline_name, is_capitals, is_dateline, looks_like_name

TITLE_CHARACTERS = 120
ABSTRACT_CHARACTERS = 100  # a paragraph before the title is an abstract only if it is a paragraph, not a line
# "The Title – Jane Roe": a dash with a space behind it; the space before it may be missing.
TITLE_DASH_NAME = re.compile(r"(?P<title>\S.{1,118}?)(?P<dash>\s*[–—]\s+|\s+-+\s+)(?P<name>\S.*)\Z")
HEADER = re.compile(r"(?P<key>Title|Author|Language)\s*:\s*(?P<value>\S.*)\Z")
LANGUAGES = {"english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "russian": "ru"}


@dataclass
class Front:
    title: str = ""
    author: str = ""
    language: str | None = None


def apply(pieces: list[Piece], *, title: str = "") -> tuple[Front, list[str]]:
    """Gives the first pieces their kinds. `title`: what the file itself says its title is, if it does."""
    front, assumptions = _headers(pieces), []
    at = next((index for index, piece in enumerate(pieces) if piece.kind == "title"), None)
    if at is None:
        at = _find_title(pieces, title)
        if at is not None:
            pieces[at].kind, pieces[at].level = "title", None
            if not title and at + 1 < len(pieces) and pieces[at + 1].kind != "byline":
                assumptions.append(_("The first line was read as the title."))
    elif not any(piece.kind == "byline" for piece in pieces[: at + 6]):
        _split_title_and_name(pieces, at, surely=True)
    if at is not None:
        _name_byline(pieces, at)
        _name_abstract(pieces, at)
    for before, piece in pairwise(pieces):
        if before.kind == "heading" and before.text.strip(" .:").lower() in ("abstract", "summary"):
            piece.kind = "abstract" if piece.kind == "paragraph" else piece.kind
    return front, assumptions


def _headers(pieces: list[Piece]) -> Front:
    """`Title: …` and `Author: …` lines as Project Gutenberg has them, within the first pieces."""
    front = Front()
    for piece in pieces[:12]:
        match = HEADER.match(piece.text) if piece.kind == "paragraph" and len(piece.text) <= 200 else None
        if not match:
            continue
        key, value = match["key"], match["value"]
        if key == "Language":
            front.language = LANGUAGES.get(value.lower())
            continue
        kind = "title" if key == "Title" else "byline"
        if any(other.kind == kind for other in pieces[:12]):
            continue
        piece.marker, piece.kind = f"{key}:", kind
        piece.inline = part(piece.inline, match.start("value"), len(piece.text))
        front = Front(
            value if kind == "title" else front.title, value if kind == "byline" else front.author, front.language
        )
    return front


def _find_title(pieces: list[Piece], title: str) -> int | None:
    places = [index for index, piece in enumerate(pieces[:8]) if piece.kind in ("paragraph", "heading")][:3]
    same = next((index for index in places if pieces[index].text == title), None)
    if same is not None:
        return same
    for order, index in enumerate(places):
        if _split_title_and_name(pieces, index):
            return index
        if pieces[index].kind == "heading":  # underlined with ===, or a level-one heading of the format
            return index if order == 0 and pieces[index].level == 1 else None
        if _is_title(pieces, index, first=order == 0):
            return index
    return None


def _split_title_and_name(pieces: list[Piece], index: int, *, surely: bool = False) -> bool:
    """`The Title – Jane Roe` becomes two pieces; the dash belongs to neither.

    `surely`: the markup calls it all a title, so only a dash that is glued to it (or `by`) says that a name follows.
    """
    piece = pieces[index]
    match = (
        TITLE_DASH_NAME.match(piece.text) if len(piece.text) <= TITLE_CHARACTERS and is_alone(pieces, index) else None
    )
    if not match or match["title"].endswith(","):
        return False
    if not (looks_like_name(match["name"]) or byline_name(match["name"])):
        return False
    if surely and match["dash"][0].isspace() and not byline_name(match["name"]):
        return False
    byline = Piece(part(piece.inline, match.start("name"), len(piece.text)), kind="byline", gap=0)
    byline.marker = match["dash"].strip()
    piece.inline = part(piece.inline, 0, match.end("title"))
    pieces.insert(index + 1, byline)
    return True


def _is_title(pieces: list[Piece], index: int, *, first: bool) -> bool:
    piece = pieces[index]
    text, rest = piece.text, [other for other in pieces[index + 1 : index + 4] if other.kind != "section_break"]
    if sum(character.isalpha() for character in text) < 2:
        return False
    if len(text) > TITLE_CHARACTERS or "\n" in text or not rest or is_dateline(text) or is_named_heading(text):
        return False
    if re.search(r"[.,;:…]\Z", text) or re.match(r"[“„«\"—–•*-]|\(?\w{1,3}[.)]\s", text):
        return False
    named = any(byline_name(other.text) or other.text.lower() == "by" for other in rest[:2])
    if named:
        return True
    if not is_alone(pieces, index):
        # A file without blank lines: a short first line, then paragraphs.
        return first and len(text) <= 60 and not FULL_STOP.search(text) and len(pieces[index + 1].text) > 120
    if not first:
        return is_capitals(text) and pieces[index + 1].kind == "section_break"
    if FULL_STOP.search(text) and not is_capitals(text):
        return False
    longest = max(len(other.text) for other in rest)
    return is_capitals(text) or pieces[index + 1].kind in ("section_break", "heading") or longest > len(text)


def _name_byline(pieces: list[Piece], at: int) -> None:
    """The line below the title that names a person; a subtitle may stand between."""
    if any(piece.kind == "byline" for piece in pieces[: at + 6]):
        return
    below = [index for index in range(at + 1, min(at + 6, len(pieces))) if pieces[index].kind != "section_break"][:3]
    for order, index in enumerate(below):
        piece = pieces[index]
        if piece.kind != "paragraph":
            break
        if byline_name(piece.text):
            piece.kind = "byline"
            return
        if piece.text.lower() == "by" and order + 1 < len(below):
            piece.kind = pieces[below[order + 1]].kind = "byline"
            return
    first = pieces[below[0]] if len(below) > 1 else None
    if first is None or first.kind != "paragraph" or not looks_like_name(first.text):
        return
    after = pieces[below[1]]
    if len(after.text) > len(first.text) or after.kind == "heading" or is_named_heading(after.text):
        first.kind = "byline"
        first.doubt(_("Read as the author's name, because it stands below the title."))


def _name_abstract(pieces: list[Piece], at: int) -> None:
    for piece in pieces[:at]:
        if piece.kind == "paragraph" and len(piece.text) >= ABSTRACT_CHARACTERS:
            piece.kind = "abstract"
    for piece in pieces[at + 1 : at + 4]:
        if piece.kind == "paragraph" and re.match(r"(?:Abstract|Summary)\s*[.:—–-]", piece.text):
            piece.kind = "abstract"


def author_of(text: str) -> str:
    """The author's name in a byline."""
    return byline_name(text) or re.sub(r"\Aby\s+", "", text, flags=re.IGNORECASE).strip()
