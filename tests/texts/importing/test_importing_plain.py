"""Plain text: paragraphs, sections, headings, lists, quotations, verse, closings, notes."""

import textwrap
import time

import pytest
from importing_checks import check, kinds, marks, plain, shapes, texts

LONG = (
    "The river had risen during the night, and when the boats came back nobody on the bank could say how far the "
    "water would go before the week was over, or which of the houses would still be standing."
)
OTHER = (
    "Everybody who had lived there for longer than a year knew the sound, and everybody pretended to be asleep until "
    "the first bell, because the work of the morning was the same in any weather."
)


def wrapped(*paragraphs, width=70):
    return "\n\n".join(textwrap.fill(one, width) for one in paragraphs)


def test_one_paragraph_a_line():
    document = plain(f"{LONG}\n{OTHER}\nShort one.\n")
    assert texts(document) == [LONG, OTHER, "Short one."]
    assert any("one paragraph a line" in said for said in document.assumptions)


def test_hard_wrapped_lines_are_joined():
    document = plain(wrapped(LONG, OTHER, LONG + " " + OTHER))
    assert texts(document) == [LONG, OTHER, LONG + " " + OTHER]
    assert any("hard-wrapped" in said for said in document.assumptions)


@pytest.mark.parametrize("width", [50, 60, 72, 80])
def test_hard_wrapped_at_any_width(width):
    assert texts(plain(wrapped(LONG, OTHER, width=width))) == [LONG, OTHER]


def test_hyphen_at_a_line_end_is_kept_and_said():
    text = (
        wrapped(LONG, OTHER)
        .replace("the\nwater", "the well-\nknown water")
        .replace("nobody on", "nobody well-\nread on")
    )
    document = plain(text)
    assert "well-read on" in document.blocks[0].text
    assert any("hyphen" in said for said in document.assumptions)


def test_a_book_with_chapters():
    text = f"""THE WATER
By Ada Berg

CHAPTER I.

The Bank

{wrapped(LONG, OTHER)}

       *       *       *       *       *

{wrapped(OTHER)}



CHAPTER II.

{wrapped(LONG)}

So it was.

{wrapped(OTHER)}

THE END
"""
    document = plain(text)
    assert (document.title, document.author) == ("THE WATER", "Ada Berg")
    assert shapes(document) == [
        ("title", "THE WATER"),
        ("byline", "By Ada Berg"),
        ("heading", "CHAPTER I."),
        ("heading", "The Bank"),
        ("paragraph", LONG),
        ("paragraph", OTHER),
        ("section_break", ""),
        ("paragraph", OTHER),
        ("heading", "CHAPTER II."),
        ("paragraph", LONG),
        ("paragraph", "So it was."),
        ("paragraph", OTHER),
        ("paragraph", "THE END"),
    ]
    assert [block.section for block in document.blocks] == [0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 3]


def test_short_lines_are_not_headings():
    document = plain(f"{LONG}\n\nSo it was.\n\n{OTHER}\n\nHurry up!\n\nIn his book he wrote:\n\n{LONG}\n")
    assert set(kinds(document)) == {"paragraph"}


@pytest.mark.parametrize(
    "heading", ["CHAPTER IV", "Part Two: The Sea", "PREFACE", "Introduction", "IV.", "THE LAST WINTER", "Kapitel 3"]
)
def test_headings(heading):
    document = plain(f"{LONG}\n\n{OTHER}\n\n{heading}\n\n{LONG}\n\n{OTHER}\n")
    assert kinds(document) == ["paragraph", "paragraph", "heading", "paragraph", "paragraph"]


def test_numbered_headings_and_underlined_ones():
    document = plain(
        f"1. Introduction\n\n{LONG}\n\n{OTHER}\n\n2. The bank\n\n{LONG}\n\nThe end of it\n-------------\n\n{OTHER}\n"
    )
    assert kinds(document) == [
        "heading",
        "paragraph",
        "paragraph",
        "heading",
        "paragraph",
        "heading",
        "paragraph",
    ]
    assert document.blocks[0].text == "1. Introduction"


