"""Revisions of a text, made up from a seed, with the truth about each: what became of which paragraph and which word.

Light, medium and heavy ones. Inserted text is Markov text of the same words, so that it looks like the rest.
"""

import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Level:
    """How much is changed, as shares of the paragraphs."""

    typos: float
    edited: float
    by: tuple[float, float]  # of the words of an edited one
    each: float  # split, merged, moved, removed, inserted


LEVELS = {
    "light": Level(0.15, 0.04, (0.05, 0.20), 0.01),
    "medium": Level(0.15, 0.20, (0.05, 0.40), 0.025),
    "heavy": Level(0.15, 0.50, (0.05, 0.60), 0.055),
}


@dataclass(frozen=True)
class Word:
    """A word with what follows it up to the next, and where it came from: (paragraph, start, end), or nowhere."""

    text: str
    source: tuple[int, int, int] | None


@dataclass
class Revision:
    """Old and new paragraphs, and the truth: links of old to new, identities, where discussions belong."""

    old: list[str]
    new: list[str]
    words: list[list[Word]]
    links: set[tuple[int, int]] = field(default_factory=set)
    identity: dict[int, int] = field(default_factory=dict)
    stands: dict[int, int] = field(default_factory=dict)


def revision(paragraphs, level, seed) -> Revision:
    """The text revised. The same seed makes the same revision."""
    return _Maker(list(paragraphs), LEVELS[level], random.Random(f"{level} {seed}")).make()


