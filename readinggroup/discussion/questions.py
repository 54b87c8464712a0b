"""Open questions: threads that ask something, until they are answered; and the list of them in a reading."""

from html import unescape

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.groups.members_views import page_asked_for
from readinggroup.groups.permissions import Can, may
from readinggroup.readings.access import of_reading
from readinggroup.readings.pages import outline_of

from .forms import QuestionForm
from .models import OPEN_STATES, Comment, QuestionState, State
from .views import of_comment, posted, show_opened

A_PAGE = 30
LONGEST_EXCERPT = 240  # characters of a question in the list


class StaleQuestion(Exception):  # noqa: N818 - said to the reader, not an error of the program
    """Somebody else has settled the question since the form was shown, or it stands there no more."""


def standing_of(root) -> str:
    """How the question stands, for a form to say what its reader had before them."""
    return f"{root.question}:{root.answered_in_id or ''}"


@transaction.atomic
def settle_question(*, root, question, by, was, answered_in=None) -> None:
    """Say of a thread that it asks something, that this was answered (and where), or that it asks nothing.

    StaleQuestion unless it stands as the form said it `was`, or as is wished already; and when the thread, or the
    answer that is named, was taken back or hidden meanwhile.
    """
    # In the order of their keys: the thread's first comment is older than its answers.
    pks = [root.pk, answered_in.pk] if answered_in else [root.pk]
    held = Comment.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=pks).order_by("pk")
    held = {comment.pk: comment for comment in held}
    if any(comment.state not in OPEN_STATES for comment in held.values()):
        raise StaleQuestion
    standing = held[root.pk]
    if (standing.question, standing.answered_in_id) == (question, answered_in and answered_in.pk):
        return
    if standing_of(standing) != was:
        raise StaleQuestion
    Comment.objects.filter(pk=root.pk).update(
        question=question,
        question_by=by if question else None,
        question_at=timezone.now() if question else None,
        answered_in=answered_in,
    )


def may_settle_question(membership, root) -> bool:
    """The thread's author and whom the table grants it, while the thread is there to be read."""
    is_own = root.author_id == membership.user_id and may(membership, Can.DISCUSS)
    return is_own or may(membership, Can.SETTLE_QUESTIONS)


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def question(request, membership, comment):
    """Mark the comment's thread as an open question, or as answered, perhaps in this comment; or take that back."""
    root = comment.root or comment
    if not comment.is_shown_whole or root.state not in OPEN_STATES or not may_settle_question(membership, root):
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
    addresses = outline_of(reading.edition.current_id).by_paragraph
    for row in page:
        address = addresses.get(row.paragraph_id)
        row.number = address.number if address else row.version.number
        row.excerpt = excerpt_of(row.shown_html)
        row.answer = row.answered_in if row.answered_in and row.answered_in.state == State.VISIBLE else None
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "edition": reading.edition,
        "page": page,
        "asked": asked,
        "now": timezone.now(),
    }
    return TemplateResponse(request, "discussion/questions.html", context)


def number_of_answers():
    """How many answers everybody sees below the comment of the outer query."""
    below = Comment.objects.filter(root=OuterRef("pk"), state=State.VISIBLE).order_by().values("root")
    return Coalesce(Subquery(below.annotate(count=Count("pk")).values("count"), output_field=IntegerField()), 0)


def excerpt_of(html: str) -> str:
    """The beginning of the words, as text."""
    words = " ".join(unescape(strip_tags(html)).split())
    return Truncator(words).chars(LONGEST_EXCERPT)
