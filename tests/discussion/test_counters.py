"""How much is said where: the numbers that the database keeps, against a few lines of Python that count anew."""

import random
import uuid
from collections import Counter
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, Follow, State
from readinggroup.discussion.rendering import as_html
from readinggroup.discussion.threads import Asked, discussion_of
from readinggroup.groups.models import Membership
from readinggroup.readings.models import ParagraphActivity

from .. import factories
from ..thoroughness import thoroughly

PARAGRAPHS = [3, 4, 5, 6]
STEPS = 20


def put_into(state):
    """The fields of a comment in that state, whatever it was in before."""
    if state == State.WITHDRAWN:
        return {"state": state, "withdrawn_from": State.VISIBLE, "withdrawn_at": timezone.now()}
    return {"state": state, "withdrawn_from": "", "withdrawn_at": None}


class History:
    """Things that happen to comments, drawn at random and done twice: to the site and to `model`.

    The model says of each comment its paragraph, its state, and the state to which it would be put back.
    """

    def __init__(self, house, versions, seed):
        self.draw = random.Random(seed)
        self.reading = house.reading
        self.versions = versions
        self.people = [house.member, house.other]
        self.visitor = Membership(group=house.group)
        self.model = {}
        self.happened = Counter()

    def step(self):
        acts = [
            *[self.post, self.answer] * 2, self.withdraw, self.put_back, self.decide, self.decide_many, self.reword,
            self.delete_leaf, self.import_many, self.move_everything_back_and_forth,
        ]  # fmt: skip
        act = self.draw.choice(acts)
        self.happened[act.__name__] += 1
        act()

    def some(self):
        """A comment, or None at the beginning."""
        return Comment.objects.get(pk=self.draw.choice(list(self.model))) if self.model else None

    def keep(self, *comments):
        self.model.update({comment.pk: (comment.paragraph_id, str(comment.state), "visible") for comment in comments})

    def post(self, parent=None):
        version = self.draw.choice(
            [v for v in self.versions if parent is None or v.paragraph_id == parent.paragraph_id]
        )
        made = {"reading": self.reading, "version": version, "body": "words", "by": self.draw.choice(self.people)}
        try:
            self.keep(actions.post(**made, key=uuid.uuid4(), parent=parent))
        except actions.AnswerRefused:
            assert self.model[parent.pk][1] in {"withdrawn", "hidden"}

    def answer(self):
        if comment := self.some():
            self.post(parent=comment)

    def withdraw(self):
        if comment := self.some():
            actions.withdraw(comment=comment, by=comment.author)
            paragraph, state, _ = self.model[comment.pk]
            if state in {"visible", "held"}:
                self.model[comment.pk] = (paragraph, "withdrawn", state)

    def put_back(self):
        if comment := self.some():
            actions.put_back(comment=comment, by=comment.author)
            paragraph, state, before = self.model[comment.pk]
            if state == "withdrawn":
                self.model[comment.pk] = (paragraph, before, "visible")

    def reword(self):
        if comment := self.some():
            with suppress(actions.AnswerRefused):  # withdrawn or hidden: its words stand
                actions.reword(comment=comment, body=str(uuid.uuid4()), wording=comment.wording, by=comment.author)

    def decide(self):
        if comment := self.some():
            self.set_state([comment.pk], self.draw.choice(factories.STATES))

    def decide_many(self):
        self.set_state([pk for pk in self.model if self.draw.random() < 0.4], self.draw.choice(factories.STATES))

    def set_state(self, comments, state):
        Comment.objects.filter(pk__in=comments).update(**put_into(state))
        self.model.update({pk: (self.model[pk][0], state, "visible") for pk in comments})

    def move_everything_back_and_forth(self):
        """Every state changes and returns."""
        before = {state: [pk for pk, (_, now, _) in self.model.items() if now == state] for state in factories.STATES}
        Comment.objects.update(**put_into(State.HIDDEN))
        Comment.objects.update(**put_into(State.VISIBLE))
        for state, comments in before.items():
            self.set_state(comments, state)

    def delete_leaf(self):
        comment = self.some()
        if comment and not comment.answers.exists():
            del self.model[comment.pk]
            Follow.objects.filter(thread=comment).delete()
            comment.cases.all().delete()  # of what was held
            comment.delete()
        elif comment:
            with pytest.raises(ProtectedError), transaction.atomic():
                comment.delete()

    def import_many(self):
        versions = self.draw.choices(self.versions, k=self.draw.randint(1, 6))
        self.keep(
            *Comment.objects.bulk_create(
                Comment(
                    reading=self.reading, paragraph_id=version.paragraph_id, version=version,
                    author=self.draw.choice(self.people), body="words", body_html="<p>words</p>",
                    **put_into(self.draw.choice(factories.STATES)),
                )
                for version in versions
            )
        )  # fmt: skip

    def activity(self):
        """By the database: how much is said where, and how often that has changed."""
        rows = ParagraphActivity.objects.filter(reading=self.reading).values_list("paragraph", "comments", "changes")
        return {paragraph: comments for paragraph, comments, _ in rows if comments}, sum(row[2] for row in rows)

    def listed(self):
        """What a visitor may read."""
        comments = Comment.objects.visible_to(self.visitor).filter(reading=self.reading).exclude(shown_html="")
        return Counter(comments.values_list("paragraph", flat=True))

    def expected(self):
        return Counter(paragraph for paragraph, state, _ in self.model.values() if state == "visible")


