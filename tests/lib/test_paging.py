"""The number of a page: whatever the address says, there is a page or a 404."""

import pytest
from django.core.paginator import Paginator
from django.http import Http404
from django.test import RequestFactory

from readinggroup.lib.paging import number_asked_for, number_in, page_asked_for


def asking(page):
    return RequestFactory().get("/", {} if page is None else {"page": page})


@pytest.mark.parametrize(("asked", "number"), [(None, 1), ("1", 1), ("3", 3), ("003", 3), ("999999", 999_999)])
def test_a_number_is_the_number(asked, number):
    assert number_asked_for(asking(asked)) == number


# "²" and "٣" are digits of some kind, and the last would take a while as a number.
ODD = ["", "0", "000000", "-1", "+1", "1.0", " 1", "1 ", "1_0", "x", "²", "٣", "1\x00", "1000001", "9" * 5_000]


@pytest.mark.parametrize("asked", ODD)
def test_what_is_no_number_of_a_page_is_not_there(asked):
    with pytest.raises(Http404):
        number_asked_for(asking(asked))


def test_a_number_is_one_of_so_many():
    assert [number_in(text, 3) for text in ("0", "1", "3", "4", "03", "0000003")] == [None, 1, 3, None, 3, None]


def test_the_page_is_there_or_it_is_not():
    pages = Paginator("abcde", 2)
    assert [str(page_asked_for(asking(number), pages).object_list) for number in (None, "2", "3")] == ["ab", "cd", "e"]
    with pytest.raises(Http404):
        page_asked_for(asking("4"), pages)


def test_an_empty_list_has_one_page():
    assert list(page_asked_for(asking(None), Paginator("", 2))) == []
    with pytest.raises(Http404):
        page_asked_for(asking("2"), Paginator("", 2))
