"""What the invented group would like to read next: a few proposals, and the ballot that is open about three of them."""

import random
import secrets
import uuid
from datetime import timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.public_ids import new_public_id
from readinggroup.notifications.models import Notice
from readinggroup.proposals import actions
from readinggroup.proposals.models import BallotBox, Method, ProposalState

MOST_RANKED = 3


class Wish(NamedTuple):
    """A text that somebody proposes, and who raises a hand for it."""

    by: str
    title: str
    author: str
    year: int
    words: int
    why: str
    hands: tuple


def wishes() -> list:
    """Works in the public domain; nothing of theirs is in here."""
    return [
        Wish(
            "lidia", "The Russian Revolution", "Rosa Luxemburg", 1918, 17_000,
            _("It asks the same of the same people, from a prison, twelve years earlier: what is freedom if it is"
              " only for those who agree?"),
            ("kenji", "wolf", "priya", "hemi"),
        ),
        Wish(
            "geraint", "On Liberty", "John Stuart Mill", 1859, 48_000,
            _("The second chapter is the best case for hearing who is wrong that I know of. Long; we could read only"
              " that one."),
            ("clemence", "beatriz"),
        ),
        Wish(
            "kenji", "Areopagitica", "John Milton", 1644, 18_000,
            _("Where it begins: a speech for printing without asking first. Hard sentences, but we are many."),
            ("lidia", "tomasz"),
        ),
        Wish(
            "wolf", "What Is Enlightenment?", "Immanuel Kant", 1784, 2_700,
            _("One evening is enough for it. Good after something long."),
            ("adaeze",),
        ),
    ]  # fmt: skip


def choose(group, people, now) -> None:
    """Let the members have proposed, supported, and begun to vote."""
    members = group.memberships.active().filter(user__in=people.values()).select_related("user", "group")
    able = {member.user for member in members.order_by("pk") if may(member, Can.HOLD_BALLOTS)}
    by = next((user for user in people.values() if user in able), None)
    if by is None:
        return  # they have joined before, and somebody has taken their roles since
    proposals = [put_forward(group, wish, people) for wish in wishes()]
    *asked, short = proposals
    actions.answer_proposal(
        proposal=short, state=ProposalState.LATER, reason=_("For the evening after a long text."),
        seen=short.events.last().pk, by=by,
    )  # fmt: skip
    ballot = actions.announce_ballot(ballot=draft(group, asked, by=by, now=now), by=by)
    put_in_papers(ballot, people)
    # The invented people read no mail.
    Notice.objects.filter(group_key=group.pk, recipient__in=people.values(), kind__startswith="proposals/").delete()


def put_forward(group, wish, people):
    made = actions.propose(
        group=group, by=people[wish.by], key=uuid.uuid5(uuid.NAMESPACE_OID, f"{group.pk}, {wish.title}"),
        title=wish.title, author=wish.author, year=wish.year, words=wish.words, why=wish.why, language="en",
    )  # fmt: skip
    for key in wish.hands:
        actions.support(proposal=made, by=people[key])
    made.refresh_from_db()
    return made


def draft(group, proposals, *, by, now):
    return actions.create_ballot(
        group=group, by=by, public_id=new_public_id(), proposals=proposals, others=[],
        question=_("What do we read next?"), words="", method=Method.RANKING, seats=1, quorum=30, is_secret=True,
        opens_at=now, closes_at=now + timedelta(days=9),
    )  # fmt: skip


def put_in_papers(ballot, people) -> None:
    """Half of them have voted. How, is drawn: no paper is anybody's, in the demo neither."""
    for key in ("lidia", "geraint", "kenji", "beatriz", "hemi", "samira"):
        order = random.sample(range(1, MOST_RANKED + 1), MOST_RANKED)
        ranks = {str(number): rank for rank, number in enumerate(order, 1)}
        actions.vote(ballot=ballot, key=secrets.token_hex(BallotBox.KEY_BYTES), paper={"ranks": ranks}, by=people[key])
