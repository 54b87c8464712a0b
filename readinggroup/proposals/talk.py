"""Where a proposal is talked about: a reading that stands on no shelf, whose one paragraph are the proposal's words.

So comments, drafts, search, notices and moderation work there as at any other paragraph.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from readinggroup.readings.models import Host, Reading, ReadingState
from texts.importing.saving import shortened
from texts.models import Edition, Kind, Paragraph, ParagraphVersion, Revision, RevisionState, Section, Work
from texts.removing import erase_wordings

ERASED = "–"


@transaction.atomic
def open_talk(proposal) -> Reading:
    """The reading at which this proposal is talked about, with its words of now."""
    work = Work.objects.create(title=proposal.title)
    edition = Edition.objects.create(work=work, title=proposal.title, language=proposal.group.language)
    talk = Reading.objects.create(
        group=proposal.group, edition=edition, slug=proposal.public_id, state=ReadingState.PROPOSED
    )
    publish(edition, Paragraph.objects.create(edition=edition), proposal.why)
    agreed = proposal.co_proposers.exclude(agreed_at=None).values_list("user", flat=True)
    Host.objects.bulk_create(Host(reading=talk, user_id=user) for user in {proposal.proposer_id, *agreed})
    return talk


@transaction.atomic
def follow_wording(proposal) -> None:
    """The talk's paragraph says what the proposal says now; what is said about it keeps its place."""
    edition = Edition.objects.select_related("current").get(readings=proposal.talk_id)
    if edition.title != proposal.title:
        edition.title = proposal.title
        edition.save(update_fields=["title"])
    standing = edition.current.versions.select_related("paragraph").get()
    if standing.text != proposal.why:
        publish(edition, standing.paragraph, proposal.why, number=edition.current.number + 1)


def publish(edition, paragraph, words, *, number=1) -> None:
    """A revision in which the paragraph says this."""
    facts = {"words": len(words.split()), "paragraphs": 1}
    revision = Revision.objects.create(
        edition=edition, number=number, state=RevisionState.PUBLISHED, published_at=timezone.now(), **facts
    )
    section = Section.objects.create(
        revision=revision, position=0, opening=shortened(words), words=facts["words"], first_number=1, last_number=1
    )
    ParagraphVersion.objects.create(
        revision=revision,
        section=section,
        paragraph=paragraph,
        number=1,
        kind=Kind.PARAGRAPH,
        text=words,
        html=html_of(words),
    )
    edition.current = revision
    edition.save(update_fields=["current"])


def html_of(words: str) -> str:
    """The words with their lines; a browser counts the same letters in it as the words have."""
    return escape(words).replace("\n", "<br>\n")


@transaction.atomic
def erase_words(proposal) -> None:
    """Nothing of the proposal's words is left in its talk, in whatever revision; comments keep their paragraph."""
    erase_wordings(Edition.objects.get(readings=proposal.talk_id), instead=ERASED)
