"""Decisions as a moderator makes them, in one line each."""

from django.db import transaction

from readinggroup.discussion.models import Comment
from readinggroup.moderation.actions import Seen, Verdict, decide, report
from readinggroup.moderation.actions.entering import enter
from readinggroup.moderation.models import Action, Case, Decision, Ground, Part

from .. import factories

REASON = "Three times the same advertisement."


def reported(house, words="Buy my boats.", *, by=None, reading=None, number=4):
    """The open case of a comment that was just written and reported."""
    comment = factories.create_comment(reading or house.reading, by or house.member, words, number=number)
    report(comment=comment, words="It is trade.", by=house.other)
    return Case.objects.get(comment=comment)


def seen(case):
    comment = Comment.objects.get(pk=case.comment_id)
    return Seen(case.pk, comment.state, comment.wording)


def hidden(house, *cases, words=REASON, rule=None, by=None, **more):
    """These cases decided in one: hidden, on a rule or as unlawful."""
    ground = Ground.RULE if rule else Ground.LAW
    verdict = Verdict(action=Action.HIDE, ground=ground, rule=rule, words=words, **more)
    cases = cases or (reported(house),)
    return decide(group=house.group, seen=list(map(seen, cases)), verdict=verdict, by=by or house.moderator)


def left(house, case=None):
    """A report that changed nothing."""
    case = case or reported(house)
    return decide(group=house.group, seen=[seen(case)], verdict=Verdict(action=Action.LEAVE), by=house.moderator)


@transaction.atomic
def reversed_(house, decision, *, words="It was no advertisement.", **more):
    """The decision that takes another one back, with its part and its entry; it restores nothing here."""
    part = decision.parts.first()
    reversal = Decision.objects.create(
        group=house.group,
        ground=Ground.NONE,
        words=words,
        by=house.owner,
        decided_as="owner",
        reverses=decision,
        **more,
    )
    theirs = {"comment": part.comment, "wording": part.wording, "person": part.person}
    enter(reversal, [Part(decision=reversal, action=Action.SHOW, **theirs)])
    return reversal


@transaction.atomic
def entered(house, comment, words=REASON):
    """A decision that hides nothing, whatever may be decided in the group now: what there is of it is in the log."""
    decision = Decision.objects.create(
        group=house.group, ground=Ground.LAW, words=words, by=house.owner, decided_as="owner"
    )
    about = {"comment": comment, "wording": comment.wording, "person": comment.author}
    enter(decision, [Part(decision=decision, action=Action.HIDE, **about)])
    return decision
