"""The words of a text as they are compared: without case, typography and punctuation.

Where words are not written apart (Chinese, Japanese, Thai …), two neighbouring characters count as a word, three in the
alphabets of South-East Asia. Nothing here is ever shown.
"""

import re
import sys
import unicodedata
from functools import lru_cache
from itertools import groupby

# Thai, Lao, Tibetan, Burmese, Khmer; Japanese, Chinese (as in quoting.py).
_ALPHABETS = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"
_IDEOGRAPHS = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = re.compile(f"[{_ALPHABETS}{_IDEOGRAPHS}]")
_ALPHABET = re.compile(f"[{_ALPHABETS}]")


def _marks() -> str:
    """Unicode's marks as ranges of a character class: Python's \\w has none, so vowel signs would part a word."""
    marks = [code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"]
    runs = groupby(enumerate(marks), key=lambda pair: pair[1] - pair[0])
    spans = [[code for _, code in run] for _, run in runs]
    return "".join(f"{chr(span[0])}-{chr(span[-1])}" for span in spans)


_INSIDE = _marks() + "\u200c\u200d\u00ad"  # and the joiners, and where a word may be parted
WORD = re.compile(
    rf"[{_ALPHABETS}{_IDEOGRAPHS}](?:(?![{_ALPHABETS}{_IDEOGRAPHS}])[{_INSIDE}])*"
    rf"|(?:[^\W_{_ALPHABETS}{_IDEOGRAPHS}]|(?![{_ALPHABETS}{_IDEOGRAPHS}])[{_INSIDE}])+"
)
_ASCII_WORD = re.compile(r"[^\W_]+")


def spans(text: str) -> list[tuple[str, int, int]]:
    """Each word of the text, folded, with where it begins and ends; characters where words are not written apart."""
    pattern = _ASCII_WORD if text.isascii() else WORD
    return [(folded(match[0]), match.start(), match.end()) for match in pattern.finditer(text)]


def words(text: str) -> list[str]:
    """The words of the text in their order; where it has none (a row of asterisks), its signs."""
    if text.isascii():
        found = _ASCII_WORD.findall(text)
    else:
        found = WORD.findall(text)
        if _UNSPACED.search(text):
            return list(_of_characters(found))
    return [folded(word) for word in found] or text.split()


def _of_characters(found):
    """Runs of characters of an unspaced script as overlapping pairs, or threes; other words as they are."""
    for size, run in groupby(found, key=_size):
        signs = [folded(word) for word in run]
        if size == 1:
            yield from signs
            continue
        if len(signs) <= size:
            yield "".join(signs)
        else:
            yield from ("".join(signs[at : at + size]) for at in range(len(signs) - size + 1))


def _size(word) -> int:
    """Of how many such a word of the comparison consists."""
    return 3 if _ALPHABET.match(word) else 2 if _UNSPACED.match(word) else 1


@lru_cache(maxsize=50_000)
def folded(word: str) -> str:
    """The word without case, accents and ligatures."""
    if word.isascii():
        return sys.intern(word.lower())
    plain = unicodedata.normalize("NFKD", word.replace("\u00ad", "")).casefold()
    # Accents, points and harakat go; vowel signs, nuktas and voicing marks are what the word consists of.
    kept = "".join(sign for sign in plain if unicodedata.combining(sign) < 10)
    return sys.intern(unicodedata.normalize("NFC", kept or plain))


def stem(word: str) -> str:
    """The beginning of a word, which its inflected forms share in many languages."""
    return word[:5] if len(word) > 5 else word


def substance(word: str) -> float:
    """How much a word can say: short ones are articles and the like in most alphabets, of other scripts each counts."""
    if _UNSPACED.match(word):
        return 4.0
    return float(min(len(word), 7))
