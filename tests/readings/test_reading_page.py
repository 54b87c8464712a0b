"""The reading page: all of the text in order, each paragraph with its address and its button, at a fixed cost."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.groups.models import Visibility
from readinggroup.readings.models import Place
from texts.models import ParagraphVersion

from .. import factories
from ..essay import PATH, needs_the_essay


def page_of(reading):
    return reverse("readings:reading_page", args=[reading.group.slug, reading.slug])


def queries_of(client, address):
    """How many queries the page costs once its text is kept ready."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_every_paragraph_stands_there_in_order_with_address_and_button(house, as_user):
    page = as_user(None).get(page_of(house.reading)).content.decode()
    versions = ParagraphVersion.objects.filter(revision=house.reading.edition.current).select_related("paragraph")
    ids = [version.paragraph.public_id for version in versions]
    assert re.findall(r'id="(\w{10})" class="block', page) == ids
    assert re.findall(r'class="talk" href="p/(\w{10})/"', page) == ids
    numbers = re.findall(r'<span class="number"><i>.*?</i>(\d+)</span>', page)
    assert numbers == [str(number) for number in range(1, len(ids) + 1)]


def test_kinds_are_set_as_what_they_are(house, as_user):
    page = as_user(None).get(page_of(house.reading)).content.decode()
    assert '<li id="' in page
    assert 'value="3"' in page
    assert page.count('<ol class="list">') == 1
    assert "<blockquote>" in page
    assert "signature" in page
    assert "dateline" in page


def test_a_note_mark_shows_its_note_or_says_that_there_is_none(house, as_user):
    page = as_user(None).get(page_of(house.reading)).content.decode()
    assert page.count('popovertarget="note-1"') == page.count('id="note-1" popover') == 1
    assert "The source has no text for this note." in page
    assert "winter.”1" not in page


def test_counts_stand_at_their_paragraphs_and_in_the_contents(house, as_user):
    factories.create_comment(house.reading, house.member, number=4)
    factories.create_comment(house.reading, house.other, number=4)
    page = as_user(None).get(page_of(house.reading)).content.decode()
    paragraph = factories.version_of(house.reading, 4).paragraph.public_id
    label = f'href="p/{paragraph}/"><span class="number"><i>Paragraph </i>4</span><span class="said"><b>2</b>'
    assert f"{label}<i> comments</i>" in page
    assert 'class="tally">2 comments' in page
    assert "Paragraph 4: 2 comments" in page


def test_where_i_stopped_is_offered_when_i_return(house, as_user):
    client = as_user(house.member)
    paragraph = factories.version_of(house.reading, 7).paragraph
    answer = client.post(page_of(house.reading) + "place/", {"paragraph": paragraph.public_id})
    assert answer["Location"] == f"{page_of(house.reading)}#{paragraph.public_id}"
    assert "Go on at paragraph 7" in client.get(page_of(house.reading)).content.decode()
    assert "Go on at paragraph 7" not in as_user(house.other).get(page_of(house.reading)).content.decode()
    client.post(page_of(house.reading) + "place/", {"paragraph": paragraph.public_id}, headers={"HX-Request": "true"})
    assert Place.objects.count() == 1


@pytest.mark.parametrize("paragraph", ["", "nowhere", "a\x00b"])
def test_a_place_that_is_none_is_not_kept(house, as_user, paragraph):
    answer = as_user(house.member).post(page_of(house.reading) + "place/", {"paragraph": paragraph})
    assert answer.status_code == 404
    assert Place.objects.count() == 0


def test_visitors_keep_no_place_on_the_server(house, as_user):
    assert as_user(None).post(page_of(house.reading) + "place/", {"paragraph": "x"}).status_code == 302
    assert as_user(house.outsider).post(page_of(house.reading) + "place/", {"paragraph": "x"}).status_code == 403


def test_a_number_said_aloud_leads_to_the_paragraph(house, as_user):
    answer = as_user(None).get(page_of(house.reading) + "4/")
    assert answer["Location"].endswith("#" + factories.version_of(house.reading, 4).paragraph.public_id)
    for none in ("0", "999", "99999999999999999999"):
        assert as_user(None).get(page_of(house.reading) + f"{none}/").status_code == 404


def test_a_long_text_is_read_by_section(house, as_user, settings):
    settings.READ_WHOLE_UP_TO_WORDS = 50
    page = as_user(None).get(page_of(house.reading)).content.decode()
    assert "The ferry left" in page
    assert "<p>The second year began" not in page
    assert 'rel="next" href="?section=2"' in page
    second = as_user(None).get(page_of(house.reading) + "?section=2").content.decode()
    assert "The second year began" in second
    for none in ("0", "3", "x", "²", "-1", "999999999999", "0000000019", "1" + "0" * 5_000, "000000001" + "0" * 5_000):
        assert as_user(None).get(page_of(house.reading) + f"?section={none}").status_code == 404
    number = as_user(None).get(page_of(house.reading) + "10/")["Location"]
    assert "?section=2#" in number


def test_queries_do_not_grow_with_paragraphs_or_comments(house, as_user):
    small = factories.create_reading(house.group, factories.long_text(20), filename="small.txt")
    large = factories.create_reading(house.group, factories.long_text(2_000), filename="large.txt")
    costs = {
        (reading.slug, who): queries_of(as_user(who and house.member), page_of(reading))
        for reading in (small, large)
        for who in (None, "member")
    }
    for number in (1, 2, 3, 3, 3):
        factories.create_comment(large, house.member, number=number)
    costs |= {("talked", who): queries_of(as_user(who and house.member), page_of(large)) for who in (None, "member")}
    signed_out = {cost for (_, who), cost in costs.items() if who is None}
    signed_in = {cost for (_, who), cost in costs.items() if who}
    assert len(signed_out) == len(signed_in) == 1
    assert signed_out.pop() <= 8
    assert signed_in.pop() <= 12


def test_one_group_never_shows_anothers_numbers_or_places(house, as_user):
    """The text is kept ready once; what is said about it is each reading's own."""
    again = factories.create_reading(house.group, factories.TEXT + "\nAgain.\n", filename="again.txt")
    factories.create_comment(house.reading, house.member)
    assert "1 comment" in as_user(None).get(page_of(house.reading)).content.decode()
    assert "1 comment<" not in as_user(None).get(page_of(again)).content.decode()


def test_hostile_text_is_shown_as_text(house, as_user):
    text = (
        'A title\n\nHe wrote <script>alert(1)</script> & "went" <b onclick=x>home</b>.\n\n'
        "And then he slept for a long time.\n"
    )
    reading = factories.create_reading(house.group, text, filename="hostile.txt")
    page = as_user(None).get(page_of(reading)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@needs_the_essay
def test_the_essay_is_all_there(db, as_user):
    group = factories.create_group(visibility=Visibility.PUBLIC)
    reading = factories.create_reading(group, PATH.read_text(encoding="utf-8"), filename=PATH.name)
    page = as_user(None).get(page_of(reading)).content.decode()
    assert reading.slug == "the-latest-deception"
    assert page.count('class="talk"') == 211
    assert page.count('<sup class="mark">') == 21
    assert page.count("<blockquote>") < 20  # neighbours are set as one
    assert page.count('class="stanza"') == 1
    assert page.count('class="part"') == 10
