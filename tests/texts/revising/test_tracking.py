"""A quoted passage in the next wording of its paragraph: in its place, or lost, never guessed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.thoroughness import thoroughly
from texts.quoting import NotAPassage, Passage, is_boundary, passage
from texts.revising.tracking import follow

OLD = (
    "The ferry left before anyone had counted the sacks of grain. Nobody in the village knew who had paid for them. "
    "Old men sat by the water and spoke of bread."
)


def of(words, text=OLD):
    start = text.index(words)
    return passage(text, start, start + len(words))


def followed(words, *new, old=OLD):
    found = follow(of(words, old), old, new)
    return found and (found.index, new[found.index][found.start : found.end], found.method)


def test_in_the_same_text_it_stays_where_it_is():
    assert followed("the sacks of grain.", "Another.", OLD) == (1, "the sacks of grain.", "same")


def test_what_was_put_in_before_it_or_into_it_moves_it():
    new = OLD.replace("The ferry", "Long ago “the old ferry”").replace(
        "counted the sacks", "really counted all the sacks"
    )
    assert followed("counted the sacks of grain.", new) == (0, "counted all the sacks of grain.", "difference")
    assert followed("paid for them.", new) == (0, "paid for them.", "difference")


def test_a_word_put_right_is_the_word():
    assert followed("village", OLD.replace("village", "vilage")) == (0, "vilage", "difference")
    assert followed("Nobody in the village", OLD.replace("Nobody", "Noboddy")) == (
        0,
        "Noboddy in the village",
        "difference",
    )


def test_it_follows_its_words_into_the_piece_of_a_split_paragraph():
    first, second = OLD[: OLD.index("Nobody")].strip(), OLD[OLD.index("Nobody") :]
    assert followed("who had paid", first, second) == (1, "who had paid", "difference")
    assert followed("sacks of grain. Nobody in the village knew who", first, second)[0] == 1


def test_a_sentence_that_went_to_the_front_is_searched():
    sentence = "Old men sat by the water and spoke of bread."
    new = f"{sentence} {OLD.replace(sentence, '').strip()}"
    assert followed("Old men sat by the water", new) == (0, "Old men sat by the water", "search")


@pytest.mark.parametrize(
    ("words", "new"),
    [
        ("who had paid for them", OLD.replace("Nobody in the village knew who had paid for them. ", "")),
        ("who had paid for them", "Something else stands here now, of which nobody had heard."),
        ("the sacks", OLD.replace("the sacks", "barrels")),
        ("the", "Another text that has the word the in another place and the like."),
        ("Old men sat by the water", ""),
    ],
)
def test_what_is_gone_is_lost(words, new):
    assert followed(words, new) is None


def test_where_nothing_continues_the_paragraph_it_is_lost():
    assert follow(of("the sacks"), OLD, []) is None


def test_words_that_stood_there_before_are_not_taken_for_those_that_went():
    old = "He said that he knew. She said that she knew. They said that they knew nothing."
    new = "He said that he knew. They said that they knew nothing."
    assert followed("She said that she knew", new, old=old) is None


def test_less_than_half_of_it_is_lost():
    new = OLD.replace("in the village knew who had paid for them", "could tell")
    assert followed("Nobody in the village knew who had paid for them.", new) is None


def test_scripts_without_spaces_are_followed():
    old = "渡船在有人清点粮袋之前就离开了。村里没有人知道是谁付的钱。"
    new = "那天早晨，渡船在有人清点这些粮袋之前就离开了。村里没有人知道究竟是谁付的钱。"
    assert followed("清点粮袋之前", new, old=old) == (0, "清点这些粮袋之前", "difference")


def test_a_passage_that_does_not_fit_the_old_text_is_lost():
    assert follow(Passage("no such words", "", "", 3, 16), OLD, [OLD]) is None


TEXTS = st.lists(
    st.sampled_from([*OLD.split(), "渡船", "e\u0301te\u0301", "👩‍👩‍👧", "don’t", "—", "The", "the"]),
    min_size=1,
    max_size=30,
)


@settings(max_examples=thoroughly(2_000, 100), deadline=None)
@given(
    TEXTS.map(" ".join) | st.text(min_size=3, max_size=60),
    st.lists(TEXTS.map(" ".join) | st.text(max_size=60), max_size=3),
    st.data(),
)
def test_what_is_found_lies_in_the_text_and_cuts_no_word(old, new, data):
    start = data.draw(st.integers(0, len(old) - 1))
    try:
        wanted = passage(old, start, data.draw(st.integers(start + 1, len(old))))
    except NotAPassage:
        return
    found = follow(wanted, old, new)
    if found is None:
        return
    text = new[found.index]
    assert 0 <= found.start < found.end <= len(text)
    assert 0 < found.score <= 1
    assert is_boundary(text, found.start)
    assert is_boundary(text, found.end)
    if found.method != "same":
        again = passage(text, found.start, found.end)
        assert (again.start, again.end) == (found.start, found.end)
