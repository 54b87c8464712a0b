"""The paragraphs of other editions that a paragraph is linked with: one discussion, over two languages.

Only links that a person has confirmed count, only readings of the same group, and only those that the reader may read.
"""

from typing import NamedTuple

from django.conf import settings
from django.db.models import F, OuterRef, Q, Subquery
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.languages import name_of
from readinggroup.readings.models import ParagraphActivity
from readinggroup.readings.pages import href, outline_of
from texts.models import LinkedParagraph, Paragraph, ParagraphVersion, ParallelStatus


class Linked(NamedTuple):
    """A paragraph of another edition, as the group reads it, and how much is said there."""

    version: int
    paragraph: str  # public id
    number: int
    reading: str  # as its address names it
    title: str
    tag: str
    for_members: bool
    comments: int | None

    @property
    def language(self) -> str:
        """What the edition's language is called."""
        return name_of(self.tag)


def readings_beside(membership):
    """The group's readings that this person may read: those whose words stand beside another text's."""
    readings = membership.group.readings.on_the_shelf()
    return readings if may(membership, Can.READ_ALL) else readings.filter(for_members=False)


def linked_with(membership, revision_id, paragraph_id) -> list[Linked]:
    """What this paragraph of this revision's edition is linked with, in the order of the texts: one query."""
    activity = ParagraphActivity.objects.filter(paragraph=OuterRef("paragraph"), reading=OuterRef("at"))
    here = Paragraph.objects.filter(Q(pk=paragraph_id) | Q(heir=paragraph_id))
    links = LinkedParagraph.objects.filter(paragraph__in=here, link__status=ParallelStatus.CONFIRMED).values("link")
    there = LinkedParagraph.objects.filter(link__in=links)
    versions = (
        ParagraphVersion.objects.filter(
            Q(paragraph__in=there.values("paragraph")) | Q(paragraph__in=there.values("paragraph__heir")),
            revision__current_of__readings__in=readings_beside(membership),
        )
        .exclude(revision=revision_id)
        .annotate(at=F("revision__current_of__readings"))
        .annotate(said=Subquery(activity.values("comments")))
        .order_by("at", "number")
    )
    columns = (
        "pk", "paragraph__public_id", "number", "revision__current_of__readings__slug", "revision__current_of__title",
        "revision__current_of__language", "revision__current_of__readings__for_members", "said",
    )  # fmt: skip
    return [Linked(*row) for row in versions.values_list(*columns).distinct()]


def linked_part(membership, slug, now, paragraph_id) -> str:
    """What is said there is announced, with the way there: for the slot of a page that is kept for all."""
    linked = linked_with(membership, now.revision, paragraph_id)
    if not linked:
        return ""
    here = outline_of(now.revision).by_paragraph[paragraph_id]
    is_whole = now.words <= settings.READ_WHOLE_UP_TO_WORDS
    context = {
        "group": membership.group,
        "reading": slug,
        "place": mark_safe(href(here, None if is_whole else -1)),  # noqa: S308 - escaped there
        "linked": linked,
    }
    return render_to_string("discussion/_linked.html", context)
