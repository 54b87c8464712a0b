"""What is unread, against a plain model; and as pages, buttons and the pulse tell it."""

import json
import random
import re
import uuid
from collections import Counter

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, State
from readinggroup.discussion.moderating import move_thread
from readinggroup.discussion.seen import see, see_until, unsee_from
from readinggroup.lib.multiranges import is_in, ranges_in
from readinggroup.readings.models import ParagraphActivity, Seen
from readinggroup.readings.pages import outline_of
from readinggroup.readings.unread import ask_unread, unread_in

from .. import factories
from ..thoroughness import thoroughly

HTMX = {"HX-Request": "true"}
NUMBERS = (4, 5, 7)


def unread_of(reading, user) -> dict:
    """Paragraph's number -> how much is unread there."""
    outline = outline_of(reading.edition.current_id)
    return {there.address.number: there.comments for there in unread_in(outline, ask_unread(reading.pk, user.pk))}


def address(name, reading, number=None):
    where = [reading.group.slug, reading.slug]
    if number is not None:
        where.append(factories.version_of(reading, number).paragraph.public_id)
    return reverse(f"discussion:{name}", args=where)


# --- A plain model ----------------------------------------------------------------------------------------------------


class Model:
    """What unread means, in sets: everything visible that somebody else has written and one has not seen."""

    def __init__(self, people):
        self.said = {}  # comment -> [author, state, paragraph's number]
        self.seen = {person: set() for person in people}

    def unread(self, person) -> dict:
        return dict(
            Counter(
                number
                for comment, (author, state, number) in self.said.items()
                if state == State.VISIBLE and author != person and comment not in self.seen[person]
            )
        )


class History:
    """A random history of one reading, lived by the site and by the model at once."""

    def __init__(self, reading, people, versions, chance):
        self.reading, self.people, self.versions, self.chance = reading, people, versions, chance
        self.model, self.comments = Model(people), {}

    def any_comment(self):
        return self.chance.choice(list(self.comments.values())) if self.comments else None

    def put(self, comment, state):
        """As moderation and withdrawal do: a row of SQL."""
        withdrawn = state == State.WITHDRAWN
        Comment.objects.filter(pk=comment.pk).update(
            state=state,
            withdrawn_from=State.VISIBLE if withdrawn else "",
            withdrawn_at=timezone.now() if withdrawn else None,
        )
        self.model.said[comment.pk][1] = state

    def post(self):
        by, parent = self.chance.choice(self.people), None
        number = self.chance.choice(NUMBERS)
        asked = self.any_comment()
        if asked and self.chance.random() < 0.5 and self.model.said[asked.pk][1] == State.VISIBLE:
            parent, number = asked, self.model.said[asked.pk][2]
        comment = actions.post(
            reading=self.reading, version=self.versions[number], body="Words.", key=uuid.uuid4(), by=by, parent=parent
        )
        self.comments[comment.pk] = comment
        self.model.said[comment.pk] = [by, State.VISIBLE, number]

    def edit(self):
        comment = self.any_comment()
        if comment:
            Comment.objects.filter(pk=comment.pk).update(body=f"Other words {self.chance.random()}.")

    def withdraw(self):
        if comment := self.any_comment():
            self.put(comment, State.WITHDRAWN)

    def hide(self):
        if comment := self.any_comment():
            self.put(comment, self.chance.choice([State.HIDDEN, State.HELD]))

    def restore(self):
        if comment := self.any_comment():
            self.put(comment, State.VISIBLE)

    def read(self):
        """On one device or the other: some of what is visible somewhere, in whatever order."""
        person, number = self.chance.choice(self.people), self.chance.choice(NUMBERS)
        there = [pk for pk, (_, state, at) in self.model.said.items() if at == number and state == State.VISIBLE]
        some = self.chance.sample(there, self.chance.randint(0, len(there)))
        see(reading=self.reading, comments=list(Comment.objects.filter(pk__in=some)), by=person)
        self.model.seen[person] |= set(some)

    def read_all(self):
        """As a page made a while ago knew it: up to a sequence, everywhere."""
        person, untils = self.chance.choice(self.people), {}
        for activity in ParagraphActivity.objects.filter(reading=self.reading):
            untils[activity.paragraph_id] = self.chance.randint(0, activity.said)
        see_until(reading=self.reading, untils=untils, by=person)
        for comment in Comment.objects.filter(pk__in=self.model.said, state=State.VISIBLE):
            if comment.sequence <= untils.get(comment.paragraph_id, 0):
                self.model.seen[person].add(comment.pk)

    def forget(self):
        person, comment = self.chance.choice(self.people), self.any_comment()
        if not comment:
            return
        comment = Comment.objects.get(pk=comment.pk)
        unsee_from(reading=self.reading, comment=comment, by=person)
        for other in Comment.objects.filter(paragraph=comment.paragraph_id, sequence__gte=comment.sequence):
            self.model.seen[person].discard(other.pk)

    def move(self):
        """A thread goes to where it belongs, whatever is hidden in it."""
        threads = list(Comment.objects.filter(pk__in=self.comments, parent=None).values_list("pk", flat=True))
        if not threads:
            return
        pk, number = self.chance.choice(threads), self.chance.choice(NUMBERS)
        if self.model.said[pk][2] == number:
            return
        root = actions.held([pk])[pk]
        move_thread(comment=root, version=self.versions[number])
        for comment in [root, *root.thread.all()]:
            self.model.said[comment.pk][2] = number
            self.comments[comment.pk] = comment

    STEPS = (post,) * 6 + (edit, withdraw, hide, restore, restore, read, read, read, read_all, forget, move)

    def live(self, steps):
        for _ in range(steps):
            self.chance.choice(self.STEPS)(self)

    def differences(self):
        for person in self.people:
            told, right = unread_of(self.reading, person), self.model.unread(person)
            if told != right:
                yield person, told, right


