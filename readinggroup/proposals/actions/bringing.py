"""What was chosen becomes a text on the shelf: by itself where its file is there, else an organizer brings it."""

import logging

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from readinggroup.readings.actions import bring_text
from readinggroup.readings.models import Reading, TextImport
from texts.importing.bounded import read_bounded
from texts.importing.document import Unreadable

from ..models import Proposal, ProposalEvent, ProposalState

log = logging.getLogger(__name__)

# What a proposal says of its text, by what an edition calls it.
DETAILS = {"title": "title", "author": "author", "language": "language", "translator": "translator", "rights": "rights"}


def chosen():
    """Accepted proposals of which nothing has come yet, each with when it was accepted."""
    accepted = ProposalEvent.objects.filter(proposal=OuterRef("pk"), state=ProposalState.ACCEPTED)
    rows = Proposal.objects.filter(state=ProposalState.ACCEPTED, reading=None).select_related("group")
    return rows.annotate(accepted_at=Subquery(accepted.order_by("-at").values("at")[:1]))


def with_their_file():
    """Of these, those whose file was there when they were accepted: it needs nobody to bring it."""
    open_groups = chosen().filter(group__archived_at=None, group__delete_at=None)
    return open_groups.filter(text_import__created_at__lte=F("accepted_at"))


def to_be_brought(group):
    """The others, in this group: also one whose file an organizer has brought and not put on the shelf yet.

    The group is a parameter where the question is prepared.
    """
    here = Q(text_import=None) | Q(text_import__created_at__gt=F("accepted_at")) | Q(accepted_at=None)
    return chosen().filter(here, group=group).order_by("accepted_at", "pk")


def put_chosen_on_shelf() -> int:
    """Put every chosen text on the shelf whose file is there; how many these were. Each is done, or not, by itself."""
    return sum(put_on_shelf(one) is not None for one in with_their_file().select_related("text_import__source"))


def put_on_shelf(proposal) -> Reading | None:
    """The planned reading that comes of an accepted proposal with a file. None if the file cannot be read: an organizer
    brings the text then.

    It is for members alone at first: a member has brought it, and no organizer has looked at its rights.
    """
    file = proposal.text_import
    if file.reading_id is None:
        try:
            document = read_bounded(
                bytes(file.source.content), filename=file.source.name, encoding=file.encoding or None
            )
        except Unreadable as problem:
            log.warning("The file of proposal %s is not on the shelf: %s", proposal.pk, problem)
            Proposal.objects.filter(pk=proposal.pk).update(text_import=None)
            return None
    with transaction.atomic():
        file = TextImport.objects.select_for_update(of=("self",)).get(pk=file.pk)
        if file.reading_id is None:
            file.reading = bring_text(
                group=proposal.group,
                document=document,
                source_file=proposal.text_import.source,
                section_titles=document.section_titles,
                for_members=True,
                **details_of(proposal),
            )
            file.save(update_fields=["reading"])
        return link(proposal, file.reading)


def details_of(proposal) -> dict:
    """What the edition is called, as the proposal says it; what it leaves open, the file says."""
    said = {name: getattr(proposal, ours) for name, ours in DETAILS.items()}
    return {name: value for name, value in said.items() if value}


def link(proposal, reading) -> Reading:
    """Say that this reading came of the proposal."""
    Proposal.objects.filter(pk=proposal.pk, reading=None).update(reading=reading)
    proposal.reading = reading
    return reading


def keep_file_for(*, proposal, upload) -> bool:
    """An organizer has brought this file for the proposal: once it is on the shelf, it is what came of it.

    False if the proposal waits for no text any more. A file that was brought before stays where files wait.
    """
    return bool(
        Proposal.objects.filter(pk__in=to_be_brought(proposal.group).values("pk"), pk=proposal.pk).update(
            text_import=upload
        )
    )
