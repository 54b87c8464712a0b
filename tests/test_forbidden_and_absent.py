"""What is forbidden answers as if it were not there: same status, headers, words, length, and the same questions asked.

Each address of the permission matrix that is to answer 404 is asked for twice: as it is, and with a name in it that
does not exist and is as long. In three languages, plain and htmx. The time is measured in `benchmarks/forbidden.py`;
here the questions that the database is asked stand for it.
"""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion.models import Comment, State
from readinggroup.groups.models import Visibility

from . import factories
from .test_permission_matrix import ACTORS, MATRIX, OF_A_COMMENT, OF_A_DECISION, OUTSIDE, Cell, expected
from .thoroughness import thoroughly

LANGUAGES = ["en", "de", "fr"]
FORBIDDEN = [
    (name, method)
    for name, method in MATRIX
    if expected(name, method, "outsider", Visibility.MEMBERS) == "n"
    and not name.startswith("accounts:provider_")
    and name != "site_state"  # that there is such a page stands in the code for everybody to read
]


def test_there_is_something_to_tell_apart():
    assert len(FORBIDDEN) > 30


def twin_of(name, address, cell):
    """The address with a name in it that does not exist and is as long."""
    there = cell.comment.public_id if name in OF_A_COMMENT else cell.house.group.slug
    if name == "open_notice":
        there = address.split("/")[2]
    if name == "my_data:fetch_archive":
        there = cell.archive.public_id
    if name == "notifications:remove_device":
        there = cell.device.public_id
    if name == "discussion:move_draft":
        there = cell.draft.public_id
    if name == "moderation:serve":
        return address.replace(f"/{cell.appeal.pk}/", f"/{'9' * len(str(cell.appeal.pk))}/")
    if name in OF_A_DECISION:
        there = cell.decision.public_id
    assert there in address
    return address.replace(there, "z" * len(there), 1)


def told(client, method, address, data, headers):
    """All that an answer tells, with the address itself taken out, and what was asked of the database for it."""
    send = client.post if method == "POST" else client.get
    with CaptureQueriesContext(connection) as captured:
        answer = send(address, data, headers=headers)
    token = r'name="csrfmiddlewaretoken" value="\w+"'
    name = address.split("/")[2]
    words = answer.text.replace(address.strip("/"), "THERE")
    body = re.sub(token, "", words if name.isdigit() else words.replace(name, "THERE"))
    asked = [query["sql"] for query in captured]
    tables = [sorted(set(re.findall(r'(?:FROM|JOIN|UPDATE|INTO)\s+"?(\w+)', sql))) for sql in asked]
    # With NULL in place of a key Postgres plans a prepared question anew each time: half a millisecond gave it away.
    nulls = [sql.count("(NULL)") for sql in asked]
    headers = {key: value for key, value in answer.headers.items() if key != "Set-Cookie"}
    return answer.status_code, headers, len(answer.content), body, tables, nulls, sorted(answer.cookies)


# In one process: the houses take long to make.
pytestmark = pytest.mark.xdist_group(__name__)


@pytest.fixture(scope="module")
def cells(module_db):
    """A house for each kind of group."""
    made = {visibility: Cell(visibility) for visibility in Visibility}
    connection.check_constraints()  # once: what is put off is looked at again after each test that is undone
    return made


@pytest.mark.parametrize(("name", "method"), FORBIDDEN)
def test_a_hidden_group_is_not_told_from_none(cells, db, settings, name, method):
    settings.LANGUAGES = [(code, code) for code in LANGUAGES]
    cell = cells[Visibility.MEMBERS]
    address = cell.address(name)
    twin = twin_of(name, address, cell)
    for actor in OUTSIDE:
        if expected(name, method, actor, Visibility.MEMBERS) != "n":
            continue  # is sent to the login, whatever stands there
        client = cell.client_of(actor)
        client.get("/healthz")  # what only a first request brings, such as the language's catalog
        for language in thoroughly(LANGUAGES, [LANGUAGES[0], LANGUAGES[-1]] if actor == OUTSIDE[0] else LANGUAGES[:1]):
            # A refusal is no other for a part of a page: asked of one, in one language.
            is_asked_in_part = thoroughly(True, (actor, language) == (OUTSIDE[0], LANGUAGES[0]))
            for htmx in ({}, {"HX-Request": "true"}) if is_asked_in_part else ({},):
                headers = {"Accept-Language": language, **htmx}
                data = cell.data(name) if method == "POST" else None
                forbidden = told(client, method, address, data, headers)
                data = cell.data(name) if method == "POST" else None
                absent = told(client, method, twin, data, headers)
                assert forbidden[0] == 404, (actor, language)
                assert forbidden == absent, (actor, language, htmx)


