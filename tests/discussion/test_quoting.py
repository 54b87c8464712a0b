"""Quoting over HTTP: what is sent is looked up, never believed; who may not read a comment does not read it quoted."""

import json
import re
import uuid
from html import unescape
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, Draft, Quote, State
from readinggroup.discussion.quotations import quotes_above, quotes_shown
from readinggroup.discussion.quoting import MOST_QUOTES, Quotable, Quoted, wanted_in
from readinggroup.group_export import write_discussion
from readinggroup.groups.models import Membership
from readinggroup.lib.markup import plain_text
from readinggroup.my_data.contents import comments
from texts.quoting import passage

from .. import factories
from .test_comments import HTMX, act, paragraph_page
from .test_comments import post as post_at

WORDS = "anyone had counted the sacks"


def post(client, reading, body, **more):
    return post_at(client, reading, body, number=3, **more)


def standing(house, user):
    return Membership.objects.standing(user and user.pk, house.group.slug)


def of_text(reading, words=WORDS, *, number=3, **more):
    """As the form sends a passage of the text."""
    version = factories.version_of(reading, number)
    start = version.text.index(words)
    found = passage(version.text, start, start + len(words))
    return json.dumps({
        "paragraph": version.paragraph.public_id, "version": version.pk, "exact": found.exact,
        "prefix": found.prefix, "suffix": found.suffix, "start": found.start, "end": found.end, **more,
    })  # fmt: skip


def of_comment(comment, words, **more):
    text = plain_text(comment.body_html)
    start = text.index(words)
    return json.dumps({"comment": comment.public_id, "exact": words, "start": start, "end": start + len(words), **more})


def create_quoting(reading, by, quoted, body="Look at that.", *, number=3):
    """A comment that quotes a comment, or words of the text."""
    version = factories.version_of(reading, number)
    if isinstance(quoted, Comment):
        text = plain_text(quoted.body_html)
        found = passage(text, 0, len(text))
        quote = Quoted(found, comment=quoted.public_id, source_id=quoted.pk, wording=quoted.wording)
    else:
        start = version.text.index(quoted)
        quote = Quoted(passage(version.text, start, start + len(quoted)), version_id=version.pk)
    return actions.post(reading=reading, version=version, body=body, key=uuid.uuid4(), by=by, quotes=[quote])


def fields(page, name="quote"):
    """The values of the form's inputs of that name, hidden or checked."""
    inputs = re.findall(rf'<input type="(\w+)" name="{name}" value="([^"]*)"( checked)?', page)
    return [unescape(value) for kind, value, checked in inputs if kind == "hidden" or checked]


def words_on(page):
    return unescape(re.sub(r"<[^>]+>", "", page))


# --- Sending ----------------------------------------------------------------------------------------------------------


def test_a_passage_of_the_text_is_kept_with_its_selectors_and_stands_above_the_comment(house, as_user):
    client = as_user(house.member)
    assert post(client, house.reading, "Nobody had.", quote=of_text(house.reading)).status_code == 302
    quote = Quote.objects.get()
    version = factories.version_of(house.reading, 3)
    assert (quote.version, quote.exact, quote.source) == (version, WORDS, None)
    assert version.text[quote.start : quote.end] == WORDS
    assert version.text[quote.start - 32 if quote.start > 32 else 0 : quote.start] == quote.prefix
    assert version.text[quote.end : quote.end + 32] == quote.suffix
    page = as_user(None).get(paragraph_page(house.reading, 3)).text
    [above] = re.findall(r'<blockquote class="quoted" .*?</blockquote>', page)
    assert WORDS in above
    assert f'data-start="{quote.start}" data-end="{quote.end}"' in above
    assert page.index(above) < page.index("<p>Nobody had.</p>")


def test_several_quotes_of_several_paragraphs_and_a_comment_stand_in_their_order(house, as_user):
    said = factories.create_comment(house.reading, house.other, number=3, body="We *were* promised a list.")
    quotes = [
        of_text(house.reading, "a song", number=4),
        of_comment(said, "were promised"),
        of_text(house.reading),
    ]
    post(as_user(house.member), house.reading, "All three.", quote=quotes)
    comment = Comment.objects.get(body="All three.")
    assert [quote.exact for quote in comment.quotes.all()] == ["a song", "were promised", WORDS]
    above = quotes_above(standing(house, house.other), [comment.pk])[comment.pk]
    assert "¶ </span>4" in above
    assert "Milo" in above
    assert f'href="/c/{said.public_id}/"' in above