@pytest.mark.parametrize("seed", range(thoroughly(10, 1)))
def test_after_any_history_the_numbers_equal_what_can_be_listed(house, seed):
    """Thirty histories for each seed, three hundred in all."""
    versions, happened = [factories.version_of(house.reading, number) for number in PARAGRAPHS], Counter()
    for number in range(30):
        with transaction.atomic():
            history = History(house, versions, f"{seed}-{number}")
            changes_now = history.activity()[1]
            for _ in range(STEPS):
                before = _, changes = history.expected(), changes_now
                history.step()
                counted, changes_now = history.activity()
                assert counted == history.expected(), history.happened
                # What the kept page goes by rises with every change, and only then may the page be another.
                assert changes_now > changes or (history.expected(), changes_now) == before
                assert changes_now >= changes
            assert history.listed() == history.expected()
            assert Comment.objects.count() == len(history.model)
            happened += history.happened
            transaction.set_rollback(True)
    assert len(happened) == 10  # everything that can happen has


def test_another_reading_of_the_same_text_counts_for_itself(house):
    other = factories.create_reading(factories.create_group())
    factories.create_comment(house.reading, house.member)
    factories.create_comment(other, house.member)
    factories.create_comment(other, house.member)
    assert list(house.reading.activity.values_list("comments", flat=True)) == [1]
    assert list(other.activity.values_list("comments", flat=True)) == [2]


def test_a_statement_that_moves_comments_elsewhere_counts_them_there(house):
    comments = [factories.create_comment(house.reading, house.member, number=number) for number in (4, 4, 5)]
    there = factories.version_of(house.reading, 6)
    Comment.objects.filter(pk__in=[comment.pk for comment in comments]).update(paragraph=there.paragraph, version=there)
    numbers = dict(ParagraphActivity.objects.values_list("paragraph__versions__number", "comments"))
    assert numbers == {4: 0, 5: 0, 6: 3}


def test_a_statement_without_comments_counts_nothing(house):
    factories.create_comment(house.reading, house.member)
    before = ParagraphActivity.objects.values().get()
    Comment.objects.filter(pk=0).update(state=State.HIDDEN)
    Comment.objects.filter(pk=0).delete()
    Comment.objects.bulk_create([])
    assert ParagraphActivity.objects.values().get() == before
    assert before["comments"] == 1


def test_what_was_never_visible_is_never_counted(house):
    version = factories.version_of(house.reading)
    Comment.objects.create(
        reading=house.reading, paragraph=version.paragraph, version=version, author=house.member,
        body="x", body_html="x", state=State.HELD,
    )  # fmt: skip
    Comment.objects.update(state=State.HIDDEN)
    assert not ParagraphActivity.objects.filter(comments__gt=0).exists()


def test_two_thousand_at_once_cost_one_statement(house):
    versions = [factories.version_of(house.reading, number) for number in PARAGRAPHS]
    many = [
        Comment(reading=house.reading, paragraph=v.paragraph, version=v, author=house.member, body="x", body_html="x")
        for v in versions * 500
    ]
    with CaptureQueriesContext(connection) as captured:
        Comment.objects.bulk_create(many)
    assert len([query for query in captured if "INSERT" in query["sql"]]) == 1
    assert set(ParagraphActivity.objects.values_list("comments", flat=True)) == {500}


def shown_to(membership, reading, number):
    """How many comments with their words stand in the discussion as it is rendered."""
    html = as_html(discussion_of(membership, reading, factories.version_of(reading, number), Asked()))
    return html.count('<div class="words"')


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.HIDDEN, State.HELD])
def test_what_was_answered_and_then_taken_away_leaves_its_answers_counted_and_shown(house, state):
    """The number of a paragraph is that of the comments which a visitor finds there."""
    asked = factories.create_comment(house.reading, house.member, "Asked.")
    factories.create_comment(house.reading, house.other, "Answered.", parent=asked)
    Comment.objects.filter(pk=asked.pk).update(**put_into(state))
    visitor = Membership(group=house.group)
    assert ParagraphActivity.objects.get().comments == shown_to(visitor, house.reading, 4) == 1


def test_an_answer_to_what_is_held_is_counted_when_it_is_shown(house):
    """A moderator asks back before deciding: others see neither, and are told of neither."""
    asked = factories.create_comment(house.reading, house.member, "Held.")
    Comment.objects.filter(pk=asked.pk).update(state=State.HELD)
    factories.create_comment(house.reading, house.moderator, "What do you mean by this?", parent=asked)
    visitor = Membership(group=house.group)
    activity = ParagraphActivity.objects.first()
    assert (activity.comments if activity else 0) == shown_to(visitor, house.reading, 4)
