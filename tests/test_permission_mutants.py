"""The permission matrix bites: with one check taken out, a cell of it turns red.

A mutant is the site with one check missing at one address: who may do this (`check`), who may learn of the group
(`known_or_404`), whether one has signed in (`signed_in`), whose comment it is, which rows one may see. Each is tried on
the rows of its address; at least one actor must then get something else than the table says.
"""

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse

from readinggroup import session_run
from readinggroup.accounts import access
from readinggroup.discussion import pages as discussion_pages
from readinggroup.discussion import views as discussion_views
from readinggroup.discussion import wordings
from readinggroup.discussion.actions import withdraw
from readinggroup.discussion.models import Comment, State
from readinggroup.discussion.models.comments import CommentQuerySet
from readinggroup.groups import permissions
from readinggroup.groups import views as group_views
from readinggroup.groups.models import Visibility
from readinggroup.lib.kept import Kept
from readinggroup.lib.prepared import forget_all
from readinggroup.moderation import seen_decisions
from readinggroup.proposals import co_proposing_views, writing_views
from readinggroup.proposals import views as proposal_views
from readinggroup.proposals.models import Proposal
from readinggroup.proposals.models.proposals import ProposalQuerySet
from readinggroup.readings import access as reading_access
from readinggroup.readings import views as reading_views

from . import factories
from .proposals.steps import proposed
from .test_permission_matrix import ACTORS, MATRIX, OF_A_COMMENT, OF_A_DECISION, OF_NO_GROUP, Cell, expected, outcome

IN_A_GROUP = [row for row in MATRIX if row[0] not in OF_NO_GROUP | OF_A_DECISION]
# Whoever may know of the group may do this (to ask to join one signs in): there is no further check to take out.
OPEN_TO_ALL_WHO_KNOW = {
    "group", "groups:who_may", "groups:ask_to_join", "groups:rules", "groups:rules_version", "groups:rules_history",
}  # fmt: skip
CHECKED = [row for row in IN_A_GROUP if row[0] not in OPEN_TO_ALL_WHO_KNOW | OF_A_COMMENT]
READ_BY_ALL = {"discussion:comment", "discussion:wordings", "discussion:words_written_about"}
CHECKED_AT_A_COMMENT = [row for row in IN_A_GROUP if row[0] in OF_A_COMMENT - READ_BY_ALL]
# What one has left is asked by a question of its own: `has_left`.
FOR_WHO_HAS_SIGNED_IN = [
    row for row in MATRIX if row[0] in OF_NO_GROUP - {"discussion:left"} and expected(*row, "visitor", "public") == "l"
]
AUTHORS_ACTS = {"edit_comment", "withdraw_comment", "put_back_comment", "take_back_wordings", "show_wordings"}
FOR_MODERATORS_TOO = [
    row for row in MATRIX if row[0] in OF_A_DECISION - {"moderation:serve", "moderation:appeal_against"}
]
OF_ITS_AUTHOR = [row for row in IN_A_GROUP if row[0].split(":")[-1] in AUTHORS_ACTS]


# In one process: the houses take long to make.
pytestmark = pytest.mark.xdist_group(__name__)


@pytest.fixture(scope="module")
def cells(module_db):
    """A house for each kind of group."""
    made = {visibility: Cell(visibility) for visibility in Visibility}
    connection.check_constraints()  # once: what is put off is looked at again after each test that is undone
    return made


def wrong_cells(cells, row, visibility, actors):
    """The first actor who gets something else at this address than the table says; an error of the site counts too."""
    name, method = row
    cell = cells[visibility]
    for actor in actors:
        client = cell.client_of(actor, raise_request_exception=False)
        data = cell.data(name) if method == "POST" else None
        got = outcome(cell.ask(client, method, cell.address(name), data))
        if got != expected(name, method, actor, visibility):
            return [(actor, got)]
    return []


def who_is_refused(row):
    """A kind of group in which the check of this address refuses somebody, and two whom it refuses."""
    for visibility in (Visibility.PUBLIC, Visibility.LISTED):
        refused = [actor for actor in ACTORS if expected(*row, actor, visibility) in {"l", "f"}]
        if refused:
            return visibility, [refused[0], refused[-1]]
    raise AssertionError(f"nobody is refused at {row}")


@pytest.mark.parametrize("row", CHECKED + CHECKED_AT_A_COMMENT, ids=" ".join)
def test_without_the_check_of_the_verb(cells, db, monkeypatch, row):
    for module in (permissions, group_views, reading_access):
        monkeypatch.setattr(module, "check", lambda request, membership, verb: None)
    assert wrong_cells(cells, row, *who_is_refused(row)) != []


