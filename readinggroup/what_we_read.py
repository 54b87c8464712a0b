"""The page "What we read": what the group reads, has read, and means to read; what was said of it, and when it met."""

from django.core.paginator import Paginator
from django.db.models import Count, F, IntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.paging import page_asked_for
from readinggroup.proposals.actions.bringing import chosen
from readinggroup.proposals.models import BallotState, Option, Proposal
from readinggroup.readings.models import ParagraphActivity, ReadingState
from readinggroup.schedule.models import ReadingSession

A_PAGE = 20


@require_safe
@requires(Can.READ)
def what_we_read(request, membership):
    """What is read now, what comes next, and what was read, the last first."""
    readings = with_what_happened(membership)
    finished = readings.filter(state=ReadingState.FINISHED).order_by(F("finished_at").desc(nulls_last=True), "-pk")
    page = page_asked_for(request, Paginator(finished, A_PAGE))
    planned = readings.filter(state=ReadingState.PLANNED).order_by(F("starts_on").asc(nulls_last=True), "-created_at")
    context = {
        "membership": membership,
        "group": membership.group,
        "current": readings.filter(state=ReadingState.CURRENT).order_by("-begun_at", "-pk"),
        "planned": planned,
        "chosen": chosen().filter(group=membership.group).order_by("accepted_at", "pk"),
        "page": page,
        "may_read_all": may(membership, Can.READ_ALL),
    }
    return TemplateResponse(request, "site/what_we_read.html", context)


def with_what_happened(membership):
    """The group's readings, each with what was said, at how many paragraphs, the sessions, and how it was chosen."""
    said = ParagraphActivity.objects.filter(reading=OuterRef("pk"), comments__gt=0).order_by().values("reading")
    sessions = ReadingSession.objects.visible_to(membership).filter(reading=OuterRef("pk"))
    held = sessions.past().exclude(state="cancelled").order_by().values("reading").annotate(n=Count("pk"))
    proposal = Proposal.objects.filter(reading=OuterRef("pk")).order_by("pk")
    ballot = Option.objects.filter(proposal__reading=OuterRef("pk"), ballot__state=BallotState.CLOSED)
    return membership.group.readings.with_text().annotate(
        said=total(said.annotate(n=Sum("comments"))),
        said_at=total(said.annotate(n=Count("pk"))),
        held=total(held),
        next_at=Subquery(sessions.coming().values("starts_at")[:1]),
        proposed_as=Subquery(proposal.values("public_id")[:1]),
        chosen_in=Subquery(ballot.order_by("-ballot__closed_at").values("ballot__public_id")[:1]),
    )


def total(rows):
    """The one number of these rows, or 0."""
    return Coalesce(Subquery(rows.values("n")[:1], output_field=IntegerField()), 0)
