"""Reporting a comment."""

from django.db import IntegrityError, transaction

from readinggroup.groups.permissions import Can, may_still

from .models import Report


class Silenced(Exception):  # noqa: N818 - said to the person, not an error of the program
    """The reporter was suspended or removed at this moment."""


@transaction.atomic
def report(*, comment, words, by) -> bool:
    """Ask the moderators to look at somebody else's comment. False if this person has asked before."""
    if not may_still(by, Can.DISCUSS, group=comment.reading.group_id):
        raise Silenced
    try:
        with transaction.atomic():
            Report.objects.create(comment=comment, reporter=by, words=words)
    except IntegrityError as refusal:
        if "report_once" in str(refusal):
            return False
        raise
    return True
