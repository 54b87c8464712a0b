"""A document becomes an edition: sections, numbers, notes, words; whole or not at all."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from hypothesis import given
from hypothesis import strategies as st

from readinggroup.readings.models import Reading
from texts.importing import read
from texts.importing.document import Block, Document, Note, NoteMark
from texts.importing.saving import (
    OPENING_LENGTH,
    count_words,
    heading_of,
    keep_source,
    save_edition,
    sections_of,
    sha256_of,
    shortened,
)
from texts.models import Edition, Kind, Paragraph, ParagraphVersion, Revision, RevisionState, Section, SourceFile, Work
from texts.models import Note as SavedNote
from texts.models import NoteMark as SavedMark

from .. import factories

TABLES = [Work, Edition, Revision, Section, Paragraph, ParagraphVersion, SavedNote, SavedMark]


def block(text, kind="paragraph", section=0, **fields):
    return Block(kind=kind, text=text, section=section, html=text, **fields)


def saved(*blocks, notes=(), section_titles=None, **details):
    document = Document(title="The Well", author="Ada Lind", blocks=list(blocks), notes=list(notes))
    return save_edition(document, keep_source(b"x", "well.txt"), section_titles=section_titles, **details)


# --- Sections ---------------------------------------------------------------------------------------------------------


def outline(*blocks):
    return [[one.text for one in section] for section in sections_of(blocks)]


def test_a_section_begins_at_a_break_of_the_source_or_at_a_heading():
    assert outline(block("a"), block("b"), block("c", section=1)) == [["a", "b"], ["c"]]
    assert outline(block("a"), block("H", "heading"), block("b")) == [["a"], ["H", "b"]]


def test_a_heading_and_its_subheading_open_one_section():
    assert outline(block("H", "heading"), block("h", "heading"), block("a"), block("K", "heading"), block("b")) == [
        ["H", "h", "a"],
        ["K", "b"],
    ]


def test_a_heading_after_a_break_opens_its_section_once():
    assert outline(block("a"), block("H", "heading", 1), block("b", section=1)) == [["a"], ["H", "b"]]


def test_the_sign_of_a_break_is_no_paragraph():
    blocks = [block("a"), block("***", "section_break", 0), block("b", section=1), block("***", "section_break", 2)]
    assert outline(*blocks) == [["a"], ["b"]]
    assert outline() == outline(block("***", "section_break")) == []


@given(st.lists(st.tuples(st.sampled_from(["paragraph", "heading", "section_break", "list_item"]), st.integers(0, 2))))
def test_sections_lose_nothing_and_are_never_empty(drawn):
    section, blocks = 0, []
    for number, (kind, step) in enumerate(drawn):
        section += step
        blocks.append(block(str(number), kind, section))
    sections = sections_of(blocks)
    assert [one for section in sections for one in section] == [one for one in blocks if one.kind != "section_break"]
    assert all(sections)
    for inside in sections:
        assert len({one.section for one in inside}) == 1


def test_headings_openings_and_words():
    assert heading_of([block("H" * 400, "heading"), block("a")]) == "H" * 300
    assert heading_of([block("a"), block("H", "heading")]) == ""
    assert count_words([block("One two\nthree  four — five"), block("")]) == 6
    assert shortened("short") == "short"
    assert shortened("x" * OPENING_LENGTH) == "x" * OPENING_LENGTH
    long = "The ferry left before anyone had counted the sacks, and nobody on the quay, — could say whose"
    assert shortened(long) == "The ferry left before anyone had counted the sacks, and nobody on the quay…"


@given(st.text(max_size=300))
def test_an_opening_fits_its_column_and_begins_as_the_text_does(text):
    opening = shortened(text)
    assert len(opening) <= OPENING_LENGTH + 1
    assert text.startswith(opening.removesuffix("…"))


# --- The edition ------------------------------------------------------------------------------------------------------


def test_everything_of_the_document_is_there(db):
    edition = saved(
        block("The Well", "title"),
        block("Ada Lind", "byline"),
        block("One two three.", list="numbered", kind="list_item", number=4),
        block("A part", "heading", 1),
        block("Four five.", section=1),
    )
    revision = edition.current
    assert (edition.title, edition.author, edition.language) == ("The Well", "Ada Lind", "en")
    assert (edition.work.title, edition.work.author) == ("The Well", "Ada Lind")
    assert (revision.number, revision.state, revision.words, revision.paragraphs) == (1, RevisionState.PUBLISHED, 11, 5)
    assert revision.published_at is not None
    assert bytes(revision.source.content) == b"x"
    rows = revision.versions.values_list("number", "kind", "list_kind", "list_number", "text", "section__position")
    assert list(rows) == [
        (1, Kind.TITLE, "", None, "The Well", 0),
        (2, Kind.BYLINE, "", None, "Ada Lind", 0),
        (3, Kind.LIST_ITEM, "numbered", 4, "One two three.", 0),
        (4, Kind.HEADING, "", None, "A part", 1),
        (5, Kind.PARAGRAPH, "", None, "Four five.", 1),
    ]
    sections = revision.sections.values_list("position", "title", "opening", "words", "first_number", "last_number")
    assert list(sections) == [(0, "", "The Well", 7, 1, 3), (1, "A part", "A part", 4, 4, 5)]
    paragraphs = [version.paragraph for version in revision.versions.all()]
    assert len({paragraph.public_id for paragraph in paragraphs}) == 5
    assert {paragraph.edition for paragraph in paragraphs} == {edition}


def test_what_is_said_by_hand_wins_and_what_is_left_empty_does_not(db):
    edition = saved(
        block("a"), title="The Well, corrected", author="", language="de", translator="T", rights="CC BY 4.0"
    )
    assert (edition.title, edition.author, edition.language) == ("The Well, corrected", "Ada Lind", "de")
    assert (edition.translator, edition.rights, edition.source) == ("T", "CC BY 4.0", "")


def test_a_language_the_document_names_is_kept(db):
    document = Document(title="Brunnen", author="", blocks=[block("Eins.")], language="de")
    assert save_edition(document, keep_source(b"x", "b.txt")).language == "de"


def test_titles_given_by_hand_name_sections(db):
    edition = saved(
        block("a"), block("b", section=1), block("H", "heading", 2), section_titles={1: "Mine", 2: "Better"}
    )
    assert list(edition.current.sections.values_list("title", flat=True)) == ["", "Mine", "Better"]


def test_lines_of_verse_are_paragraphs_and_keep_their_stanzas_order(db):
    stanzas = "Row the boat,\nrow the boat,\nover the water.", "Tie the rope,\ntie the rope,\nlate in the winter."
    text = "\n\n".join(["Song", "by Nobody", *stanzas])
    edition = save_edition(read(text.encode(), filename="song.txt"), keep_source(text.encode(), "song.txt"))
    lines = list(edition.current.versions.filter(kind=Kind.VERSE_LINE).values_list("text", flat=True))
    assert lines == [
        "Row the boat,",
        "row the boat,",
        "over the water.",
        "Tie the rope,",
        "tie the rope,",
        "late in the winter.",
    ]


# --- Notes ------------------------------------------------------------------------------------------------------------


def test_notes_stand_in_the_documents_order_with_every_place_where_they_are_called(db):
    notes = [Note("1", "First.", "<p>First.</p>"), Note("1", "First of the second part."), Note("*")]
    edition = saved(
        block("Sacks, sacks.", notes=[NoteMark("1", 5, 0), NoteMark("1", 13, 0)]),
        block("Songs 🙂 here.", notes=[NoteMark("1", 7, 1), NoteMark("*", 7, 2)]),
        notes=notes,
    )
    said = edition.notes.values_list("position", "label", "body", "body_html")
    assert list(said) == [
        (1, "1", "First.", "<p>First.</p>"),
        (2, "1", "First of the second part.", ""),
        (3, "*", "", ""),
    ]
    marks = SavedMark.objects.order_by("version__number", "offset", "note__position")
    assert list(marks.values_list("version__number", "offset", "note__position")) == [
        (1, 5, 1),
        (1, 13, 1),
        (2, 7, 2),
        (2, 7, 3),
    ]
    second = edition.current.versions.get(number=2)
    assert second.text[: marks.last().offset] == "Songs 🙂"  # code points, as Python counts


def test_marks_of_a_real_text_point_behind_the_words_that_call_the_note(house):
    marks = SavedMark.objects.filter(version__revision=house.reading.edition.current).select_related("version", "note")
    called = {mark.note.label: mark.version.text[: mark.offset] for mark in marks}
    assert called["1"].endswith("Nobody sings on a quay in winter.”")
    assert called["2"].endswith("Nothing came of it that winter.")


def test_a_very_long_label_is_cut(db):
    edition = saved(block("a"), notes=[Note("x" * 40, "body")])
    assert edition.notes.get().label == "x" * 20


# --- Whole or not at all ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "a kind that is far too long"}, DatabaseError),
        ({"text": "x" * 100_001}, IntegrityError),
        ({"text": "a\x00b"}, Exception),
        ({"notes": [NoteMark("1", 0, 5)]}, IndexError),
        ({"notes": [NoteMark("1", -1, 0)]}, DatabaseError),
        ({"notes": [NoteMark("1", 1, 0), NoteMark("1", 1, 0)]}, IntegrityError),
    ],
)
def test_a_failure_half_way_saves_nothing(db, fault, error):
    bad = block(**{"text": "bad"} | fault)
    with pytest.raises(error), transaction.atomic():
        saved(block("good"), bad, notes=[Note("1", "body")])
    assert {model: model.objects.count() for model in TABLES} == dict.fromkeys(TABLES, 0)


def test_a_text_as_long_as_the_importer_takes_is_saved(db):
    """20,000 paragraphs are allowed; Postgres takes 65,535 values in one statement."""
    edition = saved(*(block(f"Sentence {number}.", section=number // 2) for number in range(8_000)))
    assert edition.current.versions.count() == 8_000
    assert edition.current.sections.count() == 4_000


def test_the_file_is_kept_as_it_was_brought(db):
    content = bytes(range(256))
    kept = keep_source(content, "x" * 300 + ".txt")
    kept.refresh_from_db()
    assert bytes(kept.content) == content
    assert kept.sha256 == sha256_of(content)
    assert kept.name.endswith(".txt")
    assert SourceFile.objects.get().name == kept.name


# --- What the database keeps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"text": "Other words."}, {"number": 99}, {"kind": "heading"}, {"list_number": 2}])
def test_a_published_wording_cannot_be_changed(house, change):
    versions = ParagraphVersion.objects.filter(revision=house.reading.edition.current)
    before = list(versions.values())
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        versions.filter(number=4).update(**change)
    assert list(versions.values()) == before


def in_sql(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_not_even_in_sql(house):
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        in_sql("UPDATE texts_paragraphversion SET text = 'Other words.'")


def test_its_html_can_be_rendered_anew(house):
    version = factories.version_of(house.reading)
    ParagraphVersion.objects.filter(pk=version.pk).update(html="<em>anew</em>")
    version.refresh_from_db()
    assert version.html == "<em>anew</em>"


def test_a_paragraph_under_discussion_cannot_be_deleted(house):
    paragraph = factories.create_comment(house.reading, house.member).paragraph
    with pytest.raises(ProtectedError):
        paragraph.delete()
    for sql in ("DELETE FROM texts_paragraph", "DELETE FROM texts_paragraphversion"):
        with pytest.raises(IntegrityError), transaction.atomic():
            in_sql("SET CONSTRAINTS ALL IMMEDIATE", sql)
    assert Paragraph.objects.filter(pk=paragraph.pk).exists()


def test_nor_can_the_text_around_it(house):
    factories.create_comment(house.reading, house.member)
    edition = house.reading.edition
    for one in (
        edition.current,
        edition.current.sections.first(),
        edition,
        edition.work,
        edition.current.source,
        house.reading,
    ):
        with pytest.raises(ProtectedError), transaction.atomic():
            one.delete()
    with pytest.raises(ProtectedError), transaction.atomic():
        house.group.delete()
    assert Reading.objects.filter(pk=house.reading.pk).exists()


def test_a_revision_is_published_with_a_date_or_not_at_all(house):
    for change in ({"published_at": None}, {"state": RevisionState.DRAFT}):
        with pytest.raises(IntegrityError, match="revision_published_has_a_date"), transaction.atomic():
            Revision.objects.update(**change)