class _Maker:
    def __init__(self, paragraphs, level, dice):
        self.old, self.level, self.dice = paragraphs, level, dice
        self.chain = _markov(paragraphs)

    def make(self):
        blocks = [
            [Word(match[0], (number, match.start(), match.end())) for match in re.finditer(r"\S+\s*", text)]
            for number, text in enumerate(self.old)
        ]
        blocks = self._removed(blocks)
        blocks = self._split(blocks)
        blocks = self._merged(blocks)
        parts = [Counter(word.source[0] for word in block if word.source) for block in blocks]
        changed = list(zip(blocks, parts, strict=True))
        for at, (block, counts) in enumerate(changed):
            if self.dice.random() < self.level.edited:
                changed[at] = (self._edited(block, self.dice.uniform(*self.level.by)), counts)
            elif self.dice.random() < self.level.typos:
                changed[at] = (self._with_typos(block), counts)
        changed = self._moved([pair for pair in changed if pair[0]])
        changed = self._inserted(changed)
        words = [block for block, _ in changed]
        made = Revision(self.old, ["".join(word.text for word in block).strip() for block in words], words)
        self._tell(made, [counts for _, counts in changed])
        return made

    def _times(self, number):
        return max(1, round(self.level.each * number))

    def _removed(self, blocks):
        gone = set(self.dice.sample(range(len(blocks)), self._times(len(blocks))))
        return [block for at, block in enumerate(blocks) if at not in gone]

    def _split(self, blocks):
        long = [at for at, block in enumerate(blocks) if len(_sentence_ends(block)) > 1 and len(block) >= 16]
        chosen = set(self.dice.sample(long, min(len(long), self._times(len(blocks)))))
        made = []
        for at, block in enumerate(blocks):
            ends = [end for end in _sentence_ends(block) if 5 <= end <= len(block) - 5]
            if at not in chosen or not ends:
                made.append(block)
                continue
            cuts = sorted(self.dice.sample(ends, min(len(ends), self.dice.choice([1, 1, 1, 2]))))
            made += [block[start:end] for start, end in zip([0, *cuts], [*cuts, len(block)], strict=True)]
        return made

    def _merged(self, blocks):
        for _ in range(self._times(len(blocks))):
            if len(blocks) < 4:
                break
            at = self.dice.randrange(len(blocks) - 2)
            many = self.dice.choice([2, 2, 2, 3])
            joined = [word for block in blocks[at : at + many] for word in _spaced(block)]
            blocks = [*blocks[:at], joined, *blocks[at + many :]]
        return blocks

    def _edited(self, block, share):
        """Words left out, put in, exchanged, clauses turned round: about this share of them."""
        words = list(block)
        for _ in range(max(1, round(share * len(words)))):
            if not words:
                break
            at, act = self.dice.randrange(len(words)), self.dice.random()
            if act < 0.45:
                words[at] = Word(self._any_word(words[at].text), None)
            elif act < 0.65 and len(words) > 3:
                del words[at]
            elif act < 0.9:
                words.insert(at, Word(self._any_word("a "), None))
            elif at + 1 < len(words):
                words[at], words[at + 1] = _spaced([words[at + 1]])[0], _spaced([words[at]])[0]
        return words

    def _any_word(self, instead):
        word = self.dice.choice(self.dice.choice(self.old).split() or ["so"])
        return word + (re.search(r"\s*$", instead)[0] or " ")

    def _with_typos(self, block):
        """One to three letters put right, or quotes and dashes set otherwise."""
        words = list(block)
        for _ in range(self.dice.randint(1, 3)):
            at = self.dice.randrange(len(words))
            text, source = words[at].text, words[at].source
            letters = [place for place, sign in enumerate(text) if sign.isalpha()]
            act = self.dice.random()
            if act < 0.3:
                text = text.translate(str.maketrans("“”‘’—–", "\"\"''--")).replace("…", "...")
            elif letters and act < 0.6:
                place = self.dice.choice(letters)
                text = text[:place] + self.dice.choice("aeinorst") + text[place + 1 :]
            elif len(letters) > 3:
                place = self.dice.choice(letters)
                text = text[:place] + text[place + 1 :] if act < 0.8 else text[:place] + text[place] + text[place:]
            words[at] = Word(text, source)
        return words

    def _moved(self, changed):
        for _ in range(self._times(len(changed))):
            one = changed.pop(self.dice.randrange(len(changed)))
            changed.insert(self.dice.randrange(len(changed) + 1), one)
        return changed

    def _inserted(self, changed):
        for _ in range(self._times(len(changed))):
            size = max(6, len(self.dice.choice(self.old).split()))
            changed.insert(self.dice.randrange(len(changed) + 1), (self._markov_text(size), Counter()))
        return changed

    def _markov_text(self, size):
        key, made = self.dice.choice(sorted(self.chain)), []
        made += key
        while len(made) < size:
            following = self.chain.get(key)
            if not following:
                key = self.dice.choice(sorted(self.chain))
                continue
            made.append(self.dice.choice(following))
            key = (key[1], made[-1])
        return [Word(f"{word} ", None) for word in made[:size]]

    def _tell(self, made, parts):
        """The truth, from where the words came before they were edited."""
        largest = {}
        for new, counts in enumerate(parts):
            made.links |= {(old, new) for old in counts}
            if counts:
                largest[new] = max(counts, key=lambda old, counts=counts: (counts[old], -old))
        for old in range(len(self.old)):
            places = [new for new, counts in enumerate(parts) if old in counts]
            if places:
                best = max(places, key=lambda new: (parts[new][old], -new))
                made.stands[old] = best
                if largest[best] == old:
                    made.identity[old] = best


def _sentence_ends(block):
    """How many words stand before each end of a sentence inside the block, and its own."""
    return [at + 1 for at, word in enumerate(block) if re.search(r"[.!?…;:][”’\"')\]]*\s*$", word.text)]


def _spaced(block):
    """The words with a space behind the last, so that more can follow."""
    last = block[-1]
    return [*block[:-1], last if last.text[-1].isspace() else Word(f"{last.text} ", last.source)]


def _markov(paragraphs):
    """Which words follow which two."""
    chain = defaultdict(list)
    for text in paragraphs:
        words = text.split()
        for first, second, third in zip(words, words[1:], words[2:], strict=False):
            chain[first, second].append(third)
    return chain
