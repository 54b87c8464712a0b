"""What could go wrong on the pages of revisions: words or talk lost, a word believed, no end of a page."""

import json
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.readings.models import Correction
from readinggroup.revisions import actions
from readinggroup.revisions.shown_changes import LONGEST_RUN, Changed, Side, compare, folded
from texts.models import Note, Revision, SourceFile

from .. import factories
from .steps import TYPO, bring, by_hand, corrected, page, publish, revise, seen_on, upload


@pytest.fixture
def organizer(house, as_user):
    return as_user(house.organizer)


def text_page(house):
    return reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])


def paragraph_page(house, name):
    return reverse("discussion:paragraph", args=[house.group.slug, house.reading.slug, name])


def test_a_corrected_file_changes_nothing_before_it_is_published_and_can_be_undone(house, organizer, as_user):
    said = factories.create_comment(house.reading, house.member, "Whose sacks?", number=3)
    reader = as_user(None)
    correction = bring(organizer, house, corrected(TYPO), why="A misprint.")
    shown = organizer.get(page(house, "rehearsal", correction.pk)).text
    assert "1 discussion is touched." in shown
    assert "Its 1 comment stays, and says that the text has changed since." in shown
    assert "sacks, </del>" in shown
    assert "sacks; </ins>" in shown
    assert "Paragraphs 4–" in shown
    assert "sacks, and nobody" in reader.get(text_page(house)).text
    assert Revision.objects.count() == 1

    answer = publish(organizer, house, correction)
    assert answer["Location"] == page(house, "changes", 2)
    changed = reader.get(text_page(house)).text
    assert "sacks; and nobody" in changed
    assert page(house, "changes", 2) in changed
    assert "1 edited" in reader.get(page(house, "changes", 2)).text
    assert "A misprint." in reader.get(page(house, "history")).text
    old = reader.get(page(house, "revision", 1)).text
    assert "sacks, and nobody" in old
    assert "This is an old revision" in old
    assert f'href="{paragraph_page(house, said.paragraph.public_id)}"' in old

    asked = organizer.get(page(house, "undo"))
    assert "1 discussion is touched." in asked.text
    assert organizer.post(page(house, "undo"), {"why": " ", "seen": "2"}).status_code == 422
    assert organizer.post(page(house, "undo"), {"why": "It was right.", "seen": "1"}).status_code == 409
    assert organizer.post(page(house, "undo"), {"why": "It was right.", "seen": "2"}).status_code == 302
    assert "sacks, and nobody" in reader.get(text_page(house)).text
    history = reader.get(page(house, "history")).text
    assert "Undoes revision 2." in history
    assert "Undone by revision 3." in history


def test_the_file_that_the_text_came_from_makes_nothing(house, organizer):
    answer = organizer.post(page(house, "bring_correction"), {"file": upload(factories.TEXT)}, follow=True)
    assert "This very file is what the text was made from" in answer.text
    assert not Correction.objects.exists()


def test_a_file_that_reads_the_same_makes_no_revision(house, organizer):
    correction = bring(organizer, house, factories.TEXT + "\n\n")
    shown = organizer.get(page(house, "rehearsal", correction.pk))
    assert "Nothing would change" in shown.text
    assert page(house, "publish", correction.pk) not in shown.text
    answer = organizer.post(page(house, "publish", correction.pk), {"why": "No reason.", "seen": "x"})
    assert answer.status_code == 409
    assert Revision.objects.count() == 1


def test_a_file_that_cannot_be_read_is_a_422_that_says_so(house, organizer):
    for content in (b"", b"\x00\x01\x02" * 50):
        data = {"file": upload(content, "x.pdf"), "why": "Kept words."}
        answer = organizer.post(page(house, "bring_correction"), data)
        assert answer.status_code == 422
        assert "Kept words." in answer.text
        assert 'class="errorlist"' in answer.text
    assert not Correction.objects.exists()


