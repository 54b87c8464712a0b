"""How alike paragraphs are: by the words they share, in their order, and by how much each of these words can say.

Words, not characters: of unrelated paragraphs characters agree by 40 to 50 per cent, words by 10 to 25, and what they
share then are articles. So each word weighs what it can say: the rarer in both texts and the longer, the more.
"""

from collections import Counter
from functools import cached_property
from math import log

from rapidfuzz.distance import Indel

from .subsequence import operations
from .words import stem, substance, words

IN_ORDER = 0.3  # how much the order of the words counts; the rest is what the shared ones say
SHORT = 12  # words: below, single words decide too much, so characters are asked as well
_FIRST, _LAST = 0x100, 0x10FFFF  # characters that stand for words


class Wording:
    """One paragraph as it is compared: each word is one character of `code`, which is what rapidfuzz is quick with."""

    def __init__(self, text, found, lexicon):
        self.text = text
        self.words = found
        self.code = "".join([lexicon.character(word) for word in found])
        self._lexicon = lexicon

    def __len__(self):
        return len(self.words)

    @cached_property
    def stems(self) -> Counter:
        return Counter(map(stem, self.words))

    @cached_property
    def weight(self) -> float:
        """What all its words say."""
        weigh = self._lexicon.weight
        return sum(weigh(word) * count for word, count in self.stems.items())

    @cached_property
    def plain(self) -> str:
        return " ".join(self.words)


class Lexicon:
    """The words of two texts: which character stands for each, and what each weighs (inverse document frequency)."""

    def __init__(self):
        self._characters = {}
        self._known = {}
        self._all = []
        self._weights = {}

    def wordings(self, texts) -> list[Wording]:
        made = []
        for text in texts:
            if text not in self._known:
                self._known[text] = Wording(text, words(text), self)
            made.append(self._known[text])
        self._all += made
        return made

    def character(self, word) -> str:
        found = self._characters.get(word)
        if found is None:
            # Past a million different words some share a character, which does no harm.
            found = chr(_FIRST + len(self._characters) % (_LAST - _FIRST))
            self._characters[word] = found
        return found

    @cached_property
    def _spread(self) -> Counter:
        """In how many paragraphs each word stands."""
        spread = Counter()
        for wording in self._all:
            spread.update(wording.stems.keys())
        return spread

    def spread(self, word) -> int:
        return self._spread[word]

    def weight(self, word) -> float:
        found = self._weights.get(word)
        if found is None:
            found = substance(word) * log(1 + len(self._all) / max(1, self._spread[word]))
            self._weights[word] = found
        return found

    def joined(self, wordings) -> Wording:
        """Several paragraphs one after the other as one."""
        if len(wordings) == 1:
            return wordings[0]
        return Wording("\n".join(one.text for one in wordings), [w for one in wordings for w in one.words], self)

    def shared(self, one: Wording, other: Wording) -> float:
        """What the words say that both have."""
        few, many = (one.stems, other.stems) if len(one.stems) < len(other.stems) else (other.stems, one.stems)
        return sum(self.weight(word) * min(count, many[word]) for word, count in few.items() if word in many)

    def alike(self, one: Wording, other: Wording) -> float:
        """How alike two wordings are, 0 to 1: by words in order, and by what the shared words say."""
        if one.code == other.code:
            return 1.0 if one.code or one.text == other.text else 0.0
        if not one.code or not other.code:
            return 0.0
        ordered = Indel.normalized_similarity(one.code, other.code)
        said = 2 * self.shared(one, other) / ((one.weight + other.weight) or 1.0)
        likeness = IN_ORDER * ordered + (1 - IN_ORDER) * said
        if min(len(one), len(other)) < SHORT:
            # Unrelated sentences agree by 40 to 50 per cent of their characters: only what is above tells anything.
            spelled = max(0.0, Indel.normalized_similarity(one.plain, other.plain) - 0.45) / 0.55
            likeness = max(likeness, (2 * likeness + spelled) / 3)
        return likeness

    def covered(self, one: Wording, others: list[Wording]) -> list[float]:
        """How much of each of the others, 0 to 1 by weight, stands in `one`, each word of it explained once only."""
        whole = "".join(other.code for other in others)
        kept = [False] * len(whole)
        for _, _, start, end, is_equal in operations(one.code, whole):
            if is_equal:
                kept[start:end] = [True] * (end - start)
        shares, at = [], 0
        for other in others:
            weights = [self.weight(stem(word)) for word in other.words]
            got = sum(weight for weight, is_kept in zip(weights, kept[at:], strict=False) if is_kept)
            shares.append(got / (sum(weights) or 1.0))
            at += len(other)
        return shares
