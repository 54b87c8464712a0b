"""Saying that a thread asks something, or was answered; and the list of a reading's questions."""

from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.ago import ago
from readinggroup.lib.markup import excerpt
from readinggroup.lib.paging import page_asked_for
from readinggroup.readings.access import of_reading
from readinggroup.readings.pages import outline_of

from .forms import QuestionForm
from .models import OPEN_STATES, Comment, QuestionState, State
from .questions import StaleQuestion, settle_question, standing_of
from .views import of_comment, posted, show_opened

A_PAGE = 30


def may_settle_question(membership, root) -> bool:
    """The thread's author and whom the table grants it, while the thread is there for them to be read."""
    is_own = root.author_id == membership.user_id
    if not (is_own or may(membership, Can.SETTLE_QUESTIONS)):
        return False
    if root.state == State.VEILED:
        return Comment.objects.readable_by(membership).filter(pk=root.pk).exists()
    return root.state == State.VISIBLE or (root.state == State.HELD and (is_own or may(membership, Can.MODERATE)))


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def question(request, membership, comment):
    """Mark the comment's thread as an open question, or as answered, perhaps in this comment; or take that back."""
    root = comment.root or comment
    if not comment.is_shown_whole or not may_settle_question(membership, root):
        raise Http404
    answer = comment if comment.parent_id else None
    form = QuestionForm(request.POST or None, initial={"was": standing_of(root)})
    stale = False
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data["question"]
        try:
            settle_question(
                root=root,
                question=wish,
                by=request.user,
                was=form.cleaned_data["was"],
                answered_in=answer if wish == QuestionState.ANSWERED else None,
            )
        except StaleQuestion:
            root.refresh_from_db()
            stale = True
        else:
            return posted(request, membership, comment, counted=False)
    status = 409 if stale else 422 if form.errors else 200
    context = {"root": root, "answer": answer, "was": standing_of(root), "stale": stale, "form": form}
    focus = f"question-{comment.public_id}"
    return show_opened(request, membership, comment, "discussion/_question.html", context, focus=focus, status=status)


@require_safe
@of_reading(Can.READ)
def questions(request, membership, reading):
    """The reading's open questions, or those that were answered, newest first, each with its place in the text."""
    asked = request.GET.get("show", QuestionState.OPEN)
    if asked not in QuestionState.values:
        raise Http404
    here = Comment.objects.visible_to(membership).filter(reading=reading, parent=None).exclude(shown_html="")
    rows = here.filter(question=asked, state__in=OPEN_STATES).select_related("author", "version", "answered_in")
    rows = rows.annotate(said=number_of_answers()).order_by("-question_at", "-pk")
    page = page_asked_for(request, Paginator(rows, A_PAGE))
    now = timezone.now()
    addresses = outline_of(reading.edition.current_id).by_paragraph
    for row in page:
        address = addresses.get(row.paragraph_id)
        row.number = address.number if address else row.version.number
        row.excerpt = excerpt(row.shown_html)
        row.ago = ago(row.created_at, now)
        row.answer = row.answered_in if row.answered_in and row.answered_in.state == State.VISIBLE else None
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "edition": reading.edition,
        "page": page,
        "asked": asked,
    }
    return TemplateResponse(request, "discussion/questions.html", context)


def number_of_answers():
    """How many answers everybody sees below the comment of the outer query."""
    below = Comment.objects.filter(root=OuterRef("pk"), state=State.VISIBLE).order_by().values("root")
    return Coalesce(Subquery(below.annotate(count=Count("pk")).values("count"), output_field=IntegerField()), 0)
