"""Every form of the site, sent with fields that it does not have. A file of its own: one house serves all of them."""

import pytest
from django.db import connection

from readinggroup.discussion.models import Comment
from readinggroup.groups.models import Visibility

from .test_failures_of_others import SMUGGLED, everybody
from .test_permission_matrix import MATRIX, Cell, expected

# These are meant to change who belongs, or a comment's state: tests/test_failures_of_others.py tries them.
CHANGE_THAT = {"discussion:leave", "discussion:withdraw_comment", "groups:found_group", "groups:join"}
OTHER_FORMS = [
    name
    for name, method in MATRIX
    if method == "POST" and name not in CHANGE_THAT and expected(name, method, "member", Visibility.PUBLIC) == "."
]


@pytest.fixture(scope="module")
def cell(module_db):
    """A house with something to post to every address."""
    made = Cell(Visibility.PUBLIC)
    connection.check_constraints()
    return made


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_fields_that_a_form_does_not_have_change_nothing(cell, db, as_user, name):
    """CVE-2013-2506 Spree, CVE-2022-31168 Zulip: roles and owners were set by adding them to a form."""
    before = everybody()
    data = SMUGGLED | cell.data(name)
    as_user(cell.people["member"]).post(cell.address(name), data)
    assert everybody() == before
    assert not Comment.objects.filter(body_html__contains="<b>smuggled").exists()
