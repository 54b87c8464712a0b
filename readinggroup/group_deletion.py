"""Removing a group whose time has come, with everything in it. It asks all apps what they keep of a group."""

import logging

from django.db import transaction
from django.utils import timezone

from readinggroup.discussion.models import (
    Comment,
    Draft,
    Follow,
    Mention,
    OpenedComment,
    Quote,
    QuoteAnchor,
    Reaction,
    Restriction,
    ThreadMove,
)
from readinggroup.groups.models import Group
from readinggroup.moderation.models import Appeal, Case, Decision, Juror, Part, Report, Statement
from readinggroup.notifications.models import MailWish, Notice
from readinggroup.proposals.models import Ballot, Proposal, ProposalWording
from readinggroup.readings.models import Correction, Reading, TextImport
from readinggroup.schedule.models import ReadingSession
from texts.models import Edition
from texts.removing import remove_edition, remove_sources

log = logging.getLogger(__name__)


def delete_due_groups() -> int:
    """Remove every group whose time has come, each in a transaction of its own; the answer is how many."""
    due = Group.objects.filter(delete_at__lte=timezone.now())
    return sum(remove_group(pk) for pk in list(due.values_list("pk", flat=True)))


@transaction.atomic
def remove_group(pk) -> bool:
    """Remove the group and all that is in it. False if it is to be kept after all.

    What was said goes first, as rows of SQL: comments hold one another, and there may be a hundred thousand. Then what
    hangs on the group itself; then the texts that no other group reads.
    """
    group = Group.objects.select_for_update(of=["self"]).filter(pk=pk, delete_at__lte=timezone.now()).first()
    if group is None:
        return False
    comments = Comment.objects.filter(reading__group=group)
    wordings = Comment.wordings.rel.related_model.objects
    for rows in (
        QuoteAnchor.objects.filter(quote__comment__reading__group=group),
        Quote.objects.filter(comment__reading__group=group),
        ThreadMove.objects.filter(thread__reading__group=group),
        Reaction.objects.filter(comment__reading__group=group),
        Mention.objects.filter(comment__reading__group=group),
        OpenedComment.objects.filter(comment__reading__group=group),
        Draft.objects.filter(reading__group=group),
        Follow.objects.filter(reading__group=group),
        Restriction.objects.filter(reading__group=group),
        Report.objects.filter(case__group=group),
        Part.objects.filter(decision__group=group),
        Statement.objects.filter(decision__group=group),
        Juror.objects.filter(appeal__decision__group=group),
        Appeal.objects.filter(decision__group=group),
        Decision.objects.filter(group=group),
        Case.objects.filter(group=group),
        wordings.filter(pgh_obj__reading__group=group),
        comments,
    ):
        rows._raw_delete(rows.db)
    Notice.objects.filter(group_key=pk).exclude(about="").delete()
    Notice.objects.filter(group_key=pk).update(group_key=None)
    MailWish.objects.filter(group_key=pk).delete()
    Ballot.objects.filter(group=group).delete()  # before the proposals that their options hold
    ReadingSession.objects.filter(reading__group=group).delete()  # before their series, which they hold
    ProposalWording.objects.filter(pgh_obj__group=group).delete()
    Proposal.objects.filter(group=group).delete()  # before the readings where they are talked about
    editions = list(Edition.objects.filter(readings__group=group).distinct())
    sources = list(TextImport.objects.filter(group=group).values_list("source", flat=True))
    sources += Correction.objects.filter(reading__group=group, source__isnull=False).values_list("source", flat=True)
    group.delete()
    for edition in editions:
        if not Reading.objects.filter(edition=edition).exists():
            remove_edition(edition)
    remove_sources(sources)
    log.info("Group %s is removed.", pk)
    return True
