"""A comment that was reported and hidden, and whom that concerns."""

import uuid
from types import SimpleNamespace

import pytest

from readinggroup.discussion.models import Comment
from readinggroup.groups.models import Role
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.actions import Seen, Verdict, appeal, decide, report
from readinggroup.moderation.case_views import seen_now
from readinggroup.moderation.models import Action, Case, Ground

from .. import factories

WORDS = "It sells boats, three times."
COMPLAINT = "I sold nothing, I asked who has one."


def seen(case):
    comment = Comment.objects.filter(pk=case.comment_id).first()
    return Seen(case.pk, comment.state, comment.wording) if comment else seen_now(case)


def decided(house, comments, *, by=None, words=WORDS, **verdict):
    """These comments were reported by Milo and decided upon, by Mona if by nobody else."""
    for comment in comments:
        report(comment=comment, words="Look.", by=house.other)
    cases = Case.objects.filter(comment__in=comments, closed_at=None)
    verdict = {"action": Action.HIDE, "ground": Ground.RULE, "rule": rule_of(house)} | verdict
    about = {"group": house.group, "seen": [seen(case) for case in cases], "by": by or house.moderator}
    return decide(verdict=Verdict(words=words, **verdict), **about)


def rule_of(house):
    sets = house.group.rule_sets
    current = sets.first() or change_rules(group=house.group, rules=[("No trade", "Nothing is sold.")], by=house.owner)
    return current.rules.get(number=1)


@pytest.fixture
def case_of_mara(house):
    """Mara's comment is hidden by Mona; Milo has reported it. Olga, who owns the group, has nothing to do with it."""
    comment = factories.create_comment(house.reading, house.member, "Buy my *boats*.")
    decision = decided(house, [comment])
    return SimpleNamespace(comment=comment, decision=decision)


@pytest.fixture
def appealed(house, case_of_mara):
    case_of_mara.appeal = appeal(decision=case_of_mara.decision, words=COMPLAINT, by=house.member)
    return case_of_mara


@pytest.fixture
def without_others(house):
    """Nobody but Mona moderates: Olga has reported it, too, and seven more members could be drawn."""
    comment = factories.create_comment(house.reading, house.member, "Buy my boats.")
    report(comment=comment, words="Trade.", by=house.owner)
    decision = decided(house, [comment])
    people = [factories.create_member(house.group) for _ in range(4)]
    return SimpleNamespace(comment=comment, decision=decision, people=people)


def another_moderator(house, name="Nils"):
    return factories.create_member(house.group, name, roles=[Role.MODERATOR])


def statement(to, words="May I ask which words?", **more):
    return {"words": words, "to": to.public_id, "key": uuid.uuid4(), **more}