def test_a_comment_in_a_listed_group_is_not_told_from_none(cells, db):
    cell = cells[Visibility.LISTED]
    for name in sorted(OF_A_COMMENT):
        method = "GET" if (name, "GET") in MATRIX else "POST"
        address = cell.address(name)
        for actor in OUTSIDE:
            client = cell.client_of(actor)
            assert told(client, method, address, None, {}) == told(
                client, method, twin_of(name, address, cell), None, {}
            )


def test_a_held_comment_is_not_told_from_none(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD)
    for person in (None, house.outsider, house.other, house.organizer):
        for name in ("discussion:comment", "discussion:answer_comment", "discussion:edit_comment"):
            address = reverse(name, args=[comment.public_id])
            twin = address.replace(comment.public_id, "z" * 10)
            client = as_user(person)
            assert told(client, "GET", address, None, {}) == told(client, "GET", twin, None, {})


@pytest.mark.parametrize("actor", ["outsider", "former", "elsewhere", "organizer", "suspended"])
def test_a_decision_about_others_is_not_told_from_none(cells, db, actor):
    """Also inside the group: that there was a decision stands in the log, but not whose address it has."""
    cell = cells[Visibility.PUBLIC]
    client = cell.client_of(actor)
    client.get("/healthz")
    for name in sorted(OF_A_DECISION - {"moderation:serve"}):
        method = "GET" if (name, "GET") in MATRIX else "POST"
        address, data = cell.address(name), cell.data(name) if method == "POST" else None
        one, other = (told(client, method, each, data, {}) for each in (address, twin_of(name, address, cell)))
        assert one[0] == 404
        assert one == other


@pytest.mark.parametrize("actor", ACTORS[5:])
def test_what_belongs_to_another_group_is_not_told_from_none(cells, db, actor):
    """An invitation, a request, an upload of another group, asked for under one's own group's name."""
    cell, elsewhere = cells[Visibility.PUBLIC], cells[Visibility.MEMBERS]
    client = cell.client_of(actor)
    for name, method in [
        ("groups:member", "GET"),
        ("groups:revoke_invitation", "POST"),
        ("groups:answer_join_request", "POST"),
        ("groups:letter", "GET"),
        ("schedule:poll", "GET"),
        ("schedule:attend", "POST"),
        ("schedule:pick_time", "POST"),
        ("groups:rules_review", "GET"),
        ("groups:support_rules_review", "POST"),
        ("groups:answer_rules_review", "GET"),
        ("readings:preview_import", "GET"),
        ("revisions:rehearsal", "GET"),
        ("revisions:publish", "POST"),
        ("schedule:session", "GET"),
        ("schedule:change_session", "GET"),
        ("schedule:choose_passages", "POST"),
        ("schedule:cancel_session", "POST"),
        ("schedule:series", "GET"),
        ("schedule:change_series", "GET"),
        ("schedule:cancel_series", "POST"),
        ("schedule:put_series_on_calendar", "POST"),
        ("proposals:proposal", "GET"),
        ("proposals:proposal_wordings", "GET"),
        ("proposals:support_proposal", "POST"),
        ("proposals:change_proposal", "GET"),
        ("proposals:answer_proposal", "POST"),
        ("proposals:result", "GET"),
        ("proposals:papers", "GET"),
        ("proposals:recount_script", "GET"),
        ("proposals:bring_text", "GET"),
        ("proposals:ballot", "GET"),
        ("proposals:change_ballot", "GET"),
        ("proposals:void_ballot", "POST"),
        ("proposals:open_ballot", "POST"),
        ("proposals:vote", "GET"),
        ("proposals:voted", "GET"),
    ]:
        at = 5 if name == "readings:preview_import" or "_review" in name or "series" in name else 4
        at = 6 if name.startswith("revisions:") else at
        there = elsewhere.address(name).split("/")[at]
        has_name = name == "groups:member" or name.startswith(("schedule:", "proposals:"))
        absent = "z" * 10 if has_name else "9" * 9  # a number that no row has
        parts = cell.address(name).split("/")
        data = cell.data(name) if method == "POST" else None
        one = told(client, method, "/".join([*parts[:at], there, *parts[at + 1 :]]), data, {})
        other = told(client, method, "/".join([*parts[:at], absent, *parts[at + 1 :]]), data, {})
        assert one[0] in {403, 404}
        assert one[0] == other[0]
        assert one[4] == other[4], name


def test_a_person_from_elsewhere_is_not_told_from_nobody(house, as_user):
    stranger = factories.create_user("Sofia")
    client = as_user(house.owner)
    address = reverse("groups:member", args=[house.group.slug, stranger.public_id])
    assert told(client, "GET", address, None, {}) == told(
        client, "GET", address.replace(stranger.public_id, "z" * 10), None, {}
    )


def test_the_test_bites(house, as_user):
    """A page that is there and one that is not are told apart by what is compared here."""
    client = as_user(None)
    assert told(client, "GET", f"/g/{house.group.slug}/", None, {}) != told(client, "GET", "/g/nowhere/", None, {})
