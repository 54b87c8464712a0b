"""A passage inside a paragraph, as Web Annotation selectors, and finding it again; the sentences to choose one from.

Selectors are those of https://www.w3.org/TR/annotation-model/: the words themselves with 32 characters before and after
(TextQuoteSelector), and where they begin and end (TextPositionSelector). All offsets count code points of the clean
text, without note marks. Browsers count UTF-16 units, and have to convert before they send anything here.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

SHORTEST, LONGEST = 3, 5_000  # characters of a passage
CONTEXT = 32  # characters before and after that are kept with it
MOST_PLACES = 1_000  # words that stand in more places than that are found nowhere

TOO_SHORT, TOO_LONG, OUTSIDE = "too short", "too long", "outside"


class NotAPassage(ValueError):  # noqa: N818 - it is said to people: "that is no passage"
    """These offsets are no passage that can be quoted; `reason` says why."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Passage:
    """Words of a text and where they stand in it."""

    exact: str
    prefix: str
    suffix: str
    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """One sentence with the space after it, numbered from 1."""

    number: int
    start: int
    end: int
    words: str


def passage(text: str, start: int, end: int) -> Passage:
    """The passage from `start` to `end`, without space around it, widened to whole words; or NotAPassage.

    In scripts that put no space between words every character is a word of its own.
    """
    if not 0 <= start < end <= len(text):
        raise NotAPassage(OUTSIDE)
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start == end:
        raise NotAPassage(TOO_SHORT)
    # Not further than a passage may be long: a "word" of a hundred thousand letters is not walked through.
    while start > 0 and end - start <= LONGEST and not _may_cut(text, start):
        start -= 1
    while end < len(text) and end - start <= LONGEST and not _may_cut(text, end):
        end += 1
    if end - start < SHORTEST:
        raise NotAPassage(TOO_SHORT)
    if end - start > LONGEST:
        raise NotAPassage(TOO_LONG)
    return selectors(text, start, end)


def selectors(text: str, start: int, end: int) -> Passage:
    """What stands there, with what stands around it."""
    return Passage(text[start:end], text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT], start, end)


def find(text: str, wanted: Passage) -> tuple[int, int] | None:
    """Where the passage stands in the text, or None.

    Where it is said to stand, if its words stand there; else where they stand in the surroundings that it remembers.
    Words that stand in several places alike are not found: that would be a guess.
    """
    length = len(wanted.exact)
    if not length:
        return None
    if wanted.start >= 0 and text.startswith(wanted.exact, wanted.start):
        return wanted.start, wanted.start + length
    best, alike = None, False
    for number, start in enumerate(_places(text, wanted.exact)):
        if number == MOST_PLACES:
            return None
        score = _kept_context(text, start, start + length, wanted)
        if best is None or score > best[0]:
            best, alike = (score, start), False
        elif score == best[0]:
            alike = True
    return None if best is None or alike else (best[1], best[1] + length)


def _places(text, words):
    start = text.find(words)
    while start >= 0:
        yield start
        start = text.find(words, start + 1)


def _kept_context(text, start, end, wanted) -> int:
    """How many of the remembered characters around it stand around this place too."""
    before, after = wanted.prefix, wanted.suffix
    kept = 0
    while kept < min(len(before), start) and before[-1 - kept] == text[start - 1 - kept]:
        kept += 1
    same = 0
    while same < min(len(after), len(text) - end) and after[same] == text[end + same]:
        same += 1
    return kept + same


# --- Where a text may be cut ------------------------------------------------------------------------------------------

_APOSTROPHES = "'’ʼ"
_JOINER = "\u200d"
_INVISIBLE = "\u200c\u200d\u00ad"  # the joiners, and where a word may be parted


def _may_cut(text, at) -> bool:
    """Whether a passage may begin or end here: not inside a word, not inside what is seen as one character."""
    return is_boundary(text, at) and not _inside_word(text, at)


def is_boundary(text: str, at: int) -> bool:
    """Whether the place is between two characters as people see them (Unicode's grapheme clusters, near enough).

    UAX 29 without the tables that Python does not bring: letters with their marks, joined emoji, flags, Hangul, CR LF.
    """
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if after.isascii() and before.isascii():
        return not (before == "\r" and after == "\n")
    if before in "\r\n":
        return True
    if unicodedata.category(after).startswith("M") or after in {_JOINER, "\u200c"}:
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return False  # a colour of skin, the name of a flag
    if before == _JOINER:
        return not _is_pictogram(after)
    if _is_flag(before) and _is_flag(after):
        first = at - 1
        while first > 0 and _is_flag(text[first - 1]):
            first -= 1
        return (at - first) % 2 == 0
    return not _one_syllable(before, after)


def _is_pictogram(character):
    return unicodedata.category(character) in {"So", "Sk"} or "\U0001f000" <= character <= "\U0001faff"


def _is_flag(character):
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _one_syllable(before, after) -> bool:
    """Whether two signs of Hangul are written as one: an initial, a vowel, a final."""
    initial, vowel, final = "\u1100" <= before <= "\u115f", "\u1160" <= after <= "\u11a7", "\u11a8" <= after <= "\u11ff"
    if initial:
        return vowel or "\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3"
    is_syllable = "\uac00" <= before <= "\ud7a3"
    if "\u1160" <= before <= "\u11a7" or (is_syllable and (ord(before) - 0xAC00) % 28 == 0):
        return vowel or final
    return final and (is_syllable or "\u11a8" <= before <= "\u11ff")


