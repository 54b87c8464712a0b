"""What was chosen becomes a text: by itself where its file is there, else by an organizer, who is asked until it is."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.models import Group
from readinggroup.proposals.actions.bringing import put_chosen_on_shelf
from readinggroup.proposals.models import ProposalState
from readinggroup.readings.models import Reading, ReadingState
from readinggroup.tasks import put_chosen_on_shelf as each_minute
from texts.models import SourceFile

from .. import factories
from .counted import accepted, proposed, settle

FILE = (b"The Lock\n\nby Somebody Else\n\nThe lock was built of oak.\n\nIt held for a year.\n", "lock.txt")


def bring(house, proposal):
    return reverse("proposals:bring_text", args=[house.group.slug, proposal.public_id])


def upload(content=FILE[0], name=FILE[1]):
    return {"file": SimpleUploadedFile(name, content)}


def test_a_file_that_came_with_it_is_put_on_the_shelf_under_the_proposals_words(house):
    proposal = accepted(house, "The Weir", language="de", translator="U. Z.", rights="CC0", file=FILE)
    each_minute(timestamp=0)
    proposal.refresh_from_db()
    reading = proposal.reading
    assert (reading.state, reading.for_members) == (ReadingState.PLANNED, True)
    edition = reading.edition
    assert (edition.title, edition.author, edition.language) == ("The Weir", "Ida Renner", "de")
    assert (edition.translator, edition.rights) == ("U. Z.", "CC0")
    assert "The lock was built of oak." in [version.text for version in edition.current.versions.all()]
    assert proposal.text_import.reading == reading
    assert put_chosen_on_shelf() == 0
    assert Reading.objects.filter(group=house.group, state=ReadingState.PLANNED).count() == 1


@pytest.mark.parametrize(
    "state", [state for state in ProposalState if state not in {ProposalState.ACCEPTED, ProposalState.DRAFT}]
)
def test_nothing_is_put_on_the_shelf_that_was_not_chosen(house, state):
    settle(proposed(house, file=FILE), state)
    assert put_chosen_on_shelf() == 0


@pytest.mark.parametrize("field", ["archived_at", "delete_at"])
def test_nothing_is_put_on_the_shelf_of_a_group_that_is_closed(house, field):
    accepted(house, file=FILE)
    Group.objects.filter(pk=house.group.pk).update(**{field: timezone.now()})
    assert put_chosen_on_shelf() == 0
    Group.objects.filter(pk=house.group.pk).update(**{field: None})
    assert put_chosen_on_shelf() == 1


def test_a_file_that_stands_on_the_shelf_already_is_not_put_there_twice(house):
    standing = factories.create_reading(house.group, FILE[0].decode(), filename=FILE[1])
    proposal = accepted(house, file=FILE)
    assert put_chosen_on_shelf() == 1
    proposal.refresh_from_db()
    assert proposal.reading == standing


def test_a_file_that_cannot_be_read_is_left_to_an_organizer(house, as_user):
    proposal = accepted(house, file=FILE)
    SourceFile.objects.filter(pk=proposal.text_import.source_id).update(content=b"\x00\x01\x02" * 400)
    assert put_chosen_on_shelf() == 0
    proposal.refresh_from_db()
    assert (proposal.reading, proposal.text_import) == (None, None)
    assert bring(house, proposal) in as_user(house.organizer).get(reverse("group", args=[house.group.slug])).text
    assert as_user(house.organizer).get(reverse("readings:import_text", args=[house.group.slug])).text.count("lock.txt")


def test_organizers_are_asked_for_the_text_until_it_is_there(house, as_user):
    proposal, front = accepted(house, "The Weir"), reverse("group", args=[house.group.slug])
    client = as_user(house.organizer)
    assert bring(house, proposal) in client.get(front).text
    for person in (None, house.member, house.moderator):
        assert bring(house, proposal) not in as_user(person).get(front).text
    answer = client.post(bring(house, proposal), upload())
    assert answer.status_code == 302
    preview = client.get(answer["Location"]).text
    assert 'value="The Weir"' in preview
    assert 'value="Ida Renner"' in preview
    assert put_chosen_on_shelf() == 0  # an organizer looks at it first
    assert "lock.txt" in client.get(bring(house, proposal)).text
    client.post(answer["Location"], {"title": "The Weir", "author": "Ida Renner", "language": "en"})
    proposal.refresh_from_db()
    assert proposal.reading.edition.title == "The Weir"
    assert proposal.reading.for_members is False
    assert bring(house, proposal) not in client.get(front).text
    assert client.get(bring(house, proposal)).status_code == 404


def test_what_cannot_be_read_is_said_and_brings_nothing(house, as_user):
    proposal = accepted(house)
    for data in (upload(b"\x00\x01\x02" * 400, "x.txt"), upload(b"", "x.txt"), {}):
        answer = as_user(house.organizer).post(bring(house, proposal), data)
        assert answer.status_code == 422
        assert "errorlist" in answer.text
    proposal.refresh_from_db()
    assert proposal.text_import is None


def test_a_file_that_is_on_the_shelf_is_what_came_of_it(house, as_user):
    standing = factories.create_reading(house.group, FILE[0].decode(), filename=FILE[1])
    proposal = accepted(house)
    answer = as_user(house.organizer).post(bring(house, proposal), upload())
    assert answer["Location"].endswith(f"/read/{standing.slug}/")
    proposal.refresh_from_db()
    assert proposal.reading == standing


def test_only_what_was_chosen_here_is_brought(house, as_user):
    elsewhere = factories.create_group()
    page = bring(house, accepted(house)).replace(house.group.slug, elsewhere.slug)
    factories.take_in(group=elsewhere, user=house.organizer, roles=["organizer"])
    assert as_user(house.organizer).get(page).status_code == 404
    assert as_user(house.organizer).get(bring(house, proposed(house))).status_code == 404


def test_more_chosen_texts_are_no_more_questions(house, as_user):
    front, client = reverse("group", args=[house.group.slug]), as_user(house.organizer)

    def asked():
        client.get(front)
        with CaptureQueriesContext(connection) as captured:
            client.get(front)
        return len(captured)

    accepted(house)
    one = asked()
    accepted(house)
    accepted(house)
    assert asked() == one


# --- Its start --------------------------------------------------------------------------------------------------------


def test_the_day_of_the_start_is_said_and_begins_its_sessions(house, as_user):
    reading = factories.create_reading(house.group, FILE[0].decode(), filename=FILE[1], state=ReadingState.PLANNED)
    settle_page = reverse("readings:settle_reading", args=[house.group.slug, reading.slug])
    client = as_user(house.organizer)
    client.post(settle_page, {"state": "planned", "starts_on": "2099-01-12"})
    reading.refresh_from_db()
    assert reading.starts_on.isoformat() == "2099-01-12"
    assert 'value="2099-01-12"' in client.get(settle_page).text
    plan = client.get(reverse("schedule:plan", args=[house.group.slug, reading.slug])).text
    series = reverse("schedule:make_series", args=[house.group.slug]) + f"?reading={reading.slug}"
    assert "The reading begins on Jan. 12, 2099." in plan
    assert series in plan
    assert 'value="2099-01-12"' in client.get(series).text
    session = reverse("schedule:new_session", args=[house.group.slug]) + f"?reading={reading.slug}"
    assert 'value="2099-01-12"' in client.get(session).text


@pytest.mark.parametrize("typed", ["tomorrow", "2099-13-01", "\x00", "99999-01-01"])
def test_a_start_that_is_no_day_is_refused_and_kept(house, as_user, typed):
    page = reverse("readings:settle_reading", args=[house.group.slug, house.reading.slug])
    answer = as_user(house.organizer).post(page, {"state": "current", "starts_on": typed})
    assert answer.status_code == 422
    house.reading.refresh_from_db()
    assert house.reading.starts_on is None