@pytest.mark.parametrize("sign", ["* * *", "***", "---", "⁂", "#", "\n", "- - -"])
def test_section_breaks(sign):
    document = plain(f"{LONG}\n\n{OTHER}\n\n{sign}\n\n{LONG}\n\n{OTHER}\n")
    assert kinds(document) == ["paragraph", "paragraph", "section_break", "paragraph", "paragraph"]
    assert [block.section for block in document.blocks] == [0, 0, 1, 1, 1]


def test_two_blank_lines_everywhere_are_no_sections():
    document = plain("\n\n\n".join([LONG, OTHER, LONG + "!", OTHER + "!", LONG + "?", OTHER + "?"]))
    assert set(kinds(document)) == {"paragraph"}


def test_front_matter():
    abstract = (
        "A new edition of the pamphlet that was lost for forty years and was found again in the attic of a school."
    )
    document = plain(f"{abstract}\n\nThe Long Water1– Ada Berg\n\n\n{LONG}2\n\n{OTHER}3\n")
    assert kinds(document) == ["abstract", "title", "byline", "section_break", "paragraph", "paragraph"]
    assert (document.title, document.author) == ("The Long Water", "Ada Berg")
    assert marks(document) == [("1", 1, 14), ("2", 4, len(LONG)), ("3", 5, len(OTHER))]


def test_title_with_byline_below_and_gutenberg_header():
    document = plain(f"The Long Water\n\nby Ada Berg\n\n{LONG}\n")
    assert kinds(document) == ["title", "byline", "paragraph"]
    document = plain(f"Title: The Long Water\nAuthor: Ada Berg\nLanguage: English\n\n{LONG}\n")
    assert (document.title, document.author, document.language) == ("The Long Water", "Ada Berg", "en")


def test_title_from_the_file_name():
    document = plain(f"{LONG}\n\n{OTHER}")
    assert document.title == "some"
    assert any("file's name" in said for said in document.assumptions)


def test_bulleted_list_after_a_colon():
    document = plain(f"{LONG}\n\nThree things were left:\n\n• the boat;\n• a rope;\n• two lamps.\n\n{OTHER}\n")
    assert kinds(document) == ["paragraph", "paragraph", "list_item", "list_item", "list_item", "paragraph"]
    assert texts(document)[2:5] == ["the boat;", "a rope;", "two lamps."]
    assert {block.list for block in document.blocks[2:5]} == {"bulleted"}


@pytest.mark.parametrize("sign", ["-", "*", "–", "‣"])
def test_other_bullets(sign):
    document = plain(
        f"{LONG}\n\nThree things were left:\n{sign} the boat\n{sign} a rope\n{sign} two lamps\n\n{OTHER}\n"
    )
    assert [block.list for block in document.blocks[2:5]] == ["bulleted"] * 3


@pytest.mark.parametrize("dash", ["—", "–", "-"])
def test_speech_with_dashes_is_no_list(dash):
    document = plain(f"{LONG}\n\n{dash} Where were you?\n{dash} At the bank, she said.\n{dash} All night?\n\n{OTHER}\n")
    assert kinds(document) == ["paragraph"] * 5
    assert document.blocks[1].text == f"{dash} Where were you?"
    assert document.blocks[1].doubtful


def test_numbered_lists():
    items = "1. The boats.\n2. The ropes and whatever else was wet.\n3. The lamps.\n"
    document = plain(
        f"{LONG}\n\nWe ask for:\n\n{items}\n{OTHER}\n\n(1) One thing.\n\n(2) Another thing.\n\na) small\nb) smaller\n"
    )
    numbered = [(block.number, block.marker) for block in document.blocks if block.list == "numbered"]
    assert numbered == [(1, "1."), (2, "2."), (3, "3."), (1, "(1)"), (2, "(2)"), (1, "a)"), (2, "b)")]


def test_a_year_at_the_beginning_is_no_list():
    document = plain(
        f"{LONG}\n\n1871. March was cold and the river froze early that year.\n\n1. Only one.\n\n{OTHER}\n"
    )
    assert set(kinds(document)) == {"paragraph"}