def test_a_guessed_encoding_is_confirmed_by_a_person(house, organizer):
    text = corrected(("anyone had counted", "anyone hät gecöunted")).replace("“", '"').replace("”", '"')
    correction = bring(organizer, house, text.encode("windows-1252"))
    assert "another encoding" in organizer.get(page(house, "rehearsal", correction.pk)).text
    organizer.post(page(house, "rehearsal", correction.pk), {"encoding": "koi8-r"})
    correction.refresh_from_db()
    assert correction.encoding == "koi8-r"
    organizer.post(page(house, "rehearsal", correction.pk), {"encoding": "no such thing"})
    correction.refresh_from_db()
    assert correction.encoding == "koi8-r"


def test_unfinished_corrections_can_be_found_again_and_discarded(house, organizer):
    correction = bring(organizer, house, corrected(TYPO))
    assert page(house, "rehearsal", correction.pk) in organizer.get(page(house, "bring_correction")).text
    organizer.post(page(house, "discard", correction.pk))
    assert not Correction.objects.exists()
    assert list(SourceFile.objects.all()) == [house.reading.edition.current.source]
    assert organizer.get(page(house, "rehearsal", correction.pk)).status_code == 404


def test_what_is_linked_otherwise_wins_is_listed_and_can_be_taken_back(house, organizer):
    factories.create_comment(house.reading, house.member, number=3)
    correction = bring(organizer, house, corrected(TYPO))
    shown = organizer.get(page(house, "rehearsal", correction.pk))
    data = {"pair": "1", "old": "3", "new": "", "seen": seen_on(shown)}
    answer = organizer.post(page(house, "link", correction.pk), data, follow=True)
    assert "3 becomes nothing" in answer.text
    assert "Its 1 comment stays readable: at the gap" in answer.text
    # Another window shows numbers of before: it is told so, with what was typed.
    stale = organizer.post(page(house, "link", correction.pk), data | {"old": "7"})
    assert stale.status_code == 409
    answer = organizer.post(page(house, "link", correction.pk), {"take_back": "1"}, follow=True)
    assert "3 becomes nothing" not in answer.text
    assert "1 edited" in answer.text


def test_what_is_doubtful_says_so_and_can_be_looked_at_alone(house, organizer, monkeypatch):
    correction = by_hand(organizer, house, 3, act="edit", text="Other words.")
    plan = actions.plan_of(correction)
    plan.matches = [replace(match, doubtful=match.change == "edited", fixed=False) for match in plan.matches]
    monkeypatch.setattr(actions, "plan_of", lambda _correction: plan)
    address = page(house, "rehearsal", correction.pk)
    shown = organizer.get(address).text
    assert "1 place is doubtful: look at it before you publish." in shown
    alone = organizer.get(f"{address}?show=doubtful").text
    for answer in (shown, alone):
        assert "it was matched by its place more than by its words" in answer
    assert "Paragraphs 4–" in shown
    assert "Paragraphs 4–" not in alone
    for wrong in ("?show=x", "?page=0", "?page=x"):
        assert organizer.get(address + wrong).status_code == 404


def test_numbers_that_the_text_does_not_have_are_refused_and_kept(house, organizer):
    correction = by_hand(organizer, house, 3, act="edit", text="Other words.")
    seen = seen_on(organizer.get(page(house, "rehearsal", correction.pk)))
    data = {"pair": "3", "new": "", "seen": seen}
    for old in ("0", "999", "3-1", "1,,2", "-1", "²", "1-99999999999", "\x00", ""):
        answer = organizer.post(page(house, "link", correction.pk), data | {"old": old})
        assert answer.status_code == 422, old
    for pair in ("0", "x", "9999"):
        answer = organizer.post(page(house, "link", correction.pk), data | {"old": "kept", "pair": pair})
        assert answer.status_code == 422, pair
    correction.refresh_from_db()
    assert correction.choices == []


