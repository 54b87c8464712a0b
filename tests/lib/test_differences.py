"""What changed between two texts, word by word: true to both, and never slow."""

import random
import time
from itertools import pairwise

import pytest

from readinggroup.lib.differences import ADDED, REMOVED, SAME, CountedMatcher, TooMuch, differences
from readinggroup.lib.markup import LONGEST

HALF = LONGEST // 2


def sides(runs):
    """Both texts, as the runs tell them."""
    return ["".join(words for kind, words in runs if kind != other) for other in (ADDED, REMOVED)]


def assert_true_to(old, new, runs):
    was, now = sides(runs)
    assert now == new
    kinds = [kind for kind, _words in runs]
    assert all(one != other for one, other in pairwise(kinds))
    assert "".join(was.split()) == "".join(old.split())


@pytest.mark.parametrize(
    ("old", "new", "runs"),
    [
        ("", "", []),
        ("The end.", "The end.", [(SAME, "The end.")]),
        ("The  end.", "The end.", [(SAME, "The end.")]),
        ("", "New.", [(ADDED, "New.")]),
        ("a list of it", "a song of it", [(SAME, "a "), (REMOVED, "list "), (ADDED, "song "), (SAME, "of it")]),
        ("The end. And more.", "The end.", [(SAME, "The end."), (REMOVED, " And more.")]),
        ("of sacks", "of sacks, two", [(SAME, "of "), (REMOVED, "sacks "), (ADDED, "sacks, two")]),
        ("The end.", "The end. And more.", [(SAME, "The end. "), (ADDED, "And more.")]),
        ("The end.", "The end.\n\nAnd more.", [(SAME, "The end."), (ADDED, "\n\nAnd more.")]),
        ("one\ntwo", "one\n\ntwo", [(SAME, "one"), (REMOVED, "\n"), (ADDED, "\n\n"), (SAME, "two")]),
        ("我们读书", "我们写书", [(SAME, "我们"), (REMOVED, "读"), (ADDED, "写"), (SAME, "书")]),
    ],
)  # fmt: skip
def test_what_stayed_went_and_came(old, new, runs):
    assert differences(old, new) == runs


def test_it_is_true_to_both_texts_whatever_they_are():
    chance = random.Random(7)
    signs = ["a", "b", " ", "\n", "\n\n", "漢", "word", "\r", "\u2028", "é", "e\u0301", "𝄞", "<b>"]
    for _ in range(3_000):
        old, new = ("".join(chance.choice(signs) for _ in range(chance.randrange(14))) for _ in range(2))
        assert_true_to(old, new, differences(old, new))


def worst():
    """Texts of the greatest length that are hard to compare: by name, both."""
    chance = random.Random(7)

    def of(signs, between=" "):
        return between.join(chance.choice(signs) for _ in range(HALF // len(between)))

    words = [f"{number:x}" for number in range(4_200)]
    shuffled = chance.sample(words, len(words))
    yield "one letter", "b " + "a " * (HALF - 2) + "c", "d " + "a " * (HALF - 3) + "e"
    yield "two letters", of("ab"), of("ab")
    yield "lines of two letters", of("ab", "\n"), of("ab", "\n")
    yield "paragraphs of two letters", of("ab", "\n\n"), of("ab", "\n\n")
    yield "backwards", " ".join(words)[:LONGEST], " ".join(reversed(words))[:LONGEST]
    yield "paragraphs backwards", "\n\n".join(words[:3_300]), "\n\n".join(reversed(words[:3_300]))
    yield "shuffled", " ".join(words)[:LONGEST], " ".join(shuffled)[:LONGEST]
    yield "one word", "x" * LONGEST, "y" * LONGEST
    unspaced = ["".join(chr(0x4E00 + chance.randrange(500)) for _ in range(LONGEST)) for _ in range(2)]
    yield "no spaces", *unspaced
    yield "only ends of lines", "\n" * LONGEST, " \n" * HALF


WORST = list(worst())


@pytest.mark.parametrize(("old", "new"), [pair[1:] for pair in WORST], ids=[pair[0] for pair in WORST])
def test_the_longest_texts_take_bounded_time(old, new):
    assert max(len(old), len(new)) <= LONGEST
    began = time.process_time()
    runs = differences(old, new)
    assert time.process_time() - began < 3  # mostly some tenths of a second
    assert_true_to(old, new, runs)


def test_a_long_text_with_some_changed_words_is_told_word_by_word():
    chance = random.Random(7)
    old = [chance.choice([f"word{n}" for n in range(800)]) for _ in range(2_800)]
    new = ["changed" if number % 40 == 7 else word for number, word in enumerate(old)]
    runs = differences(" ".join(old), " ".join(new))
    assert sum(kind == ADDED for kind, _words in runs) == 70


def test_what_is_too_much_word_by_word_is_told_paragraph_by_paragraph():
    chance = random.Random(7)
    paragraphs = [" ".join(chance.choice("abc") for _ in range(80)) for _ in range(100)]
    changed = [*paragraphs[:20], "Something else.", *paragraphs[21:70], *paragraphs[71:]]
    old, new = "\n\n".join(paragraphs), "\n\n".join(changed)
    runs = differences(f"x {old} x", f"y {new} y", steps=100_000)
    assert_true_to(f"x {old} x", f"y {new} y", runs)
    assert sum(len(words) for kind, words in runs if kind == SAME) > 14_000


def test_without_the_count_it_would_take_long():
    """The control: the comparison that is given up is really too much."""
    with pytest.raises(TooMuch):
        CountedMatcher(list("ab" * 3_000), list("ba" * 3_000), 1_000_000).get_opcodes()
    steps = CountedMatcher(list("ab" * 3_000), list("ba" * 3_000), 10**12)
    steps.get_opcodes()
    assert 10**12 - steps.steps > 10_000_000
