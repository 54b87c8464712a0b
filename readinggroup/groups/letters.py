"""A letter of the organizers to all members: sending it, and whom it reached."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from readinggroup.lib.markup import render_markdown
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category, Delivery, Notice

from .models import ChangeKind, Group, GroupChange, Letter, Membership
from .permissions import Can, may_still
from .settling import standing

A_WEEK = timedelta(days=7)


class TooManyLetters(Exception):  # noqa: N818 - said to the writer, not an error of the program
    """The group has had its letters for now; `again_at` is when the next may be sent, None if none ever may."""

    def __init__(self, again_at):
        super().__init__(again_at)
        self.again_at = again_at


class NotTheirs(Exception):  # noqa: N818 - as above
    """The writer's role was taken, or the group closed, at this moment."""


@transaction.atomic
def send_letter(*, group, subject, body, key, by) -> Letter:
    """Write to all who belong. The same key again is the same letter.

    The writer's membership is held, then the group: of two organizers at once one comes after the other, and counts.
    """
    if not may_still(by, Can.WRITE_TO_ALL, group=group.pk):
        raise NotTheirs
    group = standing(group)
    if group.is_closed:
        raise NotTheirs
    sent = Letter.objects.filter(by=by, key=key).first()
    if sent is not None:
        return sent
    if again_at := full_until(group):
        raise TooManyLetters(again_at if settings.LETTERS_A_WEEK > 0 else None)
    letter = Letter.objects.create(
        group=group, by=by, subject=subject, body=body, body_html=render_markdown(body), key=key
    )
    GroupChange.objects.create(group=group, kind=ChangeKind.LETTER, after=subject, by=by)
    tell_of(letter)
    return letter


def full_until(group):
    """When the next letter may be sent, if none may be now: when the oldest of those that count is a week old."""
    now, most = timezone.now(), settings.LETTERS_A_WEEK
    lately = list(
        group.letters.filter(created_at__gt=now - A_WEEK).values_list("created_at", flat=True)[: max(most, 0)]
    )
    if len(lately) < most:
        return None
    return lately[-1] + A_WEEK if lately else now


def readers_of(letter):
    """Who is told of it: who belongs, suspended or not, except who wrote it."""
    return Membership.objects.active().filter(group=letter.group).exclude(user=letter.by_id)


def tell_of(letter) -> None:
    """Tell them, with its words: who reads their mail has read it."""
    group = letter.group
    tell(
        recipients=readers_of(letter).values_list("user", flat=True),
        kind="groups/letter",
        category=Category.LETTER,
        group=group.pk,
        event=letter.event,
        address=reverse("groups:letter", args=[group.slug, letter.pk]),
        facts={"group": group.name, "by": group.name_of(letter.by), "subject": letter.subject, "words": letter.body},
    )


@dataclass
class Reach:
    """How many were told of a letter, have read it here, and what became of the mails."""

    told: int = 0
    read: int = 0
    mailed: int = 0
    failed: int = 0
    not_wanted: int = 0

    @property
    def waiting(self) -> int:
        """Those whose mail is due, or goes out with their digest."""
        return self.told - self.mailed - self.failed - self.not_wanted


_WHERE = {Delivery.SENT: "mailed", Delivery.FAILED: "failed", Delivery.NOT_WANTED: "not_wanted"}


def reach_of(group: Group, letters) -> dict:
    """Whom these letters reached: event -> Reach. One query, from the members: by them notices are indexed."""
    people = Membership.objects.filter(group=group).values("user")
    notices = Notice.objects.filter(recipient__in=people, event__in=[letter.event for letter in letters])
    reached = {letter.event: Reach() for letter in letters}
    for event, delivery, told, read in notices.values_list("event", "delivery").annotate(Count("pk"), Count("read_at")):
        reach = reached[event]
        reach.told += told
        reach.read += read
        if delivery in _WHERE:
            setattr(reach, _WHERE[delivery], told)
    return reached