@pytest.mark.parametrize("seed", range(thoroughly(10, 1)))
def test_a_hundred_random_histories_have_no_difference_to_a_plain_model(house, seed):
    people = [house.member, house.other, house.moderator]
    versions = {number: factories.version_of(house.reading, number) for number in NUMBERS}
    for number in range(100):
        with transaction.atomic():
            history = History(house.reading, people, versions, random.Random(1000 * seed + number))
            history.live(12)
            assert list(history.differences()) == [], (seed, number)
            transaction.set_rollback(True)


def test_the_model_can_tell_a_wrong_answer(house):
    """The control: what is said counts for everyone, were one's own not seen."""
    versions = {number: factories.version_of(house.reading, number) for number in NUMBERS}
    history = History(house.reading, [house.member, house.other], versions, random.Random(1))
    history.post()
    assert list(history.differences()) == []
    Seen.objects.all().delete()
    assert list(history.differences()) != []


# --- Pages, buttons, refusals -----------------------------------------------------------------------------------------


def test_the_reading_page_tells_how_much_is_unread_and_where_without_counting_comments(house, as_user):
    page, client = address("whole", house.reading).removesuffix("whole/"), as_user(house.member)

    def queries():
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            text = client.get(page).text
        return len(captured), text

    factories.create_comment(house.reading, house.other, number=4)
    one, text = queries()
    assert "1 unread comment" in text
    for number in (4, 5, 7):
        factories.create_comment(house.reading, house.other, number=number)
    factories.create_comment(house.reading, house.member, number=8)
    three, text = queries()
    assert "4 unread comments" in text
    assert "in 3 paragraphs" in text
    assert one == three == 2
    _head, _, body = as_user(None).get(page).text.partition("<body")
    assert "unread" not in body.replace("next unread", "")


def test_reading_all_of_it_says_so_and_own_words_are_never_unread(house, as_user):
    client = as_user(house.member)
    mine = factories.create_comment(house.reading, house.member)
    factories.create_comment(house.reading, house.other, parent=mine)
    page = client.get(f"{address('whole', house.reading).removesuffix('whole/')}").text
    until = re.search(r'name="until" value="([^"]+)"', page)[1]
    assert client.post(address("mark_all_seen", house.reading), {"until": until}).status_code == 302
    assert unread_of(house.reading, house.member) == {}
    assert "You have read everything." in client.get(address("next_unread", house.reading), follow=True).text


def test_what_came_after_the_page_was_made_stays_unread(house, as_user):
    client = as_user(house.member)
    factories.create_comment(house.reading, house.other)
    page = client.get(address("paragraph", house.reading, 4)).text
    until = re.search(r'name="until" value="(\d+)"', page)[1]
    factories.create_comment(house.reading, house.other)
    client.post(address("mark_seen", house.reading, 4), {"until": until})
    assert unread_of(house.reading, house.member) == {4: 1}


def test_from_here_on_it_is_unread_again_but_not_what_one_wrote(house, as_user):
    said = [
        factories.create_comment(house.reading, who) for who in (house.other, house.other, house.member, house.other)
    ]
    client, place = as_user(house.member), address("mark_seen", house.reading, 4)
    answer = client.post(place, {"comment": [comment.public_id for comment in said]}, headers=HTMX)
    assert "You have read everything." in answer.json()["unread"]
    assert client.post(place, {"from": said[1].public_id}).status_code == 302
    assert unread_of(house.reading, house.member) == {4: 2}


def test_new_comments_are_marked_and_seen_ones_are_not(house, as_user):
    first = factories.create_comment(house.reading, house.other)
    client = as_user(house.member)
    client.post(address("mark_seen", house.reading, 4), {"comment": first.public_id})
    second = factories.create_comment(house.reading, house.other)
    own = factories.create_comment(house.reading, house.member)
    page = client.get(address("paragraph", house.reading, 4)).text
    classes = {name: traits for traits, name in re.findall(r'<article class="([^"]*)" id="c-(\w+)"', page)}
    assert classes == {first.public_id: "comment", second.public_id: "comment new", own.public_id: "comment mine"}


