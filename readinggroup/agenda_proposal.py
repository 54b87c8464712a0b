"""What a session could talk about: the paragraphs of its passages where something is open, much said, or disputed."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from readinggroup.discussion.models import Comment, QuestionState, Reaction, ReactionKind, State
from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.paging import number_in
from readinggroup.readings.views import page_at
from readinggroup.schedule import actions
from readinggroup.schedule.agenda import OPENING
from readinggroup.schedule.agenda_views import led_or_403
from readinggroup.schedule.models import AgendaItem
from readinggroup.schedule.passages import addresses_of
from texts.models import Paragraph, ParagraphVersion

MOST = 40  # proposed; what nobody has said much about is added by its number
CHOSEN = 6  # of them ticked beforehand
ROUNDED_TO = 5  # minutes


@dataclass
class Candidate:
    """A paragraph with what speaks for talking about it."""

    address: object
    opening: str
    href: str
    questions: int = 0
    comments: int = 0
    disagreements: int = 0
    is_there: bool = False
    is_ticked: bool = False

    @property
    def weight(self) -> int:
        """By everything together: a question waits for an answer, a disagreement for words, a comment for a reader."""
        return 3 * self.questions + 2 * self.disagreements + self.comments


ORDERS = {"": "weight", "questions": "questions", "comments": "comments", "disagreements": "disagreements"}


def candidates_for(membership, session, order="") -> list[Candidate]:
    """The paragraphs of its passages where anything is said that this member may see: five queries.

    The first in the chosen order; of equals, as they stand in the text.
    """
    addresses = {address.pk: address for address in addresses_of(session)}
    texts = ParagraphVersion.objects.filter(revision=session.reading.edition.current_id, paragraph__in=addresses)
    texts = dict(texts.values_list("paragraph_id", "text"))
    here = Comment.objects.visible_to(membership).filter(
        reading=session.reading, paragraph__in=addresses, state=State.VISIBLE
    )
    asked = Q(parent=None, question=QuestionState.OPEN)
    said = here.order_by().values("paragraph").annotate(comments=Count("pk"), questions=Count("pk", filter=asked))
    disputed = Reaction.objects.filter(kind=ReactionKind.DISAGREE, comment__in=here.values("pk"))
    disputed = dict(disputed.order_by().values_list("comment__paragraph").annotate(Count("pk")))
    there = set(session.agenda_items.values_list("paragraph", flat=True))
    found = [
        Candidate(
            address=addresses[row["paragraph"]],
            opening=Truncator(texts[row["paragraph"]]).chars(OPENING),
            href=page_at(session.reading, addresses[row["paragraph"]]),
            questions=row["questions"],
            comments=row["comments"],
            disagreements=disputed.get(row["paragraph"], 0),
            is_there=row["paragraph"] in there,
        )
        for row in said
    ]
    found.sort(key=lambda one: (-getattr(one, ORDERS[order]), -one.weight, one.address.number))
    new = [one for one in found if not one.is_there]
    for one in new[: max(0, CHOSEN - len(there))]:
        one.is_ticked = True
    return found[:MOST]


def minutes_for_each(session, items: int) -> int:
    """The session's time divided equally among its items, in steps of five minutes."""
    whole = int(session.length.total_seconds() // 60)
    each = whole // max(1, items) // ROUNDED_TO * ROUNDED_TO
    return min(max(ROUNDED_TO, each), AgendaItem.LONGEST)


@require_http_methods(["GET", "POST"])
@requires(Can.ATTEND)
def propose_agenda(request, membership, session):
    """Choose from the session's passages what to talk about: open questions, most discussed, most disagreed."""
    session = led_or_403(membership, session)
    order = request.GET.get("by", "")
    if order not in ORDERS:
        raise Http404
    if request.method == "POST":
        return put_on_agenda(request, membership, session)
    candidates = candidates_for(membership, session, order)
    ticked = sum(one.is_ticked or one.is_there for one in candidates)
    context = {
        "membership": membership,
        "group": membership.group,
        "session": session,
        "order": order,
        "candidates": candidates,
        "has_passages": session.passages.exists(),
        "allotted": minutes_for_each(session, ticked),
        "longest": AgendaItem.LONGEST,
    }
    return TemplateResponse(request, "schedule/propose_agenda.html", context)


def put_on_agenda(request, membership, session):
    """The chosen paragraphs, in the order of the text, at the end of the agenda."""
    allotted = number_in(request.POST.get("allotted", ""), AgendaItem.LONGEST) or AgendaItem.USUAL
    names = set(request.POST.getlist("paragraph"))
    keys = [address.pk for address in addresses_of(session) if address.public_id in names]
    by_key = Paragraph.objects.in_bulk(keys)
    try:
        added = actions.add_items(
            session=session, paragraphs=[by_key[key] for key in keys], allotted=allotted, by=request.user
        )
    except actions.NotPossible:
        raise PermissionDenied from None
    words = ngettext("%(count)d item is on the agenda.", "%(count)d items are put on the agenda.", added)
    messages.success(request, words % {"count": added} if added else _("Nothing new was put on the agenda."))
    return redirect("schedule:edit_agenda", group=membership.group.slug, session=session.public_id)
