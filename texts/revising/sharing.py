"""Which paragraphs share telling words: an index of the words of one side, asked for each paragraph of the other."""

from collections import defaultdict


class Sharing:
    """Where each word of these paragraphs stands, without the words that stand in more than `most_places`."""

    def __init__(self, lexicon, wordings, most_places=None):
        self._lexicon, self._most = lexicon, most_places
        self._places = defaultdict(list)
        self.weights = [0.0] * len(wordings)  # what the words of each say, those that are left out aside
        for number, wording in enumerate(wordings):
            for word in wording.stems:
                if self._tells(word):
                    self._places[word].append(number)
                    self.weights[number] += lexicon.weight(word)

    def _tells(self, word) -> bool:
        return self._most is None or self._lexicon.spread(word) <= self._most

    def row(self, wording) -> tuple[dict[int, float], float]:
        """What the words say that it shares with each of the paragraphs; and what its own say."""
        shared, total = defaultdict(float), 0.0
        for word in wording.stems:
            if self._tells(word):
                weight = self._lexicon.weight(word)
                total += weight
                for number in self._places.get(word, ()):
                    shared[number] += weight
        return shared, total
