"""An answer by mail becomes a comment, if its writer could say the same on the page now; or they are told why not."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import connection, transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.discussion import actions, drafts
from readinggroup.discussion.forms import CommentForm
from readinggroup.discussion.models import Comment, RestrictionKind
from readinggroup.discussion.quoting import Quotable
from readinggroup.discussion.views import as_seen, place_of, seen_or_404
from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, limited, may
from readinggroup.lib.markup import LONGEST
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category, Notice

from . import messages
from .words import own_words

log = logging.getLogger(__name__)

ANSWERED_WITHIN = timedelta(days=60)  # of the comment
MOST_TOLD_A_DAY = 5  # so that two machines that answer one another come to an end
NOT_TAKEN_KIND = "discussion/mail_not_taken"


class Why(StrEnum):
    """Why an answer by mail was not taken; the notice's template says it in words."""

    SENDER = "sender"  # it came from an address that is none of the account's
    LARGE = "large"
    OLD = "old"
    GONE = "gone"  # the comment, or its paragraph, or this person's way to it
    CLOSED = "closed"
    SILENCED = "silenced"
    DEEP = "deep"
    LOCKED = "locked"
    SLOW = "slow"
    OFTEN = "often"
    TODAY = "today"  # all that can be written about one decision in a day was written
    EMPTY = "empty"
    LONG = "long"
    OVER = "over"  # the conversation about a decision
    UNREADABLE = "unreadable"


_OF_THE_ACTION = {actions.GONE: Why.GONE, actions.DEEP: Why.DEEP, actions.SILENCED: Why.SILENCED}
_OF_THE_PLACE = {RestrictionKind.LOCKED: Why.LOCKED, RestrictionKind.SLOW: Why.SLOW}
_OF_THE_FORM = {"required": Why.EMPTY, "max_length": Why.LONG}


class NotTaken(Exception):  # noqa: N818 - said to the writer, not an error of the program
    """The answer is not taken; `why` says why, `seen` is the comment that it answers if the writer may see it.

    `address` is where else one could answer, if not at a comment.
    """

    def __init__(self, why, seen=None, membership=None, address=""):
        super().__init__(why)
        self.why, self.seen, self.membership = why, seen, membership
        self.address = reverse("discussion:comment", args=[seen.public_id]) if seen else address


@dataclass(frozen=True)
class Reply:
    """An answer as it came. `about` names what it answers; `key` is the same for each copy of one mail."""

    person: str
    about: tuple
    key: UUID
    senders: list
    words: str
    whole: bool


def read(message, ids, *, whole) -> Reply:
    """The answer in this message to the address that names these."""
    person, *about = ids
    key = uuid5(NAMESPACE_URL, " ".join([messages.identity(message), *ids]))
    words = own_words(messages.text_of(message))
    return Reply(person, tuple(about), key, messages.senders(message), words, whole)


@transaction.atomic
def take(reply, make) -> bool:
    """Make of the answer what it is to be (`post`, or another), or tell its writer why not.

    False if there is no such person any more.
    """
    person = User.objects.filter(public_id=reply.person, is_active=True).first()
    if person is None:
        return False
    try:
        with transaction.atomic():
            make(reply, person)
        log.info("Answer %s by mail is taken", reply.key)
    except NotTaken as refusal:
        refuse(reply, person, refusal)
    return True