def test_next_goes_through_the_text_and_round_it(house, as_user):
    late = factories.create_comment(house.reading, house.other, number=7)
    early = factories.create_comment(house.reading, house.other, number=4)
    client, place = as_user(house.member), address("next_unread", house.reading)
    assert client.get(place)["Location"].endswith(f"#c-{early.public_id}")
    assert client.get(place, {"after": early.public_id})["Location"].endswith(f"#c-{late.public_id}")
    assert client.get(place, {"after": late.public_id})["Location"].endswith(f"#c-{early.public_id}")
    paragraph = factories.version_of(house.reading, 5).paragraph.public_id
    assert client.get(place, {"after": paragraph}, headers=HTMX).json()["href"].endswith(f"#c-{late.public_id}")
    for nonsense in ("x" * 300, "\x00", "ä", "1;DROP"):
        assert client.get(place, {"after": nonsense}).status_code in {302, 400}


def test_a_held_comment_counts_when_it_is_shown_also_for_who_had_read_everything(house, as_user):
    comment = factories.create_comment(house.reading, house.other)
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD)
    client = as_user(house.member)
    client.post(address("mark_seen", house.reading, 4), {"until": 99})
    client.post(address("mark_seen", house.reading, 4), {"comment": comment.public_id})  # not for this reader
    assert unread_of(house.reading, house.member) == {}
    Comment.objects.filter(pk=comment.pk).update(state=State.VISIBLE)
    assert unread_of(house.reading, house.member) == {4: 1}


@pytest.mark.parametrize(
    "fields",
    [{"until": "x"}, {"until": "-1"}, {"until": "9" * 30}, {"from": "nobody"}, {"from": ""}, {"until": "１"}],
)
def test_nonsense_is_not_found_and_changes_nothing(house, as_user, fields):
    factories.create_comment(house.reading, house.other)
    assert as_user(house.member).post(address("mark_seen", house.reading, 4), fields).status_code == 404
    assert unread_of(house.reading, house.member) == {4: 1}


def test_marking_costs_the_same_for_one_and_for_three(house, as_user):
    client, costs = as_user(house.member), set()
    client.get(address("paragraph", house.reading, 4))
    for count in (1, 3):
        said = [factories.create_comment(house.reading, house.other) for _ in range(count)]
        place, names = address("mark_seen", house.reading, 4), [comment.public_id for comment in said]
        with CaptureQueriesContext(connection) as captured:
            assert client.post(place, {"comment": names}, headers=HTMX).status_code == 200
        costs.add(len(captured))
    assert len(costs) == 1


def test_ranges_as_postgres_writes_them():
    assert ranges_in("{}") == []
    assert ranges_in("{[1,4),[7,8)}") == [(1, 4), (7, 8)]
    assert [number for number in range(10) if is_in([(1, 4), (7, 8)], number)] == [1, 2, 3, 7]


# --- The pulse --------------------------------------------------------------------------------------------------------


def pulse(client, reading, tag="", **query):
    return client.get(address("pulse", reading), query, headers={"If-None-Match": tag} if tag else {})


def test_nothing_new_is_304_and_costs_two_queries(house, as_user):
    factories.create_comment(house.reading, house.other)
    for who, most in ((None, 1), (house.member, 2)):
        client = as_user(who)
        first = pulse(client, house.reading)
        with CaptureQueriesContext(connection) as captured:
            again = pulse(client, house.reading, first["ETag"])
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert len(captured) <= most
        assert not again.cookies


def test_what_is_said_hidden_or_read_elsewhere_is_told(house, as_user):
    client = as_user(house.member)
    paragraph = factories.version_of(house.reading, 4).paragraph.public_id
    comment = factories.create_comment(house.reading, house.other)
    told = pulse(client, house.reading, at=paragraph, since=0)
    assert json.loads(told.content)["new"] == 1
    assert json.loads(told.content)["label"] == "1 new"
    assert paragraph in json.loads(told.content)["said"]
    tag = told["ETag"]
    as_user(house.member).post(address("mark_seen", house.reading, 4), {"comment": comment.public_id})  # another device
    told = pulse(client, house.reading, tag, at=paragraph, since=0)
    assert "You have read everything." in told.json()["unread"]
    Comment.objects.filter(pk=comment.pk).update(state=State.HIDDEN)
    told = pulse(client, house.reading, told["ETag"], at=paragraph, since=0)
    assert told.json()["new"] == 0


def test_own_words_and_what_is_held_are_no_news(house, as_user):
    paragraph = factories.version_of(house.reading, 4).paragraph.public_id
    factories.create_comment(house.reading, house.member)
    held = factories.create_comment(house.reading, house.other)
    Comment.objects.filter(pk=held.pk).update(state=State.HELD)
    assert pulse(as_user(house.member), house.reading, at=paragraph, since=0).json()["new"] == 0


def test_outsiders_of_a_hidden_group_hear_no_pulse(closed_house, as_user):
    for who in (None, closed_house.outsider):
        assert pulse(as_user(who), closed_house.reading).status_code == 404
