"""Which paragraph became which: nothing lost, nothing in a wrong place, a person's choice always obeyed."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.revising_generator import revision
from benchmarks.revising_measures import Tally, chain_agreement, tell, tell_passages
from tests import essay
from tests.thoroughness import thoroughly
from texts.revising.aligning import Fixed, Unit, align

FERRY = "The ferry left before anyone had counted the sacks of grain on the quay."
PAID = "Nobody in the village knew who had paid for them, and the mayor would not say."
CAPTAIN = "The captain, a tall woman from the north, wrote everything down in a blue book."
OLD_MEN = "Old men sat by the water and told one another what bread had cost before the war."
SCHOOL = "In the school the children were learning the rivers of Asia by heart."
RAIN = "Then the rain came, and for nine days no boat could cross."


def units(*texts):
    return [Unit(text, "paragraph") for text in texts]


def aligned(old, new, **more):
    return [(match.old, match.new, match.change) for match in align(units(*old), units(*new), **more)]


def identity(matches):
    return {pair for match in matches for pair in match.identity}


def test_a_text_and_itself_are_all_unchanged():
    texts = [FERRY, "Yes.", "* * *", PAID, "Yes.", "* * *", CAPTAIN, ""]
    matches = align(units(*texts), units(*texts))
    assert [match.change for match in matches] == ["unchanged"] * 8
    assert identity(matches) == {(number, number) for number in range(8)}
    assert all(match.score == 1.0 and match.stands == match.identity and not match.doubtful for match in matches)


def test_quotes_and_dashes_that_are_set_otherwise_are_an_edit_of_the_same():
    assert aligned(['"It is late" - he said.', PAID], ["“It is late” — he said.", PAID]) == [
        ((0,), (0,), "edited"),
        ((1,), (1,), "unchanged"),
    ]


def test_what_is_changed_removed_added_and_moved():
    corrected = "The ferry had left before anybody counted the sacks of grain on the quay."
    assert aligned([FERRY, PAID, CAPTAIN, OLD_MEN, SCHOOL], [OLD_MEN, corrected, CAPTAIN, SCHOOL, RAIN]) == [
        ((3,), (0,), "moved"),
        ((0,), (1,), "edited"),
        ((1,), (), "removed"),
        ((2,), (2,), "unchanged"),
        ((4,), (3,), "unchanged"),
        ((), (4,), "added"),
    ]


def test_what_moved_and_was_edited_as_well_is_found():
    moved = "Old men were sitting by the water and told one another what bread cost before the war."
    assert ((0,), (3,), "moved") in aligned([OLD_MEN, FERRY, PAID, CAPTAIN], [FERRY, PAID, CAPTAIN, moved])


def test_a_split_paragraph_goes_on_in_its_largest_piece():
    old, new = [FERRY, f"{RAIN} {OLD_MEN}", PAID], [FERRY, RAIN, OLD_MEN, PAID]
    match = align(units(*old), units(*new))[1]
    assert (match.old, match.new, match.change) == ((1,), (1, 2), "split")
    assert match.identity == match.stands == ((1, 2),)


def test_merged_paragraphs_go_on_as_the_largest_and_all_stand_there():
    match = align(units(FERRY, RAIN, OLD_MEN, PAID), units(FERRY, f"{RAIN} {OLD_MEN}", PAID))[1]
    assert (match.old, match.new, match.change) == ((1, 2), (1,), "merged")
    assert match.identity == ((2, 1),)
    assert match.stands == ((1, 1), (2, 1))


def test_a_sentence_that_went_from_one_paragraph_to_the_next_joins_both():
    old = [FERRY, f"{PAID} {CAPTAIN} {OLD_MEN}", f"{SCHOOL} {RAIN}"]
    new = [FERRY, f"{PAID} {CAPTAIN}", f"{OLD_MEN} {SCHOOL} {RAIN}"]
    match = align(units(*old), units(*new))[1]
    assert (match.old, match.new, match.change) == ((1, 2), (1, 2), "split")
    assert match.identity == match.stands == ((1, 1), (2, 2))
    assert match.links == ((1, 1), (1, 2), (2, 2))


def test_a_piece_that_went_far_is_found():
    old = [f"{FERRY} {OLD_MEN}", PAID, CAPTAIN, SCHOOL, RAIN]
    match = align(units(*old), units(FERRY, PAID, CAPTAIN, SCHOOL, RAIN, OLD_MEN))[0]
    assert (match.old, match.new, match.change) == ((0,), (0, 5), "split")


def test_what_is_put_wholly_otherwise_in_its_place_is_carried_on_and_doubtful():
    old = "Ministers say that the present system of pensions is much too complicated."
    new = "It is argued by ministers that people cannot know what they will get from pensions so complex."
    match = align(units(FERRY, old, PAID), units(FERRY, new, PAID))[1]
    assert (match.old, match.new, match.change, match.doubtful) == ((1,), (1,), "edited", True)


def test_another_sentence_in_the_same_place_is_another():
    assert aligned([FERRY, CAPTAIN, PAID], [FERRY, SCHOOL, PAID]) == [
        ((0,), (0,), "unchanged"),
        ((1,), (), "removed"),
        ((), (1,), "added"),
        ((2,), (2,), "unchanged"),
    ]


def test_the_kind_is_no_bar():
    matches = align(
        [Unit(FERRY, "paragraph"), Unit("Harbours", "paragraph")],
        [Unit(FERRY, "list_item"), Unit("Harbours", "heading")],
    )
    assert [match.change for match in matches] == ["unchanged", "unchanged"]


def test_a_refrain_keeps_its_places():
    refrain = "Row, brothers, row."
    old = [FERRY, refrain, PAID, refrain, CAPTAIN, refrain]
    new = [FERRY, refrain, PAID, CAPTAIN, refrain]
    assert identity(align(units(*old), units(*new))) == {(0, 0), (1, 1), (2, 2), (4, 3), (5, 4)}


@pytest.mark.parametrize(
    ("first", "second", "corrected", "third"),
    [
        (
            "渡船在有人清点粮袋之前就离开了。",
            "村里没有人知道是谁付的钱。",
            "村里没人知道究竟是谁付的钱。",
            "老人们坐在水边谈论战前的面包价格。",
        ),
        (
            "船は誰かが袋を数える前に出発した。",
            "村では誰が払ったのか知らなかった。",
            "村の人は誰が払ったのかを知らなかった。",
            "老人たちは水辺に座っていた。",
        ),
        (
            "เรือข้ามฟากออกไปก่อนที่ใครจะนับกระสอบ",
            "ไม่มีใครในหมู่บ้านรู้ว่าใครจ่ายเงิน",
            "ไม่มีใครในหมู่บ้านนี้รู้ว่าใครเป็นคนจ่ายเงิน",
            "คนแก่นั่งอยู่ริมน้ำและพูดคุยกัน",
        ),
        (
            "Паром ушёл раньше, чем кто-либо сосчитал мешки.",
            "Никто в деревне не знал, кто за них заплатил.",
            "Никто во всей деревне не знает, кто заплатил за них.",
            "Старики сидели у воды и говорили о хлебе.",
        ),
        (
            "Το πλοίο έφυγε πριν μετρήσει κανείς τα σακιά.",
            "Κανείς στο χωριό δεν ήξερε ποιος τα πλήρωσε.",
            "Κανένας στο χωριό δεν ήξερε ποιος είχε πληρώσει.",
            "Οι γέροι κάθονταν δίπλα στο νερό.",
        ),
        (
            "המעבורת יצאה לפני שמישהו ספר את השקים.",
            "איש בכפר לא ידע מי שילם עליהם.",
            "איש מן הכפר לא ידע מי שילם עליהם כסף.",
            "זקנים ישבו ליד המים ודיברו.",
        ),
        (
            "غادرت العبارة قبل أن يعد أحد الأكياس.",
            "لم يعرف أحد في القرية من دفع ثمنها.",
            "لم يكن أحد في القرية يعرف من دفع ثمنها.",
            "جلس الشيوخ قرب الماء يتحدثون.",
        ),
        (
            "बोरे गिनने से पहले ही नाव चली गई।",
            "गाँव में कोई नहीं जानता था कि पैसे किसने दिए।",
            "गाँव में किसी को पता नहीं था कि पैसे किसने दिए।",
            "बूढ़े लोग पानी के पास बैठे थे।",
        ),
    ],
)
def test_every_script_is_aligned(first, second, corrected, third):
    assert aligned([first, second, third], [third, first, corrected]) == [
        ((2,), (0,), "moved"),
        ((0,), (1,), "unchanged"),
        ((1,), (2,), "edited"),
    ]
    match = align(units(first, f"{second}{third}"), units(first, second, third))[1]
    assert (match.old, match.new) == ((1,), (1, 2))


def test_a_persons_choice_is_obeyed_whatever_the_words_say():
    old, new = [FERRY, PAID, CAPTAIN, OLD_MEN], [FERRY, PAID, CAPTAIN, OLD_MEN, RAIN]
    chosen = [Fixed((0,), (4,)), Fixed((1,), ()), Fixed((), (2,)), Fixed((2, 3), (1, 3))]
    matches = {(match.old, match.new): match for match in align(units(*old), units(*new), fixed=chosen)}
    assert set(matches) == {((0,), (4,)), ((1,), ()), ((), (2,)), ((2, 3), (1, 3)), ((), (0,))}
    assert {pair for pair, match in matches.items() if match.fixed} == set(matches) - {((), (0,))}
    assert matches[(2, 3), (1, 3)].identity == ((2, 1), (3, 3))
    assert not any(match.doubtful for match in matches.values())


@pytest.mark.parametrize("wrong", [[Fixed((0,), (0,)), Fixed((0,), (1,))], [Fixed((7,), (0,))], [Fixed((0,), (-1,))]])
def test_choices_that_contradict_one_another_are_refused(wrong):
    with pytest.raises(ValueError, match="a choice names"):
        align(units(FERRY, PAID), units(FERRY, PAID), fixed=wrong)


def test_the_same_answer_in_every_process():
    asked = """
