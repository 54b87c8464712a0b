"""Quoting by selection, by key and by sentence; passages marked in the text, and the way from them to the comments."""

import re

import pytest
from playwright.sync_api import expect

from readinggroup.discussion.models import Comment, Quote

from .. import factories
from ..discussion.test_quoting import create_quoting
from .conftest import NARROW, WIDE
from .steps import (
    block,
    box,
    box_for_words,
    close_discussion,
    comment,
    composer,
    discussion,
    open_discussion,
    open_form,
    open_text,
    opened,
    paragraph_address,
    paragraph_id,
    send,
    shows_discussion_of,
    until,
)
from .test_accessibility import faults_of, sideways

pytestmark = pytest.mark.browser

both_widths = pytest.mark.parametrize("window", [NARROW, WIDE], ids=["phone", "desktop"])

# Selects from the first words to the last, as a finger or a mouse would; texts may run through several elements.
SELECT = """
    ([from, to]) => {
        const find = (words, last) => {
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const at = walker.currentNode.data.indexOf(words);
                if (at >= 0 && walker.currentNode.parentElement.closest(".block, .words"))
                    return [walker.currentNode, last ? at + words.length : at];
            }
        };
        const range = document.createRange();
        range.setStart(...find(from, false));
        range.setEnd(...find(to, true));
        getSelection().removeAllRanges();
        getSelection().addRange(range);
    }
"""
MARKED = "(name) => [...(CSS.highlights.get(name) ?? [])].map((range) => range.toString())"


def select(page, first, last=None):
    page.evaluate(SELECT, [first, last or first])
    expect(quote_button(page)).to_be_visible()


def quote_button(page):
    return page.locator("body > button.quote-this")


def quotes_in(form):
    return form.locator(":scope > .quotes > ul > li")


def size(locator):
    edges = box(locator)
    return edges["right"] - edges["left"], edges["bottom"] - edges["top"]


def marked(page, name="quoted-now"):
    return page.evaluate(MARKED, name)


def until_marked(page, name, count):
    until(page, lambda: len(marked(page, name)) == count)


@both_widths
def test_selected_words_are_quoted_and_stand_above_the_comment(house, page_for, window):
    page = page_for(house.member, window)
    open_text(page, house.reading)
    select(page, "anyone had counted")
    quote_button(page).click()
    shows_discussion_of(page, 3)
    expect(quotes_in(composer(page))).to_have_text(re.compile("anyone had counted"))
    expect(box_for_words(composer(page))).to_be_focused()
    select(page, "whose th")  # half a word becomes a whole one
    quote_button(page).click()
    expect(quotes_in(composer(page))).to_have_count(2)
    box_for_words(composer(page)).fill("Nobody had.")
    send(composer(page))
    said = comment(page, "Nobody had.")
    expect(said.locator(".quoted")).to_have_count(2)
    assert [quote.exact for quote in Quote.objects.all()] == ["anyone had counted", "whose they"]
    expect(quotes_in(composer(page))).to_have_count(0)
    page.reload()
    expect(comment(page, "Nobody had.").locator(".quoted")).to_have_count(2)
    expect(quotes_in(composer(page))).to_have_count(0)


def test_the_key_q_quotes_what_is_selected_and_else_offers_the_sentences(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    select(page, "the river took")
    page.keyboard.press("q")
    shows_discussion_of(page, 9)
    expect(quotes_in(composer(page))).to_have_text(re.compile("the river took"))
    page.locator("#discussion-title").focus()
    page.keyboard.press("q")
    expect(page.locator(".sentences input[type=checkbox]")).to_have_count(2)
    expect(quotes_in(composer(page))).to_have_text(re.compile("the river took"))


def test_a_note_mark_inside_the_passage_is_not_counted(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    select(page, "it that", "In spring the")
    quote_button(page).click()
    box_for_words(composer(page)).fill("Two winters.")
    send(composer(page))
    expect(comment(page, "Two winters.")).to_be_visible()
    quote = Quote.objects.get()
    assert quote.exact == "it that winter. In spring the"
    assert quote.version.text[quote.start : quote.end] == quote.exact
    comment(page, "Two winters.").focus()
    until_marked(page, "quoted-now", 1)
    assert marked(page) == ["it that winter.2 In spring the"]  # the range runs through the mark


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "👍🏽👨‍👩‍👧 Emoji stand here, 𠀋 and 𝒜 letters, before the passage that counts, 👍🏽 and after it.",
            "passage that counts, 👍🏽 and",
        ),
        ("Here cafe\u0301 and nai\u0308ve words stand, with marks of their own.", "cafe\u0301 and nai\u0308ve"),
        ("כאן עומדות מילים בעברית, שָׁלוֹם לכולם, ועוד כמה מילים.", "מילים בעברית, שָׁלוֹם"),
    ],
    ids=["surrogates", "combining", "right to left"],
)
def test_offsets_are_code_points_whatever_stands_before(house, page_for, text, words):
    reading = factories.create_reading(house.group, f"Signs\n\n{text}\n\nAnd one more.\n", filename="signs.txt")
    page = page_for(house.member)
    open_text(page, reading)
    select(page, words)
    quote_button(page).click()
    box_for_words(composer(page)).fill("Counted.")
    send(composer(page))
    expect(comment(page, "Counted.")).to_be_visible()
    quote = Quote.objects.get()
    assert (quote.exact, quote.start) == (words, text.index(words))
    comment(page, "Counted.").hover()
    until_marked(page, "quoted-now", 1)
    assert marked(page) == [words]


