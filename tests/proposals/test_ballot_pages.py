"""The pages on which ballots are made, changed, announced, voided: bad input, two windows, wall times, drafts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.models import Group
from readinggroup.proposals.models import Ballot

from .ballots import address, announced, ballot_form, closed, create_proposal, draft, opened


def new(house):
    return reverse("proposals:new_ballot", args=[house.group.slug])


def test_a_ballot_is_made_announced_and_opened_by_clicks(house, as_user):
    ferry = create_proposal(house, "Ferries", author="Ida Renner")
    client = as_user(house.organizer)
    page = client.get(f"{new(house)}?proposal={ferry.public_id}")
    assert "Ferries · Ida Renner" in page.text
    assert page.text.count(" checked") == 3  # the proposal, approval, secret
    answer = client.post(new(house), ballot_form(proposals=[ferry.public_id]))
    ballot = Ballot.objects.get()
    assert answer["Location"] == address("ballot", ballot)
    assert list(ballot.options.values_list("title", flat=True)) == ["Ferries", "The ferry", "The quay"]
    page = client.post(address("announce_ballot", ballot), follow=True)
    assert "the members are told" in page.text
    assert "Open it now" in page.text
    page = client.post(address("open_ballot", ballot), follow=True)
    assert "0 of 5 have voted" in page.text
    assert "Change it" not in page.text
    page = client.post(address("void_ballot", ballot), {"reason": "The <b>title</b>."}, follow=True)
    assert "The &lt;b&gt;title&lt;/b&gt;." in page.text


def test_the_same_form_sent_twice_is_one_ballot(house, as_user):
    client = as_user(house.organizer)
    answers = [client.post(new(house), ballot_form()) for _twice in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Ballot.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"question": ""}, "This field is required"),
        ({"question": "x" * 301}, "at most 300 characters"),
        ({"question": "a\x00b"}, "characters that cannot be kept"),
        ({"words": "x" * 5_001}, "at most 5000 characters"),
        ({"others": "The ferry"}, "at least two options"),
        ({"others": "The ferry\nthe  FERRY"}, "stands there twice"),
        ({"others": "\n".join(map(str, range(51)))}, "at most 50"),
        ({"others": f"The ferry\n{'x' * 301}"}, "at most 300 characters"),
        ({"proposals": ["nowhere222"]}, "Select a valid choice"),
        ({"method": "lottery"}, "Select a valid choice"),
        ({"secrecy": "maybe"}, "Select a valid choice"),
        ({"seats": "2"}, "Fewer are chosen than there are options"),
        ({"seats": "9" * 5_000}, "Enter a whole number"),
        ({"quorum": "101"}, "less than or equal to 100"),
        ({"closes-date": "2020-01-01"}, "next twelve months"),
        ({"closes-date": timezone.localdate().isoformat(), "closes-time": "00:00"}, "This time is over"),
        ({"opens-date": (timezone.localdate() + timedelta(days=40)).isoformat()}, "It closes after it opens"),
        ({"opens-date": "soon"}, "Enter a valid date"),
        ({"opens-time": "25:00"}, "Enter a valid time"),
        ({"opens-date": "9999-12-31"}, "next twelve months"),
    ],
)
def test_what_cannot_be_asked_is_said_and_what_was_typed_is_kept(house, as_user, change, words):
    answer = as_user(house.organizer).post(new(house), ballot_form(**change))
    assert answer.status_code == 422
    assert words in answer.text
    assert "Think of the long evenings." in answer.text or "words" in change
    assert not Ballot.objects.exists()


def test_a_proposal_of_another_group_is_no_choice(house, closed_house, as_user):
    theirs = create_proposal(closed_house, "Secret reading")
    answer = as_user(house.organizer).post(new(house), ballot_form(proposals=[theirs.public_id]))
    assert answer.status_code == 422
    assert "Secret reading" not in answer.text


def year_of_change():
    """The next last Sundays of March and October, on which Berlin's clocks change."""
    today, found = timezone.localdate(), {}
    for days in range(1, 366):
        day = today + timedelta(days=days)
        if day.weekday() == 6 and day.month in {3, 10} and day.day > 24:
            found[day.month] = day
    return found[3], found[10]