def test_what_the_browser_says_the_words_are_is_not_believed(house, as_user):
    forged = of_text(house.reading, exact="the mayor had stolen the sacks")
    answer = post(as_user(house.member), house.reading, "See?", quote=forged)
    assert answer.status_code == 422
    assert "See?" in answer.text
    assert "can no longer be found" in answer.text
    assert Comment.objects.count() == 0


def test_offsets_that_are_off_are_mended_by_the_words(house, as_user):
    value = json.loads(of_text(house.reading))
    value["start"] += 3
    value["end"] += 3
    post(as_user(house.member), house.reading, "Off by three.", quote=json.dumps(value))
    assert Quote.objects.get().exact == WORDS
    assert Quote.objects.get().start == value["start"] - 3


def test_half_words_become_whole_ones(house, as_user):
    value = json.loads(of_text(house.reading, "counted the sacks"))
    value |= {"exact": "unted the sa", "start": value["start"] + 2, "end": value["end"] - 3}
    post(as_user(house.member), house.reading, "Half.", quote=json.dumps(value))
    assert Quote.objects.get().exact == "counted the sacks"


def test_the_same_form_sent_twice_is_one_comment_and_with_other_quotes_is_refused(house, as_user):
    client, key = as_user(house.member), uuid.uuid4()
    for _ in range(2):
        assert post(client, house.reading, "Once.", key=key, quote=of_text(house.reading)).status_code == 302
    assert Quote.objects.count() == 1
    for quotes in (
        [],
        [of_text(house.reading, "The ferry left")],
        [of_text(house.reading)] * 2 + [of_text(house.reading, "The ferry left")],
    ):
        again = post(client, house.reading, "Once.", key=key, quote=quotes)
        assert again.status_code == 409
        assert "Once." in again.text
        assert len(fields(again.text)) == len(set(quotes))
    assert Comment.objects.count() == 1


def test_an_answer_quotes_too(house, as_user):
    said = factories.create_comment(house.reading, house.other, number=3, body="We were promised a list.")
    data = {"body": "By whom?", "key": uuid.uuid4(), "quote": [of_comment(said, "were promised")]}
    assert act(as_user(house.member), said, "answer_comment", data).status_code == 302
    quote = Quote.objects.get()
    assert (quote.source, quote.wording, quote.exact) == (said, 1, "were promised")


def test_the_words_of_a_comment_are_counted_as_they_are_shown(house, as_user):
    said = factories.create_comment(
        house.reading, house.other, number=3, body="A & B <b> 👍🏽 *were*\n\n- one\n- two & three"
    )
    for words in ("B <b> 👍🏽 were", "two & three", "were\n\none"):
        if words in plain_text(said.body_html):
            post(as_user(house.member), house.reading, f"On {len(words)}", quote=of_comment(said, words))
    assert [quote.exact for quote in Quote.objects.order_by("pk")][:2] == ["B <b> 👍🏽 were", "two & three"]


def test_a_comment_that_was_reworded_meanwhile_is_quoted_as_it_was_if_its_author_lets_that_be_seen(house, as_user):
    said = factories.create_comment(house.reading, house.other, number=3, body="We were promised a song.")
    value = of_comment(said, "promised a song")
    actions.reword(comment=said, body="We were given a list.", wording=1, by=house.other)
    assert post(as_user(house.member), house.reading, "First.", quote=value).status_code == 302
    assert Quote.objects.get().wording == 1
    Comment.objects.filter(pk=said.pk).update(oldest_shown=2)
    refused = post(as_user(house.member), house.reading, "Second.", quote=value)
    assert refused.status_code == 422
    assert "Second." in refused.text
    assert "song" not in words_on(refused.text)
    assert Quote.objects.count() == 1


# --- What cannot be quoted --------------------------------------------------------------------------------------------


