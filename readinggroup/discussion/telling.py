"""Telling people of what is said: whom, and of what."""

from unicodedata import bidirectional

from django.urls import reverse
from django.utils.safestring import mark_safe

from readinggroup.groups.models import Membership
from readinggroup.lib.markup import excerpt
from readinggroup.lib.prepared import AnyOf, AnyOfTexts, Parameter, prepared
from readinggroup.notifications.actions import tell_each
from readinggroup.notifications.models import Category
from readinggroup.readings.models import ReadingState

from .models import Comment, Follow, Level, MutedPerson, State
from .places import place_of


def tell_of(comment, *, only=frozenset(Category), but=frozenset()) -> None:
    """Tell whom it concerns that this was said: whom it answers, whom it calls by name, who follows.

    Each is told once of a comment, for the nearest reason; who has muted it or its author, and who belongs no more,
    is not told, nor who is among `but` (keys). A comment that not everybody may read is told of when it is shown. In
    the transaction of what it tells.
    """
    if comment.state != State.VISIBLE:
        return
    levels = watchers_of(comment)
    people = {pk: Category.FOLLOWED for pk, level in levels.items() if level == Level.WATCH}
    mentions = comment.mentions.values_list("user", flat=True) if "@" in comment.body else []
    called = dict.fromkeys(mentions, Category.MENTION)
    if comment.parent_id:
        called[comment.parent.author_id] = Category.REPLY
    called = {pk: category for pk, category in called.items() if pk != comment.author_id and pk not in but}
    if called:
        here = Membership.objects.active().filter(group=comment.reading.group_id, user__in=called)
        people |= {pk: called[pk] for pk in here.values_list("user", flat=True) if levels.get(pk) != Level.MUTE}
    people = {pk: category for pk, category in people.items() if pk != comment.author_id and pk not in but}
    if people:
        here = MutedPerson.objects.filter(group=comment.reading.group_id, person=comment.author_id, by__in=people)
        people = {pk: people[pk] for pk in people.keys() - set(here.values_list("by", flat=True))}
    if not people:
        return
    tell_each(
        people={pk: (f"discussion/{category.value}", category) for pk, category in people.items() if category in only},
        event=f"comment-{comment.public_id}",
        address=reverse("discussion:comment", args=[comment.public_id]),
        group=comment.reading.group_id,
        about=comment.public_id,
        thread=comment.root.public_id if comment.root_id else comment.public_id,
    )


def watchers_of(comment) -> dict:
    """Who has chosen how much to be told of this comment: person's primary key -> Level. One query, or two.

    Whoever has not chosen, and has not written in the thread, is not in it: they want to be told as usual. Nobody is in
    it who does not belong to the group now, and nobody at all while not everybody there may read the comment.
    """
    if comment.state != State.VISIBLE:
        return {}
    thread = comment.root_id or comment.pk
    levels = dict(_levels().rows(reading=comment.reading_id, paragraph=comment.paragraph_id, thread=thread))
    if comment.reading.state == ReadingState.PROPOSED:  # whose words these are wants to know, unless they wish not
        here = Membership.objects.active().filter(group=comment.reading.group_id)
        hosts = here.filter(user__hosted_readings__reading=comment.reading_id).values_list("user_id", flat=True)
        levels = dict.fromkeys(hosts, Level.WATCH) | levels
    return levels


@prepared
def _levels():
    counting = Follow.objects.counting_at(Parameter("reading"), Parameter("paragraph"), Parameter("thread"))
    return counting.of_members().values_list("user_id", "level")


def facts_of(comments) -> dict:
    """What a notice says about each of these comments (public ids), if all in its group may read it: two queries."""
    if not comments:
        return {}
    rows = _visible().objects(comments=list(comments))
    names = names_of({(row.reading.group_id, row.author_id) for row in rows})
    return {row.public_id: described(row, names[row.reading.group_id, row.author_id]) for row in rows}


@prepared
def _visible():
    rows = Comment.objects.filter(AnyOfTexts("public_id", Parameter("comments")), state=State.VISIBLE)
    rows = rows.select_related("reading__group", "reading__edition", "version", "parent")
    return rows.defer("search", "parent__search")


def names_of(people) -> dict:
    """How each group calls these people: (group, person) -> name. One query."""
    groups, users = {group for group, _user in people}, {user for _group, user in people}
    rows = _names().rows(groups=list(groups), users=list(users))
    return {(group, user): name for group, user, name in rows}


@prepared
def _names():
    here = Membership.objects.filter(AnyOf("group_id", Parameter("groups")), AnyOf("user_id", Parameter("users")))
    return here.with_names().values_list("group", "user", "shown_name")


def isolated(name) -> str:
    """The name as it may stand in a sentence of plain text: one that is written from the right turns nothing."""
    from_right = any(bidirectional(letter) in {"R", "AL"} for letter in name)
    return f"\u2068{name}\u2069" if from_right else name


def described(comment, name) -> dict:
    edition, parent = comment.reading.edition, comment.parent
    return {
        "name": isolated(name),
        "group": comment.reading.group.name,
        "title": edition.title,
        "number": place_of(comment.reading, comment.paragraph_id, comment.version.number).number,
        "words": comment.body,
        "words_html": mark_safe(comment.body_html),  # noqa: S308 - sanitised when it was written
        "answered": excerpt(parent.body_html) if parent and parent.state == State.VISIBLE else "",
    }
