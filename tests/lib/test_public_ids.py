"""Short random names for things that people link to."""

from django.urls import reverse

from readinggroup.lib.public_ids import ALPHABET, LENGTH, new_public_id


def test_ids_are_short_readable_and_not_the_same():
    ids = [new_public_id() for _ in range(5_000)]
    assert len(set(ids)) == len(ids)
    assert {len(name) for name in ids} == {LENGTH}
    assert set("".join(ids)) == set(ALPHABET)


def test_nothing_in_them_is_mistaken_for_something_else():
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert not [letter for letter in ALPHABET if letter.isupper()]
    assert not set(ALPHABET) & set("01ilo")


def test_they_fit_into_an_address():
    name = new_public_id()
    assert reverse("discussion:comment", args=[name]) == f"/c/{name}/"