def bad_values(house):
    other = factories.create_reading(factories.create_group(), filename="other.txt")
    good = json.loads(of_text(house.reading))
    yield "not json"
    yield ""
    yield "null"
    yield "[]"
    yield "3"
    yield "[" * 30_000
    yield '"' + "x" * 200_000 + '"'
    yield json.dumps(good | {"start": -1})
    yield json.dumps(good | {"start": -5, "end": -1})
    yield json.dumps(good | {"start": "0"})
    yield json.dumps(good | {"start": True})
    yield json.dumps(good | {"start": 1.5})
    yield json.dumps(good | {"start": None})
    yield json.dumps(good | {"end": 10**30, "exact": "zz zz"})
    yield '{"paragraph": "x", "start": ' + "9" * 5_000 + ', "end": 3, "exact": "abc"}'
    yield json.dumps(good | {"exact": ""})
    yield json.dumps(good | {"exact": ["a"]})
    yield json.dumps(good | {"exact": "a\x00b"})
    yield json.dumps(good | {"exact": "a\ud800b"})
    yield json.dumps(good | {"exact": "x" * 6_000})
    yield json.dumps(good | {"exact": "is", "prefix": "", "suffix": ""})
    yield json.dumps(good | {"paragraph": "nowhere", "version": None})
    yield json.dumps(good | {"paragraph": "a\x00b"})
    yield json.dumps(good | {"paragraph": "\ud800"})
    yield json.dumps(good | {"paragraph": {}})
    yield json.dumps(good | {"comment": "both"})
    yield json.dumps({name: value for name, value in good.items() if name != "paragraph"})
    yield of_text(other)
    yield json.dumps({"comment": "nobody", "exact": "words", "start": 0, "end": 5})
    yield json.dumps({"comment": "nobody", "exact": "words", "start": 0, "end": 5, "wording": 10**12})


def test_bad_input_is_refused_kindly_and_nothing_that_was_typed_is_lost(house, as_user):
    client = as_user(house.member)
    for value in bad_values(house):
        for headers in ({}, HTMX):
            answer = post(client, house.reading, "My own words.", quote=value, headers=headers)
            assert answer.status_code == 422, value[:80]
            assert "My own words." in answer.text
            assert 'role="alert" id=' in answer.text
    assert Comment.objects.count() == 0


def test_a_version_of_another_text_is_taken_for_none(house, as_user):
    other = factories.create_reading(factories.create_group(), filename="other.txt")
    value = of_text(house.reading, version=factories.version_of(other, 3).pk)
    post(as_user(house.member), house.reading, "Mine.", quote=value)
    assert Quote.objects.get().version == factories.version_of(house.reading, 3)


@pytest.mark.parametrize("how", ["hidden", "held", "withdrawn", "another group", "another text"])
def test_a_comment_that_one_may_not_read_is_not_quoted(house, as_user, how):
    reading = house.reading
    if how == "another group":
        group = factories.create_group()
        reading, author = factories.create_reading(group, filename="b.txt"), factories.create_member(group)
    else:
        author = house.other
    if how == "another text":
        reading = factories.create_reading(house.group, "Else\n\nOne more text.\n\nAnd so\n\non.\n", filename="b.txt")
    said = factories.create_comment(reading, author, number=3, body="Quite secret words.")
    if how in State.values:
        more = {"withdrawn_from": "visible", "withdrawn_at": said.created_at} if how == "withdrawn" else {}
        Comment.objects.filter(pk=said.pk).update(state=how, **more)
    answer = post(as_user(house.member), house.reading, "Mine.", quote=of_comment(said, "secret words"))
    assert answer.status_code == 422
    assert "secret" not in answer.text
    assert "Mine." in answer.text
    assert Quote.objects.count() == 0


def test_more_than_ten_are_too_many(house, as_user):
    text = factories.version_of(house.reading, 3).text
    words = text.split()[: MOST_QUOTES + 1]
    values = [of_text(house.reading, " ".join(text.split()[number : number + 3])) for number in range(len(words))]
    answer = post(as_user(house.member), house.reading, "So many.", quote=values)
    assert answer.status_code == 422
    assert "10 passages at most" in answer.text
    assert len(fields(answer.text)) == MOST_QUOTES + 1
    assert post(as_user(house.member), house.reading, "So many.", quote=values[1:]).status_code == 302
    assert Quote.objects.count() == MOST_QUOTES


