"""Voting over HTTP: the paper, the key, the receipt, a change of mind, and what is refused."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.proposals import actions
from readinggroup.proposals.actions.closing import close_due
from readinggroup.proposals.models import Ballot, receipt_of
from readinggroup.proposals.voting_views import cookie_name

from .. import factories
from .ballots import address, announced, box_of, closed, create_proposal, let_time_pass, new_key, opened, votes


def key_on(page) -> str:
    """The key in the form."""
    return re.search(r'name="secret_key" value="(\w{32})"', page.text)[1]


def send(client, ballot, **paper):
    """Open the form and send it, as a browser without scripts would."""
    page = client.get(address("vote", ballot))
    return client.post(address("vote", ballot), {"secret_key": key_on(page), **paper})


def papers(ballot) -> list:
    return list(box_of(ballot).papers.values())


def test_a_vote_its_receipt_and_a_change_of_mind(house, as_user):
    ballot, client = opened(house), as_user(house.member)
    answer = send(client, ballot, named=["1", "3"], reason="Short, and\r\nold.")
    assert (answer.status_code, answer["Location"]) == (302, address("voted", ballot))
    assert papers(ballot) == [{"named": [1, 3], "reason": "Short, and\nold."}]
    page = client.get(answer["Location"])
    [receipt] = box_of(ballot).papers
    key = re.search(r"<code>(\w{32})</code>", page.text)[1]
    assert f"<code>{receipt}</code>" in page.text
    assert receipt_of(key) == receipt
    assert "Short, and<br>old." in page.text
    form = client.get(address("vote", ballot)).text
    assert form.count(" checked") == 2
    assert send(client, ballot, abstain="1").status_code == 302
    assert papers(ballot) == [{"abstains": True}]
    assert list(box_of(ballot).papers) == [receipt]
    assert "I abstain" in client.get(address("voted", ballot)).text


def test_ranks_are_numbers_equal_ones_too_and_what_has_none_is_left_out(house, as_user):
    ballot = opened(house, method="ranking")
    assert send(as_user(house.member), ballot, **{"rank-1": "2", "rank-3": "2", "rank-2": ""}).status_code == 302
    assert papers(ballot) == [{"ranks": {"1": 2, "3": 2}}]


def test_one_choice(house, as_user):
    ballot, client = opened(house, method="choice"), as_user(house.member)
    assert send(client, ballot, named="2").status_code == 302
    assert papers(ballot) == [{"named": [2]}]
    assert client.get(address("vote", ballot)).text.count(" checked") == 1


@pytest.mark.parametrize(
    ("method", "sent", "words"),
    [
        ("approval", {}, "Your paper is empty"),
        ("approval", {"named": ["9"]}, "Select a valid choice"),
        ("approval", {"named": ["1\x00"]}, "Select a valid choice"),
        ("approval", {"named": ["1"], "reason": "x" * 1_001}, "at most 1000 characters"),
        ("approval", {"named": ["1"], "reason": "a\x00b"}, "characters that cannot be kept"),
        ("choice", {}, "Your paper is empty"),
        ("choice", {"named": "' OR 1=1 --"}, "Select a valid choice"),
        ("ranking", {}, "Your paper is empty"),
        ("ranking", {"rank-1": "0"}, "greater than or equal to 1"),
        ("ranking", {"rank-1": "51"}, "less than or equal to 50"),
        ("ranking", {"rank-1": "first"}, "Enter a whole number"),
        ("ranking", {"rank-1": "9" * 5_000}, "Enter a whole number"),
        ("approval", {"named": ["1"], "secret_key": "zz"}, "A key has 32 signs"),
        ("approval", {"named": ["1"], "secret_key": ""}, "Without the key"),
        ("approval", {"named": ["1"], "secret_key": "\x00" * 32}, "A key has 32 signs"),
    ],
)
def test_what_cannot_be_read_is_said_and_what_was_typed_is_kept(house, as_user, method, sent, words):
    ballot, client = opened(house, method=method), as_user(house.member)
    answer = send(client, ballot, **{"reason": "<b>Kept</b>"} | sent)
    assert answer.status_code == 422
    assert words in answer.text
    assert "&lt;b&gt;Kept&lt;/b&gt;" in answer.text or "reason" in sent
    assert papers(ballot) == []


def test_the_same_form_sent_twice_is_one_paper(house, as_user):
    ballot, client = opened(house), as_user(house.member)
    key = key_on(client.get(address("vote", ballot)))
    for _twice in range(2):
        answer = client.post(address("vote", ballot), {"secret_key": key, "named": ["2"]})
        assert answer.status_code == 302
    assert papers(ballot) == [{"named": [2]}]


def test_a_lost_answer_costs_nothing(house, as_user):
    """The key is in the browser before the form is sent."""
    ballot, client = opened(house), as_user(house.member)
    send(client, ballot, named=["2"])
    again, name = as_user(house.member), cookie_name(ballot, house.member)
    again.cookies[name] = client.cookies[name].value
    assert send(again, ballot, named=["1"]).status_code == 302
    assert papers(ballot) == [{"named": [1]}]


def test_on_another_device_the_key_changes_the_vote_and_without_it_nothing_does(house, as_user):
    ballot, phone, desk = opened(house), as_user(house.member), as_user(house.member)
    send(phone, ballot, named=["2"])
    key = re.search(r"<code>(\w{32})</code>", phone.get(address("voted", ballot)).text)[1]
    page = desk.get(address("vote", ballot))
    assert "this browser does not know your paper" in page.text
    assert 'type="text" name="secret_key"' in page.text
    assert "does not know the key" in desk.get(address("voted", ballot)).text
    for wrong in (new_key(), ""):
        answer = desk.post(address("vote", ballot), {"asks": "1", "secret_key": wrong, "named": ["1"]})
        assert answer.status_code == (409 if wrong else 422)
        assert "checked" in answer.text
    assert papers(ballot) == [{"named": [2]}]
    typed = " ".join(re.findall("....", key.upper()))
    answer = desk.post(address("vote", ballot), {"asks": "1", "secret_key": typed, "named": ["1"]})
    assert answer.status_code == 302
    assert papers(ballot) == [{"named": [1]}]
    assert desk.get(address("vote", ballot)).text.count(" checked") == 1  # known here, too, from now on


def test_who_has_not_voted_cannot_change_another_ones_paper_with_its_key(house):
    ballot = opened(house)
    key = votes(ballot, house.member, {"named": [1]})
    with pytest.raises(actions.NotYourPaper):
        votes(ballot, house.other, {"named": [2]}, key)
    assert papers(ballot) == [{"named": [1]}]


def test_the_cookie_serves_nobody_else_and_stays_in_its_place(house, as_user, settings):
    settings.SESSION_COOKIE_SECURE = True
    ballot, client = opened(house), as_user(house.member)
    mine, theirs = (cookie_name(ballot, person) for person in (house.member, house.other))
    key = key_on(client.get(address("vote", ballot), secure=True))
    cookie = client.cookies[mine]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["secure"]) == (
        address("ballot", ballot), True, "Lax", True,
    )  # fmt: skip
    assert int(cookie["max-age"]) > 24 * 60 * 60
    assert key not in cookie.value  # who looks at the cookies of a shared device learns no receipt
    assert key_on(client.get(address("vote", ballot), secure=True)) == key
    other = as_user(house.other)
    other.cookies[mine] = other.cookies[theirs] = cookie.value
    assert key_on(other.get(address("vote", ballot), secure=True)) != key
    assert other.cookies[mine].value == cookie.value  # another's is left alone
    for forged in ("", "x", f"{key}:forged", "\u00e9" * 5, ":" * 99):
        client.cookies[mine] = forged
        assert client.get(address("vote", ballot), secure=True).status_code == 200


def test_the_key_is_in_no_address_no_message_and_no_login_data(house, as_user):
    ballot, client = opened(house), as_user(house.member)
    answer = send(client, ballot, named=["1"])
    key = key_on(client.get(address("vote", ballot)))
    [receipt] = box_of(ballot).papers
    stored = str(dict(client.session.items()))
    for word in (key, receipt):
        assert word not in answer["Location"]
        assert word not in stored
        assert word not in client.get(address("ballot", ballot)).text
    assert "no-store" in client.get(address("voted", ballot))["Cache-Control"]


def test_words_of_a_vote_that_met_a_login_that_ran_out_are_kept_nowhere(house, as_user):
    ballot, client = opened(house), as_user(None)
    answer = client.post(address("vote", ballot), {"secret_key": new_key(), "named": ["1"], "reason": "It is short."})
    assert answer.status_code == 302
    assert "kept" not in answer["Location"]
    assert dict(client.session.items()) == {}


def test_a_form_whose_token_ran_out_is_not_shown_again(house):
    ballot = opened(house)
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(house.member, backend="readinggroup.accounts.logins.QuickModelBackend")
    sent = {"secret_key": new_key(), "named": ["1"], "reason": "It is short."}
    answer = client.post(address("vote", ballot), sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    assert "It is short." not in answer.text
    assert papers(ballot) == []


def test_what_comes_too_late_is_refused_with_what_was_typed(house, as_user):
    ballot, client = opened(house), as_user(house.member)
    key = key_on(client.get(address("vote", ballot)))
    sent = {"secret_key": key, "named": ["2"], "reason": "It is short."}
    let_time_pass(ballot)
    answer = client.post(address("vote", ballot), sent)
    assert (answer.status_code, "too late" in answer.text, "It is short." in answer.text) == (409, True, True)
    assert 'class="send"' not in answer.text
    close_due()
    assert client.post(address("vote", ballot), sent).status_code == 409
    assert papers(ballot) == []
    void = opened(house)
    actions.void_ballot(ballot=void, reason="No.", by=house.organizer)
    answer = client.post(address("vote", void), sent)
    assert (answer.status_code, "declared void" in answer.text) == (409, True)


def test_a_newcomer_reads_that_the_electors_are_fixed(house, as_user):
    ballot = opened(house)
    client = as_user(factories.create_member(house.group, "Lena"))
    assert client.get(address("vote", ballot), follow=True).redirect_chain == [(address("ballot", ballot), 302)]
    assert "who may was fixed when it opened" in client.get(address("ballot", ballot)).text
    answer = client.post(address("vote", ballot), {"secret_key": new_key(), "named": ["1"]})
    assert (answer.status_code, papers(ballot)) == (409, [])


def test_before_it_opens_nobody_votes(house, as_user):
    ballot, client = announced(house), as_user(house.member)
    assert client.get(address("vote", ballot))["Location"] == address("ballot", ballot)
    assert client.post(address("vote", ballot), {"named": ["1"]})["Location"] == address("ballot", ballot)
    assert client.get(address("voted", ballot))["Location"] == address("ballot", ballot)


def test_in_an_open_ballot_one_needs_no_key(house, as_user):
    ballot = opened(house, is_secret=False)
    send(as_user(house.member), ballot, named=["2"])
    desk = as_user(house.member)
    assert desk.get(address("vote", ballot)).text.count(" checked") == 1
    assert send(desk, ballot, named=["1"]).status_code == 302
    assert papers(ballot) == [{"named": [1], "by": house.member.pk}]
    page = desk.get(address("voted", ballot)).text
    assert next(iter(box_of(ballot).papers)) in page
    assert "Key of your paper" not in page
    assert send(as_user(house.other), ballot, named=["1"]).status_code == 302
    assert len(papers(ballot)) == 2


def test_the_front_page_says_until_when_one_can_vote(house, as_user):
    ballot, page = opened(house), reverse("group", args=[house.group.slug])
    client = as_user(house.member)
    assert "You have not voted yet." in client.get(page).text
    send(client, ballot, named=["1"])
    assert "You have voted." in client.get(page).text
    visitor = as_user(None).get(page).text
    assert ballot.question in visitor
    assert "voted." not in visitor
    closed(ballot)
    assert ballot.question not in client.get(page).text


@pytest.mark.parametrize("page", ["group", "proposals:ballots"])
def test_pages_ask_as_much_for_three_ballots_as_for_one(house, as_user, page):
    client, place = as_user(house.member), reverse(page, args=[house.group.slug])
    opened(house)
    asked = []
    for _ in range(2):
        client.get(place)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(place)
        asked.append(len(captured))
        for _more in range(2):
            opened(house, proposals=[create_proposal(house, f"Proposal {Ballot.objects.count()}")], options=["None"])
    assert asked[0] == asked[1]


@pytest.mark.parametrize("name", ["ballot", "vote"])
def test_a_ballot_asks_as_much_for_many_options_as_for_few(house, as_user, name):
    client, asked = as_user(house.member), []
    for count in (2, 6):
        proposals = [create_proposal(house, f"Text {count} {number}") for number in range(count)]
        ballot = opened(house, proposals=proposals, options=[])
        client.get(address(name, ballot))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name, ballot)).status_code == 200
        asked.append(len(captured))
    assert asked[0] == asked[1]
