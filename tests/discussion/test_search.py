"""Search in a group: what is found, in which order, and that nothing is told of what a reader may not see."""

import random
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import html

from readinggroup.discussion import actions, searching
from readinggroup.discussion.models import Comment, CommentWording, Quote, State
from readinggroup.discussion.snippets import marked
from readinggroup.groups.models import Visibility
from readinggroup.lib.full_text import CONFIGURATIONS, configuration_of
from readinggroup.readings.models import Reading
from texts.models import ParagraphVersion

from .. import factories
from ..thoroughness import thoroughly

HOSTILE = [
    '<script>alert("heron")</script>',
    "<img src=x onerror=alert(1)> heron",
    "heron <mark>not ours</mark> <b>heron",
    "heron\x02\x03\x04\x05\x06 heron",
    "heron &lt;script&gt; &amp;lt; heron",
    '"><svg/onload=alert(1)> heron </mark><script>',
    "[heron](javascript:alert(1)) heron/heron <heron>",
]
GERMAN = "Die Fähren\n\nDie Häuser standen am Fluß, und niemand zählte die Säcke.\n"


def address_of(group):
    return reverse("discussion:search", args=[group.slug])


def look(client, group, q, **more):
    """The answer to a search, and its document."""
    answer = client.get(address_of(group), {"q": q, **more})
    return answer, html.fromstring(answer.content.decode())


def snippets(client, group, q, **more):
    """The words of each hit, in order."""
    answer, document = look(client, group, q, **more)
    assert answer.status_code == 200
    return [" ".join(words.text_content().split()) for words in document.xpath("//ol/li//div[@class='words']")]


def said(client, group, q, **more):
    """The words of the hits among comments, each page after the other, sorted."""
    found, number = [], 1
    while number:
        answer, document = look(client, group, q, kind="comments", page=number, **more)
        assert answer.status_code == 200
        found += [" ".join(words.text_content().split()) for words in document.xpath("//ol/li//div[@class='words']")]
        number = number + 1 if document.xpath("//a[@rel='next']") else 0
    return sorted(found)


def number_told(document):
    """How many hits the page says there are; 0 where it says that there is nothing."""
    told = document.xpath("//main//p[@class='facts']/text()")
    return int(re.search(r"([\d,]+) hit", told[0])[1].replace(",", "")) if told else 0


def put(comment, state):
    """Into this state, as the database knows it."""
    withdrawn = {"withdrawn_at": timezone.now(), "withdrawn_from": State.VISIBLE} if state == State.WITHDRAWN else {}
    Comment.objects.filter(pk=comment.pk).update(state=state, **withdrawn)


# --- What is found ------------------------------------------------------------------------------------------------


def test_words_are_found_in_texts_and_comments_in_all_their_forms(house, as_user):
    factories.create_comment(house.reading, house.member, "Everybody counts the sacks.")
    found = snippets(as_user(None), house.group, "counting sack")
    assert len(found) == 2
    assert found[0] == "Everybody counts the sacks."
    assert found[1].startswith("The ferry left before anyone had counted the sacks")


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("river boat", ["The boat crossed the river."]),
        ('"the river"', ["The boat crossed the river.", "The river crossed nobody."]),
        ('"crossed the river"', ["The boat crossed the river."]),
        ("“crossed the river”", ["The boat crossed the river."]),
        ("river -boat", ["The river crossed nobody."]),
        ('river -"boat crossed"', ["The river crossed nobody."]),
        ("boat or nobody", ["The boat crossed the river.", "The river crossed nobody."]),
        ("heron", []),
    ],
)
def test_phrases_without_and_or(house, as_user, q, found):
    for words in ("The boat crossed the river.", "The river crossed nobody."):
        factories.create_comment(house.reading, house.member, words)
    assert said(as_user(house.member), house.group, q) == found


def test_each_text_is_searched_in_its_language(house, as_user):
    factories.create_reading(house.group, GERMAN, filename="de.txt", title="Fähren", language="de-AT")
    german = house.group.readings.get(edition__title="Fähren")
    factories.create_comment(german, house.member, "Ein Haus sah ich nicht.", number=2)
    factories.create_comment(house.reading, house.member, "They call it Haus here.")
    factories.create_comment(house.reading, house.member, "We die here.")
    client = as_user(None)
    assert said(client, house.group, "Häuser") == ["Ein Haus sah ich nicht."]
    assert said(client, house.group, "haus") == ["Ein Haus sah ich nicht.", "They call it Haus here."]
    assert any("Häuser" in words for words in snippets(client, house.group, "haus", kind="texts"))
    # A stop word there, a word here.
    assert said(client, house.group, "die") == ["We die here."]


