"""Who reads what lies under a veil, against a plain model; and everything at the same moment as an opening."""

import random
import uuid
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from readinggroup.discussion import actions, moderating
from readinggroup.discussion.models import Comment, OpenedComment, State
from readinggroup.discussion.opening import tell_of_opened
from readinggroup.discussion.seen import see
from readinggroup.groups.models import Membership
from readinggroup.notifications.models import Notice
from readinggroup.readings import veils
from readinggroup.readings.models import ParagraphActivity, Veil, VeiledParagraph

from .. import factories
from ..thoroughness import thoroughly
from .test_races import SOON, acts_on, at_once, paragraph_page, posts
from .test_unread import unread_of

NUMBERS = (4, 5, 7)


def soon(days=3):
    return timezone.now() + timedelta(days=days)


@contextmanager
def without_triggers():
    """What would be written if the database saw to nothing but its constraints."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


# --- A plain model ----------------------------------------------------------------------------------------------------


class History:
    """A random history of one reading under veils, lived by the site and by a model in sets at once."""

    def __init__(self, house, chance):
        self.reading, self.chance = house.reading, chance
        self.versions = {number: factories.version_of(house.reading, number) for number in NUMBERS}
        self.people = [house.member, house.other, house.moderator]
        self.standing = {person: Membership.objects.standing(person.pk, house.group.slug) for person in self.people} | {
            None: Membership.objects.standing(None, house.group.slug)
        }
        self.moderators = {house.moderator}
        self.said = {}  # key -> {author, number, veil, state, before, reported, parent}
        self.veils = {}  # key -> the numbers that it covers; without those that were opened
        self.seen = {person: set() for person in self.people}
        self.happened = Counter()

    # What it means, said once more.

    def reads(self, person, key):
        one = self.said[key]
        if one["state"] == "held":
            return person is not None and (person == one["author"] or person in self.moderators)
        if one["state"] != "visible":
            return False
        if one["veil"] is None or (person is not None and person == one["author"]):
            return True
        wrote = any(
            other["author"] == person and other["number"] == one["number"] and other["veil"] is not None
            for other in self.said.values()
        )
        return (person is not None and wrote) or (person in self.moderators and one["reported"])

    def over(self, number):
        return min((veil for veil, numbers in self.veils.items() if number in numbers), default=None)

    # What happens.

    def some(self, *states):
        keys = [key for key, one in self.said.items() if not states or one["state"] in states]
        return self.chance.choice(keys) if keys else None

    def draw(self):
        numbers = set(self.chance.sample(NUMBERS, self.chance.randint(1, 3)))
        veil = veils.draw(reading=self.reading, paragraphs=self.keys(numbers), until=soon())
        self.veils[veil.pk] = numbers

    def keys(self, numbers):
        return [self.versions[number].paragraph_id for number in numbers]

    def change(self):
        if not self.veils:
            return
        pk = self.chance.choice(list(self.veils))
        numbers = set(self.chance.sample(NUMBERS, self.chance.randint(0, 3)))
        veils.change(veil=Veil.objects.get(pk=pk), paragraphs=self.keys(numbers), until=soon(4))
        taken = self.veils[pk] - numbers
        self.veils[pk] = numbers
        for one in self.said.values():
            if one["veil"] == pk and one["number"] in taken:
                one["veil"] = self.over(one["number"])

    def open_one(self):
        if not self.veils:
            return
        pk = self.chance.choice(list(self.veils))
        assert veils.open_veil(veil=Veil.objects.get(pk=pk))
        numbers = self.veils.pop(pk)
        for one in self.said.values():
            if one["veil"] == pk or one["number"] in numbers:
                one["veil"] = None

    def post(self):
        by, number, parent = self.chance.choice(self.people), self.chance.choice(NUMBERS), None
        asked = self.some("visible", "held")
        if asked and self.chance.random() < 0.4 and self.reads(by, asked):
            parent, number = asked, self.said[asked]["number"]
        comment = actions.post(
            reading=self.reading,
            version=self.versions[number],
            body="Words.",
            key=uuid.uuid4(),
            by=by,
            parent=parent and Comment.objects.get(pk=parent),
        )
        asked_under = self.said[parent]["veil"] if parent else None
        over = [veil for veil in (self.over(number), asked_under) if veil is not None]
        self.said[comment.pk] = {
            "author": by, "number": number, "veil": min(over, default=None), "state": "visible", "before": "",
            "reported": False, "parent": parent,
        }  # fmt: skip
        self.seen[by].add(comment.pk)
        assert comment.state == (State.VEILED if over else State.VISIBLE)

    def withdraw(self):
        if key := self.some("visible", "held"):
            one = self.said[key]
            actions.withdraw(comment=Comment.objects.get(pk=key), by=one["author"])
            one["before"], one["state"] = one["state"], "withdrawn"

    def put_back(self):
        if key := self.some("withdrawn"):
            one = self.said[key]
            actions.put_back(comment=Comment.objects.get(pk=key), by=one["author"])
            one["state"], one["before"] = one["before"], ""

    def hold(self):
        if key := self.some("visible"):
            Comment.objects.filter(pk=key).update(state=State.HELD, held_for="links")
            self.said[key]["state"] = "held"

    def approve(self):
        if key := self.some("held"):
            moderating.approve(comment=actions.held([key])[key])
            self.said[key]["state"] = "visible"

    def hide(self):
        if key := self.some("visible", "held"):
            moderating.hide(comment=actions.held([key])[key], rule=None)
            self.said[key]["state"] = "hidden"

    def show(self):
        if key := self.some("hidden"):
            moderating.show_again(comment=actions.held([key])[key])
            self.said[key]["state"] = "visible"

    def report(self):
        key = self.some("visible", "held")
        if key and self.said[key]["veil"] is not None:
            moderating.lay_before_moderators(actions.held([key])[key])
            self.said[key]["reported"] = True

    def move(self):
        threads = [key for key, one in self.said.items() if one["parent"] is None]
        if not threads:
            return
        key, number = self.chance.choice(threads), self.chance.choice(NUMBERS)
        if self.said[key]["number"] == number:
            return
        moderating.move_thread(comment=actions.held([key])[key], version=self.versions[number])
        family = {key}
        for other, one in self.said.items():
            if one["parent"] in family:
                family.add(other)
        for other in family:
            self.said[other]["number"] = number

    def read(self):
        person = self.chance.choice(self.people)
        there = [key for key, one in self.said.items() if one["state"] == "visible" and self.reads(person, key)]
        some = self.chance.sample(there, self.chance.randint(0, len(there)))
        see(reading=self.reading, comments=list(Comment.objects.filter(pk__in=some)), by=person)
        self.seen[person] |= set(some)

    STEPS = (post,) * 6 + (
        draw,
        draw,
        change,
        open_one,
        withdraw,
        put_back,
        hold,
        approve,
        hide,
        show,
        report,
        move,
        read,
    )

    def live(self, steps):
        for _ in range(steps):
            act = self.chance.choice(self.STEPS)
            self.happened[act.__name__] += 1
            act(self)

    # What differs.

    def differences(self):
        for person, membership in self.standing.items():
            told = set(Comment.objects.readable_by(membership).values_list("pk", flat=True))
            right = {key for key in self.said if self.reads(person, key)}
            if told != right:
                yield "reads", person, told ^ right
            seen = Comment.objects.visible_to(membership).filter(state__in=[State.HIDDEN, State.WITHDRAWN])
            veiled = {key for key, one in self.said.items() if one["veil"] is not None}
            if person is None and set(seen.values_list("pk", flat=True)) & veiled:
                yield "stubs", person, veiled
        free = [one for one in self.said.values() if one["state"] == "visible"]
        for what, right in (
            ("comments", Counter(one["number"] for one in free if one["veil"] is None)),
            ("waiting", Counter(one["number"] for one in free if one["veil"] is not None)),
        ):
            rows = ParagraphActivity.objects.filter(reading=self.reading).values_list("paragraph", what)
            told = {number: dict(rows).get(self.versions[number].paragraph_id, 0) for number in NUMBERS}
            if told != {number: right[number] for number in NUMBERS}:
                yield what, told, right
        for person in self.people:
            right = Counter(
                one["number"]
                for key, one in self.said.items()
                if one["state"] == "visible" and one["veil"] is None and key not in self.seen[person]
            )
            if unread_of(self.reading, person) != right:
                yield "unread", person, right


@pytest.mark.parametrize("seed", range(thoroughly(2, 1)))
def test_random_histories_under_veils_have_no_difference_to_a_plain_model(house, seed):
    happened = Counter()
    for number in range(25):
        with transaction.atomic():
            history = History(house, random.Random(1000 * seed + number))
            history.live(18)
            assert list(history.differences()) == [], (seed, number)
            happened += history.happened
            transaction.set_rollback(True)
    assert min(happened[act.__name__] for act in History.STEPS) > 5


def test_the_model_can_tell_a_wrong_answer(house):
    """The control: what is veiled becomes readable, were its state alone not looked at."""
    history = History(house, random.Random(1))
    veil = veils.draw(reading=house.reading, paragraphs=history.keys(NUMBERS), until=soon())
    history.veils[veil.pk] = set(NUMBERS)
    history.post()
    assert list(history.differences()) == []
    Comment.objects.update(veil=None)
    assert {what for what, *_rest in history.differences()} >= {"reads", "comments", "waiting"}


# --- What the database sees to ----------------------------------------------------------------------------------------


@pytest.fixture
def veil(house):
    return veils.draw(
        reading=house.reading, paragraphs=[factories.version_of(house.reading).paragraph_id], until=soon()
    )


def test_nothing_is_visible_under_a_veil_whatever_somebody_sets(house, veil):
    comment = factories.create_comment(house.reading, house.member)
    for state in (State.VISIBLE, State.VEILED):
        Comment.objects.filter(pk=comment.pk).update(state=state)
        comment.refresh_from_db()
        assert (comment.state, comment.veil_id) == (State.VEILED, veil.pk)
    old = factories.create_comment(house.reading, house.member, number=5)
    Comment.objects.filter(pk=old.pk).update(state=State.VEILED)
    old.refresh_from_db()
    assert old.state == State.VISIBLE
    with without_triggers():
        for pk, state in ((comment.pk, State.VISIBLE), (old.pk, State.VEILED)):
            with pytest.raises(IntegrityError, match="under_a_veil_alone"), transaction.atomic():
                Comment.objects.filter(pk=pk).update(state=state)


def test_what_was_said_before_the_veil_stays_seen_and_what_answers_it_waits(house, veil):
    veils.change(veil=veil, paragraphs=[], until=veil.until)
    old = factories.create_comment(house.reading, house.member)
    veils.change(veil=veil, paragraphs=[old.paragraph_id], until=veil.until)
    answer = factories.create_comment(house.reading, house.other, parent=old)
    old.refresh_from_db()
    assert (old.state, answer.state) == (State.VISIBLE, State.VEILED)


def test_an_answer_lies_under_the_veil_of_what_it_answers_wherever_that_was_moved(house, veil):
    asked = factories.create_comment(house.reading, house.member)
    moderating.move_thread(comment=actions.held([asked.pk])[asked.pk], version=factories.version_of(house.reading, 7))
    asked.refresh_from_db()
    answer = factories.create_comment(house.reading, house.member, number=7, parent=asked)
    beside = factories.create_comment(house.reading, house.member, number=7)
    assert (asked.state, answer.state, beside.state) == (State.VEILED, State.VEILED, State.VISIBLE)
    veils.open_veil(veil=veil)
    assert not Comment.objects.exclude(state=State.VISIBLE).exists()


def test_a_thread_with_more_than_a_page_under_the_veil_shows_all_that_is_visible(house, as_user):
    """What others do not see takes no place from what they see."""
    version = factories.version_of(house.reading)
    root = factories.create_comment(house.reading, house.member, "The thread.")
    veils.draw(reading=house.reading, paragraphs=[version.paragraph_id], until=soon())
    Comment.objects.bulk_create(
        Comment(
            reading=house.reading, paragraph=version.paragraph, version=version, parent=root, root=root, depth=1,
            author=house.other, body="Waits.", body_html="<p>Waits.</p>",
        )
        for _ in range(110)
    )  # fmt: skip
    with without_triggers():
        factories.create_comment(house.reading, house.owner, "The last that all see.", parent=root)
    page = as_user(house.moderator).get(paragraph_page(house.reading))
    assert "The last that all see." in page.text
    assert "Waits." not in page.text
    assert "Continue this thread" not in page.text


# --- At the same moment -----------------------------------------------------------------------------------------------


def assert_all_is_open(reading):
    assert not Comment.objects.exclude(state=State.VISIBLE, veil=None).exists()
    activity = ParagraphActivity.objects.filter(reading=reading)
    assert sum(activity.values_list("waiting", flat=True)) == 0
    assert sum(activity.values_list("comments", flat=True)) == Comment.objects.count()


@pytest.mark.django_db(transaction=True)
def test_what_is_posted_while_the_veil_is_opened_is_open_like_the_rest(house, as_user):
    people = [house.member, house.other, house.owner, house.organizer]
    clients = [as_user(person) for person in people]
    paragraphs = [factories.version_of(house.reading, number).paragraph_id for number in (4, 5)]
    for number in range(4):
        veil = veils.draw(reading=house.reading, paragraphs=paragraphs, until=soon())
        asked = [factories.create_comment(house.reading, person, f"{number}.") for person in people]
        acts = [posts(client, house.reading, f"{number} at once", number=4 + who % 2)
                for who, client in enumerate(clients)]  # fmt: skip
        acts += [
            acts_on(client, asked[who - 1], "answer_comment", body=f"{number} answers", key=uuid.uuid4())
            for who, client in enumerate(clients)
        ]
        acts.append(acts_on(clients[0], asked[0], "edit_comment", body=f"{number} otherwise", wording=1))
        answers = at_once(*acts, lambda veil=veil: veils.open_veil(veil=veil))
        assert [answer.status_code for answer in answers[:-1]] == [302] * 9
        assert answers[-1] is True
        assert_all_is_open(house.reading)
    told = Comment.objects.filter(pk__in=OpenedComment.objects.values("comment")).count()
    assert told >= 16  # those that were asked, at least
    tell_of_opened()
    about = Counter(Notice.objects.filter(kind="discussion/reply").values_list("about", "recipient"))
    assert len(about) == 16  # each answer, told to whom it answers, whether it came before the opening or after
    assert set(about.values()) == {1}
    assert not OpenedComment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_looking_first_whether_there_is_a_veil_would_leave_it_veiled_for_ever(house):
    """The control: a check before the post, without a lock and without the trigger."""
    version, looked, opened = factories.version_of(house.reading), Barrier(2), Barrier(2)
    veil = veils.draw(reading=house.reading, paragraphs=[version.paragraph_id], until=soon())

    def post_carelessly():
        over = VeiledParagraph.objects.filter(paragraph=version.paragraph).first()
        looked.wait(SOON)
        opened.wait(SOON)
        with without_triggers():
            Comment.objects.create(
                reading=house.reading, paragraph=version.paragraph, version=version, author=house.member,
                body="Late.", body_html="<p>Late.</p>", state=State.VEILED, veil_id=over.veil_id,
            )  # fmt: skip

    def open_meanwhile():
        looked.wait(SOON)
        veils.open_veil(veil=veil)
        opened.wait(SOON)

    at_once(post_carelessly, open_meanwhile)
    assert Comment.objects.get().state == State.VEILED
    assert not veils.open_veil(veil=veil)


@pytest.mark.django_db(transaction=True)
def test_two_who_open_take_away_and_tell_at_once_do_it_once(house):
    paragraphs = [factories.version_of(house.reading, number).paragraph_id for number in (4, 5)]
    for _ in range(4):
        first, second = (veils.draw(reading=house.reading, paragraphs=paragraphs, until=soon()) for _ in range(2))
        said = [factories.create_comment(house.reading, house.member, number=number) for number in (4, 5)]
        answer = factories.create_comment(house.reading, house.other, parent=said[0])
        done = at_once(
            lambda veil=first: veils.open_veil(veil=veil),
            lambda veil=first: veils.open_veil(veil=veil),
            lambda veil=second: veils.change(veil=veil, paragraphs=[], until=veil.until),
            lambda veil=second: veils.open_veil(veil=veil),
        )
        assert sorted(done[:2]) == [False, True]
        assert_all_is_open(house.reading)
        at_once(tell_of_opened, tell_of_opened)
        assert Notice.objects.filter(about=answer.public_id, recipient=house.member).count() == 1