def test_what_was_rehearsed_on_another_revision_is_not_published(house, organizer, as_user):
    correction = bring(organizer, house, corrected(TYPO))
    seen = seen_on(organizer.get(page(house, "rehearsal", correction.pk)))
    revise(as_user(house.owner), house, 9)
    why = "My reason, typed for long."
    answer = organizer.post(page(house, "publish", correction.pk), {"why": why, "seen": seen})
    assert answer.status_code == 409
    assert why in answer.text
    assert "compared with revision 2" in answer.text
    assert Revision.objects.count() == 2
    again = organizer.post(page(house, "publish", correction.pk), {"why": why, "seen": seen_on(answer)})
    assert again["Location"] == page(house, "changes", 3)
    # Once more is not a second revision.
    assert organizer.get(page(house, "rehearsal", correction.pk))["Location"] == page(house, "changes", 3)
    assert organizer.post(page(house, "publish", correction.pk), {"why": why, "seen": seen}).status_code == 404


def test_a_reason_is_required_and_bounded(house, organizer):
    correction = by_hand(organizer, house, 3, act="edit", text="Other words.")
    for why in ("", "   ", "\x00", "x" * 501):
        answer = organizer.post(page(house, "publish", correction.pk), {"why": why, "seen": "x"})
        assert answer.status_code == 422
    assert Revision.objects.count() == 1


def test_a_paragraph_is_corrected_on_its_page_through_the_same_rehearsal(house, organizer):
    for data, told in (
        ({"act": "edit", "text": "First half.\r\n\r\nSecond half."}, "Split: paragraph 3 becomes 3–4"),
        ({"act": "merge"}, "Merged: paragraph 3–4 becomes 3"),
        ({"act": "move", "number": "9"}, "Moved: paragraph 3 becomes 9"),
        ({"act": "move", "number": "0"}, "Moved: paragraph"),
        ({"act": "remove"}, "Removed: paragraph 3"),
        ({"act": "add", "text": "A word between."}, "Added: paragraph 4"),
    ):
        correction = by_hand(organizer, house, 3, **data)
        assert told in organizer.get(page(house, "rehearsal", correction.pk)).text
        assert publish(organizer, house, correction).status_code == 302
        house.reading.edition.refresh_from_db()
        assert told in organizer.get(page(house, "changes", house.reading.edition.current.number)).text


def test_a_change_that_cannot_be_made_is_a_422(house, organizer):
    version = factories.version_of(house.reading, 3)
    address = page(house, "correct_paragraph", version.paragraph.public_id)
    for data in (
        {"act": "edit", "text": ""},
        {"act": "edit", "text": "\n \n"},
        {"act": "edit", "text": "x\x00"},
        {"act": "edit", "text": "x" * 100_001},
        {"act": "move", "number": "3"},
        {"act": "move", "number": "999"},
        {"act": "move", "number": "²"},
        {"act": "add", "text": " "},
    ):
        assert organizer.post(address, data).status_code == 422, data
    assert organizer.post(address, {"act": "burn"}).status_code == 404
    assert "stand there already" in organizer.post(address, {"act": "edit", "text": version.text}).text
    assert not Correction.objects.exists()


def test_hostile_words_are_words(house, organizer, as_user):
    words = '<script>alert(1)</script> & "><img src=x onerror=alert(2)> [x](javascript:alert(3))'
    correction = by_hand(organizer, house, 3, act="edit", text=words)
    shown = organizer.get(page(house, "rehearsal", correction.pk)).text
    publish(organizer, house, correction, why=words)
    pages = [text_page(house), page(house, "history"), page(house, "changes", 2), page(house, "undo")]
    pages += [paragraph_page(house, factories.version_of(house.reading, 3).paragraph.public_id)]
    for answer in [shown, *(organizer.get(address).text for address in pages)]:
        assert "<script>alert" not in answer
        assert "<img src=x" not in answer
        assert 'href="javascript' not in answer


