"""One discussion over two editions: what is said at the other is announced and can be quoted, by whom may read it."""

import json
import re
import uuid
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readinggroup.discussion.models import Quote
from readinggroup.readings.actions import keep_for_members
from texts.models import Paragraph, ParallelLink

from .. import factories
from ..texts.parallel.test_rows import revised
from .houses import GERMAN, beside, paragraph, two_editions

SAID = "4f8c2a1be07d"


@pytest.fixture
def two(house):
    return two_editions(house)


def test_what_is_said_at_the_other_edition_is_announced_with_the_way_there(two, as_user):
    for _again in range(3):
        factories.create_comment(two.other_reading, two.member, SAID, number=4)
    for who in (None, two.member):
        page = as_user(who).get(paragraph(two.reading, 3)).text
        assert '<cite lang="de">Die Fähre</cite> (Deutsch)' in page
        assert f'<a href="{paragraph(two.other_reading, 4)}">3 comments at paragraph 4</a>' in page
        assert f'<a href="{paragraph(two.other_reading, 3)}">paragraph 3</a>' in page
        assert two.beside in page
        assert SAID not in page
        part = as_user(who).get(paragraph(two.reading, 3), headers={"HX-Request": "true"}).text
        assert "3 comments at paragraph 4" in part
    assert "The Ferry" in as_user(None).get(paragraph(two.other_reading, 4)).text
    assert "4 comments" not in as_user(None).get(paragraph(two.reading, 4)).text


def test_the_kept_page_follows_what_is_said_linked_and_kept_for_members(two, as_user):
    client = as_user(None)
    assert "at paragraph 4" not in client.get(paragraph(two.reading, 3)).text
    factories.create_comment(two.other_reading, two.member, SAID, number=4)
    assert "1 comment at paragraph 4" in client.get(paragraph(two.reading, 3)).text
    keep_for_members(reading=two.other_reading, keep=True, by=two.organizer)
    assert "Die Fähre" not in client.get(paragraph(two.reading, 3)).text
    assert "Die Fähre" not in as_user(two.outsider).get(paragraph(two.reading, 3)).text
    assert "1 comment at paragraph 4" in as_user(two.member).get(paragraph(two.reading, 3)).text
    ParallelLink.objects.update(status="proposed")
    assert "Die Fähre" not in as_user(two.member).get(paragraph(two.reading, 3)).text


def test_another_group_that_reads_the_same_edition_hears_nothing(two, as_user):
    factories.create_comment(two.other_reading, two.member, SAID, number=4)
    elsewhere = factories.create_group()
    away = factories.create_reading(elsewhere, "The Well\n\nNobody had drawn water here.\n", filename="well.txt")
    away.edition = two.other_reading.edition
    away.save()
    factories.create_comment(away, factories.create_member(elsewhere), "Away.", number=4)
    assert "1 comment at paragraph 4" in as_user(None).get(paragraph(two.reading, 3)).text
    page = as_user(None).get(paragraph(away, 4)).text
    assert "The Ferry" not in page


def test_one_linked_paragraph_or_three_cost_the_same_and_none_costs_nothing(two, as_user):
    def cost(who, number):
        client, page = as_user(who), paragraph(two.reading, number)
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        return len(captured)

    alone = {who: cost(who, 1) for who in (None, two.member)}
    costs = {who: cost(who, 3) for who in (None, two.member)}
    assert alone == costs  # of one paragraph, and of two
    ParallelLink.objects.all().delete()
    assert {who: cost(who, 3) + 1 for who in (None, two.member)} == costs


# --- Quotations -------------------------------------------------------------------------------------------------------


def offered(page):
    return [unescape(value) for value in re.findall(r'type="checkbox" name="quote" value="([^"]*)"', page)]


def sentence_of(page, words):
    [value] = [value for value in offered(page) if words in json.loads(value)["exact"]]
    return value


def say(client, reading, number, *quotes, body="Look there."):
    return client.post(
        f"{paragraph(reading, number)}comment/", {"body": body, "key": uuid.uuid4(), "quote": list(quotes)}
    )


