"""Organizers say which paragraphs go together: by plain forms, and of two who do the second is told."""

import re
from html import unescape

import pytest

from .. import factories
from .houses import numbers, two_editions


@pytest.fixture
def two(house):
    return two_editions(house, confirmed=False)


def seen_on(page):
    return re.search(r'name="seen" value="(\w+)"', page)[1]


def name_of(reading, number):
    return factories.version_of(reading, number).paragraph.public_id


def act(client, two, act, reading=None, number=None, *, seen=None, **more):
    """What a button of the page sends."""
    seen = seen or seen_on(client.get(two.links).text)
    paragraph = name_of(reading, number) if reading else ""
    return client.post(f"{two.links}?section=1", {"act": act, "seen": seen, "paragraph": paragraph, **more})


def linked(two):
    return [(mine, theirs) for mine, theirs, _status in numbers(two)]


def test_a_section_is_confirmed_at_once_and_by_rows(two, as_user):
    client = as_user(two.organizer)
    assert {status for *_numbers, status in numbers(two)} == {"proposed"}
    answer = act(client, two, "confirm", two.reading, 3)
    assert answer["Location"].endswith(f"?section=1#row-{name_of(two.reading, 3)}")
    assert [link for link in numbers(two) if link[2] == "confirmed"] == [((3,), (3, 4), "confirmed")]
    assert act(client, two, "confirm_section").status_code == 302
    page = client.get(two.links).text
    assert "All of this section is right" not in page
    assert {status for mine, _theirs, status in numbers(two) if max(mine, default=0) <= 9} == {"confirmed"}
    assert "proposed" in {status for *_numbers, status in numbers(two)}  # the second section is not checked
    assert act(client, two, "confirm_all").status_code == 302
    assert {status for *_numbers, status in numbers(two)} == {"confirmed"}


def test_rows_are_separated_joined_and_moved_by_plain_forms(two, as_user):
    client = as_user(two.organizer)
    act(client, two, "separate", two.reading, 3)
    assert {((3,), (3,)), ((), (4,))} <= set(linked(two))
    act(client, two, "join", two.reading, 3)
    assert ((3,), (3, 4)) in linked(two)
    act(client, two, "move", two.other_reading, 4, to=4)
    assert {((3,), (3,)), ((4,), (4, 5))} <= set(linked(two))
    act(client, two, "propose")
    assert {((3,), (3,)), ((4,), (4, 5))} <= set(linked(two))  # a person has said so


def test_what_is_stale_changes_nothing_and_keeps_what_was_typed(two, as_user):
    mine, theirs = as_user(two.organizer), as_user(two.owner)
    seen = seen_on(mine.get(two.links).text)
    act(theirs, two, "confirm", two.reading, 1)
    was = numbers(two)
    answer = act(mine, two, "move", two.other_reading, 4, seen=seen, to=7)
    assert answer.status_code == 409
    assert "Somebody else has changed" in answer.text
    assert numbers(two) == was
    [field] = re.findall(rf'<input id="to-{name_of(two.other_reading, 4)}"[^>]*>', answer.text)
    assert 'value="7"' in field
    assert "<details open>" in answer.text
    assert act(mine, two, "move", two.other_reading, 4, seen=seen_on(answer.text), to=5).status_code == 302


@pytest.mark.parametrize(
    "sent",
    [
        {"act": "move", "to": ""},
        {"act": "move", "to": "x\x00<b>"},
        {"act": "move", "to": "0"},
        {"act": "move", "to": "99999"},
        {"act": "move", "to": "3"},  # where it is
        {"act": "confirm", "paragraph": "nosuch"},
        {"act": "join", "paragraph": "\x00"},
        {"act": "join", "paragraph": "\ud800"},
        {"act": "separate", "paragraph": "x" * 5000},
        {"act": "burn"},
        {"act": ""},
        {},
    ],
)
def test_bad_input_is_said_and_changes_nothing(two, as_user, sent):
    client, was = as_user(two.organizer), numbers(two)
    sent = {key: value.encode("utf-8", "surrogatepass") for key, value in sent.items()}
    data = {"seen": seen_on(client.get(two.links).text), "paragraph": name_of(two.other_reading, 4)} | sent
    answer = client.post(two.links, data)
    assert answer.status_code in {400, 422}
    assert numbers(two) == was
    assert "<b>" not in unescape(answer.text).replace("&lt;b", "") or "x\x00<b>" not in answer.text


def test_only_who_keeps_texts_says_so(two, as_user):
    for who, status in ((None, 302), (two.outsider, 403), (two.member, 403), (two.moderator, 403), (two.owner, 200)):
        answer = as_user(who).get(two.links)
        assert answer.status_code == status
        assert who is not None or "/login/" in answer["Location"]
    was = numbers(two)
    assert as_user(two.member).post(two.links, {"act": "confirm_all"}).status_code == 403
    assert numbers(two) == was


def test_without_links_they_are_proposed_by_a_button(two, as_user):
    two.pair.delete()
    client = as_user(two.organizer)
    page = client.get(two.links).text
    assert "Propose it by their lengths" in page
    assert client.post(two.links, {"act": "confirm", "paragraph": name_of(two.reading, 3)}).status_code == 409
    assert client.post(two.links, {"act": "propose"}).status_code == 302
    assert ((3,), (3, 4)) in linked(two)