def test_quotations_by_their_marks():
    document = plain(
        f"{LONG}\n\nShe wrote:\n\n“{LONG}\n\n“{OTHER}” (Letters, p. 30).\n\n“Water”, she said, and then she talked "
        f"about it for an hour without ever looking up from the table.\n\n{OTHER}\n"
    )
    assert kinds(document) == ["paragraph", "paragraph", "blockquote", "blockquote", "paragraph", "paragraph"]


def test_conversation_is_no_quotation():
    document = plain(f"{LONG}\n\n“Where were you?”\n\n“At the bank.”\n\n“All night?”\n\n{OTHER}\n")
    assert set(kinds(document)) == {"paragraph"}


def test_quotations_by_sign_and_by_indent():
    document = plain(f"{LONG}\n\n> {LONG}\n> and more.\n\n{OTHER}\n")
    assert "blockquote" in kinds(document)
    indented = textwrap.indent(textwrap.fill(LONG, 60), "    ")
    document = plain(f"{wrapped(LONG, OTHER)}\n\n{indented}\n\n{wrapped(OTHER)}\n")
    assert shapes(document)[2] == ("blockquote", LONG)


VERSE = "The water came at evening,\nIt took the lower road,\nAnd no one saw it leaving\nWith all that it was owed."


def test_verse():
    expected = [("verse_line", line) for line in VERSE.split("\n")]
    document = plain(f"{LONG}\n\n{VERSE}\n\n{VERSE.replace('evening', 'midnight')}\n\n{OTHER}\n")
    assert shapes(document)[1:5] == expected
    assert [block.stanza for block in document.blocks] == [None, 1, 1, 1, 1, 2, 2, 2, 2, None]
    document = plain(f"{wrapped(LONG, OTHER)}\n\n{textwrap.indent(VERSE, '   ')}\n\n{wrapped(OTHER, LONG)}\n")
    assert shapes(document)[2:6] == expected


def test_a_poem_alone():
    document = plain("\n\n".join(f"{VERSE} {n}" for n in range(5)))
    assert set(kinds(document)) == {"verse_line"}
    assert document.blocks[-1].stanza == 5


def test_signature_and_dateline():
    document = plain(
        f"{LONG}\n\nHurry up!\n\nThe editor\nMarch 1921.\n\n\n{OTHER}\n\nLyon, 1927\n\n\n{LONG}\n\n— Ada Berg\n"
    )
    assert [kind for kind in kinds(document) if kind not in ("paragraph", "section_break")] == [
        "signature",
        "dateline",
        "dateline",
        "signature",
    ]


NEVER = (
    "We drank H2O in a B52 while CO2 rose to 3.5 and 1,000 people read p. 30, or p.31, at 10:30 on an mp3 of the G20, "
    "15-20% of them by No. 24 in the 13th week of 1924-1925; area 30 m², see Nos.5, [sic] and […] and [that is, 3]."
)


def test_what_is_never_a_note():
    document = plain(f"{NEVER}\n\n{LONG}\n")
    assert document.notes == []
    assert texts(document)[0] == NEVER


def test_notes_beside_other_numbers():
    document = plain(f"{NEVER}\n\n{LONG}1 Then CO2 rose.2 “And then?”3 asked Berg4 & Co.\n\n{NEVER}\n")
    assert [mark[0] for mark in marks(document)] == ["1", "2", "3", "4"]
    assert document.blocks[1].text == f"{LONG} Then CO2 rose. “And then?” asked Berg & Co."
    assert document.blocks[0].text == document.blocks[2].text == NEVER


def test_notes_begin_again_in_a_section():
    document = plain(f"{LONG}1\n\n{OTHER}2\n\n\n{LONG}1\n\n{OTHER}2\n")
    assert [note.label for note in document.notes] == ["1", "2", "1", "2"]
    assert [block.notes[0].note for block in document.blocks if block.notes] == [0, 1, 2, 3]


