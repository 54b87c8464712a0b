"""Passages chosen in the text itself, by links and a button, and by numbers."""

import re

import pytest
from django.urls import reverse

from readinggroup.schedule import actions

from .. import factories
from .houses import draft_session, passages


@pytest.fixture
def session(house):
    return draft_session(house, passages=passages(house, (4, 5)))


def page_of(session, *names):
    return reverse("schedule:choose_passages", args=[session.reading.group.slug, session.public_id, *names])


def name_of(house, number):
    return factories.version_of(house.reading, number).paragraph.public_id


def chosen(session):
    numbers = dict(session.reading.edition.current.versions.values_list("paragraph_id", "number"))
    return [(numbers[one.first_id], numbers[one.last_id]) for one in session.passages.all()]


def keep(client, session, *names, **data):
    session.refresh_from_db()
    return client.post(page_of(session, *names), {"version": session.version} | data)


def test_a_passage_is_chosen_by_two_links_and_a_button(house, session, as_user):
    """As on the reading page each paragraph has a link to "p/<id>/", which here begins or ends a passage."""
    client = as_user(house.organizer)
    here = page_of(session)
    for number in (9, 7):
        assert f'href="p/{name_of(house, number)}/"' in client.get(here).text
        answer = client.get(f"{here}p/{name_of(house, number)}/")
        here, _hash, anchor = answer.headers["Location"].partition("#")
        assert anchor == name_of(house, number)
        assert chosen(session) == [(4, 5)]
    assert "Paragraphs 7 to 9." in client.get(here).text
    answer = client.post(here, {"version": session.version, "add": "1"})
    assert answer.status_code == 302
    assert chosen(session) == [(4, 5), (7, 9)]
    page = client.get(answer.headers["Location"]).text
    assert page.count("✓") == 5


def test_one_paragraph_alone_is_a_passage(house, session, as_user):
    keep(as_user(house.organizer), session, name_of(house, 9), add="1")
    assert chosen(session) == [(4, 5), (9, 9)]


def test_what_overlaps_becomes_one(house, session, as_user):
    keep(as_user(house.organizer), session, name_of(house, 5), name_of(house, 8), add="1")
    assert chosen(session) == [(4, 8)]


def test_a_passage_is_taken_out(house, session, as_user):
    client = as_user(house.organizer)
    keep(client, session, passages="4-5, 7, 9")
    assert chosen(session) == [(4, 5), (7, 7), (9, 9)]
    keep(client, session, remove="7-7")
    keep(client, session, remove="1-99")
    assert chosen(session) == [(4, 5), (9, 9)]


def test_numbers_that_are_none_are_refused_and_kept(house, session, as_user):
    answer = keep(as_user(house.organizer), session, passages="4-5, <b>")
    assert answer.status_code == 422
    assert 'value="4-5, &lt;b&gt;"' in answer.text
    assert chosen(session) == [(4, 5)]


@pytest.mark.parametrize("version", ["", "0", "x", "٣", "9" * 40, "-1"])
def test_a_version_that_is_none_is_a_stale_one(house, session, as_user, version):
    answer = as_user(house.organizer).post(page_of(session), {"version": version, "passages": "9"})
    assert answer.status_code == 409
    assert chosen(session) == [(4, 5)]


def test_of_two_who_choose_at_once_the_second_sees_what_the_first_has_chosen(house, session, as_user):
    before = session.version
    keep(as_user(house.owner), session, passages="9")
    answer = as_user(house.organizer).post(page_of(session), {"version": before, "passages": "4"})
    assert answer.status_code == 409
    assert "Somebody else has changed this session" in answer.text
    assert ">paragraph 9</a>" in answer.text
    assert chosen(session) == [(9, 9)]


def test_of_what_is_over_nothing_is_chosen(house, session, as_user):
    actions.put_on_calendar(session=session, by=house.organizer)
    actions.cancel(session=session, reason="Ice.", by=house.organizer)
    assert as_user(house.organizer).get(page_of(session)).status_code == 404


def test_a_paragraph_of_another_text_is_not_there(house, session, as_user):
    other = factories.create_reading(house.group, factories.long_text(3), filename="other.txt", title="Other")
    client = as_user(house.organizer)
    for name in (name_of(type("House", (), {"reading": other}), 2), "nowhere"):
        assert client.get(page_of(session, name)).status_code == 404
        assert client.get(f"{page_of(session)}p/{name}/").status_code == 404
        assert client.post(page_of(session, name), {"add": "1", "version": 1}).status_code == 404


def test_a_long_text_is_chosen_from_by_section(house, as_user, settings):
    settings.READ_WHOLE_UP_TO_WORDS = 20
    reading = factories.create_reading(
        house.group, factories.long_text(12, section_every=4), filename="long.txt", title="Long"
    )
    house.reading = reading
    session = draft_session(house)
    client = as_user(house.organizer)
    first = client.get(page_of(session)).text
    assert len(re.findall(r'class="talk" href="p/', first)) == 4
    answer = client.get(f"{page_of(session)}p/{name_of(house, 6)}/")
    assert "?section=2#" in answer.headers["Location"]
    assert client.get(answer.headers["Location"]).status_code == 200
    keep(client, session, name_of(house, 2), name_of(house, 10), add="1")
    assert chosen(session) == [(2, 10)]
    assert client.get(f"{page_of(session)}?section=9").status_code == 404


def test_the_chosen_passages_lead_into_the_text(house, session, as_user):
    page = reverse("schedule:session", args=[house.group.slug, session.public_id])
    shown = as_user(house.organizer).get(page).text
    text = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    assert f'<a href="{text}#{name_of(house, 4)}">paragraphs 4–5</a>' in shown