@pytest.mark.parametrize("row", [row for row in IN_A_GROUP if row[0] not in OF_A_COMMENT], ids=" ".join)
def test_without_hiding_the_group(cells, db, monkeypatch, row):
    for module in (permissions, reading_views, discussion_views, session_run):
        if hasattr(module, "known_or_404"):
            monkeypatch.setattr(module, "known_or_404", lambda membership: membership)
    assert wrong_cells(cells, row, Visibility.MEMBERS, ACTORS[:2]) != []


@pytest.mark.parametrize("row", [row for row in IN_A_GROUP if row[0] in OF_A_COMMENT], ids=" ".join)
def test_without_hiding_the_comments_of_a_hidden_group(cells, db, monkeypatch, row):
    monkeypatch.setattr(discussion_views, "may", lambda membership, verb: True)
    assert wrong_cells(cells, row, Visibility.MEMBERS, ACTORS[:2]) != []


@pytest.mark.parametrize("row", FOR_MODERATORS_TOO, ids=" ".join)
def test_without_asking_whether_somebody_moderates_where_it_was_decided(cells, db, monkeypatch, row):
    monkeypatch.setattr(seen_decisions, "may", lambda membership, verb: True)
    assert wrong_cells(cells, row, Visibility.PUBLIC, ["outsider", "elsewhere"]) != []


@pytest.mark.parametrize("row", FOR_WHO_HAS_SIGNED_IN, ids=" ".join)
def test_without_asking_whether_one_has_signed_in(cells, db, monkeypatch, row):
    monkeypatch.setattr(access, "login_required", lambda view: view)
    for module in (access, permissions):
        monkeypatch.setattr(module, "keep", lambda request: False)  # keeps a post's words for after the login
    assert wrong_cells(cells, row, Visibility.PUBLIC, ["visitor"]) != []


@pytest.mark.parametrize("row", OF_ITS_AUTHOR, ids=" ".join)
def test_without_asking_whose_comment_it_is(cells, db, monkeypatch, row):
    for module in (discussion_views, wordings):
        monkeypatch.setattr(module, "own_or_404", lambda membership, comment: None)
    assert wrong_cells(cells, row, Visibility.PUBLIC, ["owner"]) != []


MAKERS_ACTS = {f"proposals:{name}" for name in ("change_proposal", "withdraw_proposal", "propose_with")}
OF_ITS_PROPOSER = [row for row in IN_A_GROUP if row[0] in MAKERS_ACTS]


@pytest.mark.parametrize("row", OF_ITS_PROPOSER, ids=" ".join)
def test_without_asking_whose_proposal_it_is(cells, db, monkeypatch, row):
    cell = cells[Visibility.PUBLIC]
    proposal = Proposal.objects.get(public_id=cell.address(row[0]).split("/")[4])
    for module in (writing_views, co_proposing_views):
        monkeypatch.setattr(module, "own_or_404", lambda membership, name: proposal_with_all(membership, proposal))
    assert wrong_cells(cells, row, Visibility.PUBLIC, ["organizer"]) != []


def proposal_with_all(membership, proposal):
    """The proposal, whoever asks for it."""
    monkey = proposal_views.proposals_for(membership.group.memberships.get(user=proposal.proposer))
    found = monkey.select_related("talk__edition__current", "reading", "text_import__source").get(pk=proposal.pk)
    found.group = membership.group
    return found


def test_without_the_filter_of_drafts(house, as_user, monkeypatch):
    draft = proposed(house, publish=False)
    address = reverse("proposals:proposal", args=[house.group.slug, draft.public_id])
    assert as_user(house.owner).get(address).status_code == 404
    monkeypatch.setattr(ProposalQuerySet, "visible_to", lambda rows, membership: rows.filter(group=membership.group))
    assert "The Bridge" in as_user(house.owner).get(address).text


def everything(comments, membership):
    """`visible_to` with its filter taken out."""
    return comments.model.objects.all().annotate(shown_html=F("body_html"))


@pytest.mark.parametrize("state", [State.HELD, State.WITHDRAWN, State.HIDDEN])
@pytest.mark.parametrize("page", ["discussion:paragraph", "discussion:whole"])
def test_without_the_filter_of_what_one_may_see(house, as_user, monkeypatch, rules_may_change, state, page):
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
    forget_all()
    monkeypatch.setattr(discussion_pages, "_kept", Kept(1_000_000))  # made anew
    assert "A canary sings." in as_user(house.other).get(address).text


def test_there_are_enough_of_them():
    rows = [*CHECKED, *CHECKED_AT_A_COMMENT, *IN_A_GROUP, *FOR_WHO_HAS_SIGNED_IN, *OF_ITS_AUTHOR]
    assert len(rows) >= 40