def _inside_word(text, at) -> bool:
    if at <= 0 or at >= len(text):
        return False
    before, after = text[at - 1], text[at]
    if after in _APOSTROPHES:
        return _is_of_word(before) and at + 1 < len(text) and _is_of_word(text[at + 1])
    if before in _APOSTROPHES:
        return at > 1 and _is_of_word(text[at - 2]) and _is_of_word(after)
    return _is_of_word(before) and _is_of_word(after)


def _is_of_word(character) -> bool:
    """A letter, a mark or a figure of a script that puts spaces between words."""
    if character.isascii():
        return character.isalnum() or character == "_"
    if character in _INVISIBLE:
        return True
    if unicodedata.category(character)[0] not in "LMN":
        return False
    return not _WITHOUT_SPACES.match(character)


# Thai, Lao, Tibetan, Burmese, Khmer; Japanese, Chinese.
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


# --- Sentences --------------------------------------------------------------------------------------------------------

_CLOSERS = "\"'’”»›)]}」』】〕〉》）］"
_STOPS = ".!?…‽؟۔।॥։።፧༎។៕"  # what may end a sentence, if space follows
_FULL_STOPS = "。！？｡．"  # what ends one also without
_END = re.compile(
    rf"[{_FULL_STOPS}]+[{re.escape(_CLOSERS)}]*\s*"
    rf"|(?<![{_STOPS}])[{_STOPS}]+[{re.escape(_CLOSERS)}]*(?:\s+|$)"
    r"|\n\s*"
)
_OPENERS = re.compile(r"[\s\"'“‘„‚«‹»›(\[{「『【—–-]*")
# Words that a full stop shortens and that rarely end a sentence, of the languages that most texts here are in.
_SHORTENED = frozenset(
    """
    mr mrs ms mx dr prof st sr jr rev hon gen col capt lt sgt maj adm gov sen rep messrs mme mlle
    vs viz cf al ed eds trans vol vols nr p pp ch chap fig figs sec ibid op cit loc ca approx e.g i.e
    bzw d.h z.b u.a u.ä vgl hrsg aufl ebd geb gest jh sog str
    m mm mgr p.ex éd sig sigg dott pag cap
    д-р т.е т.к см стр гл г проф
    """.split()  # noqa: SIM905 - to be read as words
)
# These end one unless a figure follows: "No. 5", "S. 24".
_NUMBERED = frozenset("no nos nr p pp ch chap fig figs art sec par vol vols s bd abs cap pag стр гл".split())  # noqa: SIM905
_LAST_WORD = re.compile(r"(?:[^\W\d_]|[.'’-](?=[^\W_]))+$")
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")


def sentences(text: str) -> list[Sentence]:
    """The text as sentences, numbered from 1. Joined they are the text again; none is longer than a passage may be.

    A line break ends one (verse, lists). Shortened words, initials, figures and small letters after a stop do not.
    Rules without tables or a model: where they err, a sentence is too long or too short, and can still be chosen.
    """
    cuts = [0]
    for match in _END.finditer(text):
        if match.end() < len(text) and _ends_sentence(text, cuts[-1], match) and is_boundary(text, match.end()):
            cuts.append(match.end())
    cuts.append(len(text))
    pieces = []
    for begin, finish in pairwise(cuts):
        for start, end in _short_enough(text, begin, finish):
            if pieces and not any(map(str.isalnum, text[start:end])):
                pieces[-1] = (pieces[-1][0], end)  # asterisks, a lone dash: nothing that one would choose
            elif start < end:
                pieces.append((start, end))
    return [Sentence(number, start, end, text[start:end]) for number, (start, end) in enumerate(pieces, 1)]


def _ends_sentence(text, begin, match) -> bool:
    stop, at = match[0], match.start()
    if "\n" in stop or stop[0] in _FULL_STOPS:
        return True
    goes_on = _OPENERS.match(text, match.end()).end()
    following = text[goes_on : goes_on + 1]
    if following.islower():
        return False  # “Why?” he asked. And: etc. and so on
    if not stop.startswith(".") or stop.startswith(".."):
        return True
    if text[at - 1 : at].isdigit():
        return bool(text[begin:at].strip(" 0123456789(["))  # "in 1911. Then", but not "1. The sacks"
    found = _LAST_WORD.search(text, max(begin, at - 30), at)
    word = found[0] if found else ""
    if len(word) == 1 or (word[:1].isupper() and _INITIALS.fullmatch(word)):
        return not _is_initial(text, found.start(), word, goes_on)
    if word.casefold() in _NUMBERED and (following.isdigit() or following in tuple("IVXLC")):
        return False
    return word.casefold() not in _SHORTENED


def _is_initial(text, at, word, goes_on) -> bool:
    """Whether capitals with stops are a name's: all are but a lone "I", which ends sentences too."""
    if word != "I":
        return True
    letter = r"[^\W\d_]\."
    return bool(
        re.search(rf"\b{letter}\s?$", text[max(0, at - 4) : at]) or re.match(letter, text[goes_on : goes_on + 2])
    )


def _short_enough(text, start, end):
    """The piece, or pieces of it that can be quoted: cut behind a space, or at worst between two characters."""
    while end - start > LONGEST:
        cut = text.rfind(" ", start + 1, start + LONGEST) + 1
        if cut <= start:
            cut = start + LONGEST
        while cut > start + 1 and not is_boundary(text, cut):
            cut -= 1
        yield start, cut
        start = cut
    yield start, end
