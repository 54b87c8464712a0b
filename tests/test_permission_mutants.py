"""The permission matrix bites: with one check taken out, a cell of it turns red.

A mutant is the site with one check missing at one address: who may do this (`check`), who may learn of the group
(`known_or_404`), whether one has signed in (`signed_in`), whose comment it is, which rows one may see. Each is tried on
the rows of its address; at least one actor must then get something else than the table says.
"""

import pytest
from django.db.models import F
from django.urls import reverse

from readinggroup.accounts import access
from readinggroup.discussion import views as discussion_views
from readinggroup.discussion.actions import withdraw
from readinggroup.discussion.models import Comment, State
from readinggroup.discussion.models.comments import CommentQuerySet
from readinggroup.groups import permissions
from readinggroup.groups import views as group_views
from readinggroup.groups.models import Visibility
from readinggroup.readings import access as reading_access
from readinggroup.readings import views as reading_views

from . import factories
from .test_permission_matrix import ACTORS, MATRIX, OF_A_COMMENT, OF_NO_GROUP, Cell, expected, outcome

IN_A_GROUP = [row for row in MATRIX if row[0] not in OF_NO_GROUP]
# Whoever may know of the group may do this (to ask to join one signs in): there is no further check to take out.
OPEN_TO_ALL_WHO_KNOW = {
    "group", "groups:who_may", "groups:ask_to_join", "groups:rules", "groups:rules_version", "groups:rules_history",
}  # fmt: skip
CHECKED = [row for row in IN_A_GROUP if row[0] not in OPEN_TO_ALL_WHO_KNOW | OF_A_COMMENT]
CHECKED_AT_A_COMMENT = [row for row in IN_A_GROUP if row[0] in OF_A_COMMENT - {"discussion:comment"}]
# What one has left is asked by a question of its own: `has_left`.
FOR_WHO_HAS_SIGNED_IN = [
    row for row in MATRIX if row[0] in OF_NO_GROUP - {"discussion:left"} and expected(*row, "visitor", "public") == "l"
]
OF_ITS_AUTHOR = [
    row for row in IN_A_GROUP if row[0].split(":")[-1] in {"edit_comment", "withdraw_comment", "put_back_comment"}
]


def wrong_cells(as_user, row, visibility, actors):
    """The actors who get something else at this address than the table says; an error of the site counts too."""
    name, method = row
    cell = Cell(visibility)
    wrong = []
    for actor in actors:
        cell.fresh()
        client = as_user(cell.people[actor], raise_request_exception=False)
        send = client.post if method == "POST" else client.get
        got = outcome(send(cell.address(name), cell.data(name) if method == "POST" else None))
        if got != expected(name, method, actor, visibility):
            wrong.append((actor, got))
    return wrong


def who_is_refused(row):
    """A kind of group in which the check of this address refuses somebody, and two whom it refuses."""
    for visibility in (Visibility.PUBLIC, Visibility.LISTED):
        refused = [actor for actor in ACTORS if expected(*row, actor, visibility) in {"l", "f"}]
        if refused:
            return visibility, [refused[0], refused[-1]]
    raise AssertionError(f"nobody is refused at {row}")


@pytest.mark.parametrize("row", CHECKED + CHECKED_AT_A_COMMENT, ids=" ".join)
def test_without_the_check_of_the_verb(db, as_user, monkeypatch, row):
    for module in (permissions, group_views, reading_access):
        monkeypatch.setattr(module, "check", lambda request, membership, verb: None)
    assert wrong_cells(as_user, row, *who_is_refused(row)) != []


@pytest.mark.parametrize("row", [row for row in IN_A_GROUP if row[0] not in OF_A_COMMENT], ids=" ".join)
def test_without_hiding_the_group(db, as_user, monkeypatch, row):
    for module in (permissions, reading_views):
        if hasattr(module, "known_or_404"):
            monkeypatch.setattr(module, "known_or_404", lambda membership: membership)
    assert wrong_cells(as_user, row, Visibility.MEMBERS, ACTORS[:2]) != []


@pytest.mark.parametrize("row", [row for row in IN_A_GROUP if row[0] in OF_A_COMMENT], ids=" ".join)
def test_without_hiding_the_comments_of_a_hidden_group(db, as_user, monkeypatch, row):
    monkeypatch.setattr(discussion_views, "may", lambda membership, verb: True)
    assert wrong_cells(as_user, row, Visibility.MEMBERS, ACTORS[:2]) != []


@pytest.mark.parametrize("row", FOR_WHO_HAS_SIGNED_IN, ids=" ".join)
def test_without_asking_whether_one_has_signed_in(db, as_user, monkeypatch, row):
    monkeypatch.setattr(access, "login_required", lambda view: view)
    for module in (access, permissions):
        monkeypatch.setattr(module, "keep", lambda request: False)  # keeps a post's words for after the login
    assert wrong_cells(as_user, row, Visibility.PUBLIC, ["visitor"]) != []


@pytest.mark.parametrize("row", OF_ITS_AUTHOR, ids=" ".join)
def test_without_asking_whose_comment_it_is(db, as_user, monkeypatch, row):
    monkeypatch.setattr(discussion_views, "own_or_404", lambda membership, comment: None)
    assert wrong_cells(as_user, row, Visibility.PUBLIC, ["owner"]) != []


def everything(comments, membership):
    """`visible_to` with its filter taken out."""
    return comments.model.objects.all().annotate(shown_html=F("body_html"))


@pytest.mark.parametrize("state", [State.HELD, State.WITHDRAWN, State.HIDDEN])
@pytest.mark.parametrize("page", ["discussion:paragraph", "discussion:whole"])
def test_without_the_filter_of_what_one_may_see(house, as_user, monkeypatch, state, page):
    """Words that nobody but author or moderator may read stand on the page as soon as `visible_to` lets them."""
    comment = factories.create_comment(house.reading, house.member, "A canary sings.")
    if state == State.WITHDRAWN:
        withdraw(comment=comment, by=house.member)
    else:
        Comment.objects.filter(pk=comment.pk).update(state=state)
    more = [comment.paragraph.public_id] if page == "discussion:paragraph" else []
    address = reverse(page, args=[house.group.slug, house.reading.slug, *more])
    assert "A canary sings." not in as_user(house.other).get(address).text
    monkeypatch.setattr(CommentQuerySet, "visible_to", everything)
    assert "A canary sings." in as_user(house.other).get(address).text


def test_there_are_enough_of_them():
    rows = [*CHECKED, *CHECKED_AT_A_COMMENT, *IN_A_GROUP, *FOR_WHO_HAS_SIGNED_IN, *OF_ITS_AUTHOR]
    assert len(rows) >= 40