def test_a_selection_over_the_end_of_a_paragraph_is_a_quote_of_each(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    select(page, "say whose they were.", "We were promised")
    quote_button(page).click()
    shows_discussion_of(page, 3)
    box_for_words(composer(page)).fill("Both.")
    send(composer(page))
    said = comment(page, "Both.")
    expect(said.locator(".quoted")).to_have_count(2)
    expect(said.locator(".quoted").nth(1)).to_contain_text("¶ 4")
    assert [quote.exact for quote in Quote.objects.all()] == ["say whose they were.", "“We were promised"]


@both_widths
def test_sentences_are_chosen_by_button(house, page_for, window):
    page = page_for(house.member, window)
    open_text(page, house.reading)
    open_discussion(page, 10)
    box_for_words(composer(page)).fill("Typed before")
    composer(page).get_by_role("button", name="Quote", exact=True).click()
    first = composer(page).get_by_role("checkbox").first
    expect(first).to_be_visible()
    expect(box_for_words(composer(page))).to_have_value("Typed before")
    first.focus()
    page.keyboard.press("Space")
    composer(page).get_by_role("button", name="Quote these").click()
    expect(quotes_in(composer(page))).to_have_text(re.compile("The second year began quietly."))
    expect(box_for_words(composer(page))).to_have_value("Typed before")
    send(composer(page))
    expect(comment(page, "Typed before").locator(".quoted")).to_contain_text("began quietly.")


def test_without_a_script_sentences_are_chosen_and_what_was_typed_stays(house, page_for):
    page = page_for(house.member, NARROW, javascript=False)
    page.goto(paragraph_address(house.reading, 10))
    box_for_words(composer(page)).fill("Typed before")
    composer(page).get_by_role("button", name="Quote", exact=True).click()
    for checkbox in composer(page).get_by_role("checkbox").all():
        checkbox.check()
    composer(page).get_by_role("button", name="Quote these").click()
    expect(quotes_in(composer(page))).to_have_count(2)
    quotes_in(composer(page)).first.get_by_role("button", name="Take this quotation out").click()
    expect(quotes_in(composer(page))).to_have_count(1)
    expect(box_for_words(composer(page))).to_have_value("Typed before")
    send(composer(page))
    quoted = comment(page, "Typed before").locator(".quoted")
    expect(quoted).to_contain_text("There were three ferries now")
    quoted.get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"/p/{paragraph_id(house.reading, 10)}/$"))


@both_widths
def test_words_of_a_comment_are_quoted_in_the_answer_to_it(house, page_for, window):
    factories.create_comment(house.reading, house.other, "We *hoped for* a list, 👍🏽 and a day.", number=3)
    page = page_for(house.member, window)
    open_text(page, house.reading)
    open_discussion(page, 3)
    select(page, "hoped for", " a list, 👍🏽")
    quote_button(page).click()
    expect(opened(page, "answer")).to_be_visible()
    expect(quotes_in(opened(page, "answer"))).to_have_text(re.compile("hoped for a list, 👍🏽.*Milo", re.DOTALL))
    box_for_words(opened(page, "answer")).fill("By whom?")
    send(opened(page, "answer"))
    quoted = comment(page, "By whom?").locator(".quoted")
    expect(quoted).to_contain_text("hoped for a list")
    quoted.get_by_role("link", name="Milo").click()
    expect(comment(page, "We hoped for a list")).to_be_focused()


def test_sentences_of_a_comment_are_offered_in_the_answer_to_it(house, page_for):
    factories.create_comment(house.reading, house.other, "We were promised. So they said.", number=3)
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 3)
    form = open_form(page, "We were promised", "Answer", "answer")
    form.get_by_role("button", name="Quote", exact=True).click()
    form = opened(page, "answer")
    form.get_by_role("group", name="Sentences of what Milo said").get_by_label("So they said.").check()
    box_for_words(form).fill("Who?")
    send(form)
    expect(comment(page, "Who?").locator(".quoted")).to_contain_text("So they said.")
    assert Quote.objects.get().source == Comment.objects.earliest("pk")


