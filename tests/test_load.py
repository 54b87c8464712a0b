"""A lively site for some seconds: no request fails, what was acknowledged is stored, and every counter is right.

The short form of `python -m benchmarks.mixed_load`, with its visitors and its checks. How quick it was is not asserted.
"""

import asyncio
import random

import pytest

from benchmarks import arrivals, kept_promises, population
from benchmarks.visitors import READS, WRITES, Visitors
from readinggroup.demo import crowd
from readinggroup.discussion.models import Comment

from .schedule.agenda_steps import create_session
from .thoroughness import thoroughly

A_SECOND, SECONDS = 20, thoroughly(60, 6)
PEOPLE, COMMENTS = 30, 60


@pytest.fixture
def visitors(house, live_server):
    """People who have signed in, at a reading with a session and some talk, and what they ask of it."""
    crowd.fill(house.reading, seed=1, people=PEOPLE, comments=COMMENTS)
    create_session(house)
    place = population.place_of(house.group)
    place.people = list(population.sign_in(PEOPLE).values())
    host = live_server.url.removeprefix("http://")
    return Visitors([place], host, random.Random(5), share_of_writes=0.4)


def load(visitors, *, a_second=A_SECOND, seconds=SECONDS):
    name, _colon, port = visitors.host.partition(":")
    rng = random.Random(6)
    return asyncio.run(arrivals.load((name, int(port)), visitors, a_second=a_second, seconds=seconds, rng=rng))


def test_a_lively_site_keeps_what_it_promises(visitors):
    told = load(visitors)
    assert not told.failed()
    statuses = {status for kind in told.statuses.values() for status in kind}
    assert statuses <= {200, 302, 304, 409}, told.statuses  # 409: somebody has a draft there already
    assert len(set(told.statuses) & set(READS)) >= 6
    assert len(set(told.statuses) & set(WRITES)) >= 5
    kept = visitors.kept
    assert kept.comments
    assert not any(kept_promises.not_kept(kept, visitors.unsure).values())
    assert kept_promises.miscounted() == {}


def test_what_is_lost_or_miscounted_would_be_seen(visitors):
    load(visitors, seconds=2)
    key = next(iter(visitors.kept.comments))
    Comment.objects.filter(key=key).update(body="Something else")
    assert kept_promises.not_kept(visitors.kept)["comments and answers"] == [key]
    Comment.objects.filter(key=key).first().reading.activity.update(comments=1_000)
    assert "comments at a paragraph" in kept_promises.miscounted()
