"""Places where less may be said: locked, slowed, looked at first. The database holds them, whoever writes and how."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from readinggroup.discussion import actions, restricting
from readinggroup.discussion.models import Comment, RestrictionKind

from .. import factories

LOCKED, SLOW, HELD_FIRST = RestrictionKind.LOCKED, RestrictionKind.SLOW, RestrictionKind.HELD_FIRST


def say(house, by, *, body="One more word.", number=4, parent=None):
    version = factories.version_of(house.reading, number)
    return actions.post(reading=house.reading, version=version, body=body, key=uuid.uuid4(), by=by, parent=parent)


def restrict(house, kind=LOCKED, *, number=None, thread=None, **more):
    paragraph = factories.version_of(house.reading, number).paragraph if number else None
    return restricting.restrict(
        reading=house.reading, paragraph=paragraph, thread=thread, kind=kind, by=house.moderator, **more
    )


def assert_refused(house, by, **more):
    with pytest.raises(actions.AnswerRefused) as refusal:
        say(house, by, **more)
    return restricting.words_of_refusal(refusal.value.about)


def test_lock(house):
    root = factories.create_comment(house.reading, house.member)
    restrict(house, thread=root, reason="Enough.")
    assert_refused(house, house.other, parent=root)
    assert_refused(house, house.owner, parent=root)
    say(house, house.other)
    restrict(house, number=4)
    assert_refused(house, house.other)
    restricting.lift_restriction(
        reading=house.reading, paragraph=factories.version_of(house.reading).paragraph, kind=LOCKED, by=house.moderator
    )
    say(house, house.other)


def test_slow(house):
    restrict(house, SLOW, number=4, every=timedelta(minutes=10))
    say(house, house.other)
    assert_refused(house, house.other)
    say(house, house.member)
    say(house, house.moderator)
    say(house, house.moderator)
    Comment.objects.filter(author=house.other).update(created_at=timezone.now() - timedelta(minutes=11))
    say(house, house.other)
