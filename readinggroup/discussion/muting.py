"""Not reading somebody any more in a group, and reading them again."""

from django.db import transaction

from readinggroup.groups.models import Membership

from .models import Comment, MutedPerson
from .seen import see


@transaction.atomic
def mute(*, membership, person) -> None:
    """From now on `membership` does not read this person here; what was said until now is seen."""
    Membership.objects.hold(group=membership.group.pk, user=membership.user_id)
    muted = MutedPerson(group=membership.group, by_id=membership.user_id, person=person)
    MutedPerson.objects.bulk_create([muted], ignore_conflicts=True)
    # After the row, and with the counters held: whatever is not seen here is seen by the trigger when it is written.
    said = Comment.objects.filter(author=person).only("pk", "public_id", "paragraph_id")
    for reading in membership.group.readings.filter(comments__author=person).distinct().order_by("pk"):
        see(reading=reading, comments=list(said.filter(reading=reading)), by=membership.user)


@transaction.atomic
def unmute(*, membership, person) -> None:
    """Read this person again; twice is once."""
    MutedPerson.objects.of(membership).filter(person=person).delete()
