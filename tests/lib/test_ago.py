"""How long ago something was, in words: each unit from its first second to its last."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readinggroup.lib.ago import DAY, HOUR, MINUTE, MONTH, YEAR, ago

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5 * YEAR, "just now"),  # a clock that is behind
        (-1, "just now"),
        (0, "just now"),
        (MINUTE - 1, "just now"),
        (MINUTE, "1 minute ago"),
        (2 * MINUTE - 1, "1 minute ago"),
        (2 * MINUTE, "2 minutes ago"),
        (HOUR - 1, "59 minutes ago"),
        (HOUR, "1 hour ago"),
        (2 * HOUR, "2 hours ago"),
        (DAY - 1, "23 hours ago"),
        (DAY, "1 day ago"),
        (2 * DAY, "2 days ago"),
        (MONTH - 1, "29 days ago"),
        (MONTH, "1 month ago"),
        (2 * MONTH, "2 months ago"),
        (YEAR - 1, "12 months ago"),
        (YEAR, "1 year ago"),
        (2 * YEAR, "2 years ago"),
        (100 * YEAR, "100 years ago"),
    ],
)
def test_each_unit_begins_where_the_one_before_ends(seconds, words):
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_parts_of_a_second_do_not_count():
    assert ago(NOW - timedelta(seconds=59, microseconds=999_999), NOW) == "just now"


def test_zones_do_not_matter():
    from zoneinfo import ZoneInfo

    then = (NOW - timedelta(hours=3)).astimezone(ZoneInfo("Asia/Kathmandu"))
    assert ago(then, NOW) == "3 hours ago"


@given(st.integers(min_value=MINUTE, max_value=100 * YEAR))
def test_it_never_says_more_than_it_was(seconds):
    count, unit, _ = ago(NOW - timedelta(seconds=seconds), NOW).split()
    size = {"minute": MINUTE, "hour": HOUR, "day": DAY, "month": MONTH, "year": YEAR}[unit.removesuffix("s")]
    assert int(count) * size <= seconds < (int(count) + 1) * size
    assert unit.endswith("s") == (int(count) != 1)
