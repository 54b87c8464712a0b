"""Two editions are aligned by lengths, names and kinds; whatever they are, nothing is lost or out of order."""

import random
from math import inf
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from texts.parallel.aligning import FARTHEST, Unit, against_lengths, align

from ...thoroughness import thoroughly

ENGLISH = [
    Unit("The Ferry", "title"),
    Unit("The ferry left before anyone had counted the sacks, and nobody on the quay could say whose they were."),
    Unit("We were promised a list. We were given a song, and nobody sings on a quay in winter; not even Renner did."),
    Unit("In 1911 the river rose by forty hands."),
    Unit("Said and done."),
]
GERMAN = [
    Unit("Die Fähre", "title"),
    Unit("Die Fähre legte ab, ehe jemand die Säcke gezählt hatte, und niemand am Kai wusste, wem sie gehörten."),
    Unit("Man hatte uns eine Liste versprochen."),
    Unit("Man gab uns ein Lied, und am Kai singt im Winter niemand; nicht einmal Renner tat es."),
    Unit("Im Jahr 1911 stieg der Fluss um vierzig Handbreit."),
    Unit("Gesagt, getan."),
]


def beads(first, second):
    return [(list(bead.first), list(bead.second)) for bead in align(first, second)]


def test_a_short_text_with_one_paragraph_that_the_translator_has_cut():
    assert beads(ENGLISH, GERMAN) == [([0], [0]), ([1], [1]), ([2], [2, 3]), ([3], [4]), ([4], [5])]
    assert beads(GERMAN, ENGLISH) == [([0], [0]), ([1], [1]), ([2, 3], [2]), ([4], [3]), ([5], [4])]


def test_what_one_edition_has_alone_stands_alone():
    preface = Unit("This preface was written for the second printing, by somebody who had never seen the river. " * 5)
    assert beads([preface, *ENGLISH], ENGLISH)[0] == ([0], [])
    assert beads([preface, *ENGLISH], ENGLISH)[1:] == [([at + 1], [at]) for at in range(5)]


def test_verse_goes_line_by_line_whatever_the_lengths():
    one = [Unit("O river,", "verse_line"), Unit("you rise and nobody on either bank has asked you", "verse_line")]
    other = [Unit("O Fluss, der du gestiegen bist", "verse_line"), Unit("und keiner hat gefragt", "verse_line")]
    assert beads(one * 4, other * 4) == [([at], [at]) for at in range(8)]


def test_names_and_numbers_decide_where_lengths_say_nothing():
    same = Unit("x" * 900)
    mine = [*[same] * 4, Unit(f"{same.text} Skobelev"), same, Unit(f"{same.text} 1917"), same]
    theirs = [*[same] * 3, Unit(f"{same.text} Skobeleff"), same, Unit(f"{same.text} 1917"), same]
    assert beads(mine, theirs)[-4:] == [([4], [3]), ([5], [4]), ([6], [5]), ([7], [6])]


def test_sections_keep_paragraphs_apart():
    """Two sections of equal length: without them, what one of them lacks would move all that follows."""
    mine = [Unit("a" * 300, section=0)] * 3 + [Unit("b" * 300, section=1)] * 3
    theirs = [Unit("c" * 310, section=0)] * 3 + [Unit("d" * 310, section=1)] * 3
    found = beads(mine, theirs)
    assert found == [([at], [at]) for at in range(6)]


def test_one_side_without_anything():
    assert beads([], GERMAN[:2]) == [([], [0]), ([], [1])]
    assert beads(GERMAN[:1], []) == [([0], [])]
    assert beads([], []) == []


@pytest.mark.parametrize(("mine", "theirs"), [(0, 0), (100, 100), (100, 0), (0, 4_000), (1, 100_000)])
def test_lengths_never_say_more_than_so_much(mine, theirs):
    assert 0 <= against_lengths(mine, theirs, 1.0) <= FARTHEST < inf


# --- A generated pair -------------------------------------------------------------------------------------------------


def words(length, rng):
    out = []
    while sum(map(len, out)) + len(out) < length:
        out.append("".join(rng.choices("abcdefghiklmnoprstuvw", k=rng.randint(2, 10))))
    return " ".join(out)