from benchmarks.revising_generator import revision
from texts.revising.aligning import Unit, align
words = "ferry sack grain quay mayor captain book river rain boat war bread north village child school water".split()
texts = [" ".join(words[(a * b) % 17] for a in range(3, 9 + b)) + "." for b in range(1, 30)]
made = revision(texts, "heavy", 1)
print(align([Unit(text, "p") for text in made.old], [Unit(text, "p") for text in made.new]))
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", asked],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


# --- Properties -------------------------------------------------------------------------------------------------------

SENTENCES = st.sampled_from(
    [FERRY, PAID, CAPTAIN, OLD_MEN, SCHOOL, RAIN, "Yes.", "", "* * *", "渡船离开了。", "Said and done."]
)
PARAGRAPHS = st.lists(st.lists(SENTENCES, max_size=3).map(" ".join) | st.text(max_size=30), max_size=8)


@settings(max_examples=thoroughly(1_000, 50), deadline=None)
@given(PARAGRAPHS, PARAGRAPHS, st.data())
def test_everything_is_in_one_match_and_choices_hold(old, new, data):
    fixed = []
    if old and new:
        fixed = data.draw(
            st.lists(
                st.tuples(st.integers(0, len(old) - 1), st.integers(0, len(new) - 1)),
                max_size=2,
                unique_by=(lambda pair: pair[0], lambda pair: pair[1]),
            )
        )
    matches = align(units(*old), units(*new), fixed=[Fixed((i,), (j,)) for i, j in fixed])
    assert sorted(i for match in matches for i in match.old) == list(range(len(old)))
    assert sorted(j for match in matches for j in match.new) == list(range(len(new)))
    same = sorted(identity(matches))
    assert len({i for i, _ in same}) == len({j for _, j in same}) == len(same)
    for match in matches:
        assert match.old or match.new
        assert 0.0 <= match.score <= 1.0
        assert {i for i, _ in match.stands} == (set(match.old) if match.new else set())
        assert set(match.identity) <= set(match.stands)
        assert {j for _, j in match.stands} <= set(match.new)
    assert {((i,), (j,)) for i, j in fixed} <= {(match.old, match.new) for match in matches if match.fixed}
    firsts = [match.new[0] for match in matches if match.new]
    assert firsts == sorted(firsts)


