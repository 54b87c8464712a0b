"""What is said about a text finds its words again when that is revised, and goes back when that is undone."""

import json
import re
import uuid
from datetime import date

import pytest
from django.urls import reverse

from readinggroup.discussion.drafts import save as save_draft
from readinggroup.discussion.models import Comment, Draft, Follow, Level, Quote, QuoteAnchor, ThreadMove
from readinggroup.readings import veils
from readinggroup.readings.actions import mark_discussed
from readinggroup.readings.models import ParagraphActivity, Reading, VeiledParagraph
from readinggroup.revisions import actions
from readinggroup.schedule.actions.scheduling import create
from readinggroup.schedule.passages import ranges_of
from texts.importing.saving import keep_source
from texts.models import Note, Paragraph, ParagraphVersion
from texts.quoting import passage
from texts.revising.publishing import Outdated

from .. import factories

pytestmark = pytest.mark.django_db

MILL = """The Mill

The miller counted every sack that came, and wrote the number on the door with a piece of chalk.

The widow came in April. She brought two sacks of rye and asked for nothing but the flour.

In May the wheel stood still, for the river had gone down below the stones, and nobody ground anything at all.

The apprentice slept in the loft, where the dust lay thick.

At harvest the carts stood in a row as far as the bridge, and the miller sang.
"""


@pytest.fixture
def mill(house):
    return factories.create_reading(house.group, MILL, filename="mill.txt")


def named(reading, number):
    return factories.version_of(Reading.objects.with_text().get(pk=reading.pk), number).paragraph.public_id


def revise(reading, by, *changes, why="A correction."):
    reading = Reading.objects.with_text().get(pk=reading.pk)
    correction = actions.open_correction(reading=reading, by=by, changes=changes)
    return actions.publish_correction(correction=correction, by=by, why=why)


def bring(reading, by, text, why="A better copy."):
    reading = Reading.objects.with_text().get(pk=reading.pk)
    source = keep_source(text.encode(), "mill.txt")
    correction = actions.open_correction(reading=reading, by=by, source=source)
    return actions.publish_correction(correction=correction, by=by, why=why)


def undo(reading, by):
    number = Reading.objects.with_text().get(pk=reading.pk).edition.current.number
    return actions.undo_revision(reading=reading, by=by, why="It was better before.", revision=number)


def say(client, reading, number, body="Is that so?", *, quoting="", seen=None):
    """Post over HTTP, from a page that was opened when `seen` (a version) stood; the comment."""
    reading = Reading.objects.with_text().get(pk=reading.pk)
    version = seen or factories.version_of(reading, number)
    values = {"body": body, "key": uuid.uuid4(), "seen": version.pk}
    if quoting:
        start = version.text.index(quoting)
        found = passage(version.text, start, start + len(quoting))
        values["quote"] = json.dumps(
            {"paragraph": version.paragraph.public_id, "version": version.pk, "exact": found.exact,
             "prefix": found.prefix, "suffix": found.suffix, "start": found.start, "end": found.end}
        )  # fmt: skip
    address = reverse("discussion:post_comment", args=[reading.group.slug, reading.slug, version.paragraph.public_id])
    answered = client.post(address, values)
    assert answered.status_code == 302, answered.content.decode()[:2000]
    return Comment.objects.order_by("pk").last()


def at(comment) -> str:
    """The words of the paragraph at which the comment stands now."""
    comment.refresh_from_db()
    versions = ParagraphVersion.objects.filter(paragraph=comment.paragraph_id)
    return versions.order_by("-revision__number").first().text


def quoted_now(comment) -> str | None:
    """The words that its quotation marks in the text as it is now."""
    quote = Quote.objects.get(comment=comment)
    anchor = QuoteAnchor.objects.filter(quote=quote, is_current=True).first()
    if anchor is None:
        return quote.version.text[quote.start : quote.end]
    return anchor.version and anchor.version.text[anchor.start : anchor.end]


def page(client, reading, number):
    reading = Reading.objects.with_text().get(pk=reading.pk)
    address = reverse("discussion:paragraph", args=[reading.group.slug, reading.slug, named(reading, number)])
    return client.get(address).content.decode()


def counts(reading):
    rows = ParagraphActivity.objects.filter(reading=reading, comments__gt=0)
    return dict(rows.values_list("paragraph", "comments"))


def listed(reading):
    found = {}
    for paragraph in Comment.objects.filter(reading=reading, state="visible").values_list("paragraph", flat=True):
        found[paragraph] = found.get(paragraph, 0) + 1
    return found


