"""Passages and sentences: offsets in code points, whatever the script; nothing cut that is seen as one; no guess."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.quoting import (
    CONTEXT,
    LONGEST,
    OUTSIDE,
    TOO_LONG,
    TOO_SHORT,
    NotAPassage,
    Passage,
    find,
    is_boundary,
    passage,
    sentences,
)

TEXT = "The ferry left before anyone had counted the sacks, and nobody could say whose the sacks were."


def of(words, text=TEXT, **more):
    start = text.index(words)
    return passage(text, start, start + len(words), **more)


# --- A passage --------------------------------------------------------------------------------------------------------


def test_a_passage_knows_its_words_and_what_stands_around_them():
    found = of("anyone had counted")
    assert found.exact == "anyone had counted"
    assert TEXT[found.start : found.end] == found.exact
    assert found.prefix == "The ferry left before "
    assert found.suffix == TEXT[found.end : found.end + CONTEXT]
    assert len(found.suffix) == CONTEXT


@pytest.mark.parametrize(
    ("text", "picked", "whole"),
    [
        ("We can’t sing", "n’t si", "can’t sing"),
        ("We can't sing", "t sing", "can't sing"),
        ("the sacks, and", " sacks, ", "sacks,"),
        ("“We were promised”", "e were promis", "We were promised"),
        ("cafe\u0301 noir", "cafe", "cafe\u0301"),  # the accent is a character of its own
        ("one 👨‍👩‍👧 two", "one 👨", "one 👨‍👩‍👧"),  # a family is seven code points, and one sign
        ("seen 🇩🇪🇫🇷 there", "seen 🇩", "seen 🇩🇪"),
        ("a 👍🏽 good", "a 👍", "a 👍🏽"),
        ("نعم هذا صحيح", "ذا صحي", "هذا صحيح"),
        ("שָׁלוֹם עולם", "לוֹם ע", "שָׁלוֹם עולם"),
        ("می‌خواهم برو", "خواهم", "می‌خواهم"),
        ("他来了他说好", "来了他", "来了他"),  # no spaces: what was chosen
        ("한국말 좋다", "국말 좋", "한국말 좋다"),
        ("𝒜𝒷𝒸 𝒟", "𝒷𝒸", "𝒜𝒷𝒸"),
        ("x_1 = foo(bar)", "= fo", "= foo"),
    ],
)
def test_a_passage_is_widened_to_whole_words_and_never_cuts_what_is_seen_as_one(text, picked, whole):
    assert of(picked, text).exact == whole


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (-1, 5, OUTSIDE),
        (5, 5, OUTSIDE),
        (7, 4, OUTSIDE),
        (0, len(TEXT) + 1, OUTSIDE),
        (10**30, 10**31, OUTSIDE),
        (3, 4, TOO_SHORT),
    ],
)
def test_what_is_no_passage_is_refused_with_a_reason(start, end, reason):
    with pytest.raises(NotAPassage) as refusal:
        passage(TEXT, start, end)
    assert refusal.value.reason == reason


def test_too_short_and_too_long():
    for text, reason in [("is", TOO_SHORT), ("a b", None), ("x" * (LONGEST + 1), TOO_LONG), ("x" * LONGEST, None)]:
        if reason is None:
            assert passage(text, 0, len(text)).exact == text
        else:
            with pytest.raises(NotAPassage) as refusal:
                passage(text, 0, len(text))
            assert refusal.value.reason == reason
    with pytest.raises(NotAPassage) as refusal:  # three letters of a "word" of a hundred thousand
        passage("x" * 100_000, 50_000, 50_003)
    assert refusal.value.reason == TOO_LONG


# --- Finding it again -------------------------------------------------------------------------------------------------


def test_where_it_is_said_to_stand_comes_first():
    second = TEXT.rindex("the sacks")
    there = passage(TEXT, second, second + 9)
    assert find(TEXT, there) == (second, second + 9)


def test_moved_words_are_found_by_what_stands_around_them():
    second = passage(TEXT, TEXT.rindex("the sacks"), TEXT.rindex("the sacks") + 9)
    moved = "Long ago. " + TEXT
    assert find(moved, second) == (second.start + 10, second.end + 10)


def test_words_that_stand_in_two_places_alike_are_not_found():
    twice = "so it was said; so it was said; so it was said"
    lost = Passage("it was", "", "", 40, 46)
    assert find(twice, lost) is None
    assert find(twice, Passage("nowhere", "", "", 0, 7)) is None
    assert find(twice, Passage("", "", "", 0, 0)) is None
    assert find(twice, Passage("it was", "", "", -3, 3)) is None


def test_hostile_repetition_takes_no_time():
    text = "a" * 100_000
    began = time.process_time()
    assert find(text, Passage("a" * 4_000, "a" * 32, "a" * 32, 99_000, 103_000)) is None
    sentences("! " * 20_000 + "." * 40_000 + " " * 40_000 + "x")
    sentences("1. " * 20_000)
    sentences(" " * 100_000)
    sentences("\n" * 50_000 + ")" * 50_000)
    with pytest.raises(NotAPassage):
        passage("🇩" * 50_000, 20_001, 40_000)
    assert time.process_time() - began < 5


# --- Sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One. ", "Two! ", "Three? ", "Four"]),
        ("Mr. Renner met J. R. Hale, cf. p. 30. He left.", ["Mr. Renner met J. R. Hale, cf. p. 30. ", "He left."]),
        ("“Why?” he asked. “No!” She left.", ["“Why?” he asked. ", "“No!” ", "She left."]),
        ("It rose 3.5 hands, see No. 24. Then it fell.", ["It rose 3.5 hands, see No. 24. ", "Then it fell."]),
        ("He said no. Then he left.", ["He said no. ", "Then he left."]),
        ("So did I. Then we left.", ["So did I. ", "Then we left."]),
        ("V. I. Renner spoke.", ["V. I. Renner spoke."]),
        ("But wait… no. Nothing… Then it came.", ["But wait… no. ", "Nothing… ", "Then it came."]),
        ("What… ?! Really.", ["What… ?! ", "Really."]),
        ("1. The sacks. 2. The owners.", ["1. The sacks. ", "2. The owners."]),
        ("That was in 1911. In spring it ended.", ["That was in 1911. ", "In spring it ended."]),
        ("(So it was.) Then not. “End.”", ["(So it was.) ", "Then not. ", "“End.”"]),
        ("Das ist z. B. so, vgl. S. 24. Gut.", ["Das ist z. B. so, vgl. S. 24. ", "Gut."]),
        ("他来了。他说：“好！”然后走了。", ["他来了。", "他说：“好！”", "然后走了。"]),
        ("هل جئت؟ نعم جئت. ثم ذهب۔ وبعد.", ["هل جئت؟ ", "نعم جئت. ", "ثم ذهب۔ ", "وبعد."]),
        ("वह आया। वह गया।", ["वह आया। ", "वह गया।"]),
        ("The river\ntook the quay,\nand sang", ["The river\n", "took the quay,\n", "and sang"]),
        ("An end. * * *", ["An end. * * *"]),
        ("", []),
    ],
)
def test_sentences(text, expected):
    found = sentences(text)
    assert [sentence.words for sentence in found] == expected
    assert [sentence.number for sentence in found] == list(range(1, len(expected) + 1))


def test_a_sentence_without_end_comes_in_pieces_that_can_be_quoted():
    text = "word " * 3_000
    found = sentences(text)
    assert "".join(sentence.words for sentence in found) == text
    assert len(found) == 3
    assert all(passage(text, sentence.start, sentence.end) for sentence in found)


# --- Whatever is written ----------------------------------------------------------------------------------------------

PIECES = [
    "a",
    "I",
    "word",
    " ",
    " ",
    ". ",
    "! ",
    "…",
    "’",
    "“",
    "”",
    "\n",
    "1",
    "3.5",
    "e\u0301",
    "\u0301",
    "👍🏽",
    "👨‍👩‍👧",
    "🇩🇪",
    "🇫",
]
PIECES += [
    "𠀋",
    "他来了。",
    "שָׁ",
    "ل",
    "لا",
    "؟ ",
    "ก็",
    "각",
    "\u1100\u1161",
    "\u200d",
    "\u200f",
    "Mr. ",
    "\r\n",
    "\ufe0f",
    "—",
]
written = st.one_of(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=80))


@given(written)
def test_joined_sentences_are_the_text_and_cut_no_character(text):
    found = sentences(text)
    assert "".join(sentence.words for sentence in found) == text
    assert all(text[sentence.start : sentence.end] == sentence.words for sentence in found)
    assert all(is_boundary(text, sentence.start) for sentence in found)


@given(written, st.integers(-2, 90), st.integers(-2, 90))
def test_a_passage_is_true_stable_and_found_again(text, start, end):
    try:
        found = passage(text, start, end)
    except NotAPassage:
        return
    assert text[found.start : found.end] == found.exact
    assert text[max(0, found.start - CONTEXT) : found.start] == found.prefix
    assert text[found.end : found.end + CONTEXT] == found.suffix
    assert is_boundary(text, found.start)
    assert is_boundary(text, found.end)
    assert passage(text, found.start, found.end) == found
    assert find(text, found) == (found.start, found.end)


@given(written, written, st.integers(0, 60), st.integers(3, 60))
def test_what_is_found_elsewhere_reads_the_same(text, before, start, length):
    try:
        wanted = passage(text, start, start + length)
    except NotAPassage:
        return
    place = find(before + text, wanted)
    if place is not None:
        assert (before + text)[place[0] : place[1]] == wanted.exact