def test_a_corrected_language_is_searched_by_its_own_rules(house, as_user):
    factories.create_reading(house.group, GERMAN, filename="de.txt", title="Fähren", language="en")
    reading = house.group.readings.get(edition__title="Fähren")
    factories.create_comment(reading, house.member, "Ein Haus sah ich nicht.", number=2)
    assert said(as_user(None), house.group, "häuser") == []
    reading.edition.language = "de"
    reading.edition.save()
    assert said(as_user(None), house.group, "häuser") == ["Ein Haus sah ich nicht."]
    assert len(snippets(as_user(None), house.group, "haus", kind="texts")) == 1


def test_every_language_of_the_table_is_one_that_postgres_knows(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT cfgname FROM pg_ts_config")
        assert set(CONFIGURATIONS.values()) <= {name for (name,) in cursor.fetchall()}
    assert configuration_of("de-AT") == "german"
    assert configuration_of("zh-Hant") == "simple"


@pytest.mark.parametrize("words", ["очередной обман", "καΐκι", "سفينة", "船", "ÜBERFAHRT", "café", "e\u0301tude"])
def test_other_scripts(house, as_user, words):
    reading = factories.create_reading(house.group, "One.\n\nTwo.\n", filename="x.txt", language="mul")
    factories.create_comment(reading, house.member, f"One says {words} there.", number=2)
    assert said(as_user(None), house.group, words.lower()) == [f"One says {words} there."]


SIGNED = "“We”—she said…it’s «là», 1984–1990/91; heron😀 stork。ibis"


@pytest.mark.parametrize(
    "q", ["we", "she", "là", "1984", "1990", "91", "heron", "stork", "ibis", "«là»", "—she", "said…"]
)
def test_signs_part_words_whatever_the_locale_and_are_shown(house, as_user, q):
    reading = factories.create_reading(house.group, "One.\n\nTwo.\n", filename="x.txt", language="mul")
    factories.create_comment(reading, house.member, SIGNED, number=2)
    assert said(as_user(None), house.group, q) == [SIGNED]


def test_a_long_text_is_shown_in_parts(house, as_user):
    words = f"{'Nothing here. ' * 40}“The heron—again.” {'Nothing there. ' * 40}"
    factories.create_comment(house.reading, house.member, words)
    (snippet,) = said(as_user(None), house.group, "heron")
    assert "“The heron—again.”" in snippet
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")
    assert len(snippet) < 400


def test_what_somebody_quotes_is_found_where_it_was_said(house, as_user):
    first = factories.create_comment(house.reading, house.other, "The heron stood there.")
    body = "> The heron stood there.\n\nSo it did."
    quoting = factories.create_comment(house.reading, house.member, body, parent=first)
    Quote.objects.create(comment=quoting, position=1, source=first, wording=1, exact="heron", start=4, end=9)
    assert said(as_user(None), house.group, "heron") == ["The heron stood there."]
    put(first, State.HIDDEN)
    assert said(as_user(None), house.group, "heron") == []
    assert said(as_user(None), house.group, "did") == []  # a stop word
    assert said(as_user(None), house.group, "it did so") == []


def test_an_edit_is_found_by_its_new_words_alone(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "A heron.")
    actions.reword(comment=comment, body="A stork.", wording=1, by=house.member)
    assert CommentWording.objects.get().body == "A heron."
    for person in (None, house.member, house.moderator, house.owner):
        assert said(as_user(person), house.group, "heron") == []
        assert said(as_user(person), house.group, "stork") == ["A stork."]


def test_a_comment_that_is_moved_is_searched_in_the_language_there(house, as_user):
    german = factories.create_reading(house.group, GERMAN, filename="de.txt", language="de")
    comment = factories.create_comment(house.reading, house.member, "Ein Haus.")
    version = factories.version_of(german, 2)
    Comment.objects.filter(pk=comment.pk).update(reading=german, paragraph=version.paragraph, version=version)
    assert said(as_user(None), house.group, "Häuser") == ["Ein Haus."]


def test_the_best_come_first_and_of_equals_the_newest(house, as_user):
    for words in ("heron and stork", "A heron yesterday.", "A heron today.", "heron heron heron"):
        factories.create_comment(house.reading, house.member, words)
    found = snippets(as_user(None), house.group, "heron")
    assert found[0] == "heron heron heron"
    assert found.index("A heron today.") < found.index("A heron yesterday.")


def test_hits_lead_to_their_place(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "A heron on the quay.", number=5)
    client = as_user(None)
    _answer, document = look(client, house.group, "quay", kind="comments")
    (hit,) = document.xpath("//ol/li")
    assert f"/c/{comment.public_id}/" in hit.xpath(".//header/a/@href")
    told = " ".join(hit.xpath(".//header")[0].text_content().split())
    assert told.startswith("Mara ")
    assert "The Ferry, 1. " in told
    assert told.endswith("paragraph 5")
    assert hit.xpath(".//mark/text()") == ["quay"]
    (link,) = look(client, house.group, "sacks counted", kind="texts")[1].xpath("//ol/li//header/a/@href")
    version = ParagraphVersion.objects.get(text__contains="counted the sacks")
    assert link.endswith(f"/read/{house.reading.slug}/#{version.paragraph.public_id}")


# --- Narrowed -----------------------------------------------------------------------------------------------------


def test_by_author_as_the_group_calls_them(house, as_user):
    factories.create_comment(house.reading, house.member, "A heron of hers.")
    factories.create_comment(house.reading, house.other, "A heron of his.")
    house.group.memberships.filter(user=house.other).update(name_here="Ferryman")
    client = as_user(None)
    assert said(client, house.group, "heron", by="Mara") == ["A heron of hers."]
    assert said(client, house.group, "heron", by="mAr") == ["A heron of hers."]
    assert said(client, house.group, "heron", by="Ferryman") == ["A heron of his."]
    assert said(client, house.group, "heron", by="Milo") == []  # as their account calls them, not this group
    silent, nobody = (look(client, house.group, "heron", by=name)[1] for name in ("Omar", "Nemo"))
    told = [" ".join(page.xpath("//main//p[@role='status']")[0].text_content().split()) for page in (silent, nobody)]
    assert told[0] == told[1]


def test_by_text_and_section(house, as_user):
    text = factories.long_text(6, section_every=3)
    river = factories.create_reading(house.group, text, filename="river.txt", title="River")
    for number in (1, 5):
        factories.create_comment(river, house.member, f"A heron at {number}.", number=number)
    factories.create_comment(house.reading, house.member, "A heron elsewhere.")
    client = as_user(None)
    assert len(said(client, house.group, "heron")) == 3
    assert said(client, house.group, "heron", where=river.slug) == ["A heron at 1.", "A heron at 5."]
    assert said(client, house.group, "heron", where=f"{river.slug}:2") == ["A heron at 5."]
    assert len(snippets(client, house.group, "river", where=f"{river.slug}:2", kind="texts")) == 3
    assert look(client, house.group, "heron", where="elsewhere")[0].status_code == 422
    assert look(client, house.group, "heron", where=f"{river.slug}:9")[0].status_code == 422


def test_days_are_those_of_the_reader(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "A heron at night.")
    Comment.objects.filter(pk=comment.pk).update(created_at=datetime(2026, 3, 1, 20, 0, tzinfo=UTC))
    house.other.time_zone = "Asia/Tokyo"  # there it was the second of March
    house.other.save()
    for person, day, next_day in ((None, "2026-03-01", "2026-03-02"), (house.other, "2026-03-02", "2026-03-03")):
        client = as_user(person)
        assert said(client, house.group, "heron", since=day, until=day) == ["A heron at night."]
        assert said(client, house.group, "heron", since=next_day) == []
    assert said(as_user(house.other), house.group, "heron", until="2026-03-01") == []


def test_open_questions_alone(house, as_user):
    asked = factories.create_comment(house.reading, house.member, "Whose heron?")
    factories.create_comment(house.reading, house.member, "A heron.")
    Comment.objects.filter(pk=asked.pk).update(question="open", question_by=house.member, question_at=timezone.now())
    assert said(as_user(None), house.group, "heron", open="on") == ["Whose heron?"]


def test_texts_have_neither_author_nor_day(house, as_user):
    factories.create_comment(house.reading, house.member, "Sacks.")
    answer, _document = look(as_user(None), house.group, "sacks", by="Mara")
    assert "in comments alone" in answer.text
    assert snippets(as_user(None), house.group, "sacks", by="Mara") == ["Sacks."]
    assert snippets(as_user(None), house.group, "sacks", by="Mara", kind="texts") == []


# --- What nobody is told ------------------------------------------------------------------------------------------


def test_who_finds_what_in_every_state(house, as_user):
    for state in factories.STATES:
        put(factories.create_comment(house.reading, house.member, f"A heron that is {state}."), state)
    visible, held = "A heron that is visible.", "A heron that is held."
    for person in (None, house.outsider, house.other, house.organizer):
        assert said(as_user(person), house.group, "heron") == [visible]
    for person in (house.member, house.moderator, house.owner):
        assert said(as_user(person), house.group, "heron") == [held, visible]


def test_a_text_for_members_is_found_by_members_alone(house, as_user):
    kept = factories.create_reading(house.group, "Hidden away\n\nA secret heron.\n", filename="k.txt", for_members=True)
    factories.create_comment(kept, house.member, "A secret, heron.", number=2)
    assert len(snippets(as_user(house.other), house.group, "secret heron")) == 2
    for person in (None, house.outsider):
        answer, document = look(as_user(person), house.group, "secret heron")
        assert number_told(document) == 0
        assert kept.slug not in answer.text
        there, nowhere = (
            look(as_user(person), house.group, "heron", where=where)[0] for where in (kept.slug, "x" * len(kept.slug))
        )
        assert there.status_code == nowhere.status_code == 422
        token = re.compile(r'value="\w{64}"')
        assert token.sub("", there.text.replace(kept.slug, "")) == token.sub(
            "", nowhere.text.replace("x" * len(kept.slug), "")
        )


def test_other_groups_are_not_searched(house, as_user):
    elsewhere = factories.create_group(visibility=Visibility.MEMBERS)
    member = factories.create_member(elsewhere, "Elsa")
    factories.create_comment(factories.create_reading(elsewhere, "A heron.\n\nTwo.\n"), member, "A heron.", number=2)
    assert snippets(as_user(house.owner), house.group, "heron") == []
    assert as_user(house.owner).get(address_of(elsewhere), {"q": "heron"}).status_code == 404


def test_what_was_left_or_turned_private_is_searched_no_more(house, closed_house, as_user):
    """Within the same session: somebody leaves, and a group that everyone read closes its doors."""
    for each in (house, closed_house):
        factories.create_comment(each.reading, each.other, "A heron.")
    client, visitor = as_user(closed_house.member), as_user(None)
    assert len(said(client, closed_house.group, "heron")) == len(said(visitor, house.group, "heron")) == 1
    closed_house.group.memberships.filter(user=closed_house.member).update(left_at=timezone.now())
    house.group.visibility = Visibility.MEMBERS
    house.group.save()
    for browser, group in ((client, closed_house.group), (visitor, house.group)):
        answer = browser.get(address_of(group), {"q": "heron"})
        assert answer.status_code == 404
        assert "A heron" not in answer.text


WORDS = ["heron", "stork", "crane", "ibis"]


class Drawn:
    """Comments drawn at random, and what a few lines of Python say who finds what."""

    def __init__(self, house, seed):
        rng = random.Random(seed)
        self.house, self.rows = house, []
        kept = factories.create_reading(house.group, "One.\n\nTwo.\n", filename=f"{seed}.txt", for_members=True)
        people = [house.member, house.other, house.moderator, house.owner]
        for number in range(30):
            reading, author = rng.choice([house.reading, house.reading, kept]), rng.choice(people)
            words, state = rng.sample(WORDS, rng.randint(1, 3)), rng.choice(factories.STATES)
            answered = [row for row in self.rows if row["reading"] == reading and row["open"]]
            parent = rng.choice(answered)["comment"] if answered and rng.random() < 0.5 else None
            body = f"Number {number}: {' '.join(words)}."
            comment = factories.create_comment(reading, author, body, number=2, parent=parent)
            if rng.random() < 0.3:  # what was said before is not found
                words = [rng.choice(WORDS)]
                body = f"Number {number}: {words[0]}."
                actions.reword(comment=comment, body=body, wording=1, by=author)
            self.rows.append(
                {
                    "comment": comment, "body": body, "words": set(words), "state": state, "author": author,
                    "reading": reading, "open": state in {State.VISIBLE, State.HELD},
                }
            )  # fmt: skip
        for row in self.rows:
            put(row["comment"], row["state"])

    def found(self, person, word):
        """What this person finds by this word."""
        house = self.house
        inside = person not in {None, house.outsider}
        moderates = person in {house.moderator, house.owner}
        return sorted(
            row["body"]
            for row in self.rows
            if word in row["words"]
            and (inside or not row["reading"].for_members)
            and (
                row["state"] == State.VISIBLE
                or (row["state"] == State.HELD and (moderates or (inside and row["author"] == person)))
            )
        )


@pytest.mark.parametrize("seed", range(thoroughly(6, 3)))
def test_hits_are_what_a_few_lines_of_python_say(house, as_user, seed):
    drawn = Drawn(house, seed)
    for person in (None, house.outsider, house.member, house.other, house.organizer, house.moderator, house.owner):
        client = as_user(person)
        for word in WORDS:
            found = drawn.found(person, word)
            assert said(client, house.group, word) == found
            assert number_told(look(client, house.group, word, kind="comments")[1]) == len(found)


def test_counters_and_pages_agree_with_what_can_be_listed(house, as_user):
    for number in range(45):
        comment = factories.create_comment(house.reading, house.member, f"Heron {number}.")
        put(comment, State.HELD if number % 3 == 0 else State.VISIBLE)
    for person, count in ((None, 30), (house.moderator, 45)):
        client = as_user(person)
        assert number_told(look(client, house.group, "heron")[1]) == count
        assert len(set(said(client, house.group, "heron"))) == count
        assert look(client, house.group, "heron", page=count // 20 + 2)[0].status_code == 404


def test_hostile_words_are_shown_as_words(house, as_user):
    for words in HOSTILE:
        factories.create_comment(house.reading, house.member, words)
    answer, document = look(as_user(None), house.group, "heron", kind="comments")
    shown = document.xpath("//ol/li//div[@class='words']")
    assert len(shown) == len([words for words in HOSTILE if "heron" in words])
    tags = {element.tag for words in shown for element in words.iter()} - {"div"}
    assert tags == {"mark"}
    assert {mark.text.lower() for words in shown for mark in words.iter("mark")} == {"heron"}
    assert not re.search(r"[\x00-\x08]", answer.text)


@pytest.mark.django_db
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120))
@hypothesis_settings(max_examples=150, deadline=None)
def test_a_snippet_holds_no_tag_but_our_own(text):
    (snippet,) = marked([f"{text} heron {text}"], ["english"], "heron")
    without = snippet.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in without
    assert ">" not in without