@settings(max_examples=thoroughly(500, 40), deadline=None)
@given(PARAGRAPHS)
def test_a_text_is_itself_whatever_it_is(paragraphs):
    matches = align(units(*paragraphs), units(*paragraphs))
    assert {match.change for match in matches} <= {"unchanged"}
    assert identity(matches) == {(number, number) for number in range(len(paragraphs))}


# --- How right it is --------------------------------------------------------------------------------------------------


def rewritten():
    """(name, old, new, links) of short texts as people rewrite them, sentence by sentence, linked by hand."""
    text = Path(__file__).with_name("rewritten.txt").read_text(encoding="utf-8")
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        sides = [[line.split(" ", 1) for line in side.strip().split("\n")] for side in body.split("\n--\n")]
        numbers = {key: number for number, (key, _) in enumerate(sides[0])}
        links = {(numbers[key], j) for j, (keys, _) in enumerate(sides[1]) if keys != "-" for key in keys.split(",")}
        yield name, [line for _, line in sides[0]], [line for _, line in sides[1]], links


def test_sentences_that_people_rewrote_are_found_again():
    said = true = right = wrong = threads = 0
    for _, old, new, links in rewritten():
        matches = align(units(*old), units(*new))
        found = {pair for match in matches for pair in match.links}
        said, true, right = said + len(found), true + len(links), right + len(found & links)
        threads += len(old)
        wrong += sum(pair not in links for match in matches for pair in match.stands)
    assert true > 180
    assert right / said >= 0.98
    assert right / true >= 0.92
    assert wrong / threads <= 0.006


