"""The page of one paragraph with its discussion, and everything one does with a comment.

Every act answers with that page: whole for a plain request, its discussion alone for htmx.
"""

from functools import wraps
from uuid import uuid4

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, answer, may
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.lib.markup import render_markdown
from readinggroup.readings.access import of_reading, reading_or_404, within
from readinggroup.readings.models import ParagraphActivity
from readinggroup.readings.pages import (
    counts_in,
    notes_called_in,
    numbers,
    outline_of,
    talk_label,
    text_with_threads,
    with_note_marks,
)
from readinggroup.readings.views import page_at, section_asked_for
from texts.models import ParagraphVersion

from . import actions
from .forms import CommentForm, EditForm
from .models import OPEN_STATES, Comment, State
from .quoting import Quotable, chooses, only_changes_quotes
from .threads import NEWEST, OLDEST, discussion_of, exact, page_of, threads_in


def version_or_404(reading, paragraph) -> ParagraphVersion:
    """What the paragraph reads in the published revision."""
    versions = reading.edition.current.versions.select_related("paragraph", "section")
    return get_object_or_404(versions, paragraph__public_id=paragraph)


def number_asked_for(request) -> int:
    """Which page of the discussion, from 1."""
    asked = request.GET.get("page", "1")
    if not asked.isascii() or not asked.isdecimal() or not 1 <= len(asked) <= 6 or int(asked) < 1:
        raise Http404
    return int(asked)


def show(request, membership, reading, version, *, form=None, opened=None, page=None, focus="", status=200, **more):
    """The paragraph with its discussion. `opened` is (comment, form's HTML): a form that stands open at a comment."""
    order = NEWEST if request.GET.get("order") == NEWEST else OLDEST
    discussion = discussion_of(
        membership, reading, version.paragraph, order=order, page=page or number_asked_for(request)
    )
    if opened:
        discussion.forms[opened[0].pk] = opened[1]
    addresses = outline_of(reading.edition.current_id).addresses
    activity = ParagraphActivity.objects.filter(reading=reading, paragraph=version.paragraph).first()
    comments = activity.comments if activity else 0
    notes = notes_called_in([version])[version.pk]
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "edition": reading.edition,
        "version": version,
        "previous": addresses[version.number - 2] if version.number > 1 else None,
        "next": addresses[version.number] if version.number < len(addresses) else None,
        "in_text": page_at(reading, addresses[version.number - 1]),
        "discussion": discussion,
        "comments": comments,
        "talk_label": talk_label(comments),
        "words": with_note_marks(version.html, notes, set()),
        "notes": notes,
        "form": form or CommentForm(quotable=Quotable(membership, reading, version, choosing=chooses(request))),
        "may_discuss": may(membership, Can.DISCUSS),
        "focus": focus,
        **more,
    }
    return page_or_part(request, "discussion/paragraph.html", "discussion/_discussion.html", context, status=status)


@require_safe
@of_reading(Can.READ)
def paragraph(request, membership, reading, paragraph):
    """One paragraph with its discussion."""
    return show(request, membership, reading, version_or_404(reading, paragraph))


@require_POST
@of_reading(Can.DISCUSS)
def post_comment(request, membership, reading, paragraph):
    """Say something about the paragraph."""
    version = version_or_404(reading, paragraph)
    form = CommentForm(request.POST, quotable=Quotable(membership, reading, version, choosing=chooses(request)))
    if only_changes_quotes(request):
        form.errors.clear()
        return show(request, membership, reading, version, form=form, focus="composer-quotes")
    if not form.is_valid():
        return show(request, membership, reading, version, form=form, focus="composer", status=422)
    if "preview" in request.POST:
        preview = render_markdown(form.cleaned_data["body"])
        return show(request, membership, reading, version, form=form, preview=preview, focus="preview")
    try:
        comment = actions.post(reading=reading, version=version, by=request.user, **form.cleaned_data)
    except actions.AnswerRefused as refusal:
        return refused(request, membership, reading, version, form, refusal)
    return posted(request, membership, comment)


def refused(request, membership, reading, version, form, refusal):
    """409: the words move to the box for a new comment, with a key of their own, where they can be sent."""
    quotes = [quoted.value for quoted in form.quoted]
    data = {"body": form.cleaned_data["body"], "key": uuid4(), "quote": quotes}
    kept = CommentForm(data=data, quotable=Quotable(membership, reading, version))
    kept.add_error(None, REFUSALS[refusal.reason])
    return show(request, membership, reading, version, form=kept, focus="composer", status=409)


