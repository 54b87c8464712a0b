"""Many people at one paragraph at once: nothing that was acknowledged is missing, and every number is true."""

import random
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier

import pytest
from django.db import connection
from django.urls import reverse

from readinggroup.discussion.models import Comment, State
from readinggroup.discussion.seen import see, see_until
from readinggroup.readings.models import ParagraphActivity

from .. import factories
from ..thoroughness import thoroughly
from .test_races import assert_counters_are_true, at_once
from .test_unread import unread_of

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, SECONDS = 50, thoroughly(60, 6)


def test_fifty_people_write_and_read_one_paragraph_at_once(house, as_user):
    version = factories.version_of(house.reading)
    page = reverse("discussion:paragraph", args=[house.group.slug, house.reading.slug, version.paragraph.public_id])
    people = [factories.create_member(house.group, f"Reader {number}") for number in range(PEOPLE)]
    barrier = Barrier(PEOPLE)

    def live(person):
        """One person: writes, answers what they see, reads. What was acknowledged, and the answers' statuses."""
        client, chance, said, statuses = as_user(person), random.Random(person.pk), {}, set()
        try:
            barrier.wait(60)
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                key = uuid.uuid4()
                seen = Comment.objects.order_by("?").values_list("public_id", flat=True).first()
                target = f"{page}comment/"
                if seen and chance.random() < 0.6:
                    target = reverse("discussion:answer_comment", args=[seen])
                answer = client.post(target, {"body": f"Said {key}.", "key": key})
                statuses.add(answer.status_code)
                if answer.status_code == 302:
                    said[str(key)] = answer["Location"]
                statuses.add(client.get(page, {"order": "newest"}).status_code)
                time.sleep(chance.uniform(1, 3))  # they think, and two cores suffice for fifty
        finally:
            connection.close()
        return said, statuses

    with ThreadPoolExecutor(PEOPLE) as threads:
        lives = list(threads.map(live, people))
    said = {key: where for theirs, _ in lives for key, where in theirs.items()}
    assert {status for _, statuses in lives for status in statuses} <= {200, 302, 409}  # 409: as deep as it can be
    assert len(said) > PEOPLE
    kept = {str(key) for key in Comment.objects.values_list("key", flat=True)}
    assert kept == set(said)
    assert Comment.objects.count() == len(said)
    assert_counters_are_true(house.reading)
    activity = ParagraphActivity.objects.get()
    assert (activity.comments, activity.said) == (len(said), len(said))
    # In everybody's tree, each once: all pages, and the threads that go on beside them.
    for person in people[:3]:
        client = as_user(person)
        shown = everything_shown(client, page)
        assert sorted(shown) == sorted(Comment.objects.values_list("public_id", flat=True))
        mine = Comment.objects.filter(author=person).count()
        assert unread_of(house.reading, person) == {4: len(said) - mine}


def everything_shown(client, page):
    """The ids of all comments that one finds by the page's own links, from the first page on."""
    waiting, visited, found = [page], set(), []
    while waiting:
        href = waiting.pop()
        if href in visited:
            continue
        visited.add(href)
        text = client.get(href).text
        found += re.findall(r'<article class="comment[^"]*" id="c-(\w+)"', text)
        links = re.findall(r'<a data-(?:more|goes)[^>]* href="([^"]+(?:page|thread)=[^"]+)"', text)
        waiting += [unescape(link) for link in links]
    return sorted(set(found))


def test_reading_hiding_and_writing_at_once_leave_true_numbers(house):
    """Whoever marks comments as seen holds the paragraph's row: a comment that is hidden meanwhile is not counted."""
    readers = [house.member, house.other, house.moderator, house.organizer]
    for _round in range(5):
        said = [factories.create_comment(house.reading, house.owner, f"{number}") for number in range(6)]

        def read(person, said=said):
            return lambda: see(reading=house.reading, comments=said, by=person)

        def read_all(person, said=said):
            until = {said[0].paragraph_id: said[3].sequence}
            return lambda: see_until(reading=house.reading, untils=until, by=person)

        def put(comment, state):
            return lambda: Comment.objects.filter(pk=comment.pk).update(state=state)

        def write(person):
            return lambda: factories.create_comment(house.reading, person)

        at_once(
            *(read(person) for person in readers), *(read_all(person) for person in readers),
            *(put(comment, State.HIDDEN) for comment in said[:3]), *(write(person) for person in readers),
        )  # fmt: skip
        at_once(*(put(comment, State.VISIBLE) for comment in said[:2]), *(read(person) for person in readers))
        for person in readers:
            visible = Comment.objects.filter(state=State.VISIBLE).exclude(author=person)
            unseen = visible.exclude(pk__in=seen_by(person)).count()
            assert unread_of(house.reading, person).get(4, 0) == unseen


def seen_by(person):
    """The keys of the comments whose sequence is in what this person has seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT said.id FROM discussion_comment said JOIN readings_seen seen USING (reading_id, paragraph_id)"
            " WHERE seen.user_id = %s AND seen.sequences @> said.sequence::integer",
            [person.pk],
        )
        return [row[0] for row in cursor.fetchall()]