def test_sentences_of_the_other_edition_are_offered_and_quoted_in_its_language(two, as_user):
    client = as_user(two.member)
    page = client.get(f"{paragraph(two.reading, 3)}?sentences=choose").text
    assert "Sentences of Die Fähre, paragraph 4" in page
    value = sentence_of(page, "wem sie gehörten")
    begun = client.post(
        f"{paragraph(two.reading, 3)}comment/", {"body": "x", "sentences": "chosen", "quote": value}
    ).text
    assert "<cite>Die Fähre, paragraph 4</cite>" in begun
    assert say(client, two.reading, 3, value).status_code == 302
    quote = Quote.objects.get()
    assert quote.version == factories.version_of(two.other_reading, 4)
    page = as_user(None).get(paragraph(two.reading, 3)).text
    [above] = re.findall(r'<blockquote class="quoted">.*?</blockquote>', page)
    assert '<p lang="de">Und niemand am Kai konnte sagen, wem sie gehörten.</p>' in above
    assert '<bdi lang="de">Die Fähre</bdi>' in above
    assert f'href="{paragraph(two.other_reading, 4)}"' in above
    assert "data-start" not in above  # nothing of this text is to be marked
    whole = as_user(None).get(f"{two.beside.partition('beside')[0]}whole/").text
    assert f'href="{paragraph(two.other_reading, 4)}"' in whole


def test_a_quotation_is_not_shown_to_who_may_not_read_that_edition_any_more(two, as_user):
    client = as_user(two.member)
    page = client.get(f"{paragraph(two.reading, 3)}?sentences=choose").text
    say(client, two.reading, 3, sentence_of(page, "wem sie gehörten"))
    assert "wem sie gehörten" in as_user(None).get(paragraph(two.reading, 3)).text
    keep_for_members(reading=two.other_reading, keep=True, by=two.organizer)
    for who in (None, two.outsider):
        page = as_user(who).get(paragraph(two.reading, 3)).text
        assert "wem sie gehörten" not in page
        assert "can no longer be read" in page
    assert "wem sie gehörten" in as_user(two.other).get(paragraph(two.reading, 3)).text


def value_of(reading, number):
    version = factories.version_of(reading, number)
    place = {"paragraph": version.paragraph.public_id, "version": version.pk, "start": 0, "end": 20}
    return json.dumps(place | {"exact": version.text[:20]})


def test_only_what_is_read_as_openly_is_quoted(two, as_user):
    """A text for members is not quoted where visitors read; one of another work or group nowhere."""
    keep_for_members(reading=two.other_reading, keep=True, by=two.organizer)
    alone = factories.create_reading(two.group, "The Well\n\nNobody had drawn any water here.\n", filename="well.txt")
    away = factories.create_reading(factories.create_group(), GERMAN, filename="faehre.txt")
    client = as_user(two.member)
    assert "Die Fähre" not in "".join(offered(client.get(f"{paragraph(two.reading, 3)}?sentences=choose").text))
    for reading, number in ((two.other_reading, 4), (alone, 2), (away, 4)):
        answer = say(client, two.reading, 3, value_of(reading, number))
        assert answer.status_code == 422
        assert "Look there." in answer.text
    assert not Quote.objects.exists()
    keep_for_members(reading=two.reading, keep=True, by=two.organizer)
    assert say(client, two.reading, 3, value_of(two.other_reading, 4)).status_code == 302


def test_side_by_side_both_counts_are_shown(two, as_user):
    factories.create_comment(two.other_reading, two.member, number=4)
    factories.create_comment(two.reading, two.member, number=3)
    factories.create_comment(two.reading, two.member, number=3)
    for page in (two.beside, beside(two.other_reading, two.reading)):
        text = as_user(None).get(page).text
        assert text.count("<b>1</b><i> comment</i>") == 1
        assert text.count("<b>2</b><i> comments</i>") == 1


def test_what_was_merged_is_announced_where_it_stands_now(two, as_user):
    gone, heir = (factories.version_of(two.reading, number).paragraph for number in (5, 4))
    factories.create_comment(two.other_reading, two.member, number=6)
    assert "at paragraph 6" not in as_user(None).get(paragraph(two.reading, 4)).text
    revised(two.reading.edition, left_out=5)
    Paragraph.objects.filter(pk=gone.pk).update(heir=heir)
    two.reading.refresh_from_db()
    assert "1 comment at paragraph 6" in as_user(None).get(paragraph(two.reading, 4)).text
    assert f'href="{paragraph(two.reading, 4)}"' in as_user(None).get(paragraph(two.other_reading, 6)).text
    assert as_user(None).get(two.beside).text.count(f'id="{heir.public_id}"') == 1