@require_safe
@of_reading(Can.READ)
def whole(request, membership, reading):
    """The text and all that is said about it as one document, to be read, printed or kept; long ones by section."""
    position = section_asked_for(request, reading.edition.current_id, reading.edition.current.words)
    threads = threads_in(membership, reading, position)
    minute = timezone.now().replace(second=0, microsecond=0)
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "edition": reading.edition,
        "revision": reading.edition.current,
        "position": position,
        "section_count": 0 if position is None else len(outline_of(reading.edition.current_id).sections),
        "text": text_with_threads(reading.pk, reading.edition.current_id, position, threads),
        "taken": exact(minute, timezone.get_current_timezone_name(), get_language()),
        "address": request.build_absolute_uri(request.path),
    }
    return TemplateResponse(request, "discussion/whole.html", context)


def posted(request, membership, comment, *, counted=True):
    """After a post: the discussion with the comment in view; for a plain request the way to it, so reload is safe."""
    if not wants_part(request):
        return redirect("discussion:comment", comment=comment.public_id)
    reading, version = place_of(membership, comment)
    more = {"page": page_of(membership, comment), "renewed": renewed(request, reading) if counted else None}
    return show(request, membership, reading, version, focus=f"c-{comment.public_id}", **more)


def renewed(request, reading) -> dict | None:
    """The numbers elsewhere on the reading page, which sends along what it shows; None for other pages. One query."""
    shown = request.POST.get("shown")
    if shown is None:
        return None
    outline = outline_of(reading.edition.current_id)
    is_section = shown.isascii() and shown.isdecimal() and 1 <= int(shown[:9]) <= len(outline.sections)
    return numbers(outline, counts_in(reading.pk), int(shown) - 1 if is_section else None)


def place_of(membership, comment):
    """The reading and the version of the paragraph that the comment stands at now."""
    reading = reading_or_404(membership, comment.reading.slug)
    return reading, version_or_404(reading, comment.paragraph.public_id)


def of_comment(verb):
    """Let in whom the table grants `verb` in the comment's group; give the view the comment as they may see it."""

    def decorator(view):
        @wraps(view)
        def wrapper(request, comment):
            group = Comment.objects.filter(public_id=comment).values_list("reading__group__slug", flat=True).first()
            # Without a comment, how one stands to no group: the same questions are asked, so the time tells nothing.
            membership = Membership.objects.standing(request.user.pk, group or "")
            seen = seen_or_404(membership, comment)
            return within(
                request,
                membership,
                for_members=seen.reading.for_members,
                make=lambda: answer(request, membership, verb, view, comment=seen),
            )

        wrapper.access = verb
        return wrapper

    return decorator


def seen_or_404(membership, public_id) -> Comment:
    """The comment with `shown_html`; 404 if this member may not even know of it.

    In a group whose inside they may not see, that there is a comment is not told either, nor by the time: none is
    looked for then, with the same question.
    """
    seen = Comment.objects.visible_to(membership).select_related("reading", "paragraph", "root", "author")
    comment = get_object_or_404(seen, public_id=public_id if may(membership, Can.READ) else "")
    if comment.state == State.HELD and not comment.is_shown_whole:
        raise Http404  # a stub in its place, for who may not read it; nothing of its own
    return comment


def own_or_404(membership, comment) -> None:
    """Refuse what only a comment's author may do, as if the page were not there."""
    if comment.author_id != membership.user_id:
        raise Http404


@require_safe
@of_comment(Can.READ)
def comment(request, membership, comment):
    """Where the comment stands: its paragraph's page, opened at it."""
    page = reverse(
        "discussion:paragraph",
        kwargs={
            "group": membership.group.slug,
            "reading": comment.reading.slug,
            "paragraph": comment.paragraph.public_id,
        },
    )
    number = page_of(membership, comment)
    return redirect(f"{page}{f'?page={number}' if number > 1 else ''}#c-{comment.public_id}")


