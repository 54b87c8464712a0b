"""The page of a discussion is kept for all who see the same: nobody gets what was made for somebody else."""

import re

import pytest

from readinggroup.discussion import pages
from readinggroup.discussion.actions import withdraw
from readinggroup.discussion.models import Comment, Draft, Reaction, ReactionKind, State
from readinggroup.groups.actions import suspend
from readinggroup.lib.kept import Kept

from .. import factories
from .test_comments import HTMX, paragraph_page

PEOPLE = ["visitor", "outsider", "member", "other", "organizer", "moderator", "owner", "suspended"]
# What differs from one request to the next, whoever asks.
ONCE = re.compile(r'name="(csrfmiddlewaretoken|key)" value="[^"]*"')


@pytest.fixture
def talked(house):
    """Words of several people in every state, drafts, marks, a name for this group, somebody suspended."""
    reading = house.reading
    for author in (house.member, house.other, house.organizer):
        for state in (State.VISIBLE, State.HELD, State.HIDDEN, State.WITHDRAWN):
            said = factories.create_comment(reading, author, f"{author.display_name}: {state.value}.")
            factories.create_comment(reading, house.moderator, "Why?", parent=said)
            if state == State.WITHDRAWN:
                withdraw(comment=said, by=author)
            Comment.objects.filter(pk=said.pk, state=State.VISIBLE).update(state=state)
        Draft.objects.create(
            author=author, reading=reading, paragraph=said.paragraph, body=f"Begun by {author.display_name}."
        )
    first = Comment.objects.filter(state=State.VISIBLE).first()
    Reaction.objects.create(comment=first, by=house.other, kind=ReactionKind.AGREE)
    house.group.memberships.filter(user=house.other).update(name_here="Quay")
    house.suspended = factories.create_member(house.group, "Sana")
    theirs = house.group.memberships.get(user=house.suspended)
    suspend(membership=theirs, until=theirs.FOR_GOOD, reason="Rest a while.", by=house.owner)
    house.visitor = None
    return house


@pytest.mark.parametrize("part", [True, False], ids=["part", "page"])
@pytest.mark.parametrize("order", ["oldest", "discussed"])
def test_after_everybody_has_looked_each_sees_what_they_would_have_seen_alone(
    talked, as_user, monkeypatch, part, order
):
    page, headers = paragraph_page(talked.reading), HTMX if part else {}
    clients = {who: as_user(getattr(talked, who)) for who in PEOPLE}

    def look(who):
        return ONCE.sub("", clients[who].get(page, {"order": order}, headers=headers).text)

    for who in PEOPLE:
        look(who)
    warm = {who: look(who) for who in PEOPLE}
    for who in PEOPLE:
        monkeypatch.setattr(pages, "_kept", Kept(60_000_000))
        assert warm[who] == look(who), who
    assert len(set(warm.values())) > 6
    assert [who for who in PEOPLE if "Begun by Mara." in warm[who]] == ["member"]
    assert [who for who in PEOPLE if "Mara: held." in warm[who]] == ["member", "moderator", "owner"]
    assert not [
        who
        for who in PEOPLE
        if "Milo" in warm[who].replace("Milo:", "").replace("Begun by Milo", "") and who != "other"
    ]