def test_a_corrected_word_leaves_everything_where_it_is(mill, house, as_user):
    client = as_user(house.member)
    said = say(client, mill, 2, quoting="every sack that came")
    revise(
        mill,
        house.organizer,
        {
            "change": "edit",
            "paragraph": named(mill, 2),
            "texts": [
                "The old miller counted every sack which came, and wrote the number on the door with a piece of chalk."
            ],
        },
    )
    said.refresh_from_db()
    assert said.paragraph.public_id == named(mill, 2)
    assert quoted_now(said) == "every sack which came"
    assert said.version.text != factories.version_of(Reading.objects.get(pk=mill.pk), 2).text
    assert 'data-start="23"' in page(client, mill, 2)


def test_a_split_leaves_the_discussion_with_the_largest_part_and_threads_follow_their_words(mill, house, as_user):
    client = as_user(house.member)
    plain, first, second = (
        say(client, mill, 4, "All of it."),
        say(client, mill, 4, "The wheel?", quoting="the wheel stood still"),
        say(client, mill, 4, "Nobody?", quoting="nobody ground anything"),
    )
    answer = client.post(
        reverse("discussion:answer_comment", args=[second.public_id]), {"body": "Nobody.", "key": uuid.uuid4()}
    )
    assert answer.status_code == 302
    answer = Comment.objects.get(parent=second)
    before = named(mill, 4)
    revise(
        mill,
        house.organizer,
        {
            "change": "edit",
            "paragraph": before,
            "texts": [
                "In May the wheel stood still, for the river had gone down below the stones,",
                "and nobody ground anything at all.",
            ],
        },
    )
    assert [at(each)[:8] for each in (plain, first, second, answer)] == ["In May t", "In May t", "and nobo", "and nobo"]
    assert quoted_now(second) == "nobody ground anything"
    assert counts(mill) == listed(mill)
    assert "Nobody?" in page(client, mill, 5)
    assert "Nobody?" not in page(client, mill, 4)
    undo(mill, house.organizer)
    for each in (plain, first, second, answer):
        each.refresh_from_db()
        assert each.paragraph.public_id == before
    assert quoted_now(second) == "nobody ground anything"
    assert counts(mill) == listed(mill)


def test_what_is_said_at_a_new_piece_goes_back_with_it(mill, house, as_user):
    client = as_user(house.member)
    revise(
        mill,
        house.organizer,
        {
            "change": "edit",
            "paragraph": named(mill, 3),
            "texts": ["The widow came in April.", "She brought two sacks of rye and asked for nothing but the flour."],
        },
    )
    meanwhile = say(client, mill, 3, "In April!")
    assert at(meanwhile) == "The widow came in April."
    undo(mill, house.organizer)
    assert at(meanwhile).startswith("The widow came in April. She")
    assert "In April!" in page(client, mill, 3)


def test_merged_paragraphs_show_their_discussions_together_and_old_addresses_lead_there(mill, house, as_user):
    client = as_user(house.member)
    one, other = say(client, mill, 4, "The wheel."), say(client, mill, 5, "The dust.", quoting="the dust lay thick")
    gone, stays = named(mill, 5), named(mill, 4)
    old = reverse("discussion:paragraph", args=[mill.group.slug, mill.slug, gone])
    revise(mill, house.organizer, {"change": "merge", "paragraph": stays})
    assert at(one) == at(other)
    there = client.get(old)
    assert there.status_code == 302
    assert there.url.endswith(f"/p/{stays}/")
    shown = page(client, mill, 4)
    assert "The wheel." in shown
    assert "The dust." in shown
    assert quoted_now(other) == "the dust lay thick"
    assert counts(mill) == listed(mill)
    undo(mill, house.organizer)
    other.refresh_from_db()
    assert other.paragraph.public_id == gone
    assert client.get(old).status_code == 200


def test_what_was_taken_out_stays_readable_at_its_gap_and_can_be_answered(mill, house, as_user):
    client = as_user(house.member)
    said = say(client, mill, 5, "Poor apprentice.", quoting="slept in the loft")
    gone = named(mill, 5)
    revise(mill, house.organizer, {"change": "remove", "paragraph": gone})
    own = reverse("discussion:paragraph", args=[mill.group.slug, mill.slug, gone])
    shown = client.get(own).content.decode()
    assert "Poor apprentice." in shown
    assert "slept in the loft" in shown
    assert "not in the text any more" in shown
    text = client.get(reverse("readings:reading_page", args=[mill.group.slug, mill.slug])).content.decode()
    assert f'id="{gone}"' in text
    assert "1 comment stays" in text
    whole = client.get(reverse("discussion:whole", args=[mill.group.slug, mill.slug])).content.decode()
    assert "Poor apprentice." in whole
    late = client.post(f"{own}comment/", {"body": "Still here.", "key": uuid.uuid4()})
    assert late.status_code == 302
    assert client.get(late.url, follow=True).status_code == 200
    assert quoted_now(said) is None
    undo(mill, house.organizer)
    assert quoted_now(said) == "slept in the loft"
    assert "Still here." in page(client, mill, 5)