def show_opened(request, membership, comment, template, context, *, focus, status=200):
    """The form that was opened at a comment: alone for htmx's GET, else in its place in the discussion."""
    html = render_to_string(template, {"comment": comment, "membership": membership, **context}, request)
    if wants_part(request) and request.method == "GET":
        return page_or_part(request, "", "discussion/_opened.html", {"html": html})
    reading, version = place_of(membership, comment)
    page = page_of(membership, comment)
    return show(request, membership, reading, version, opened=(comment, html), page=page, focus=focus, status=status)


REFUSALS = {
    actions.GONE: _(
        "The comment was taken back while you wrote. Your words are still here: post them as a new comment."
    ),
    actions.DEEP: _("This conversation is as deep as it can be. Your words are still here: begin a new one with them."),
    actions.SILENCED: _("You can no longer write in this group. Your words are still here: copy them if you want."),
    actions.UNQUOTABLE: _("What you quote was taken back while you wrote. Your words are still here: send them again."),
    actions.SENT: _("This form was sent before with other words. These are still here: send them as a new comment."),
}


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def answer_comment(request, membership, comment):
    """Answer a comment."""
    reading, version = place_of(membership, comment)
    quotable = Quotable(membership, reading, version, comment, choosing=chooses(request))
    form = CommentForm(request.POST or None, quotable=quotable)
    focus = f"answer-{comment.public_id}"

    def again(status, **more):
        return show_opened(
            request, membership, comment, "discussion/_answer.html", {"form": form, **more}, focus=focus, status=status
        )

    if request.method == "GET":
        if not comment.is_shown_whole:
            raise Http404
        return again(200)
    if only_changes_quotes(request):
        form.errors.clear()
        return again(200)
    if not form.is_valid():
        return again(422)
    if "preview" in request.POST:
        return again(200, preview=render_markdown(form.cleaned_data["body"]))
    try:
        answered = actions.post(reading=reading, version=version, by=request.user, parent=comment, **form.cleaned_data)
    except actions.AnswerRefused as refusal:
        return refused(request, membership, reading, version, form, refusal)
    return posted(request, membership, answered)


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def edit_comment(request, membership, comment):
    """Reword one's own comment."""
    own_or_404(membership, comment)
    if comment.state not in OPEN_STATES:
        raise Http404
    form = EditForm(request.POST or None, initial={"body": comment.body, "wording": comment.wording})
    focus = f"edit-{comment.public_id}"

    def again(status, **more):
        return show_opened(
            request, membership, comment, "discussion/_edit.html", {"form": form, **more}, focus=focus, status=status
        )

    if request.method == "GET":
        return again(200)
    if not form.is_valid():
        return again(422)
    if "preview" in request.POST:
        return again(200, preview=render_markdown(form.cleaned_data["body"]))
    try:
        actions.reword(comment=comment, by=request.user, **form.cleaned_data)
    except actions.AnswerRefused as refusal:
        return refused(request, membership, *place_of(membership, comment), form, refusal)
    except actions.StaleWording as stale:
        form.data = form.data.copy()
        form.data["wording"] = stale.comment.wording
        return again(409, standing=stale.comment)
    return posted(request, membership, comment, counted=False)


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def withdraw_comment(request, membership, comment):
    """Take one's own comment back, after asking once."""
    own_or_404(membership, comment)
    if request.method == "GET":
        focus = f"withdraw-{comment.public_id}"
        return show_opened(request, membership, comment, "discussion/_withdraw.html", {}, focus=focus)
    actions.withdraw(comment=comment, by=request.user)
    return back_to_paragraph(request, membership, comment)


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def put_back_comment(request, membership, comment):
    """Show again what one has withdrawn."""
    own_or_404(membership, comment)
    if request.method == "GET":
        focus = f"put-back-{comment.public_id}"
        return show_opened(request, membership, comment, "discussion/_put_back.html", {}, focus=focus)
    actions.put_back(comment=comment, by=request.user)
    return posted(request, membership, comment)


def back_to_paragraph(request, membership, comment):
    """The discussion after a comment has gone from it."""
    reading, version = place_of(membership, comment)
    if wants_part(request):
        more = {"page": page_of(membership, comment), "renewed": renewed(request, reading)}
        return show(request, membership, reading, version, focus="discussion-title", **more)
    return redirect(
        "discussion:paragraph", group=membership.group.slug, reading=reading.slug, paragraph=version.paragraph.public_id
    )