# --- Anything may be typed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("q", "status", "told"),
    [
        ("the", 200, "cannot be looked up"),
        ("-heron", 200, "cannot be looked up"),
        ("sacks or -heron", 200, "cannot be looked up"),
        ('" & | ! () :* <-> --', 200, "cannot be looked up"),
        ("'; DROP TABLE discussion_comment; --", 200, "Nothing was found"),
        ("zebra", 200, "Nothing was found"),
        ("", 422, "Write what you look for"),
        ("   ", 422, "Write what you look for"),
        ("x" * 201, 422, "at most 200"),
        ("\x00", 400, "cannot be stored"),
        ("%s %(q)s {0}", 200, "Nothing was found"),
        ("\\", 200, "cannot be looked up"),
        ("'" * 99, 200, "cannot be looked up"),
        ("a" * 200, 200, "Nothing was found"),
        ("\u202e …", 200, "cannot be looked up"),
    ],
)
def test_whatever_is_typed_gets_a_friendly_answer(house, as_user, q, status, told):
    answer = as_user(None).get(address_of(house.group), {"q": q})
    assert answer.status_code == status
    assert told in answer.text


@pytest.mark.parametrize(
    "more",
    [
        {"since": "0001-01-01"}, {"until": "9999-12-31"}, {"since": "yesterday"}, {"kind": "people"}, {"by": "x" * 61},
    ],
)  # fmt: skip
def test_choices_that_cannot_be_are_refused_and_kept(house, as_user, more):
    answer = as_user(None).get(address_of(house.group), {"q": "sacks", **more})
    assert answer.status_code == 422
    assert 'value="sacks"' in answer.text


