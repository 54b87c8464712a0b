"""Several organizers at the same moment: each act is done whole or not at all, and nothing is joined twice.

Beside the race stands its control: the same two without the lock, who both believe that they were alone.
"""

from threading import Barrier

import pytest
from django.urls import reverse

from readinggroup.readings.models import Reading
from texts.models import LinkedParagraph, Parallel, Work
from texts.parallel import saving

from .. import factories
from ..discussion.test_races import SOON, at_once, sends
from ..thoroughness import thoroughly
from .houses import GERMAN, numbers, two_editions
from .test_links import name_of, seen_on

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = thoroughly(5, 1)


def corrections(two, as_user):
    """Two acts on the rows that both have seen: they cannot both be right."""
    clients = [as_user(two.organizer), as_user(two.owner)]
    seen = seen_on(clients[0].get(two.links).text)
    row = {"seen": seen, "paragraph": name_of(two.reading, 3)}
    return [sends(client, two.links, act=act, **row) for client, act in zip(clients, ("separate", "join"), strict=True)]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_two_corrections_one_is_told(house, as_user, _round):
    two = two_editions(house, confirmed=False)
    answers = at_once(*corrections(two, as_user))
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    everybody = sorted(number for mine, _theirs, _status in numbers(two) for number in mine)
    assert everybody == sorted(set(everybody))


def rude(act):
    """The status of what the act answers; None where it failed, since the other was in the way."""

    def run():
        try:
            return act().status_code
        except Exception:
            return None

    return run


def test_without_the_lock_both_would_believe_that_they_were_alone(house, as_user, monkeypatch):
    """The control: the rows are looked at before anybody holds them."""
    two = two_editions(house, confirmed=False)
    acts = corrections(two, as_user)
    monkeypatch.setattr(saving, "hold", lambda _parallel: None)
    both, look = Barrier(2), saving.fingerprint

    def look_together(rows):
        both.wait(SOON)
        return look(rows)

    with monkeypatch.context() as patched:
        patched.setattr(saving, "fingerprint", look_together)
        answers = at_once(*(rude(act) for act in acts))
    assert 409 not in answers


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_joined_from_both_sides_at_once_they_are_one_work(house, as_user, _round):
    german = factories.create_reading(house.group, GERMAN, filename="faehre.txt", title="Die Fähre", language="de")
    clients = [as_user(house.organizer), as_user(house.owner)]
    pairs = [(house.reading, german), (german, house.reading)]
    answers = at_once(
        *(
            sends(client, reverse("side_by_side:editions", args=[house.group.slug, one.slug]), other=other.pk)
            for client, (one, other) in zip(clients, pairs, strict=True)
        )
    )
    assert {answer.status_code for answer in answers} <= {302, 422}
    assert Work.objects.count() == Parallel.objects.count() == 1
    assert Reading.objects.filter(edition__work=Work.objects.get()).count() == 2
    linked = LinkedParagraph.objects.values_list("paragraph", flat=True)
    assert len(linked) == len(set(linked))
