"""Asking the owners to look at the rules again, supporting that, taking it back, answering."""

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import RulesReview, RulesReviewSupport
from ..permissions import Can, may_still
from .refusals import AskedAlready, Suspended
from .terms import owners_of


@transaction.atomic
def ask_for_review(*, group, rule_set, words, by, rule=None) -> RulesReview:
    """Ask that a rule, or all of them, be looked at again; the owners are told. AskedAlready while one waits."""
    if not may_still(by, Can.DISCUSS, group=group.pk):
        raise Suspended
    try:
        with transaction.atomic():
            asked = {"group": group, "rule_set": rule_set, "rule": rule, "words": words, "asked_by": by}
            review = RulesReview.objects.create(**asked)
    except IntegrityError as refusal:
        if "rules_review_open_once" in str(refusal):
            raise AskedAlready from refusal
        raise
    tell(
        recipients=owners_of(group) - {by.pk},
        kind="groups/review_asked",
        category=Category.REQUEST,
        group=group.pk,
        event=f"rules-review-{review.pk}",
        address=reverse("groups:rules_review", args=[group.slug, review.pk]),
        facts={"group": group.name, "by": group.name_of(by)},
    )
    return review


def hold_open(review) -> RulesReview | None:
    """The request, held until the end of this transaction; None if it waits no more."""
    return RulesReview.objects.open().select_for_update(of=("self",), no_key=True).filter(pk=review.pk).first()


@transaction.atomic
def support_review(*, review, by) -> bool:
    """Want it, too. False if it waits no more, or is one's own; twice is once. Suspended if one may not write here."""
    if not may_still(by, Can.DISCUSS, group=review.group_id):
        raise Suspended
    waiting = hold_open(review)
    if waiting is None or waiting.asked_by_id == by.pk:
        return False
    RulesReviewSupport.objects.bulk_create([RulesReviewSupport(review=waiting, by=by)], ignore_conflicts=True)
    return True


@transaction.atomic
def support_no_more(*, review, by) -> bool:
    """Take one's support back. False if it waits no more."""
    waiting = hold_open(review)
    if waiting is None:
        return False
    waiting.supports.filter(by=by).delete()
    return True


def take_review_back(*, review, by) -> bool:
    """Ask it no more; the words go. False if it waits no more, or is somebody else's."""
    mine = RulesReview.objects.open().filter(pk=review.pk, asked_by=by)
    return bool(mine.update(withdrawn_at=timezone.now(), words=""))


@transaction.atomic
def answer_review(*, review, answer, by, changed_by=None) -> bool:
    """Answer for all to read, and tell whoever asked or supported it. False if it waits no more.

    Whoever supports it at this moment comes before, and is told, or too late.
    """
    waiting = hold_open(review)
    if waiting is None:
        return False
    waiting.answer, waiting.changed_by, waiting.answered_by, waiting.answered_at = (
        answer,
        changed_by,
        by,
        timezone.now(),
    )
    waiting.save(update_fields=["answer", "changed_by", "answered_by", "answered_at"])
    group = review.group
    people = {waiting.asked_by_id, *waiting.supports.values_list("by", flat=True)}
    tell(
        recipients=people - {by.pk},
        kind="groups/review_answered",
        category=Category.DECISION,
        group=group.pk,
        event=f"rules-review-{review.pk}-answered",
        address=reverse("groups:rules_review", args=[group.slug, review.pk]),
        facts={"group": group.name, "by": group.name_of(by), "changed": changed_by is not None, "answer": answer},
    )
    return True
