"""Keeping words that are not sent yet, so that no tab overwrites another's, and letting them go when they are sent."""

from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.lib.prepared import Parameter, prepared
from texts.models import ParagraphVersion

from .models import DEEPEST, OPEN_STATES, Comment, Draft, State

MOST_DRAFTS = 200  # of one person
NOTHING = 0  # the sequence of a draft that is not there


class StaleDraft(Exception):  # noqa: N818 - said to the writer, not an error of the program
    """The draft was changed elsewhere since this tab had it; `draft` is as it stands."""

    def __init__(self, draft):
        super().__init__(draft)
        self.draft = draft


class TooManyDrafts(Exception):  # noqa: N818 - as above
    """This person keeps as many drafts as one may."""


@transaction.atomic
def save(*, place, body, quotes, sequence, by, wording=None, key=None) -> int:
    """Keep what somebody has written at this place so far; the answer is the draft's sequence now, 0 if there is none.

    `place` is the reading, the paragraph, and the comment that is answered (`parent`) or reworded (`edited`), or None.
    `sequence` is the one that the writer had before them. Without words and quotes the draft is taken away. StaleDraft
    if another tab has saved other words since.
    """
    # Held, as posting and rewording hold it: a saving comes wholly before the comment, or after.
    Membership.objects.hold(group=place["reading"].group_id, user=by)
    standing = Draft.objects.filter(author=by, **place)
    if was_sent(edited=place["edited"], body=body, key=key, by=by):
        standing.filter(sequence=sequence).delete()
        return NOTHING
    if not body.strip() and not quotes:
        deleted, _models = standing.filter(sequence=sequence).delete()
        if not deleted and (draft := standing.first()):
            raise StaleDraft(draft)
        return NOTHING
    words = {"body": body, "quotes": quotes, "wording": wording if place["edited"] else None}
    if standing.filter(sequence=sequence).update(**words, sequence=F("sequence") + 1, saved_at=timezone.now()):
        return sequence + 1
    return begin(Draft(author=by, sequence=sequence + 1, **place, **words))


def was_sent(*, edited, body, key, by) -> bool:
    """Whether these words are a comment already: the saving was under way while they were sent."""
    body = body.strip()
    if edited is not None:
        return Comment.objects.filter(pk=edited.pk, body=body).exists()
    return key is not None and Comment.objects.filter(author=by, key=key, body=body).exists()


def begin(draft) -> int:
    """Keep a draft where there is none; the answer is its sequence. TooManyDrafts; StaleDraft if there is another one.

    The unique constraint decides which of two is the first. The same words saved twice are saved.
    """
    with connection.cursor() as cursor:  # the drafts of one person are counted by one at a time
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('drafts of ' || %s, 0))", [draft.author_id])
    place = {name: getattr(draft, name) for name in ("author", "reading", "paragraph", "parent", "edited")}
    here = Draft.objects.filter(**place)
    if not here.exists() and Draft.objects.filter(author=draft.author).count() >= MOST_DRAFTS:
        raise TooManyDrafts
    Draft.objects.bulk_create([draft], ignore_conflicts=True)
    standing = here.get()
    if (standing.body, standing.quotes) != (draft.body, draft.quotes):
        raise StaleDraft(standing)
    return standing.sequence


def let_go(*, by, reading, paragraph, body, sequence, parent=None, edited=None) -> None:
    """The words are sent: forget the draft that they were, and any of the same words here. One that is newer stays.

    An answer, or a rewording, goes by its comment, whose thread may have been moved meanwhile.
    """
    draft = {"by": by, "reading": reading, "paragraph": paragraph, "body": body, "sequence": sequence}
    with connection.cursor() as cursor:
        cursor.execute(*letting_go(**draft, parent=parent, edited=edited))


def letting_go(*, by, reading, paragraph, body, sequence, parent=None, edited=None) -> tuple:
    """The same as SQL with its values, for who does it together with something else."""
    values = {"author": by, "reading": reading, "parent": parent, "edited": edited}
    keys = {name: getattr(value, "pk", value) for name, value in values.items()}
    sent = _sent(parent is not None, edited is not None).deletion
    return sent.with_values(keys | {"paragraph": paragraph, "body": body, "sequence": sequence})