def test_a_quote_is_taken_out_and_the_others_outlive_the_panel(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    for words in ("The ferry left", "counted the sacks", "on the quay"):
        select(page, words)
        quote_button(page).click()
        expect(quotes_in(composer(page)).filter(has_text=words)).to_be_visible()
    quotes_in(composer(page)).nth(1).get_by_role("button").click()
    expect(quotes_in(composer(page))).to_have_count(2)
    close_discussion(page)
    expect(discussion(page)).to_be_hidden()
    open_discussion(page, 3)
    expect(quotes_in(composer(page))).to_have_count(2)
    box_for_words(composer(page)).fill("Two.")
    send(composer(page))
    expect(comment(page, "Two.")).to_be_visible()
    assert [quote.exact for quote in Quote.objects.all()] == ["The ferry left", "on the quay"]


@both_widths
def test_passages_are_marked_while_their_discussion_is_open_and_nothing_moves(house, page_for, window):
    create_quoting(house.reading, house.other, "counted the sacks", "First.")
    create_quoting(house.reading, house.other, "counted the sacks", "Second.")
    create_quoting(house.reading, house.other, "The ferry left", "Third.")
    page = page_for(house.member, window)
    open_text(page, house.reading)
    before = size(block(page, 3))
    assert marked(page, "quoted-passages") == []
    open_discussion(page, 3)
    until_marked(page, "quoted-passages", 2)
    assert size(block(page, 3)) == before
    assert marked(page, "quoted-passages") == ["The ferry left", "counted the sacks"]
    page.mouse.move(1, 1)  # or the comment that is under the pointer would be marked
    comment(page, "Third.").focus()
    until_marked(page, "quoted-now", 1)
    assert marked(page) == ["The ferry left"]
    # A click on the passage leads to the first comment on it, another to the next.
    where = page.evaluate(
        """() => {
            const range = [...CSS.highlights.get("quoted-passages")][1];
            const {left, top, width, height} = range.getClientRects()[0];
            return {x: left + width / 2, y: top + height / 2};
        }"""
    )
    page.mouse.click(**where)
    expect(comment(page, "First.")).to_be_focused()
    page.mouse.click(**where)
    expect(comment(page, "Second.")).to_be_focused()
    assert marked(page) == ["counted the sacks"]
    # By key there is a button after the paragraph.
    page.get_by_role("button", name=re.compile("Quoted here: “The ferry left”")).focus()
    page.keyboard.press("Enter")
    expect(comment(page, "Third.")).to_be_focused()
    close_discussion(page)
    until_marked(page, "quoted-passages", 0)
    expect(page.locator(".quoters")).to_have_count(0)


def test_a_browser_without_highlights_marks_by_elements_and_takes_them_away(house, page_for):
    create_quoting(house.reading, house.other, "of it that winter. In spring the", "On both.", number=9)
    page = page_for(house.member)
    page.add_init_script("Object.defineProperty(CSS, 'highlights', {value: undefined})")
    open_text(page, house.reading)
    before = block(page, 9).inner_html()
    open_discussion(page, 9)
    comment(page, "On both.").focus()
    expect(page.locator("mark.passage")).not_to_have_count(0)
    assert (
        "".join(page.locator("mark.passage").all_text_contents()).replace("2", "") == "of it that winter. In spring the"
    )
    close_discussion(page)
    expect(page.locator("mark.passage")).to_have_count(0)
    expect(page.locator(".quoters")).to_have_count(0)
    block(page, 9).evaluate(
        "(element) => [element.removeAttribute('aria-current'), element.setAttribute('class', 'block paragraph')]"
    )
    assert block(page, 9).inner_html() == before


@pytest.mark.parametrize(("window", "scheme"), [(NARROW, "light"), (WIDE, "dark")], ids=["phone", "desktop"])
def test_axe_finds_nothing_where_one_quotes(house, page_for, window, scheme):
    create_quoting(house.reading, house.other, "counted the sacks", "First.")
    page = page_for(house.member, window, scheme)
    open_text(page, house.reading)
    select(page, "The ferry left")
    assert faults_of(page) == []
    quote_button(page).click()
    expect(quotes_in(composer(page))).to_have_count(1)
    composer(page).get_by_role("button", name="Quote", exact=True).click()
    expect(page.locator(".sentences")).to_be_visible()
    page.locator(".quoters").focus()
    assert faults_of(page) == []
    assert sideways(page) == []


def test_a_visitor_is_offered_nothing_and_reads_the_quotes(house, page_for):
    create_quoting(house.reading, house.other, "counted the sacks", "First.")
    page = page_for(None, NARROW)
    open_text(page, house.reading)
    open_discussion(page, 3)
    expect(comment(page, "First.").locator(".quoted")).to_contain_text("counted the sacks")
    page.evaluate(SELECT, ["anyone", "counted"])
    page.wait_for_timeout(400)
    expect(quote_button(page)).to_have_count(0)
