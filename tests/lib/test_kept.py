"""What is kept in this process stays within its bound and is never somebody else's."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readinggroup.lib.kept import Kept


def never():
    raise AssertionError("it is kept, and need not be made")


def test_it_is_made_once():
    kept = Kept(100)
    assert kept.get_or_make("a", lambda: "one") == "one"
    assert kept.get_or_make("a", never) == "one"


def test_what_was_used_longest_ago_goes_first():
    kept = Kept(10)
    for key in "ab":
        kept.get_or_make(key, lambda: "12345")
    kept.get_or_make("a", never)
    kept.get_or_make("c", lambda: "12345")
    kept.get_or_make("a", never)
    kept.get_or_make("c", never)
    assert kept.get_or_make("b", lambda: "again") == "again"


def test_one_thing_larger_than_the_bound_is_kept_alone():
    kept = Kept(3)
    kept.get_or_make("a", lambda: "12")
    assert kept.get_or_make("b", lambda: "1234567") == "1234567"
    kept.get_or_make("b", never)
    assert (list(kept.things), kept.size) == (["b"], 7)


def test_what_could_not_be_made_is_not_kept():
    kept = Kept(10)
    with pytest.raises(AssertionError):
        kept.get_or_make("a", never)
    assert kept.get_or_make("a", lambda: "now") == "now"


def test_nothing_is_something_too():
    kept = Kept(10)
    kept.get_or_make("a", lambda: None, size_of=lambda thing: 1)
    assert kept.get_or_make("a", never) is None


def test_all_that_a_process_keeps_stays_within_one_bound_and_the_oldest_goes(settings):
    settings.KEPT_MB = 0  # what others keep here goes, too: it is made anew
    one, other = Kept(100), Kept(100)
    one.get_or_make("a", lambda: "12345")
    other.get_or_make("b", lambda: "12345")
    assert (one.things, one.size) == ({}, 0)
    other.get_or_make("b", never)
    settings.KEPT_MB = 15 / 1_000_000  # of which 10 characters are for what lasts
    one.get_or_make("c", lambda: "12345")
    other.get_or_make("b", never)
    one.get_or_make("d", lambda: "1")
    assert (list(one.things), list(other.things)) == (["d"], ["b"])


def test_what_passes_does_not_push_out_what_lasts(settings):
    settings.KEPT_MB = 0
    lasting, passing = Kept(1_000), Kept(1_000, passing=True)
    for kept in (lasting, passing):
        kept.get_or_make("emptied", lambda: "")
    settings.KEPT_MB = 15 / 1_000_000
    lasting.get_or_make("text", lambda: "1234567890")
    for minute in range(100):
        passing.get_or_make(minute, lambda: "1234")
    assert (list(lasting.things), list(passing.things)) == (["emptied", "text"], [99])
    for text in range(100):
        lasting.get_or_make(text, lambda: "12")
    assert list(passing.things) == [99]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=60))
def test_the_size_is_that_of_what_is_there(asked):
    kept = Kept(20)
    for key, length in asked:
        kept.get_or_make(key, lambda length=length: "x" * length)
        assert kept.size == sum(len(thing) for thing, _ in kept.things.values())
        assert kept.size <= 20
        assert key in kept.things


def test_many_threads_get_their_own_things_and_the_bound_holds():
    kept, barrier = Kept(50), Barrier(16)

    def ask(seed):
        draw = random.Random(seed)
        barrier.wait()
        for _ in range(2_000):
            key = draw.randrange(30)
            assert kept.get_or_make(key, lambda key=key: f"{key:05}") == f"{key:05}"

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(ask, range(16)))
    assert kept.size == sum(len(thing) for thing, _ in kept.things.values()) <= 50


def test_two_that_make_the_same_at_once_both_get_it_and_it_counts_once():
    kept, barrier = Kept(50), Barrier(8)

    def make():
        barrier.wait(10)  # all of them have found nothing
        return "made"

    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda _: kept.get_or_make("key", make), range(8)))
    assert got == ["made"] * 8
    assert kept.size == 4