def test_a_comment_that_was_written_before_the_revision_finds_its_words(mill, house, as_user):
    client = as_user(house.member)
    open_page = factories.version_of(mill, 4)
    merged = factories.version_of(mill, 3)
    revise(
        mill,
        house.organizer,
        {
            "change": "edit",
            "paragraph": open_page.paragraph.public_id,
            "texts": [
                "In May the wheel stood still, for the river had gone down below the stones,",
                "and nobody ground anything at all.",
            ],
        },
        {"change": "merge", "paragraph": named(mill, 2)},
    )
    mill = Reading.objects.with_text().get(pk=mill.pk)
    late = say(client, mill, 0, "Nobody?", quoting="nobody ground anything", seen=open_page)
    assert at(late) == "and nobody ground anything at all."
    assert quoted_now(late) == "nobody ground anything"
    assert late.version == open_page
    other = say(client, mill, 0, "The widow!", seen=merged)
    assert at(other).startswith("The miller counted")
    assert other.version == merged
    made_up = say(client, mill, 2, "Which?", seen=factories.version_of(mill, 2))
    assert made_up.version == factories.version_of(mill, 2)


def test_what_people_follow_and_have_begun_goes_along(mill, house, as_user):
    client = as_user(house.member)
    gone, stays = factories.version_of(mill, 5), factories.version_of(mill, 4)
    Follow.objects.create(user=house.member, reading=mill, paragraph=gone.paragraph, level=Level.MUTE)
    for version, body in ((gone, "About the dust"), (stays, "About the wheel")):
        place = {"reading": mill, "paragraph": version.paragraph, "parent": None, "edited": None}
        save_draft(place=place, body=body, quotes=[], sequence=0, by=house.member)
    revise(mill, house.organizer, {"change": "merge", "paragraph": stays.paragraph.public_id})
    assert Follow.objects.get(user=house.member, paragraph=stays.paragraph, thread=None).level == Level.MUTE
    assert Draft.objects.get(author=house.member).body == "About the wheel\n\nAbout the dust"
    assert "About the dust" in page(client, mill, 4)


def test_sessions_and_veils_reach_as_far_as_their_words(mill, house):
    ends = [factories.version_of(mill, number).paragraph_id for number in (3, 4)]
    session = create(reading=mill, by=house.organizer, title="The wheel", zone="Europe/Berlin", passages=[tuple(ends)])
    veil = veils.draw(reading=mill, paragraphs=ends, until="2099-01-01T00:00:00Z")
    revise(
        mill,
        house.organizer,
        {
            "change": "edit",
            "paragraph": named(mill, 4),
            "texts": [
                "In May the wheel stood still, for the river had gone down below the stones,",
                "and nobody ground anything at all.",
            ],
        },
    )
    session = type(session).objects.select_related("reading__edition").get(pk=session.pk)
    assert ranges_of(session) == [(3, 5)]
    assert VeiledParagraph.objects.filter(veil=veil).count() == 3
    undo(mill, house.organizer)
    session = type(session).objects.select_related("reading__edition").get(pk=session.pk)
    assert ranges_of(session) == [(3, 4)]


def test_the_same_file_is_no_revision_and_numbers_of_what_is_there_do_not_change(mill, house):
    with pytest.raises(actions.NothingChanged):
        bring(mill, house.organizer, MILL)
    before = list(mill.edition.current.versions.values_list("paragraph", flat=True))
    revision = bring(mill, house.organizer, MILL.replace("sang", "sang aloud"))
    assert list(revision.versions.values_list("paragraph", flat=True)) == before
    assert Paragraph.objects.filter(edition=mill.edition).count() == len(before)


def test_what_notes_lack_is_written_in_by_a_file_without_a_revision(house):
    ferry = house.reading
    note = Note.objects.filter(edition=ferry.edition).first()
    assert not note.body
    with pytest.raises(actions.NothingChanged):
        bring(ferry, house.organizer, factories.TEXT)
    text = factories.TEXT + "\nNotes\n\n1. A song of the boatmen.\n2. Their last.\n"
    made = bring(ferry, house.organizer, text)
    note.refresh_from_db()
    assert made is None or note.body, (made, note.body)


def test_notes_keep_what_was_written_in_when_a_file_without_bodies_is_brought(house):
    ferry = house.reading
    note = Note.objects.filter(edition=ferry.edition).first()
    actions.write_note(reading=ferry, note=note, body="A song of the boatmen.", by=house.organizer, seen="")
    bring(ferry, house.organizer, factories.TEXT.replace("whose they were", "whose they had been"))
    current = Reading.objects.with_text().get(pk=ferry.pk).edition.current
    marks = [mark.note for version in current.versions.all() for mark in version.note_marks.all()]
    assert note in marks
    assert Note.objects.get(pk=note.pk).body == "A song of the boatmen."
    with pytest.raises(actions.StaleNote):
        actions.write_note(reading=ferry, note=note, body="Another song.", by=house.organizer, seen="")