def test_what_is_taken_back_at_this_moment_is_not_quoted(house, as_user, monkeypatch):
    said = factories.create_comment(house.reading, house.other, number=3, body="We were promised a list.")
    looked_up = Quotable.look_up

    def then_withdrawn(self, values):
        found = looked_up(self, values)
        actions.withdraw(comment=said, by=house.other)
        return found

    monkeypatch.setattr(Quotable, "look_up", then_withdrawn)
    answer = post(as_user(house.member), house.reading, "By whom?", quote=of_comment(said, "were promised"))
    assert answer.status_code == 409
    assert "By whom?" in answer.text
    assert Comment.objects.filter(body="By whom?").count() == 0


# --- The composer without a script ------------------------------------------------------------------------------------


def test_sentences_are_chosen_by_button_and_what_was_typed_stays(house, as_user):
    client = as_user(house.member)
    form = {"body": "Typed so far", "key": uuid.uuid4()}
    page = client.post(paragraph_page(house.reading, 10) + "comment/", form | {"sentences": "choose"})
    assert page.status_code == 200
    assert "Typed so far" in page.text
    offered = re.findall(r'<input type="checkbox" name="quote" value="([^"]*)"', page.text)
    assert len(offered) == 2
    values = [unescape(value) for value in offered]
    page = client.post(paragraph_page(house.reading, 10) + "comment/", form | {"sentences": "chosen", "quote": values})
    assert "Typed so far" in page.text
    assert fields(page.text) == values
    assert 'type="checkbox" name="quote"' not in page.text
    page = client.post(paragraph_page(house.reading, 10) + "comment/", form | {"take_out": "0", "quote": values})
    assert fields(page.text) == values[1:]
    assert Comment.objects.count() == 0
    page = client.post(paragraph_page(house.reading, 10) + "comment/", form | {"quote": values})
    assert page.status_code == 302
    assert [quote.exact for quote in Quote.objects.all()] == [json.loads(value)["exact"] for value in values]


def test_while_one_chooses_what_is_chosen_is_checked_once(house, as_user):
    client, place = as_user(house.member), paragraph_page(house.reading, 10) + "comment/"
    page = client.post(place, {"body": "", "sentences": "choose"})
    first = unescape(re.findall(r'type="checkbox" name="quote" value="([^"]*)"', page.text)[0])
    page = client.post(place, {"body": "", "sentences": "choose", "quote": [first, of_text(house.reading)]})
    assert sorted(fields(page.text)) == sorted([first, of_text_as_shown(house.reading)])
    assert 'role="alert" id=' not in page.text


def of_text_as_shown(reading):
    value = json.loads(of_text(reading))
    order = ("paragraph", "version", "exact", "prefix", "suffix", "start", "end")
    return json.dumps({name: value[name] for name in order}, ensure_ascii=False)


def test_the_sentences_open_by_an_address_too(house, as_user):
    page = as_user(house.member).get(paragraph_page(house.reading, 3) + "?sentences=choose").text
    assert 'type="checkbox" name="quote"' in page
    said = factories.create_comment(house.reading, house.other, number=3, body="One. Two is longer.")
    address = reverse("discussion:answer_comment", args=[said.public_id])
    page = as_user(house.member).get(address + "?sentences=choose").text
    assert "Sentences of what Milo said" in page
    assert "Sentences of paragraph 3" in page
    visitor = as_user(None).get(paragraph_page(house.reading, 3) + "?sentences=choose").text
    assert 'type="checkbox" name="quote"' not in visitor


def test_quotes_survive_a_preview_and_an_empty_box(house, as_user):
    client = as_user(house.member)
    value = of_text_as_shown(house.reading)
    assert fields(post(client, house.reading, "Looks?", preview="1", quote=value).text) == [value]
    empty = post(client, house.reading, "", quote=value)
    assert empty.status_code == 422
    assert fields(empty.text) == [value]