def test_a_comment_says_that_the_text_has_changed_and_shows_the_words_it_was_written_about(house, organizer, as_user):
    said = factories.create_comment(house.reading, house.member, "Whose sacks?", number=3)
    fresh = factories.create_comment(house.reading, house.member, "A song?", number=4)
    publish(organizer, house, bring(organizer, house, corrected(TYPO)))
    reader, words = as_user(None), reverse("discussion:words_written_about", args=[said.public_id])
    whole = reverse("discussion:whole", args=[house.group.slug, house.reading.slug])
    for address in (paragraph_page(house, said.paragraph.public_id), whole):
        shown = reader.get(address).text
        assert f'href="{words}"' in shown
        assert "the text has changed since" in shown
        assert f"/c/{fresh.public_id}/words/" not in shown
    told = reader.get(words).text
    assert "sacks, </del>" in told
    assert "sacks; </ins>" in told
    assert f"{page(house, 'revision', 1)}#{said.paragraph.public_id}" in told
    assert "These words stand unchanged." in reader.get(words.replace(said.public_id, fresh.public_id)).text
    # Who writes now writes about the new words.
    house.reading.edition.refresh_from_db()
    newer = factories.create_comment(house.reading, house.other, "So they were.", number=3)
    assert f"/c/{newer.public_id}/words/" not in reader.get(paragraph_page(house, said.paragraph.public_id)).text


def test_a_comment_that_went_to_another_paragraph_says_where_it_was_said(house, organizer, as_user):
    first = factories.create_comment(house.reading, house.member, "Whose?", number=3)
    second = factories.create_comment(house.reading, house.member, "A song.", number=4)
    revise(organizer, house, 3, act="merge")
    merged = factories.version_of(house.reading, 3).paragraph.public_id
    shown = as_user(None).get(paragraph_page(house, merged)).text
    assert shown.count('class="words"') == 2
    elsewhere = {"said of what was paragraph 3", "said of what was paragraph 4"}
    assert sum(words in shown for words in elsewhere) == 1
    gone = next(each.paragraph.public_id for each in (first, second) if each.paragraph.public_id != merged)
    assert as_user(None).get(paragraph_page(house, gone))["Location"] == paragraph_page(house, merged)
    for comment in (first, second):
        told = as_user(None).get(reverse("discussion:words_written_about", args=[comment.public_id]))
        assert told.status_code == 200
    old = as_user(None).get(page(house, "revision", 1)).text
    assert old.count("<b>2</b><i> comments</i>") == 2  # both paragraphs lead to where both are shown


def test_a_removed_paragraph_is_listed_and_its_discussion_can_be_read(house, organizer, as_user):
    said = factories.create_comment(house.reading, house.member, "Do not forget this.", number=3)
    revise(organizer, house, 3, act="remove")
    reader, name = as_user(None), said.paragraph.public_id
    listed = reader.get(page(house, "removed_paragraphs")).text
    assert paragraph_page(house, name) in listed
    assert "1 comment" in listed
    assert "The ferry left" in listed
    shown = reader.get(paragraph_page(house, name)).text
    assert "Do not forget this." in shown
    assert "is not in the text any more" in shown
    assert "Removed: paragraph 3" in reader.get(page(house, "changes", 2)).text
    words = reader.get(reverse("discussion:words_written_about", args=[said.public_id]))
    assert "The paragraph is not in the text any more." in words.text
    assert organizer.get(page(house, "correct_paragraph", name)).status_code == 404