def generated(seed, count, *, sections=1, noise=0.1, ratio=1.15):
    """Two texts with the beads that made them: of a hundred, 88 one for one, 4 joined, 5 cut, 3 in one text alone.

    Lengths are translated by `ratio` with a normal noise; one in three has a name that both share.
    """
    rng = random.Random(seed)
    mine, theirs, gold = [], [], []

    def length():
        return int(min(3_000, max(20, rng.lognormvariate(5.9, 0.8))))

    for at in range(count):
        section = at * sections // count
        kind = rng.choices(["11", "21", "12", "10", "01"], [88, 4, 5, 2, 1])[0]
        lengths = [length(), length()] if kind in {"21", "12"} else [length()]
        name = f" {rng.choice('BDGKMPRST')}{words(6, rng)[:7].replace(' ', '')}" if rng.random() < 0.33 else ""

        def one(size, section=section, name=name):
            return Unit(words(size, rng) + name, section=section)

        def translated(size, section=section, name=name):
            return Unit(words(size * ratio * rng.gauss(1, noise), rng) + name, section=section)

        ours = {"21": lengths, "01": []}.get(kind, [sum(lengths)])
        others = {"12": lengths, "10": []}.get(kind, [sum(lengths)])
        gold.append(
            (
                tuple(range(len(mine), len(mine) + len(ours))),
                tuple(range(len(theirs), len(theirs) + len(others))),
            )
        )
        mine += [one(size) for size in ours]
        theirs += [translated(size) for size in others]
    return mine, theirs, gold


def strict_f1(found, gold):
    right = len({tuple(bead) for bead in found} & set(gold))
    return 2 * right / (len(found) + len(gold))


@pytest.mark.parametrize("sections", [1, 8])
def test_a_generated_pair_is_found_again(sections):
    """Strict: a bead counts if all of it is right. By sections, and without any."""
    scores = []
    for seed in range(thoroughly(20, 3)):
        mine, theirs, gold = generated(seed, 160, sections=sections)
        scores.append(strict_f1(align(mine, theirs), gold))
    assert sum(scores) / len(scores) >= 0.94, scores
    assert min(scores) >= 0.9, scores


def test_a_long_text_is_aligned_within_the_band():
    """Without sections, and with a chapter left out: beyond the band, what both share shows the way."""
    mine, theirs, gold = generated(4, thoroughly(6_000, 700), noise=0.08)
    kept = [bead for bead in gold if not 300 <= (bead[0] or (0,))[0] < 400]
    left_out = {at for bead in gold if 300 <= (bead[0] or (0,))[0] < 400 for at in bead[1]}
    place = {at: number for number, at in enumerate(at for at in range(len(theirs)) if at not in left_out)}
    gold = [(one, tuple(place[at] for at in other)) for one, other in kept]
    gold += [((at,), ()) for at in range(300, 400)]
    began = perf_counter()
    found = align(mine, [unit for at, unit in enumerate(theirs) if at not in left_out])
    assert perf_counter() - began < thoroughly(60, 20)
    assert strict_f1(found, gold) >= 0.75


# --- Whatever the texts are -------------------------------------------------------------------------------------------

UNITS = st.lists(
    st.builds(
        Unit,
        st.text(max_size=60),
        st.sampled_from(["paragraph", "heading", "verse_line", "list_item", "blockquote"]),
        st.integers(0, 3),
    ),
    max_size=12,
)


@settings(max_examples=thoroughly(200, 40))
@given(UNITS, UNITS)
def test_every_paragraph_is_in_one_bead_in_order(mine, theirs):
    found = align(mine, theirs)
    assert [at for bead in found for at in bead.first] == list(range(len(mine)))
    assert [at for bead in found for at in bead.second] == list(range(len(theirs)))
    assert all(bead.first or bead.second for bead in found)
    assert all(len(bead.first) <= 2 and len(bead.second) <= 2 for bead in found)


@settings(max_examples=thoroughly(100, 30))
@given(UNITS)
def test_a_text_beside_itself(units):
    """Equal texts lie one for one, unless a paragraph holds nothing that could be told from another."""
    units = [Unit(f"{unit.text} {number:04}" * 5, unit.kind) for number, unit in enumerate(units)]
    assert all(bead.first == bead.second for bead in align(units, units))