def test_a_lone_surrogate_and_pages_that_are_none(house, as_user):
    client = as_user(None)
    assert client.get(f"{address_of(house.group)}?q=%ED%A0%80").status_code in {200, 400}
    for page in ("0", "-1", "x", "9" * 30, "0" * 30 + "1", "²", "2"):
        assert client.get(address_of(house.group), {"q": "sacks", "page": page}).status_code == 404


def test_without_words_there_is_the_form_alone(house, as_user):
    answer = as_user(None).get(address_of(house.group), {"where": house.reading.slug})
    assert answer.status_code == 200
    assert html.fromstring(answer.text).xpath("//option[@selected]/@value")[-1] == house.reading.slug


def test_a_group_without_texts_has_nothing_to_search(db, as_user):
    group = factories.create_group()
    answer = as_user(None).get(address_of(group), {"q": "heron"})
    assert answer.status_code == 200
    assert "Nothing was found" in answer.text or "cannot be looked up" in answer.text


def test_a_search_that_takes_too_long_is_stopped_and_says_so(house, as_user, monkeypatch):
    monkeypatch.setattr(searching, "PATIENCE", 60)

    def slowly(execute, sql, params, many, context):
        if "ts_rank" in sql:
            execute("SELECT pg_sleep(5)", None, many, context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(slowly):
        answer = as_user(None).get(address_of(house.group), {"q": "sacks"})
    assert answer.status_code == 503
    assert "took too long" in answer.text
    assert 'value="sacks"' in answer.text
    assert len(snippets(as_user(None), house.group, "sacks")) == 2


# --- What it costs ------------------------------------------------------------------------------------------------


def queries_of(client, group, **asked):
    client.get(address_of(group), asked)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address_of(group), asked).status_code == 200
    return len(captured)


