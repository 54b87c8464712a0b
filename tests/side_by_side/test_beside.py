"""Two editions beside one another: who may read both, every paragraph once, and no query more for a longer text."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.readings.actions import keep_for_members
from readinggroup.readings.models import Reading
from texts.models import Work

from .. import factories
from .houses import GERMAN, beside, numbers, paragraph, two_editions


@pytest.fixture
def two(house):
    return two_editions(house)


def test_each_paragraph_stands_beside_its_translation_with_its_discussion(two, as_user):
    factories.create_comment(two.other_reading, two.member, "Gezählt hat sie niemand.", number=3)
    page = as_user(None).get(two.beside).text
    [pair] = [each for each in re.split(r'<div class="pair', page) if "The ferry left" in each]
    assert "Die Fähre legte ab" in pair
    assert "Und niemand am Kai" in pair
    assert f'href="{paragraph(two.reading, 3)}"' in pair
    assert f'href="{paragraph(two.other_reading, 3)}"' in pair
    assert "<b>1</b><i> comment</i>" in pair
    assert '<div class="other" lang="de">' in pair
    for reading in (two.reading, two.other_reading):
        for version in reading.edition.current.versions.all():
            assert page.count(f'id="{version.paragraph.public_id}"') == 1
    names = re.findall(r'id="((?:note|mark)[^"]*)"', page)
    assert len(names) == len(set(names)) == 4
    assert 'popovertarget="note-other-1"' in page


def test_the_way_there_and_the_choice_how_they_are_set(two, as_user):
    reading_page = reverse("readings:reading_page", args=[two.group.slug, two.reading.slug])
    assert f'href="{two.beside}"' in as_user(None).get(reading_page).text
    page = as_user(None).get(two.beside).text
    assert f'href="{beside(two.other_reading, two.reading)}"' in page
    assert 'class="text abreast"' in page
    assert 'class="text abreast under"' in as_user(None).get(f"{two.beside}?set=under").text
    turned = as_user(None).get(beside(two.other_reading, two.reading)).text
    assert turned.index("Die Fähre legte ab") < turned.index("The ferry left")
    assert two.links not in page
    assert two.links in as_user(two.organizer).get(two.beside).text


def test_who_may_not_read_the_other_text_sees_nothing_of_it(two, as_user):
    keep_for_members(reading=two.other_reading, keep=True, by=two.organizer)
    reading_page = reverse("readings:reading_page", args=[two.group.slug, two.reading.slug])
    turned = beside(two.other_reading, two.reading)
    for who in (None, two.outsider):
        client = as_user(who)
        assert "Die Fähre" not in client.get(reading_page).text
        for page in (two.beside, turned):
            answer = client.get(page)
            assert answer.status_code == (302 if who is None else 403)
            assert "Säcke" not in answer.text
    assert "Die Fähre" in as_user(two.member).get(reading_page).text
    answer = as_user(two.member).get(two.beside)
    assert "Säcke" in answer.text
    assert "no-store" in answer["Cache-Control"]


def test_a_text_of_another_work_or_group_is_not_there(two, as_user):
    alone = factories.create_reading(two.group, "The Well\n\nNobody had drawn water here.\n", filename="well.txt")
    away = factories.create_reading(factories.create_group(), GERMAN, filename="faehre.txt")
    for other in (alone.slug, two.reading.slug, "nosuch", away.slug + "-x"):
        page = reverse("side_by_side:beside", args=[two.group.slug, two.reading.slug, other])
        assert as_user(two.owner).get(page).status_code == 404
    # Not even by its name is it told whether a text that is kept for members is of the same work.
    keep_for_members(reading=alone, keep=True, by=two.organizer)
    assert as_user(two.outsider).get(beside(two.reading, alone)).status_code == 403
    assert as_user(two.member).get(beside(two.reading, alone)).status_code == 404


def test_behind_closed_doors_nobody_learns_of_it(closed_house, as_user):
    two = two_editions(closed_house)
    for page in (two.beside, two.links):
        assert as_user(two.outsider).get(page).status_code == 404
    assert as_user(two.member).get(two.beside).status_code == 200


def test_unlinked_both_texts_are_there_all_the_same(two, as_user):
    two.pair.delete()
    page = as_user(None).get(two.beside).text
    assert "The ferry left" in page
    assert "Die Fähre legte ab" in page
    assert "Nobody has said yet which paragraphs" in page


def test_hostile_titles_are_words(two, as_user):
    two.other_reading.edition.title = '<script>alert("x")</script>"><b>'
    two.other_reading.edition.save()
    factories.create_comment(two.other_reading, two.member, number=3)
    reading_page = reverse("readings:reading_page", args=[two.group.slug, two.reading.slug])
    for page in (
        two.beside,
        two.links,
        reading_page,
        paragraph(two.reading, 3),
        two.links.replace("links", "separate"),
    ):
        text = as_user(two.organizer).get(page).text
        assert "&lt;script&gt;alert" in text
        assert "<script>alert" not in text


def long_pair(house, paragraphs):
    text = factories.long_text(paragraphs, section_every=paragraphs // 3)
    first = factories.create_reading(house.group, text, filename="a.txt", title=f"First {paragraphs}")
    second = factories.create_reading(
        house.group, text.replace("says", "sagt"), filename="b.txt", title=f"B {paragraphs}"
    )
    return first, second


def test_a_longer_text_costs_no_query_more_and_is_read_by_section(house, as_user, settings):
    settings.READ_WHOLE_UP_TO_WORDS = 20
    costs = []
    for count in (3, 60):
        first, second = long_pair(house, count)
        join = reverse("side_by_side:editions", args=[house.group.slug, first.slug])
        assert as_user(house.organizer).post(join, {"other": second.pk}).status_code == 302
        factories.create_comment(first, house.member, number=1)
        for who, page in ((house.member, beside(first, second)), (house.organizer, f"{beside(first, second)}links/")):
            client = as_user(who)
            client.get(page)
            with CaptureQueriesContext(connection) as captured:
                text = client.get(f"{page}?section=2").text
            costs.append((page == beside(first, second), len(captured)))
            assert text.count('class="pair') - ("abreast links" not in text) == count // 3
    assert costs[:2] == costs[2:]
    assert as_user(None).get(f"{beside(first, second)}?section=4").status_code == 404


# --- Bringing and joining ---------------------------------------------------------------------------------------------


def test_an_organizer_brings_a_translation_of_a_text_that_the_group_has(house, as_user):
    client = as_user(house.organizer)
    file = SimpleUploadedFile("faehre.txt", GERMAN.encode())
    preview = client.post(reverse("readings:import_text", args=[house.group.slug]), {"file": file})["Location"]
    assert "The Ferry (English)" in client.get(preview).text
    details = {"title": "Die Fähre", "language": "de", "translator": "Jan Ohm"}
    refused = client.post(preview, details | {"beside": "9999"})
    assert refused.status_code == 422
    assert 'value="Jan Ohm"' in refused.text
    answer = client.post(preview, details | {"beside": house.reading.pk})
    german = Reading.objects.get(edition__language="de")
    assert german.edition.work == house.reading.edition.work
    assert answer["Location"] == f"{beside(german, house.reading)}links/"
    assert Work.objects.filter(title="Die Fähre").count() == 0
    house.other_reading = german
    assert ((3,), (3, 4), "proposed") in numbers(house)


def test_two_texts_are_joined_afterwards_and_separated_again(house, as_user):
    german = factories.create_reading(house.group, GERMAN, filename="faehre.txt", title="Die Fähre", language="de")
    client = as_user(house.organizer)
    settings_page = reverse("readings:settle_reading", args=[house.group.slug, house.reading.slug])
    editions = reverse("side_by_side:editions", args=[house.group.slug, house.reading.slug])
    assert editions in client.get(settings_page).text
    assert as_user(house.member).post(editions, {"other": german.pk}).status_code == 403
    for wrong in ("", "9999", "x\x00", "1" * 40, house.reading.pk):
        assert client.post(editions, {"other": wrong}).status_code == 422
    assert client.post(editions, {"other": german.pk})["Location"] == f"{beside(house.reading, german)}links/"
    assert beside(house.reading, german) in client.get(editions).text
    separate = reverse("side_by_side:separate", args=[house.group.slug, house.reading.slug, german.slug])
    assert "Die Fähre" in client.get(separate).text
    assert client.get(beside(house.reading, german)).status_code == 200  # asking changes nothing
    assert client.post(separate).status_code == 302
    assert client.get(beside(house.reading, german)).status_code == 404
    assert client.post(separate).status_code == 404


def test_a_text_of_another_group_cannot_be_joined(house, as_user):
    away = factories.create_reading(factories.create_group(), GERMAN, filename="faehre.txt")
    editions = reverse("side_by_side:editions", args=[house.group.slug, house.reading.slug])
    assert as_user(house.owner).post(editions, {"other": away.pk}).status_code == 422
    assert Work.objects.count() == 2
