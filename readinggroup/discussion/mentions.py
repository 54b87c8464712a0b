"""Calling somebody by name: who is offered while one types "@", and who is meant by what was typed."""

import re

from django.db.models.functions import Lower
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.markup import own_words

from .models import Mention

LONGEST_NAME = Membership._meta.get_field("name_here").max_length
MOST_OFFERED = 8
MOST_CALLED = 50  # of one comment: whoever calls more does not mean them


@require_safe
@requires(Can.SEE_MEMBERS)
def suggest_members(request, membership):
    """Whom one may mean: members, as the group calls them, of whose names one begins with `q`. The list alone."""
    asked = " ".join(request.GET.get("q", "")[:LONGEST_NAME].split())
    people = Membership.objects.active().filter(group=membership.group).exclude(user=membership.user_id).with_names()
    first = people.filter(called__istartswith=asked).order_by("called", "pk")
    names = list(first.values_list("called", flat=True)[:MOST_OFFERED])
    if asked and len(names) < MOST_OFFERED:
        later = people.filter(called__icontains=f" {asked}").exclude(called__istartswith=asked).order_by("called", "pk")
        names += later.values_list("called", flat=True)[: MOST_OFFERED - len(names)]
    return TemplateResponse(request, "discussion/_members_offered.html", {"names": names})


def note_mentions(comment, *, group, anew=False) -> None:
    """Keep whom the comment's words call by name; `anew` after they have changed."""
    called = called_in(comment.body, group) - {comment.author_id}
    if anew:
        comment.mentions.exclude(user__in=called).delete()
    rows = [Mention(comment=comment, user_id=user) for user in sorted(called)]
    if rows:
        Mention.objects.bulk_create(rows, ignore_conflicts=True)


def called_in(body, group) -> set[int]:
    """The members whose names stand in the writer's own words after an "@": of several that fit, the longest name."""
    if "@" not in body:
        return set()
    places = [list(beginnings(rest)) for rest in after_signs(own_words(body))]
    if not places:
        return set()
    people = Membership.objects.active().filter(group=group).with_names().annotate(low=Lower("called"))
    wanted = {name for names in places for name in names}
    known = dict(people.filter(low__in=wanted).values_list("low", "user"))
    longest = (next((name for name in names if name in known), None) for names in places)
    return {known[name] for name in longest if name is not None}


def after_signs(words):
    """What follows each "@" that does not stand inside a word (of an address, say): as much as a name may hold."""
    for number, sign in enumerate(re.finditer(r"(?<![\w@.])@(?=\w|[^\s@])", words)):
        if number == MOST_CALLED:
            return
        yield words[sign.end() : sign.end() + LONGEST_NAME + 1].split("\n")[0]


def beginnings(rest):
    """What may be a name at the beginning of the text, in small letters, the longest first: no word is cut in two."""
    for end in range(min(len(rest), LONGEST_NAME), 0, -1):
        inside_a_word = end < len(rest) and rest[end - 1].isalnum() and rest[end].isalnum()
        if not inside_a_word and not rest[end - 1].isspace():
            yield rest[:end].lower()