def test_one_hit_costs_as_many_questions_as_three(house, as_user):
    client = as_user(house.member)
    factories.create_comment(house.reading, house.member, "A heron.")
    one = queries_of(client, house.group, q="heron or sacks")
    for person in (house.member, house.other, house.owner):
        factories.create_comment(house.reading, person, "Herons.", number=3)
    assert queries_of(client, house.group, q="heron or sacks") == one <= 14


def test_of_more_than_are_listed_the_newest_are_and_it_says_so(house, as_user, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 40)
    version = factories.version_of(house.reading)
    Comment.objects.bulk_create(
        Comment(
            reading=house.reading, paragraph=version.paragraph, version=version, author=house.member, key=uuid.uuid4(),
            body=f"Heron {number}.", body_html=f"<p>Heron {number}.</p>",
            created_at=timezone.now() - timedelta(days=100 - number),
        )
        for number in range(60)
    )  # fmt: skip
    client = as_user(None)
    answer, document = look(client, house.group, "heron")
    assert number_told(document) == 40
    assert "More than 40 are not listed" in answer.text
    assert said(client, house.group, "heron") == sorted(f"Heron {number}." for number in range(20, 60))
    assert said(client, house.group, '"heron 3"') == ["Heron 3."]


def test_what_is_looked_for_is_kept_from_page_to_page(house, as_user):
    for number in range(25):
        factories.create_comment(house.reading, house.member, f'Heron & "stork" {number}.')
    _answer, document = look(as_user(None), house.group, 'heron & "stork"', by="Mara", kind="comments")
    (following,) = document.xpath("//a[@rel='next']/@href")
    answer = as_user(None).get(address_of(house.group) + following)
    assert answer.status_code == 200
    assert len(html.fromstring(answer.text).xpath("//ol[@start='21']/li")) == 5


def test_the_vectors_stay_in_the_database(house):
    factories.create_comment(house.reading, house.member, "A heron.")
    assert "search" in Comment.objects.get().get_deferred_fields()
    assert "search" in ParagraphVersion.objects.first().get_deferred_fields()
    comment = Comment.objects.get()
    comment.body = "A stork."
    comment.save()
    assert Comment.objects.filter(search="stork").exists()
    assert Reading.objects.count() == 1
