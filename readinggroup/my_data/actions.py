"""What a person can ask for: an archive of everything of theirs; the deletion of their account, and its undoing."""

from django.db import transaction
from django.utils import timezone

from readinggroup.accounts.models import Archive, User
from readinggroup.tasks import make_archive

from .deletion import owned_alone_by, tell_of_deletion


class EnoughForToday(Exception):  # noqa: N818 - said to the person, not an error of the program
    """As many archives as a person can have in a day were asked for."""


class OnlyOwner(Exception):  # noqa: N818 - as above
    """Groups would be left without an owner; `groups` says which."""

    def __init__(self, groups):
        super().__init__(groups)
        self.groups = groups


@transaction.atomic
def ask_for_archive(*, by) -> Archive:
    """A new archive, made by the worker. While one is being made, asking again is that one.

    The person's row is locked, so that many requests at once are one, and count as one.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    waiting = Archive.objects.of(by).waiting().first()
    if waiting:
        return waiting
    if Archive.objects.of(by).of_the_last_day().count() >= Archive.A_DAY:
        raise EnoughForToday
    archive = Archive.objects.create(user=by)
    make_archive.defer(archive_id=archive.pk)
    return archive


@transaction.atomic
def ask_for_deletion(*, choice, by) -> bool:
    """Have the account deleted when the days to undo it are over. False if that was asked for already.

    OnlyOwner if groups must be handed over first.
    """
    groups = list(owned_alone_by(by))
    if groups:
        raise OnlyOwner(groups)
    due = timezone.now() + User.DELETION_DELAY
    asked = User.objects.filter(pk=by.pk, deletion_due_at=None, deleted_at=None)
    if not asked.update(deletion_due_at=due, deletion_choice=choice):
        return False
    tell_of_deletion(by, "asked", due)
    return True


@transaction.atomic
def undo_deletion(*, by) -> bool:
    """Keep the account after all. False if there was nothing to undo, or no longer anything."""
    standing = User.objects.select_for_update(no_key=True).filter(pk=by.pk, deletion_due_at__isnull=False).first()
    if standing is None:
        return False
    User.objects.filter(pk=by.pk).update(deletion_due_at=None, deletion_choice="")
    tell_of_deletion(by, "undone", standing.deletion_due_at)
    return True