def test_a_note_is_written_in_without_a_revision_and_shown_at_once(house, organizer, as_user):
    reader, note = as_user(None), house.reading.edition.notes.first()
    whole = reverse("discussion:whole", args=[house.group.slug, house.reading.slug])
    called = note.marks.first().version.paragraph.public_id
    addresses = [text_page(house), paragraph_page(house, called), whole]
    assert all("Of *1911*" not in reader.get(address).text for address in addresses)
    seen = seen_on(organizer.get(page(house, "notes")))
    body = "Of **1911**.<script>alert(1)</script> [x](javascript:alert(1))"
    data = {"note": note.position, "body": body, "seen": seen}
    assert organizer.post(page(house, "notes"), data).status_code == 302
    for address in addresses:
        shown = reader.get(address).text
        assert "<strong>1911</strong>" in shown, address
        assert "<script>alert(1)" not in shown, address
    assert Revision.objects.count() == 1
    # Somebody who still has the form of before is told, and keeps their words.
    answer = organizer.post(page(house, "notes"), data | {"body": "My own words."})
    assert answer.status_code == 409
    assert "My own words." in answer.text
    assert "Somebody else has written this note meanwhile" in answer.text
    for wrong in ("x\x00", "x" * 20_001):
        again = organizer.post(page(house, "notes"), data | {"body": wrong, "seen": seen_on(answer)})
        assert again.status_code == 422
    for wrong in ("", "0", "99", "x", "1" * 40):
        assert organizer.post(page(house, "notes"), data | {"note": wrong}).status_code == 404
    assert Note.objects.get(pk=note.pk).body == body


def queries_of(client, address):
    client.get(address)  # what is kept in the process is made
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_pages_ask_no_more_the_longer_their_lists_are(house, organizer):
    names = [("history",), ("removed_paragraphs",), ("notes",), ("bring_correction",), ("changes", 2), ("revision", 1)]
    counts = {}
    for round_ in (1, 3):
        for _time in range(round_ - 1 if round_ == 3 else 1):
            revise(organizer, house, 3, act="remove")
            bring(organizer, house, corrected(TYPO) + f"\n\nAnd {Correction.objects.count()}.\n")
        counts[round_] = [queries_of(organizer, page(house, *name)) for name in names]
    assert counts[1] == counts[3]
    one = by_hand(organizer, house, 4, act="edit", text="Other words.")
    three = bring(organizer, house, corrected(TYPO, ("Nothing came", "Much came"), ("a clerk", "a captain")))
    few = queries_of(organizer, page(house, "rehearsal", one.pk))
    many = queries_of(organizer, page(house, "rehearsal", three.pk))
    assert many <= few + 1  # the file, and what was chosen before


def test_a_rehearsal_of_twelve_thousand_paragraphs_is_folded():
    entries = [Changed(key, "unchanged", [key + 1], [key + 1]) for key in range(12_000)]
    entries[7_000].change = "edited"
    shown = folded(entries)
    assert [(each.first, each.last) for each in shown if each.is_run] == [(1, 7_000), (7_002, 12_000)]
    assert [each.key for each in shown if not each.is_run] == [7_000]


def test_of_a_long_paragraph_the_words_around_a_change_are_shown():
    words = " ".join(f"word{number}" for number in range(5_000))
    entry = Changed(0, "edited", [Side(1, words)], [Side(1, f"{words} more")])
    compare([entry])
    assert sum(len(run) for _kind, run in entry.becomes) < LONGEST_RUN
    assert entry.becomes[-1][0] == "added"


def command(capsys, *args):
    call_command("revise_text", *map(str, args))
    return capsys.readouterr().out


def test_the_command_rehearses_and_publishes(house, tmp_path, capsys):
    file = tmp_path / "ferry-2.txt"
    file.write_text(corrected(TYPO), encoding="utf-8")
    told = json.loads(command(capsys, house.reading.slug, file, "--rehearse", "--json"))
    edited = [pair for pair in told["pairs"] if pair["change"] != "unchanged"]
    assert [(pair["old"], pair["new"], pair["change"], pair["heir"]) for pair in edited] == [([3], [3], "edited", 3)]
    assert Revision.objects.count() == 1
    shown = command(capsys, house.reading.edition.pk, file, "--why", "A misprint.")
    assert "1 edited" in shown
    assert "Revision 2 is published." in shown
    assert Revision.objects.get(number=2).why == "A misprint."
    house.reading.edition.refresh_from_db()
    assert "No revision" in command(capsys, house.reading.slug, file)
    with pytest.raises(Exception, match="no such edition"):
        command(capsys, "no-such-text", file)