def post(reply, person) -> Comment:
    """The comment that the answer is. NotTaken if it cannot be one."""
    if not is_theirs(reply.senders, person):
        raise NotTaken(Why.SENDER)
    posted = Comment.objects.filter(author=person, key=reply.key).first()
    if posted is not None:  # delivered twice; what has changed since is no matter
        return posted
    [comment] = reply.about
    membership, seen = seen_by(person, comment)
    why = hindrance(reply, membership, seen)
    if why:
        raise NotTaken(why, seen, membership)
    try:
        reading, version = place_of(membership, seen)
    except Http404:
        raise NotTaken(Why.GONE, seen, membership) from None
    words = {"body": reply.words, "key": reply.key, "seen": version.pk}
    form = CommentForm(words, quotable=Quotable(membership, reading, version, seen))
    if not form.is_valid():
        [first, *_others] = form.errors.as_data().get("body", [None])
        raise NotTaken(_OF_THE_FORM.get(getattr(first, "code", None), Why.UNREADABLE), seen, membership)
    if limited("write", user=person):
        raise NotTaken(Why.OFTEN, seen, membership)
    try:
        version = as_seen(version, form, set())
        return actions.post(reading=reading, version=version, by=person, parent=seen, **form.cleaned_data)
    except actions.AnswerRefused as refusal:
        if refusal.reason == actions.SENT:  # a copy that was changed on its way: the first one has been taken
            return Comment.objects.get(author=person, key=reply.key)
        why = _OF_THE_PLACE[refusal.about.kind] if refusal.about else _OF_THE_ACTION[refusal.reason]
        raise NotTaken(why, seen, membership) from None


def is_theirs(senders, person) -> bool:
    """Whether it came from one address, which this person has shown to be theirs."""
    verified = {
        address.lower() for address in person.emailaddress_set.filter(verified=True).values_list("email", flat=True)
    }
    return len(senders) == 1 and senders[0] in verified


def seen_by(person, public_id) -> tuple:
    """How the person stands to the comment's group, and the comment, as the page would show it to them now."""
    slug = Comment.objects.filter(public_id=public_id).values_list("reading__group__slug", flat=True).first()
    membership = Membership.objects.standing(person.pk, slug or "")
    try:
        seen = seen_or_404(membership, public_id)
    except Http404:
        raise NotTaken(Why.GONE) from None
    if seen.reading.for_members and not may(membership, Can.READ_ALL):
        raise NotTaken(Why.GONE)
    return membership, seen


def hindrance(reply, membership, seen):
    """Why this person cannot answer this comment by this mail; None if they can."""
    if membership.group.is_closed:
        return Why.CLOSED
    if not may(membership, Can.DISCUSS):
        return Why.SILENCED
    if not seen.is_shown_whole:
        return Why.GONE
    if not reply.whole:
        return Why.LARGE
    return Why.OLD if seen.created_at < timezone.now() - ANSWERED_WITHIN else None


# --- What is told ----------------------------------------------------------------------------------------------------


def refuse(reply, person, refusal) -> None:
    """Tell the account why, with the words, which are also kept as a draft where that is possible.

    Never to the address that the mail says it came from: anybody can write that. Once a mail, and not without end.
    """
    with connection.cursor() as cursor:  # what is told to one person is counted by one at a time
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('mail not taken of ' || %s, 0))", [person.pk])
    told = Notice.objects.of(person).filter(kind=NOT_TAKEN_KIND, created_at__gt=timezone.now() - timedelta(days=1))
    event = f"mail-not-taken-{reply.key}"
    if told.count() >= MOST_TOLD_A_DAY or told.filter(event=event).exists():
        log.info("Answer %s by mail was not taken (%s); its writer was told of enough today", reply.key, refusal.why)
        return
    facts = {
        "why": str(refusal.why),
        "kept": keep(reply, person, refusal),
        "words": reply.words[:LONGEST],
        "shortened": len(reply.words) > LONGEST,
    }
    told = {"kind": NOT_TAKEN_KIND, "category": Category.ACCOUNT, "event": event, "facts": facts}
    tell(recipients=[person], address=refusal.address, **told)
    log.info("Answer %s by mail was not taken (%s); its writer was told", reply.key, refusal.why)


def keep(reply, person, refusal) -> bool:
    """Keep the words as a draft of an answer to that comment, if the person may write there and has begun none."""
    seen, membership, words = refusal.seen, refusal.membership, reply.words.strip()
    if seen is None or not may(membership, Can.DISCUSS) or not 0 < len(words) <= LONGEST:
        return False
    place = {"reading": seen.reading, "paragraph": seen.paragraph, "parent": seen, "edited": None}
    try:
        with transaction.atomic():
            drafts.save(place=place, body=words, quotes=[], sequence=drafts.NOTHING, by=person)
    except (drafts.StaleDraft, drafts.TooManyDrafts):
        return False
    return True
