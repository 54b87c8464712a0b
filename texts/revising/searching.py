"""Where a text reads most like a passage: approximate search, by Myers's bit-parallel algorithm.

Myers, A fast bit-vector algorithm for approximate string matching, J. ACM 46 (1999), in the form of Hyyrö (2003);
Python's whole numbers have as many bits as the passage has characters. Places are scored as the Hypothesis client does
it: 50 for the words themselves, 20 each for what stood before and behind (less if the words are many), 2 for the place.
"""

from rapidfuzz.distance import Levenshtein

FLOOR = 0.75  # a lower score is no place
LONG = 30  # characters: what is longer says more itself, and what surrounds it counts less
_ERRORS = 0.4  # of the passage's characters at most
_MOST_PLACES = 50
_MOST_WORK = 4_000_000  # characters of the passage times characters of the text


def places_like(text, wanted) -> list[tuple[float, int, int]]:
    """Score, start and end of each place that reads like the passage, best first; places do not overlap."""
    length = len(wanted.exact)
    if not length or length * len(text) > _MOST_WORK:
        return []
    errors = min(int(length * _ERRORS), length - 1)
    ends = _ends(wanted.exact.lower(), text.lower(), errors) if len(text.lower()) == len(text) else []
    places = []
    for distance, end in sorted(ends)[:_MOST_PLACES]:
        start = _start(wanted.exact, text, end, distance)
        if all(end <= other_start or start >= other_end for _, other_start, other_end in places):
            places.append((_score(text, wanted, start, end), start, end))
    return sorted((place for place in places if place[0] >= FLOOR), key=lambda place: (-place[0], place[1]))


def _ends(pattern, text, errors) -> list[tuple[int, int]]:
    """Distance and end of each place where the pattern ends best: lower than on either side, at most `errors`."""
    length = len(pattern)
    masks = {}
    for at, sign in enumerate(pattern):
        masks[sign] = masks.get(sign, 0) | (1 << at)
    full, top = (1 << length) - 1, 1 << (length - 1)
    plus, minus, distance = full, 0, length
    distances = []
    for sign in text:
        equal = masks.get(sign, 0)
        diagonal = ((((equal & plus) + plus) ^ plus) | equal | minus) & full
        across_plus = (minus | ~(diagonal | plus)) & full
        across_minus = plus & diagonal
        distance += bool(across_plus & top) - bool(across_minus & top)
        across_plus = (across_plus << 1) & full
        across_minus = (across_minus << 1) & full
        plus = (across_minus | ~(diagonal | across_plus)) & full
        minus = across_plus & diagonal
        distances.append(distance)
    reach = max(1, length // 2)
    found, at = [], 0
    for at, distance in enumerate(distances):
        if distance <= errors and distance == min(distances[max(0, at - reach) : at + reach + 1]):
            found.append((distance, at + 1))
    return found


def _start(exact, text, end, distance) -> int:
    """Where the place begins that ends there: of all beginnings the one that reads most alike."""
    nearest = max(0, end - len(exact) - distance)
    return min(
        range(nearest, min(end, end - len(exact) + distance + 1)),
        key=lambda start: (Levenshtein.distance(exact, text[start:end]), abs(end - start - len(exact))),
        default=nearest,
    )


def _score(text, wanted, start, end) -> float:
    """How much the place reads like the passage with what surrounds it, 0 to 1."""
    scored = [(50, _alike(wanted.exact, text[start:end]))]
    around = 20 * min(1.0, LONG / len(wanted.exact))
    if wanted.prefix:
        scored.append((around, _alike(wanted.prefix, text[max(0, start - len(wanted.prefix)) : start])))
    if wanted.suffix:
        scored.append((around, _alike(wanted.suffix, text[end : end + len(wanted.suffix)])))
    scored.append((2, 1 - min(1.0, abs(start - wanted.start) / max(1, len(text)))))
    return sum(weight * alike for weight, alike in scored) / sum(weight for weight, _ in scored)


def _alike(wanted, there) -> float:
    return Levenshtein.normalized_similarity(wanted, there)
