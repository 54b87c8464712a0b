"""The text with all its discussion as one document: set as the reading page is, and true for as long as it is kept."""

import re
import time
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment

from .. import factories

NOTED = """# The Quay

> The clerk kept a list.[^1]
>
> Nobody saw the list.[^2] It is said[^1] to be long.

And the winter went on, as winters do:

3. without a song;
4. without a list.

- and so on

[^1]: In *two* copies, one of them lost.
"""


@pytest.fixture
def noted(house):
    return factories.create_reading(house.group, NOTED, filename="quay.md", title="The Quay")


def address_of(reading):
    return reverse("discussion:whole", args=[reading.group.slug, reading.slug])


def whole(client, reading):
    """The document, and its source."""
    answer = client.get(address_of(reading))
    assert answer.status_code == 200
    source = answer.content.decode()
    return html.fromstring(source), source


def number_of(reading, words):
    return reading.edition.current.versions.get(text__contains=words).number


def test_every_paragraph_stands_there_in_order_under_its_own_name(house, as_user):
    document, source = whole(as_user(None), house.reading)
    versions = house.reading.edition.current.versions.select_related("paragraph")
    ids = [version.paragraph.public_id for version in versions]
    blocks = document.xpath("//*[contains(concat(' ', @class, ' '), ' block ')]")
    assert [block.get("id") for block in blocks] == ids
    assert re.findall(r'class="talk" href="#(\w{10})"', source) == ids
    named = document.xpath("//@id")
    assert len(named) == len(set(named))


def test_kinds_are_set_as_on_the_reading_page(house, noted, as_user):
    """Whatever stands there without discussion is what the reading page has, but for buttons, counts and notes."""
    for reading in (house.reading, noted):
        document, _ = whole(as_user(None), reading)
        page = reverse("readings:reading_page", args=[reading.group.slug, reading.slug])
        text = html.fromstring(as_user(None).get(page).content.decode())
        assert shape(document) == shape(text) != []


def shape(document):
    """The elements that set the paragraphs, with what tells them apart."""
    kept = {"section", "ol", "ul", "li", "blockquote", "div", "h2", "p", "em"}
    found = document.xpath("//article")[0].xpath(".//section//*")
    return [(e.tag, e.get("class"), e.get("value"), e.get("id")) for e in found if e.tag in kept]


def test_a_thread_stands_after_its_paragraph_inside_its_item_and_outside_of_a_quotation(house, noted, as_user):
    said = {
        "first": number_of(noted, "The clerk"),
        "second": number_of(noted, "Nobody saw"),
        "item": number_of(noted, "without a song"),
        "plain": number_of(noted, "And the winter"),
    }
    for words, number in said.items():
        factories.create_comment(noted, house.member, f"Of the {words} one.", number=number)
    document, _ = whole(as_user(None), noted)
    threads = document.xpath("//article//section[@class='discussion']")
    assert [thread.get("aria-label") for thread in threads] == [
        f"Discussion of paragraph {number}" for number in sorted(said.values())
    ]
    inside = [thread.xpath("ancestor::*[self::li or self::blockquote or self::p]") for thread in threads]
    assert [[element.tag for element in above] for above in inside] == [[], [], [], ["li"]]
    assert inside[3][0].get("value") == "3"
    assert len(document.xpath("//article//blockquote")) == 2, "a quotation goes on after what is said in between"
    assert len(document.xpath("//article//ol[@class='list']")) == 1, "a list stays one list"
    assert all(thread.getparent().tag != "blockquote" for thread in threads)


def test_notes_are_endnotes_and_lead_back(noted, as_user):
    document, source = whole(as_user(None), noted)
    assert "popover" not in source
    marks = document.xpath("//article//sup[@class='mark']/a")
    assert [mark.get("href") for mark in marks] == ["#note-1", "#note-2", "#note-1"]
    notes = document.xpath("//aside[@class='notes']/div")
    assert [note.get("id") for note in notes] == ["note-1", "note-2"]
    assert "In two copies, one of them lost." in notes[0].text_content()
    assert "The source has no text for this note." in notes[1].text_content()
    for note in notes:
        (back,) = note.xpath(".//a[@class='return']/@href")
        assert len(document.xpath(f"//sup[@id='{back[1:]}']")) == 1


def test_a_note_called_twice_stands_once_on_the_reading_page_too(noted, as_user):
    page = reverse("readings:reading_page", args=[noted.group.slug, noted.slug])
    document = html.fromstring(as_user(None).get(page).content.decode())
    assert document.xpath("//*[@popover]/@id") == ["note-1", "note-2"]
    assert len(document.xpath("//button[@popovertarget='note-1']")) == 2