def test_what_a_person_has_linked_holds_now_and_later(mill, house):
    text = MILL.replace("The apprentice slept in the loft, where the dust lay thick.", "A cat kept the mice away.")
    reading = Reading.objects.with_text().get(pk=mill.pk)
    correction = actions.open_correction(
        reading=reading, by=house.organizer, source=keep_source(text.encode(), "mill.txt")
    )
    plan = actions.plan_of(correction)
    changes = {match.change for match in plan.matches}
    assert changes >= {"removed", "added"}
    actions.link_otherwise(correction=correction, old=[5], new=[5], by=house.organizer)
    revision = actions.publish_correction(correction=correction, by=house.organizer, why="A cat.")
    kept = factories.version_of(mill, 5).paragraph_id
    assert revision.versions.get(number=5).paragraph_id == kept
    undo(mill, house.organizer)
    again = bring(mill, house.organizer, text)
    assert again.versions.get(number=5).paragraph_id == kept
    with pytest.raises(actions.AlreadyPublished):
        actions.link_otherwise(correction=correction, old=[5], new=[5], by=house.organizer)


def test_undoing_brings_back_every_letter_and_identity_and_can_be_done_again_and_again(mill, house):
    def state():
        current = Reading.objects.with_text().get(pk=mill.pk).edition.current
        sections = list(current.sections.values_list("title", "first_number", "last_number"))
        return list(current.versions.values_list("paragraph", "number", "kind", "text", "html")), sections

    first = state()
    revise(
        mill,
        house.organizer,
        {"change": "move", "paragraph": named(mill, 6), "after": named(mill, 2)},
        {"change": "remove", "paragraph": named(mill, 4)},
        {"change": "add", "after": "", "texts": ["A motto."]},
    )
    second = state()
    undo(mill, house.organizer)
    assert state() == first
    undo(mill, house.organizer)
    assert state() == second
    with pytest.raises(Outdated):
        actions.undo_revision(reading=mill, by=house.organizer, why="Once more.", revision=1)
    assert not ThreadMove.objects.exists()


def test_a_change_by_hand_keeps_emphasis_and_note_marks(house):
    ferry = house.reading
    number = next(v.number for v in ferry.edition.current.versions.all() if "Nothing came" in v.text)
    revision = revise(
        ferry,
        house.organizer,
        {
            "change": "edit",
            "paragraph": named(ferry, number),
            "texts": ["Nothing at all came of it that winter.", "In spring the river took the quay."],
        },
    )
    first, second = (revision.versions.get(number=each) for each in (number, number + 1))
    assert re.fullmatch(r"Nothing at all came of it that winter\.<sup [^>]*></sup>", first.html)
    assert [mark.offset for mark in first.note_marks.all()] == [len(first.text)]
    assert second.html == second.text
    assert not second.note_marks.exists()


def test_the_smaller_part_leads_to_what_was_said_about_the_whole(mill, house, as_user):
    client = as_user(house.member)
    say(client, mill, 3, "All of it.")
    whole = named(mill, 3)
    pieces = ["The widow came in April.", "She brought two sacks of rye and asked for nothing but the flour."]
    revise(mill, house.organizer, {"change": "edit", "paragraph": whole, "texts": pieces})
    smaller, larger = page(client, mill, 3), page(client, mill, 4)
    assert f'/p/{whole}/">paragraph 4</a>' in smaller
    assert "What was said about the whole" not in larger
    undo(mill, house.organizer)
    assert "What was said about the whole" not in page(client, mill, 3)


def test_what_was_merged_twice_is_found_where_it_stands_now(mill, house, as_user):
    client = as_user(house.member)
    gone = factories.version_of(mill, 5).paragraph
    said = say(client, mill, 5, "The dust.")
    mark = {"source": "o1", "day": date(2026, 5, 12), "came": "decided", "words": "To sweep.", "address": "/"}
    mark_discussed(reading=mill, record="m1", marks=[mark | {"paragraph_id": gone.pk}])
    for number in (4, 3):
        revise(mill, house.organizer, {"change": "merge", "paragraph": named(mill, number)})
    said.refresh_from_db()
    assert said.paragraph.public_id == named(mill, 3)
    shown = page(client, mill, 3)
    assert "The dust." in shown
    assert "To sweep." in shown
    text = client.get(reverse("readings:reading_page", args=[mill.group.slug, mill.slug])).text
    assert "To sweep." in text
    old = client.get(reverse("discussion:paragraph", args=[mill.group.slug, mill.slug, gone.public_id]))
    assert old.url.endswith(f"/p/{named(mill, 3)}/")