def test_wall_times_are_those_of_the_group_and_one_that_is_missing_or_double_is_asked_about(house, as_user):
    Group.objects.filter(pk=house.group.pk).update(time_zone="Europe/Berlin")
    march, october = (day.isoformat() for day in year_of_change())
    client = as_user(house.organizer)
    closes = {"closes-date": march, "closes-time": "02:30"}
    answer = client.post(new(house), ballot_form(**closes))
    assert answer.status_code == 422
    assert f'value="{march}T03:30"' in answer.text
    opens = {"opens-date": (timezone.localdate() + timedelta(days=1)).isoformat()}
    client.post(new(house), ballot_form(**closes, **opens, **{"closes-take": f"{march}T03:30"}))
    assert Ballot.objects.get().closes_at.isoformat() == f"{march}T01:30:00+00:00"
    double = ballot_form(**opens, **{"closes-date": october, "closes-time": "02:30", "key": "1" * 32})
    answer = client.post(new(house), double)
    assert answer.status_code == 422
    assert "UTC+0100" in answer.text
    client.post(new(house), double | {"closes-second": "second"})
    assert Ballot.objects.get(closes_at__month=10).closes_at.isoformat() == f"{october}T01:30:00+00:00"


def test_of_two_who_change_it_the_second_sees_both(house, as_user):
    ballot = draft(house)
    first, second = as_user(house.organizer), as_user(house.owner)
    assert first.post(address("change_ballot", ballot), ballot_form(question="Which?")).status_code == 302
    answer = second.post(address("change_ballot", ballot), ballot_form(question="What then?", seats="1"))
    assert answer.status_code == 409
    for words in ("Which?", "What then?", 'name="version" value="2"'):
        assert words in answer.text
    ballot.refresh_from_db()
    assert ballot.question == "Which?"
    again = ballot_form(question="What then?", version="2")
    assert second.post(address("change_ballot", ballot), again).status_code == 302


def test_what_is_open_or_over_is_changed_by_nobody(house, as_user):
    ballot, client = opened(house), as_user(house.organizer)
    assert client.get(address("change_ballot", ballot))["Location"] == address("ballot", ballot)
    answer = client.post(address("change_ballot", ballot), ballot_form(question="Kept words"))
    assert (answer.status_code, "Kept words" in answer.text) == (409, True)
    for act in ("announce_ballot", "open_ballot", "discard_ballot"):
        assert client.post(address(act, closed(opened(house)))).status_code == 302
    over = closed(ballot)
    answer = client.post(address("void_ballot", over), {"reason": "Kept reason"})
    assert (answer.status_code, "Kept reason" in answer.text) == (409, True)
    assert client.post(address("void_ballot", opened(house)), {"reason": ""}).status_code == 422


def test_a_draft_is_for_organizers_alone(house, as_user):
    ballot = draft(house, question="Between us?")
    page = reverse("proposals:ballots", args=[house.group.slug])
    for person in (None, house.outsider, house.member, house.moderator):
        assert as_user(person).get(address("ballot", ballot)).status_code == 404
        assert "Between us?" not in as_user(person).get(page).text
    assert "Between us?" in as_user(house.organizer).get(page).text
    announced_one = announced(house, question="Soon?")
    assert "Soon?" in as_user(None).get(page).text
    assert as_user(None).get(address("ballot", announced_one)).status_code == 200


def test_a_ballot_of_another_group_is_not_there(house, closed_house, as_user):
    theirs = opened(closed_house)
    client = as_user(house.organizer)
    for name in ("ballot", "vote", "voted", "change_ballot", "void_ballot"):
        there = reverse(f"proposals:{name}", args=[house.group.slug, theirs.public_id])
        assert client.get(there).status_code == 404
        assert client.post(there).status_code in {404, 405}


def test_what_was_decided_is_on_pages(house, as_user):
    for number in range(21):
        closed(opened(house, question=f"Question {number}?"))
    page = reverse("proposals:ballots", args=[house.group.slug])
    assert as_user(None).get(page).text.count("/ballots/") >= 20
    assert "Question" in as_user(None).get(f"{page}?page=2").text
    assert as_user(None).get(f"{page}?page=3").status_code == 404