@prepared
def _sent(is_answer, is_edited):
    here = Q(paragraph=Parameter("paragraph"))
    parent, edited = Parameter("parent") if is_answer else None, Parameter("edited") if is_edited else None
    place = Q(parent=parent, edited=edited, sequence__lte=Parameter("sequence"))
    if not is_answer and not is_edited:
        place &= here
    mine = Draft.objects.filter(author=Parameter("author"), reading=Parameter("reading"))
    return mine.filter(place | here & Q(body=Parameter("body")))


@transaction.atomic
def move(*, draft) -> Draft:
    """The words of an answer or of a rewording become a new comment's at the same paragraph, after what is begun there.

    ValueError where both together are too long for one comment.
    """
    place = {"author": draft.author_id, "reading": draft.reading_id, "paragraph": draft.paragraph_id}
    begun = Draft.objects.select_for_update(of=("self",)).filter(**place, parent=None, edited=None).first()
    if begun is None:
        Draft.objects.filter(pk=draft.pk).update(parent=None, edited=None, wording=None)
        draft.refresh_from_db()
        return draft
    body = f"{begun.body}\n\n{draft.body}".strip()
    if len(body) > Draft._meta.get_field("body").max_length:
        raise ValueError(len(body))
    begun.body, begun.quotes = body, [*begun.quotes, *draft.quotes]
    begun.sequence += 1
    begun.save()
    Draft.objects.filter(pk=draft.pk).delete()
    return begun


# --- What is shown of them, to their author alone --------------------------------------------------------------------


def begun_at(membership, reading, paragraph) -> list:
    """What this member has begun to write at the paragraph, the newest first: one query, none for visitors."""
    if not membership.is_member:
        return []
    mine = Draft.objects.filter(author=membership.user_id, reading=reading, paragraph=paragraph)
    return list(mine.select_related("parent__author", "edited"))


def new_among(begun):
    """Of these drafts the one that is a new comment; or None."""
    return next((draft for draft in begun if draft.parent is None and draft.edited is None), None)


def others_among(begun, membership) -> list[dict]:
    """Of these drafts the answers and rewordings that can be gone on with, each with its box and whom it answers."""
    group = membership.group
    return [
        {
            "opens": reverse(
                f"discussion:{'answer' if draft.parent else 'edit'}_comment",
                args=[(draft.parent or draft.edited).public_id],
            ),
            "asked": group.name_of(draft.parent.author) if draft.parent else "",
        }
        for draft in begun
        if (draft.parent or draft.edited) and not is_lost(draft)
    ]


def begun_for(membership, *, parent=None, edited=None):
    """What this member has begun to write in answer to the comment, or as its other wording; or None."""
    return Draft.objects.filter(author=membership.user_id, parent=parent, edited=edited).first()


def all_of(user) -> list:
    """Every draft of a person, the newest first, each with what became of its place: two queries."""
    member = Membership.objects.filter(user=user, group=OuterRef("reading__group"))
    here = Membership.objects.filter(user=OuterRef("parent__author"), group=OuterRef("reading__group"))
    number = ParagraphVersion.objects.filter(
        paragraph=OuterRef("paragraph"), revision=OuterRef("reading__edition__current")
    )
    drafts = (
        Draft.objects.filter(author=user)
        .select_related("reading__group", "reading__edition", "paragraph", "parent", "edited")
        .defer("parent__body", "parent__body_html", "edited__body", "edited__body_html")
        .annotate(number=Subquery(number.values("number")[:1]))
        .annotate(
            asked=Subquery(here.with_names().values("shown_name")[:1]), membership_id=Subquery(member.values("pk"))
        )
    )
    memberships = Membership.objects.filter(user=user).select_related("group").in_bulk()
    drafts = list(drafts)
    for draft in drafts:
        draft.membership = memberships[draft.membership_id]
    return drafts


def is_lost(draft) -> bool:
    """Whether what is answered or reworded can no longer be: the words can become a new comment at the paragraph."""
    comment = draft.parent or draft.edited
    if comment is None:
        return False
    unread = comment.state == State.HELD and comment.author_id != draft.author_id
    if draft.parent is None and comment.state == State.HIDDEN:
        return False  # changed, it can be handed in again
    return comment.state not in OPEN_STATES or unread or (draft.parent is not None and comment.depth >= DEEPEST)
