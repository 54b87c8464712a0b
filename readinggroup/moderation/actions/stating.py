"""The conversation about a decision: whom it concerns and the group's moderators write to one another."""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse as address_of
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import Appeal, Decision, Statement
from .deciding import hold_members
from .refusals import NotYours, Stale, TooLate, TooMany

# After the last word: the answer to an appeal, a reversal, the end of the time in which one can appeal.
CLOSES_AFTER = timedelta(days=30)


def subject_of(decision) -> Decision:
    """The decision that a conversation is about: of a reversal, and of an answer to an appeal, the first one."""
    if decision.reverses_id is not None:
        return decision.reverses
    return decision.appeal.decision if decision.appeal_id is not None else decision


def closes_at(decision, appeal, reversal) -> datetime | None:
    """When the conversation about the decision is over, with this person's appeal, if any; None while that waits."""
    if appeal is not None:
        return appeal.decided_at and appeal.decided_at + CLOSES_AFTER
    last = reversal.decided_at if reversal else decision.appeal_until
    return last + CLOSES_AFTER


@transaction.atomic
def write_statement(*, decision, person, words, key, by) -> Statement:
    """Write to the other side. The same form sent twice is one statement; Stale if it then said something else.

    NotYours (whom the decision concerns, and moderators whom it does not), TooLate, TooMany.
    """
    decision = subject_of(decision)
    me = hold_members(decision.group, {by.pk}).get(by.pk)
    said = Statement.objects.filter(by=by, key=key).first()
    if said is not None:
        if (said.decision_id, said.person_id, said.words) != (decision.pk, person.pk, words):
            raise Stale
        return said
    concerned = set(decision.parts.exclude(person=None).values_list("person", flat=True))
    moderates = me is not None and may(me, Can.MODERATE) and by.pk not in concerned
    if person.pk not in concerned or not (by.pk == person.pk or moderates):
        raise NotYours
    appeal = Appeal.objects.filter(decision=decision, by=person).first()
    closes = closes_at(decision, appeal, Decision.objects.filter(reverses=decision).first())
    if closes is not None and closes <= timezone.now():
        raise TooLate
    today = Statement.objects.filter(decision=decision, by=by, created_at__gt=timezone.now() - timedelta(days=1))
    if today.count() >= Statement.MOST_A_DAY:
        raise TooMany
    said = Statement.objects.create(decision=decision, person=person, by=by, words=words, key=key)
    tell_other_side(said, concerned)
    return said


def tell_other_side(said, concerned) -> None:
    """Tell the person; or, of what the person says, those who moderate. Both can answer the mail."""
    decision, is_theirs = said.decision, said.by_id == said.person_id
    group = decision.group
    moderators = Membership.objects.who_may_decide().filter(group=group).exclude(user__in=concerned)
    tell(
        recipients=list(moderators.values_list("user", flat=True)) if is_theirs else [said.person_id],
        kind="moderation/statement",
        category=Category.REQUEST if is_theirs else Category.DECISION,
        event=f"statement-{said.pk}",
        group=group.pk,
        address=address_of("moderation:decision", args=[decision.public_id]),
        facts={
            "group": group.name,
            "decision": decision.public_id,
            "person": said.person_id,  # by key: the public id of who is gone is nowhere
            "by_moderators": not is_theirs,
            "words": said.words,
        },
        thread=f"decision-{decision.public_id}",
    )