def test_numbers_that_do_not_rise_stay():
    text = f"{LONG}7 and then9 some3 more.8\n\n{OTHER}1\n"
    document = plain(text)
    assert document.notes == []
    assert texts(document) == text.strip().split("\n\n")
    assert any("Possible note numbers were left" in said for said in document.assumptions)


@pytest.mark.parametrize(
    ("one", "two", "end"),
    [
        ("¹", "²", "¹ First body.\n² Second body."),
        ("[1]", "[2]", "[1] First body.\n\n[2] Second body."),
        (" [1]", " [2]", "NOTES\n\n[1] First body.\n[2] Second body."),
        ("1", "2", "Notes\n\n1. First body.\n2. Second body."),
        ("[^1]", "[^2]", "[^1]: First body.\n[^2]: Second body."),
        ("[1]", "[2]", "[Footnote 1: First body.]\n\n[Footnote 2: Second body.]"),
    ],
)
def test_notes_with_bodies(one, two, end):
    document = plain(f"{LONG}{one}\n\n{OTHER}{two} And so on.\n\n{end}\n")
    assert texts(document) == [LONG, f"{OTHER} And so on."]
    assert marks(document) == [("1", 0, len(LONG)), ("2", 1, len(OTHER))]
    assert [note.body for note in document.notes] == ["First body.", "Second body."]
    check(document)


def test_brackets_without_bodies_stay():
    text = f"{LONG}[1]\n\n{OTHER}[2]\n"
    assert texts(plain(text)) == text.strip().split("\n\n")


def test_wording_is_verbatim():
    odd = "A  double space, a\u00a0no-break one, a\ttab, ... and … , don't and can’t (c) +- of the of <b>&amp; e\u0301"
    assert texts(plain(f"{odd}\n\n{LONG}\n"))[0] == odd


def test_odd_sizes():
    assert texts(plain("Hello")) == ["Hello"]
    huge = "word " * 12_000
    assert texts(plain(f"{huge}\n\n{LONG}"))[0] == huge.strip()


def test_many_paragraphs_in_time():
    source = "\n\n".join(f"{LONG} {n}" for n in range(12_000))
    started = time.process_time()
    assert len(plain(source).blocks) == 12_000
    assert time.process_time() - started < 2


def test_notes_at_the_end_of_every_chapter():
    one = f"{LONG}1\n\n{OTHER}2\n\nNotes\n\n1. Aaa.\n2. Bbb.\n\n"
    document = plain(f"CHAPTER I\n\n{one}CHAPTER II\n\n{one.replace('Aaa', 'Ccc').replace('Bbb', 'Ddd')}")
    assert [(note.label, note.body) for note in document.notes] == [
        ("1", "Aaa."),
        ("2", "Bbb."),
        ("1", "Ccc."),
        ("2", "Ddd."),
    ]
    assert kinds(document) == ["heading", "paragraph", "paragraph"] * 2


def test_a_subtitle_is_no_author():
    document = plain(f"The Pit — A Story of Coal\n\n{LONG}\n\n{OTHER}\n")
    assert (document.title, document.author) == ("The Pit — A Story of Coal", "")


def test_a_list_item_that_goes_on_in_the_next_line():
    document = plain(
        f"{wrapped(LONG, OTHER)}\n\nRules:\n\n  1. No one goes alone.\n"
        "  2. Every lamp is counted, and\n     counted again.\n"
    )
    assert texts(document)[-2:] == ["No one goes alone.", "Every lamp is counted, and counted again."]


def test_paragraphs_by_indentation_only():
    text = "\n".join(textwrap.fill(one, 70, initial_indent="   ") for one in (LONG, OTHER, LONG, OTHER))
    assert texts(plain(text)) == [LONG, OTHER, LONG, OTHER]


def test_one_long_wrapped_paragraph_in_time():
    text = " ".join([LONG] * 480)
    started = time.process_time()
    assert texts(plain(wrapped(text))) == [text]
    assert time.process_time() - started < 2


def test_lines_of_no_break_spaces_are_blank():
    assert texts(plain(f"{LONG}\n\u00a0\n{OTHER}\n\n\u00a0\n\n> \u00a0\n")) == [LONG, OTHER]
