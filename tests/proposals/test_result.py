"""The page of a result: it says what was counted, of closed ballots alone, and names only whom it may."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.proposals import shown_result
from readinggroup.proposals.models import BallotState, ProposalState

from .. import factories
from .counted import accepted, closed_ballot, proposed, receipts, settle


def address(ballot, name="result"):
    return reverse(f"proposals:{name}", args=[ballot.group.slug, ballot.public_id])


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def rows_of(page, caption):
    """The cells of the table with that label, row by row, as words."""
    table = re.search(rf'<table[^>]*aria-labelledby="{caption}".*?</table>', page, re.DOTALL)[0]
    body = table.partition("<tbody>")[2]
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in body.split("</tr>")[:-1]
    ]


def test_an_approval_is_told_in_bars_that_are_a_table(house, as_user):
    papers = receipts({"named": [2, 3]}, {"named": [2], "reason": "It is short."}, {"named": [1]}, {"abstains": True})
    ballot = closed_ballot(house, papers=papers, quorum=50)
    page = as_user(house.member).get(address(ballot)).text
    assert rows_of(page, "the-order") == [
        ["1", "2. Option 2 chosen", "2 67 %"],
        ["2", "1. Option 1", "1 33 %"],
        ["3", "3. Option 3", "1 33 %"],
    ] or rows_of(page, "the-order")[1:] == [["2", "3. Option 3", "1 33 %"], ["3", "1. Option 1", "1 33 %"]]
    assert re.findall(r'<rect class="bar" width="(\d+)"', page) == ["67", "33", "33"]
    assert "5 people could vote; in the box are papers: 4, of which abstain: 1." in page
    assert "The quorum of 50 percent asks for papers: 3. It is reached." in page
    assert "Chosen: “Option 2”." in page
    assert rows_of(page, "the-list")[1] == ["0000000000000002", "2 It is short."]
    assert rows_of(page, "the-list")[3] == ["0000000000000004", "abstains"]


def test_a_ranking_is_told_in_pairs_paths_and_steps(house, as_user):
    papers = receipts(*[{"ranks": {"1": 1, "2": 2, "3": 3}}] * 2, {"ranks": {"2": 1, "3": 2}})
    page = as_user(None).get(address(closed_ballot(house, papers=papers, method="ranking"))).text
    assert rows_of(page, "the-pairs") == [
        ["1. Option 1", "–", "2", "2"],
        ["2. Option 2", "1", "–", "3"],
        ["3. Option 3", "1", "0", "–"],
    ]
    assert 'class="over-3"><strong>3</strong>' in page
    assert 'class="over-2"><strong>2</strong>' in page
    assert rows_of(page, "the-paths")[0] == ["1. Option 1", "–", "2", "2"]
    assert "“Option 1” beats “Option 2”: the strongest path there has 2, that back 0." in page
    assert rows_of(page, "the-list")[2] == ["0000000000000003", "2 &gt; 3"]


def test_a_tie_is_told_with_what_broke_it_and_the_draw_can_be_seen(house, as_user):
    ballot = closed_ballot(house, papers=receipts({"named": [1, 2]}), options=["Left", "Right"])
    page = as_user(None).get(address(ballot)).text
    assert "These stand level: “Left”, “Right”." in page
    drawn = rows_of(page, "the-draw")
    assert sorted(drawn, key=lambda row: row[1]) == drawn
    assert drawn[0][0].endswith(ballot.options.get(number=ballot.result["winners"][0]).title)
    assert ballot.result["seed"] in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"papers": receipts({"named": [1]}), "quorum": 100}, "Nothing is chosen: too few have voted."),
        ({"papers": {}}, "Nothing is chosen: no paper names anything."),
        ({"papers": {}, "options": 0}, "Nothing is chosen: no paper names anything."),
        ({"papers": receipts({"abstains": True}), "method": "ranking"}, "Nothing is chosen: no paper names anything."),
    ],
)
def test_when_nothing_is_chosen_it_says_why(house, as_user, fields, words):
    page = as_user(None).get(address(closed_ballot(house, **fields))).text
    assert words in text_of(page.partition('<div class="notice">')[2].partition("</div>")[0])


@pytest.mark.parametrize(
    ("state", "is_counted"),
    [
        (BallotState.DRAFT, False),
        (BallotState.ANNOUNCED, False),
        (BallotState.OPEN, False),
        (BallotState.VOID, False),
        (BallotState.CLOSED, False),
    ],
)
@pytest.mark.parametrize("name", ["result", "papers", "recount_script"])
def test_of_a_ballot_that_is_not_counted_nobody_learns_anything(house, as_user, state, is_counted, name):
    fields = {"announced_at": None} if state == BallotState.DRAFT else {}
    fields |= {"opened_at": None} if state in {BallotState.DRAFT, BallotState.ANNOUNCED} else {}
    ballot = closed_ballot(house, papers=receipts({"named": [1]}), state=state, is_counted=is_counted, **fields)
    for person in (None, house.member, house.organizer, house.owner):
        assert as_user(person).get(address(ballot, name)).status_code == 404


def test_a_ballot_is_not_found_under_another_group(house, as_user):
    ballot, other = closed_ballot(house, papers={}), factories.create_group()
    for name in ("result", "papers", "recount_script"):
        page = address(ballot, name).replace(house.group.slug, other.slug)
        assert as_user(house.owner).get(page).status_code == 404


# --- Who voted how ----------------------------------------------------------------------------------------------------


def test_an_open_ballot_names_voters_to_members_alone(house, as_user):
    papers = receipts({"named": [1], "by": str(house.member.pk)}, {"named": [2], "by": str(house.other.pk)})
    ballot = closed_ballot(house, papers=papers, is_secret=False)
    inside, outside = as_user(house.organizer), as_user(None)
    assert rows_of(inside.get(address(ballot)).text, "the-list")[0] == ["0000000000000001", "Mara", "1"]
    document = inside.get(address(ballot, "papers")).json()
    assert document["papers"]["0000000000000002"] == {"named": [2], "name": "Milo"}
    for client in (outside, as_user(house.outsider)):
        for name in ("result", "papers"):
            said = client.get(address(ballot, name)).text
            assert "Mara" not in said
            assert "Milo" not in said
            assert '"by"' not in said


def test_a_secret_ballot_names_nobody_whatever_lies_in_the_box(house, as_user):
    """Even if a name had come onto a paper, which the database refuses."""
    ballot = closed_ballot(house, papers=receipts({"named": [1], "by": str(house.member.pk)}))
    for person in (house.member, house.moderator, house.organizer, house.owner):
        client = as_user(person)
        said = client.get(address(ballot)).text.partition("<main")[2] + client.get(address(ballot, "papers")).text
        assert "Mara" not in said.replace(f"<bdi>{person.display_name}</bdi>", "")
        assert '"by"' not in said
        assert '"voted"' not in said


def test_words_of_people_are_words_and_nothing_else(house, as_user):
    evil = "<script>alert(1)</script>\u202e"
    papers = receipts({"named": [1], "reason": evil})
    ballot = closed_ballot(house, papers=papers, options=[evil, "b"], question=evil)
    page = as_user(house.member).get(address(ballot)).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 4


# --- What comes of it -------------------------------------------------------------------------------------------------


def test_it_says_what_comes_of_the_winner_and_of_the_others(house, as_user):
    winner, loser = accepted(house, "The Weir"), proposed(house, "The Lock")
    ballot = closed_ballot(house, papers=receipts({"named": [1]}), options=[winner, loser])
    bring = reverse("proposals:bring_text", args=[house.group.slug, winner.public_id])
    assert bring in as_user(house.organizer).get(address(ballot)).text
    page = as_user(house.member).get(address(ballot)).text
    assert bring not in page
    comes = text_of(page.partition('id="what-comes"')[2].partition("</section>")[0])
    assert "The Weir Chosen. An organizer brings its text. The Lock place 2 · proposed · 0 hands raised" in comes


def test_once_the_text_is_there_it_leads_to_it_and_to_its_plan(house, as_user):
    winner = accepted(house)
    winner.reading = house.reading
    winner.save(update_fields=["reading"])
    ballot = closed_ballot(house, papers=receipts({"named": [1]}), options=[winner])
    plan = reverse("schedule:plan", args=[house.group.slug, house.reading.slug])
    assert plan in as_user(house.organizer).get(address(ballot)).text
    page = as_user(house.member).get(address(ballot)).text
    assert reverse("readings:reading_page", args=[house.group.slug, house.reading.slug]) in page
    assert plan not in page


def test_a_text_for_members_is_no_link_for_visitors(house, as_user):
    winner = accepted(house)
    house.reading.for_members = True
    house.reading.save()
    winner.reading = house.reading
    winner.save(update_fields=["reading"])
    ballot = closed_ballot(house, papers=receipts({"named": [1]}), options=[winner])
    page = as_user(None).get(address(ballot)).text
    assert f"/read/{house.reading.slug}/" not in page
    assert "for members" in page


# --- Questions asked of the database ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["result", "papers"])
def test_more_papers_options_and_voters_are_no_more_questions(house, as_user, name):
    def asked(many):
        options = []
        for _one in range(many):
            options.append(proposed(house))
            settle(options[-1], ProposalState.ACCEPTED)
        papers = receipts(*[{"named": [1], "by": str(house.member.pk)}] * many)
        ballot = closed_ballot(house, papers=papers, options=options, is_secret=False)
        client = as_user(house.organizer)
        client.get(address(ballot, name))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(ballot, name)).status_code == 200
        return len(captured)

    one = asked(1)
    for _more in range(3):
        factories.create_member(house.group)
    assert asked(3) == one


def test_the_file_holds_what_the_count_is_made_of(house, as_user):
    ballot = closed_ballot(house, papers=receipts({"named": [2], "reason": "“Short”"}), seats=2, quorum=10)
    answer = as_user(None).get(address(ballot, "papers"))
    assert answer["Content-Disposition"] == f'attachment; filename="ballot-{ballot.public_id}.json"'
    document = json.loads(answer.content)
    assert document["papers"] == {"0000000000000001": {"named": [2], "reason": "“Short”"}}
    assert document["ballot"]["seats"] == 2
    assert document["electors"] == 5
    assert document["result"] == ballot.result
    assert [option["title"] for option in document["options"]] == ["Option 1", "Option 2", "Option 3"]


def test_of_very_many_papers_the_page_shows_the_first_and_the_file_all(house, as_user, monkeypatch):
    monkeypatch.setattr(shown_result, "MOST_PAPERS", 2)
    ballot = closed_ballot(house, papers=receipts(*[{"named": [1]}] * 4))
    page = as_user(None).get(address(ballot)).text
    assert page.count('id="paper-') == 2
    assert "2 more papers stand in the file." in page