def test_a_draft_that_quotes_what_may_no_longer_be_read_does_not_show_it(house):
    said = factories.create_comment(house.reading, house.other, number=3, body="Quite secret words.")
    kept = [of_comment(said, "secret words"), json.loads(of_text(house.reading)), {"nonsense": 1}, 7, None]
    Comment.objects.filter(pk=said.pk).update(state=State.HIDDEN)
    quotable = Quotable(standing(house, house.member), house.reading, factories.version_of(house.reading, 3))
    looked = quotable.look_up(kept)
    assert [one.words for one in looked] == ["", WORDS, "", "", ""]
    assert "secret" not in str(looked)


# --- What readers see -------------------------------------------------------------------------------------------------


def test_a_quoted_comment_that_is_gone_takes_its_words_along_for_who_may_not_read_it(house):
    said = factories.create_comment(house.reading, house.other, number=3, body="Quite secret words.")
    quoting = create_quoting(house.reading, house.member, said)

    def sees(user):
        return "secret" in quotes_above(standing(house, user), [quoting.pk])[quoting.pk]

    assert all(sees(user) for user in (None, house.member, house.other, house.moderator))
    Comment.objects.filter(pk=said.pk).update(state=State.HELD)
    assert [sees(user) for user in (None, house.member, house.other, house.moderator)] == [False, False, True, True]
    Comment.objects.filter(pk=said.pk).update(state=State.HIDDEN)
    assert not any(sees(user) for user in (None, house.member, house.other, house.moderator))
    Comment.objects.filter(pk=said.pk).update(state=State.VISIBLE)
    actions.withdraw(comment=said, by=house.other)
    above = quotes_above(standing(house, house.member), [quoting.pk])[quoting.pk]
    assert "can no longer be read" in above
    actions.put_back(comment=said, by=house.other)
    assert sees(None)


def test_a_wording_that_its_author_keeps_from_others_is_not_shown_by_a_quote(house):
    said = factories.create_comment(house.reading, house.other, number=3, body="Quite secret words.")
    quoting = create_quoting(house.reading, house.member, said)
    actions.reword(comment=said, body="Nothing.", wording=1, by=house.other)
    Comment.objects.filter(pk=said.pk).update(oldest_shown=2)
    seen = {
        user and user.display_name: quotes_above(standing(house, user), [quoting.pk])[quoting.pk]
        for user in (None, house.member, house.other, house.moderator)
    }
    assert [name for name, html in seen.items() if "secret" in html] == ["Mona"]
    assert f"/c/{said.public_id}/" not in seen["Mara"]


def test_the_quotes_of_a_comment_that_is_gone_are_gone(house):
    quoting = create_quoting(house.reading, house.member, WORDS)
    Comment.objects.filter(pk=quoting.pk).update(state=State.HIDDEN)
    assert quotes_above(standing(house, house.moderator), [quoting.pk]) == {}


def test_a_quote_names_people_as_the_group_calls_them(house):
    house.group.memberships.filter(user=house.other).update(name_here="The Miller")
    said = factories.create_comment(house.reading, house.other, number=3, body="We were promised a list.")
    quoting = create_quoting(house.reading, house.member, said)
    above = quotes_above(standing(house, house.member), [quoting.pk])[quoting.pk]
    assert "The Miller" in above
    assert "Milo" not in above


def test_words_that_look_like_html_are_shown_as_words(house):
    said = factories.create_comment(house.reading, house.other, number=3, body="Take `<script>alert(1)</script>` out.")
    quoting = create_quoting(house.reading, house.member, said)
    above = quotes_above(standing(house, house.member), [quoting.pk])[quoting.pk]
    assert "<script" not in above
    assert "&lt;script&gt;" in above


