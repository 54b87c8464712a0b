"""By which rules something is judged: those that stood when it got the words that it has."""

from functools import reduce
from operator import or_

from django.db.models import Q

from readinggroup.groups.models import Rule


def day_of(comment):
    """When the comment got its present wording."""
    return comment.edited_at or comment.created_at


def rules_of(group, moments) -> list[Rule]:
    """The rules that held at all of these moments, as the oldest set says them; none where there were none. One query.

    A later set that says a rule in the same words has not changed it. What came later is not applied backwards.
    """
    sets = [group.rule_sets.filter(created_at__lte=moment).values("pk")[:1] for moment in set(moments)]
    found = Rule.objects.filter(reduce(or_, (Q(rule_set__in=one) for one in sets))).select_related("rule_set")
    by_set = {}
    for rule in found.order_by("rule_set__number", "number"):
        by_set.setdefault(rule.rule_set, []).append(rule)
    if not by_set or min(by_set, key=lambda one: one.number).created_at > min(moments):
        return []
    oldest, *later = by_set.values()
    said = [{(rule.title, rule.words) for rule in rules} for rules in later]
    return [rule for rule in oldest if all((rule.title, rule.words) in words for words in said)]
