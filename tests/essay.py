"""The essay that the group brings. It is not ours to publish, so it lies beside the checkout, not in it."""

from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parent.parent.parent / "shared" / "texts" / "the-latest-deception.txt"

needs_the_essay = pytest.mark.skipif(
    not PATH.is_file(), reason=f"the essay is not ours to publish; put it at {PATH} to run this test"
)