@pytest.mark.parametrize("what", ["text", "comment"])
def test_queries_do_not_grow_with_the_quotes(house, what):
    member = standing(house, house.member)

    def queries():
        comments = list(Comment.objects.values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as asked:
            quotes_shown(member, comments)
        return len(asked)

    def one_more():
        source = factories.create_comment(house.reading, house.other, number=3, body="We were promised a list.")
        create_quoting(house.reading, house.member, source if what == "comment" else WORDS)

    one_more()
    queries()
    member.group.names_here  # noqa: B018 - asked once
    first = queries()
    one_more()
    one_more()
    assert queries() == first == (2 if what == "comment" else 1)


def test_erasing_what_one_wrote_erases_what_others_have_quoted_of_it_and_what_one_quoted(house):
    said = factories.create_comment(house.reading, house.other, number=3, body="Quite secret words.")
    create_quoting(house.reading, house.member, said)
    create_quoting(house.reading, house.other, WORDS)
    actions.erase_all(by=house.other)
    assert [quote.exact for quote in Quote.objects.all()] == [actions.ERASED]


def test_erased_words_leave_what_others_have_begun_to_write(house, as_user):
    said = factories.create_comment(house.reading, house.other, number=3, body="Quite secret words.")
    stays = factories.create_comment(house.reading, house.owner, number=3, body="Words that stay.")
    quotes = [of_comment(said, "secret"), of_text(house.reading), of_comment(stays, "stay")]
    address = paragraph_page(house.reading, 3)
    data = {"body": "Begun.", "sequence": 0, "quote": quotes}
    assert as_user(house.member).post(f"{address}comment/draft/", data, headers=HTMX).status_code == 200
    actions.erase_all(by=house.other)
    draft = Draft.objects.get()
    assert (draft.body, draft.quotes) == ("Begun.", quotes[1:])
    assert "secret" not in as_user(house.member).get(address).text


def test_everywhere_else_a_quote_goes_with_what_it_quotes(house, as_user):
    """The contributions, the whole document, the export, the archive; also where another paragraph's page is kept."""
    said = factories.create_comment(house.reading, house.other, "Quite secret words.", number=3)
    create_quoting(house.reading, house.member, said)
    text = plain_text(said.body_html)
    elsewhere = Quoted(passage(text, 0, len(text)), comment=said.public_id, source_id=said.pk, wording=1)
    actions.post(
        reading=house.reading, version=factories.version_of(house.reading, 10), body="Also here.", key=uuid.uuid4(),
        by=house.member, quotes=[elsewhere],
    )  # fmt: skip
    group, reading = house.group.slug, house.reading.slug
    member = house.group.memberships.get(user=house.member)
    pages = [
        reverse("discussion:contributions", args=[group, member.user.public_id]),
        reverse("discussion:whole", args=[group, reading]),
        paragraph_page(house.reading, 3),
        paragraph_page(house.reading, 10),
    ]

    def told():
        reader = standing(house, house.organizer)
        out = BytesIO()
        write_discussion(out, reader, house.reading)
        said_by_milo = "<p>Quite secret words.</p></div>"
        counts = [as_user(house.organizer).get(page).text.replace(said_by_milo, "").count("secret") for page in pages]
        exported = sum("secret" in str(one["quotes"]) for one in json.loads(out.getvalue()))
        archived = sum("secret" in str(one["quotes"]) for one in comments(house.member))
        return [*counts, exported, archived]

    assert told() == [2, 2, 1, 1, 2, 2]
    for change in ({"state": State.HIDDEN}, {"state": State.VISIBLE, "wording": 2, "oldest_shown": 2}):
        Comment.objects.filter(pk=said.pk).update(**change)
        assert told() == [0, 0, 0, 0, 0, 0]


def test_a_kept_page_asks_once_more_where_comments_of_other_paragraphs_are_quoted(house, as_user):
    said = factories.create_comment(house.reading, house.other, "We were promised a list.", number=3)
    text = plain_text(said.body_html)
    elsewhere = Quoted(passage(text, 0, len(text)), comment=said.public_id, source_id=said.pk, wording=1)
    client = as_user(house.member)

    def queries():
        client.get(paragraph_page(house.reading, 10), headers=HTMX)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(paragraph_page(house.reading, 10), headers=HTMX).status_code == 200
        return len(asked)

    counts = [queries()]
    for _ in range(3):
        actions.post(
            reading=house.reading, version=factories.version_of(house.reading, 10), body="Here.", key=uuid.uuid4(),
            by=house.other, quotes=[elsewhere],
        )  # fmt: skip
        counts.append(queries())
    assert counts[1] == counts[2] == counts[3]


def test_values_are_read_from_a_form_and_from_a_draft_alike(house):
    value = of_text(house.reading)
    assert wanted_in(value) == wanted_in(json.loads(value))