@essay.needs_the_essay
def test_revisions_of_the_essay_keep_identities_discussions_and_passages():
    found, passages, chain = Tally(), Tally(), Tally()
    text = [line.strip() for line in essay.PATH.read_text(encoding="utf-8").splitlines() if line.strip()]
    for level, seeds in thoroughly(
        {"light": 80, "medium": 80, "heavy": 40}, {"light": 2, "medium": 2, "heavy": 1}
    ).items():
        for seed in range(seeds):
            made = revision(text, level, seed)
            tell_passages(passages if level != "heavy" else Tally(), made, tell(found, made), seed, 60)
            if level == "light":
                chain_agreement(chain, made, revision(made.new, level, seed + 5_000))
    figures = found.figures()
    assert figures["identity P"] >= 0.997
    assert figures["identity R"] >= 0.997
    assert figures["wrong"] <= thoroughly(0.0005, 0.001)
    assert passages.share("right", "passages") >= 0.96
    assert passages.share("wrong", "passages") <= thoroughly(0.001, 0.01)
    assert chain.share("agreeing", "chains") >= 0.995


@pytest.mark.skipif(not thoroughly(True, False), reason="long; THOROUGH=1 runs it")
def test_nothing_unchanged_is_no_quadratic_pain():
    words = [f"word{number}" for number in range(3_000)]
    old = [" ".join(words[(a * a + 7 * a * b + b) % 3_000] for a in range(80)) for b in range(2_000)]
    new = [" ".join(word for at, word in enumerate(text.split()) if at % 4) for text in old]
    start = time.process_time()
    matches = align(units(*old), units(*new))
    assert time.process_time() - start < 20
    assert sum(match.identity == ((match.old[0], match.old[0]),) for match in matches if match.old) > 1_990
