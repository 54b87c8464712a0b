"""A case with all that a moderator is to see of it. Only what is read here shows words that are hidden."""

from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404

from readinggroup.discussion.models import Comment, State
from readinggroup.discussion.wordings import wordings_on
from readinggroup.groups.models import Membership

from .models import RESTRICTIVE, Case, Kind, Part

MOST_WORDINGS = 4
MOST_ON_RECORD = 20
MOST_SIMILAR = 5


def case_or_404(membership, pk) -> Case:
    """The case with what stands beside it, whose it is, and the keys of its neighbours in the queue. One query.

    `whose` is the person's key; `roles`, `left_at`, `joined_at` are theirs here, `said` how much of theirs is shown;
    `others_can` tells whether anybody else could decide than the one who asks.
    """
    theirs = Membership.objects.filter(group=membership.group, user=OuterRef("whose"))
    said = Comment.objects.filter(author=OuterRef("whose"), reading__group=membership.group, state=State.VISIBLE)
    rows = Case.objects.filter(group=membership.group).annotate(
        whose=Coalesce("comment__author", "member__user"),
        roles=Subquery(theirs.values("roles")[:1]),
        left_at=Subquery(theirs.values("left_at")[:1]),
        joined_at=Subquery(theirs.values("joined_at")[:1]),
        said=Subquery(said.order_by().values("author").annotate(count=Count("pk")).values("count")[:1]),
        others_can=Exists(
            Membership.objects.who_may_decide()
            .filter(group=membership.group)
            .exclude(user=OuterRef("whose"))
            .exclude(user=membership.user_id)
        ),
        next_pk=Subquery(after(membership).values("pk")[:1]),
        previous_pk=Subquery(before(membership).values("pk")[:1]),
    )
    beside = (
        "comment__author", "comment__reading__edition", "comment__version__paragraph", "comment__hidden_under",
        "member__user", "claimed_by", "appeal",
    )  # fmt: skip
    return get_object_or_404(rows.select_related(*beside), pk=pk)


def free_for(membership):
    """What waits and is not before somebody else, nor about this person, nor an appeal."""
    cases = Case.objects.filter(group=membership.group).free_for(membership.user_id)
    cases = cases.exclude(kind=Kind.APPEAL).waiting()
    return cases.exclude(comment__author=membership.user_id).exclude(member__user=membership.user_id)


def after(membership):
    """Of these, those that come after the case of the query that this is a part of."""
    later = Q(due_at__gt=OuterRef("due_at")) | Q(due_at=OuterRef("due_at"), pk__gt=OuterRef("pk"))
    return free_for(membership).filter(later)


def before(membership):
    """And those that come before it, the nearest first."""
    earlier = Q(due_at__lt=OuterRef("due_at")) | Q(due_at=OuterRef("due_at"), pk__lt=OuterRef("pk"))
    return free_for(membership).filter(earlier).order_by("-due_at", "-pk")


def next_after(membership, due_at, pk) -> int | None:
    """The key of what is to be decided after the case that stood there; at the end, of what is most urgent."""
    rest = free_for(membership).exclude(pk=pk)
    later = rest.filter(Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=pk)).values_list("pk", flat=True).first()
    return later or rest.values_list("pk", flat=True).first()


def around(membership, comment) -> dict:
    """What stands around the comment in its thread, as this moderator may see it: parent, before, after. One query."""
    same = Comment.objects.filter(reading=comment.reading_id, paragraph=comment.paragraph_id, parent=comment.parent_id)
    earlier = same.filter(pk__lt=comment.pk).order_by("-pk").values("pk")[:1]
    later = same.filter(pk__gt=comment.pk).order_by("pk").values("pk")[:1]
    near = Q(pk=comment.parent_id) | Q(pk__in=earlier) | Q(pk__in=later)
    found = Comment.objects.visible_to(membership).filter(near).select_related("author", "hidden_under__rule_set")
    places = {comment.parent_id: "parent"}
    return {places.get(row.pk, "earlier" if row.pk < comment.pk else "later"): row for row in found}


def wordings_of(comment) -> list:
    """How the comment is worded, and what each wording changed, newest first. One query if it was ever changed."""
    if comment.state == State.WITHDRAWN or comment.wording == 1:
        return []
    numbers = list(range(comment.wording, 0, -1))
    return wordings_on(Paginator(numbers, MOST_WORDINGS).page(1), numbers, comment.wordings.all(), comment)


def decisions_beside(case, rules) -> tuple[list, list]:
    """What was decided before: the person's record here, and what is like this case, newest first. One query.

    On the record is what restricted them and was not reversed. Alike is what rests on one of these rules, in whatever
    version, or is theirs.
    """
    titles = {rule.title for rule in rules}
    decided = Part.objects.filter(decision__group=case.group_id).exclude(case=case.pk)
    record = decided.filter(
        person=case.whose, action__in=RESTRICTIVE, decision__reversal=None, decision__reverses=None
    ).order_by("-pk")
    alike = decided.filter(Q(person=case.whose) | Q(decision__rule__title__in=titles)).order_by("-pk")
    both = Q(pk__in=record.values("pk")[:MOST_ON_RECORD]) | Q(pk__in=alike.values("pk")[:MOST_SIMILAR])
    parts = list(
        Part.objects.filter(both)
        .annotate(reversed_by=F("decision__reversal__public_id"))
        .select_related("decision__rule", "comment")
        .order_by("-pk")
    )
    return [part for part in parts if is_on_record(part, case.whose)], parts[:MOST_SIMILAR]


def is_on_record(part, person) -> bool:
    """Whether it restricted this person, and neither is a reversal nor was reversed."""
    was_reversed = part.reversed_by is not None or part.decision.reverses_id is not None
    return part.person_id == person and part.is_restrictive and not was_reversed