def test_it_says_what_it_is_who_may_use_it_and_when_it_was_taken(house, as_user):
    reading = factories.create_reading(
        house.group, "One.\n\nTwo and three.\n", title="T", author="A. Author", translator="B. Trans", rights="CC0"
    )
    _, source = whole(as_user(house.member), reading)
    for told in (
        "A. Author",
        "translated by B. Trans",
        "CC0",
        "as Mara saw it on",
        f"http://testserver{address_of(reading)}",
    ):
        assert told in source
    assert re.search(r"saw it on \w+\.? \d+, 20\d\d", source)
    assert "as visitors saw it on" in whole(as_user(None), reading)[1]


def test_who_said_it_and_when_and_nothing_to_be_done_with_it(house, as_user):
    comment = factories.create_comment(house.reading, house.owner, "Whose?")
    Comment.objects.filter(pk=comment.pk).update(created_at="2025-03-04T05:06:00Z")
    for who in (None, house.member, house.owner):
        document, source = whole(as_user(who), house.reading)
        (said,) = document.xpath("//article[contains(@class, 'comment')]/header")
        assert "Olga" in said.text_content()
        assert "owner" in said.text_content()
        assert "March 4, 2025, 5:06 a.m." in said.text_content()
        assert "ago" not in said.text_content()
        assert "data-opens" not in source


def test_a_stub_stands_where_it_was_answered_and_ones_own_not_to_be_put_back(house, as_user):
    alone, asked = (factories.create_comment(house.reading, house.member, words) for words in ("Alone.", "Asked."))
    factories.create_comment(house.reading, house.other, "Answered.", parent=asked)
    for comment in (alone, asked):
        actions.withdraw(comment=comment, by=house.member)
    _, source = whole(as_user(house.member), house.reading)
    assert source.count("Withdrawn by its author.") == 1
    assert "Answered." in source
    assert "put_back" not in source


def test_a_thread_that_is_begun_or_taken_back_changes_the_document(house, as_user):
    client = as_user(None)
    assert "Discussion of paragraph" not in whole(client, house.reading)[1]
    comment = factories.create_comment(house.reading, house.member, "Here.")
    assert "Discussion of paragraph 4" in whole(client, house.reading)[1]
    actions.withdraw(comment=comment, by=house.member)
    assert "Discussion of paragraph" not in whole(client, house.reading)[1]


def test_a_long_text_comes_by_section_with_its_own_threads_and_notes(house, as_user, settings):
    settings.READ_WHOLE_UP_TO_WORDS = 50
    factories.create_comment(house.reading, house.member, "In the first.", number=4)
    factories.create_comment(house.reading, house.member, "In the second.", number=10)
    first = whole(as_user(None), house.reading)[1]
    assert "In the first." in first
    assert "In the second." not in first
    second = as_user(None).get(address_of(house.reading) + "?section=2").content.decode()
    assert "In the second." in second
    assert "In the first." not in second
    assert 'id="note-1"' not in second


def test_paragraphs_threads_and_notes_cost_no_more_queries(house, as_user):
    def queries(reading):
        client = as_user(house.member)
        client.get(address_of(reading))
        with CaptureQueriesContext(connection) as captured:
            client.get(address_of(reading))
        return len(captured)

    long = factories.create_reading(house.group, factories.long_text(300), filename="long.txt")
    none = queries(long)
    factories.create_comment(long, house.member, number=2)
    one = queries(long)
    for number in (5, 7, 300):
        factories.create_comment(long, house.other, number=number)
    assert queries(long) == one == none + 2 <= 11  # who is named, and what is quoted, is asked once


def test_an_essay_with_a_thousand_comments_is_served_at_once(house, as_user):
    reading = factories.create_reading(house.group, factories.long_text(211), filename="long.txt")
    versions = list(reading.edition.current.versions.all())
    people = [house.member, house.other, house.owner]
    Comment.objects.bulk_create(
        Comment(
            reading=reading, paragraph_id=version.paragraph_id, version=version, author=people[number % 3],
            key=uuid.uuid4(), body="Words.", body_html=f"<p>Words {number}.</p>",
        )
        for number in range(1_055)
        for version in [versions[number % 211]]
    )  # fmt: skip
    began = time.process_time()
    _, source = whole(as_user(None), reading)
    assert time.process_time() - began < 5
    assert source.count('class="words"') == 1_055
