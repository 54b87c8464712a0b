"""A text is revised while many write: every comment stands where its paragraph goes on, and nobody is shown an error.

The control is the same crowd without the text being held: then some say things where nobody would find them.
"""

import uuid
from itertools import count
from threading import Event

import pytest
from django.db import connection
from django.urls import reverse

from readinggroup.discussion import actions as discussion_actions
from readinggroup.discussion.models import Comment, Follow, Level
from readinggroup.readings.models import Reading
from readinggroup.revisions import actions
from texts.models import Paragraph, ParagraphVersion
from texts.revising.publishing import Outdated

from .. import factories
from ..discussion.test_races import assert_counters_are_true, at_once
from ..thoroughness import thoroughly
from .test_carrying import MILL, bring, named, revise, undo

pytestmark = pytest.mark.django_db(transaction=True)

APPRENTICE = "The apprentice slept in the loft, where the dust lay thick."
WRITERS = thoroughly(20, 8)
EACH = thoroughly(5, 3)
TIMES = thoroughly(6, 3)


@pytest.fixture
def mill(house):
    return factories.create_reading(house.group, MILL, filename="mill.txt")


def writers(mill, house, as_user):
    """So many members who write at the paragraphs that are revised, each from pages that were opened before."""
    versions = list(mill.edition.current.versions.select_related("paragraph").filter(number__in=[3, 4, 5]))
    numbers = count(1)

    def act(client):
        def write():
            statuses = []
            for turn in range(EACH):
                version = versions[turn % len(versions)]
                address = reverse(
                    "discussion:post_comment", args=[mill.group.slug, mill.slug, version.paragraph.public_id]
                )
                words = {"body": f"Said {next(numbers)}", "key": uuid.uuid4(), "seen": version.pk}
                statuses.append(client.post(address, words).status_code)
            return statuses

        return write

    clients = [as_user(factories.create_member(house.group)) for _ in range(WRITERS)]
    return [act(client) for client in clients]


def revises(mill, house):
    def act():
        try:
            for turn in range(TIMES):
                revise(mill, house.organizer, {"change": "merge", "paragraph": named(mill, 4 - turn % 2)})
                undo(mill, house.organizer)
            revise(mill, house.organizer, {"change": "merge", "paragraph": named(mill, 4)})
        finally:
            connection.close()
        return []

    return act


def stray(mill):
    """Comments at paragraphs that were merged away: no page shows them."""
    return Comment.objects.filter(reading=mill, paragraph__heir__isnull=False).count()


def test_nobody_says_anything_where_nobody_would_find_it(mill, house, as_user):
    *statuses, _none = at_once(*writers(mill, house, as_user), revises(mill, house))
    assert {status for each in statuses for status in each} == {302}
    assert Comment.objects.filter(reading=mill).count() == WRITERS * EACH
    assert stray(mill) == 0
    current = Reading.objects.with_text().get(pk=mill.pk).edition.current
    here = set(current.versions.values_list("paragraph", flat=True))
    assert set(Comment.objects.filter(reading=mill).values_list("paragraph", flat=True)) <= here
    assert_counters_are_true(mill)


def test_without_holding_the_text_somebody_does(mill, house, as_user, monkeypatch):
    said = Event()
    published = Event()
    where = discussion_actions.where_it_stands

    def slowly(*args, **kwargs):
        paragraph = where(*args, **kwargs)
        said.set()
        published.wait(20)
        return paragraph

    monkeypatch.setattr(discussion_actions, "hold_text", lambda *args, **kwargs: None)
    monkeypatch.setattr(discussion_actions, "where_it_stands", slowly)
    version = factories.version_of(mill, 5)

    def writes():
        key = uuid.uuid4()
        discussion_actions.post(reading=mill, version=version, body="Late.", key=key, by=house.member)
        return "said"

    def publishes():
        said.wait(20)
        revise(mill, house.organizer, {"change": "merge", "paragraph": named(mill, 4)})
        published.set()
        return "published"

    assert at_once(writes, publishes) == ["said", "published"]
    assert stray(mill) == 1


def test_of_two_who_publish_at_once_one_is_told_that_the_text_was_revised(mill, house):
    def publishes(word):
        reading = Reading.objects.with_text().get(pk=mill.pk)
        text = {"change": "edit", "paragraph": named(mill, 6), "texts": [f"At harvest the carts stood {word}."]}
        correction = actions.open_correction(reading=reading, by=house.organizer, changes=[text])
        base = reading.edition.current_id

        def act():
            try:
                actions.publish_correction(correction=correction, by=house.organizer, why=word, base=base)
            except Outdated:
                return "outdated"
            return "published"

        return act

    assert sorted(at_once(publishes("in a row"), publishes("apart"))) == ["outdated", "published"]
    assert Reading.objects.with_text().get(pk=mill.pk).edition.current.number == 2


def test_a_form_sent_twice_publishes_once(mill, house):
    reading = Reading.objects.with_text().get(pk=mill.pk)
    source = factories.keep_source(MILL.replace("sang", "sang aloud").encode(), "mill.txt")
    correction = actions.open_correction(reading=reading, by=house.organizer, source=source)

    def act():
        try:
            actions.publish_correction(correction=correction, by=house.organizer, why="Twice.")
        except actions.AlreadyPublished:
            return "before"
        return "published"

    assert sorted(at_once(act, act, act)) == ["before", "before", "published"]
    assert ParagraphVersion.objects.filter(revision__edition=mill.edition).count() == 12


def test_who_follows_and_who_revises_do_not_wait_in_a_circle(mill, house):
    def follows():
        for _ in range(TIMES):
            paragraph = Paragraph.objects.get(pk=factories.version_of(mill, 5).paragraph_id)
            Follow.objects.update_or_create(
                user=house.member, reading=mill, paragraph=paragraph, thread=None, defaults={"level": Level.WATCH}
            )
        return "followed"

    def brings():
        bring(
            mill, house.organizer, MILL.replace("The apprentice slept in the loft, where the dust lay thick.\n\n", "")
        )
        undo(mill, house.organizer)
        return "revised"

    assert at_once(follows, brings) == ["followed", "revised"]
