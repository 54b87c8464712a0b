"""The page of one paragraph with its discussion, and everything one does with a comment.

Every act answers with that page: whole for a plain request, its discussion alone for htmx.
"""

from functools import wraps
from uuid import uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import Http404
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, answer, known_or_404, limited, may
from readinggroup.lib.differences import differences
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.lib.markup import render_markdown
from readinggroup.lib.paging import number_in
from readinggroup.lib.prepared import Parameter, prepared
from readinggroup.lib.stamps import stamp
from readinggroup.readings.access import of_reading, reading_or_404, within
from readinggroup.readings.pages import counts_in, numbers, outline_of, spans_in, text_with_threads
from readinggroup.readings.views import section_asked_for
from texts.models import ParagraphVersion, RevisionState

from . import actions, drafts
from .forms import CommentForm, EditForm
from .holding import sentences_of
from .models import Comment, RestrictionKind, State, Viewer
from .pages import address_of, asked_in, asked_now, filled, made, talk_page, version_at, with_names
from .quoting import Quotable, chooses, only_changes_quotes
from .rendering import exact
from .restricting import restrictions_at, words_of, words_of_refusal
from .threads import threads_in, where_is


def version_or_404(reading, paragraph) -> ParagraphVersion:
    """What the paragraph reads, or the one that it was merged into; of one that was taken out what it read last."""
    outline = outline_of(reading.edition.current_id)
    there = outline.by_name.get(paragraph) or outline.called(paragraph)
    if there is None:
        raise Http404
    return version_at(reading, there.pk)


def show(request, membership, reading, version, *, asked=None, opened=None, status=200, **more):
    """The paragraph with its discussion as an answer to an act. `opened` is (comment, HTML of a form that is open)."""
    paragraph = version.paragraph.public_id
    # As one stood when the act began: who was suspended meanwhile gets the box with the words that were refused.
    _since, now, talk = asked_now(request, membership.group.slug, reading.slug, paragraph)
    forms = {opened[0].pk: opened[1]} if opened else {}
    kept = made(request, membership, reading, version, talk, asked or asked_in(request), forms=forms, **more)
    return filled(request, membership, reading.slug, now, talk, kept, status=status)


def with_the_talk_now(view):
    """Let in who may read; give the view their `membership`, the reading `now` and the `talk`, from one question."""

    @wraps(view)
    def wrapper(request, group, reading, paragraph):
        membership, now, talk = asked_now(request, group, reading, paragraph)
        return answer(request, known_or_404(membership), Can.READ, view, reading=reading, now=now, talk=talk)

    wrapper.access = Can.READ
    return wrapper


@require_safe
@with_the_talk_now
def paragraph(request, membership, reading, now, talk):
    """One paragraph with its discussion."""
    if now is None:
        raise Http404
    if isinstance(talk, str):  # merged into that paragraph
        kwargs = request.resolver_match.kwargs | {"paragraph": talk}
        return redirect(f"{reverse('discussion:paragraph', kwargs=kwargs)}?{request.GET.urlencode()}".rstrip("?"))
    return within(
        request,
        membership,
        for_members=now.for_members,
        make=lambda: talk_page(request, membership, reading, now, talk, asked_in(request)),
    )


@require_POST
@of_reading(Can.DISCUSS)
def post_comment(request, membership, reading, paragraph):
    """Say something about the paragraph."""
    version = version_or_404(reading, paragraph)
    form = CommentForm(request.POST, quotable=Quotable(membership, reading, version, choosing=chooses(request)))
    if only_changes_quotes(request):
        form.says_what_quotes_lack()
        return show(request, membership, reading, version, form=form, focus="composer-quotes")
    if not form.is_valid():
        return show(request, membership, reading, version, form=form, focus="composer", status=422)
    if "preview" in request.POST:
        preview = render_markdown(form.cleaned_data["body"])
        return show(request, membership, reading, version, form=form, preview=preview, focus="preview")
    limit = limited("write", request)
    if limit:
        return limit.said_in(refused(request, membership, reading, version, form, limit.sentence))
    seen = as_seen(version, form, Q(paragraph__public_id=paragraph))
    try:
        comment = actions.post(reading=reading, version=seen, by=request.user, **form.cleaned_data)
    except actions.AnswerRefused as refusal:
        return refused(request, membership, reading, version, form, words_for(refusal))
    return posted(request, membership, comment)


def as_seen(version, form, is_here: Q) -> ParagraphVersion:
    """The wording that the writer had before them, as their form says, if that is a version which `is_here`.

    Else the one that stands: most forms are sent while the text is what it was, and then nothing is asked.
    """
    seen = form.cleaned_data.pop("seen", None)
    if seen is None or seen == version.pk:
        return version
    published = ParagraphVersion.objects.filter(revision__state=RevisionState.PUBLISHED)
    return published.filter(is_here, pk=seen).first() or version


def refused(request, membership, reading, version, form, words):
    """409 with the reason: what was typed moves to the box for a new comment, with a key of its own."""
    quotes = [quoted.value for quoted in form.quoted]
    data = {"body": form.cleaned_data["body"], "key": uuid4(), "quote": quotes, "seen": version.pk}
    kept = CommentForm(data=data, quotable=Quotable(membership, reading, version))
    kept.add_error(None, words)
    return show(request, membership, reading, version, form=kept, focus="composer", status=409)


@require_safe
@of_reading(Can.READ)
def whole(request, membership, reading):
    """The text and all that is said about it as one document, to be read, printed or kept; long ones by section."""
    return TemplateResponse(request, "discussion/whole.html", whole_context(request, membership, reading))


def whole_context(request, membership, reading) -> dict:
    """What that document holds, as this reader sees it at this minute."""
    position = section_asked_for(request, reading.edition.current_id, reading.edition.current.words)
    threads = with_names(membership, threads_in(membership, reading, position), position)
    outline = outline_of(reading.edition.current_id)
    section = stamp("discussion/_thread_in_text.html", ("number", "thread"))
    threads = {
        paragraph: section.fill({"number": str(outline.near(paragraph).number), "thread": html})
        for paragraph, html in threads.items()
    }
    minute = timezone.now().replace(second=0, microsecond=0)
    page = reverse("discussion:whole", kwargs={"group": membership.group.slug, "reading": reading.slug})
    return {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "edition": reading.edition,
        "revision": reading.edition.current,
        "position": position,
        "section_count": 0 if position is None else len(outline_of(reading.edition.current_id).sections),
        "text": text_with_threads(reading, position, threads),
        "taken": exact(minute, timezone.get_current_timezone_name(), get_language()),
        "address": request.build_absolute_uri(page),
    }


def posted(request, membership, comment, *, counted=True):
    """After a post: the discussion with the comment in view; for a plain request the way to it, so reload is safe.

    A comment that is held says so, and why, where it stands; on a whole page it is said at its head, too.
    """
    if not wants_part(request):
        if comment.state == State.HELD:
            held = _("Your comment is held: a moderator looks at it before others see it.")
            messages.info(request, f"{held} {sentences_of(comment.held_for, membership.group)}".strip())
        elif comment.state == State.VEILED:
            messages.info(request, _("Your comment waits to be opened. You now see what others have written here."))
        return redirect("discussion:comment", comment=comment.public_id)
    reading, version = place_of(membership, comment)
    more = {"asked": where_is(membership, comment), "renewed": renewed(request, reading) if counted else None}
    return show(request, membership, reading, version, focus=f"c-{comment.public_id}", **more)


def renewed(request, reading) -> dict | None:
    """The numbers elsewhere on the reading page, which sends along what it shows; None for other pages. One query."""
    shown = request.POST.get("shown")
    if shown is None:
        return None
    outline = outline_of(reading.edition.current_id)
    section = number_in(shown, len(outline.sections))
    ahead = spans_in(reading.passages_ahead or [], outline)
    return numbers(outline, counts_in(reading.pk), section and section - 1, ahead)


def place_of(membership, comment):
    """The reading and the version of the paragraph that the comment stands at now."""
    reading = reading_or_404(membership, comment.reading.slug)
    return reading, version_or_404(reading, comment.paragraph.public_id)


def of_comment(verb):
    """Let in whom the table grants `verb` in the comment's group; give the view the comment as they may see it."""

    def decorator(view):
        @wraps(view)
        def wrapper(request, comment):
            # Without a comment, how one stands to no group: the same questions are asked, so the time tells nothing.
            group = next(iter(_group().rows(comment=comment)), ("",))[0]
            membership = Membership.objects.standing(request.user.pk, group)
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
    looked for then, with the same question. (Of no group it asks for 0: with NULL, Postgres plans it anew each time.)
    """
    viewer = Viewer.of(membership)
    asked = {"comment": public_id if may(membership, Can.READ) else "", "group": viewer.group or 0, "user": viewer.user}
    comment = _seen(viewer.traits).first(**asked)
    if comment is None or (comment.state == State.HELD and not comment.is_shown_whole):
        raise Http404  # also where a stub stands for who may not read it: nothing of its own
    return comment


@prepared
def _group():
    return Comment.objects.filter(public_id=Parameter("comment")).values_list("reading__group__slug")


@prepared
def _seen(traits):
    seen = Comment.objects.visible_to(Viewer.with_traits(traits)).filter(public_id=Parameter("comment"))
    seen = seen.select_related("reading", "paragraph", "root", "author")
    return seen.defer("search", "root__search", "root__body", "root__body_html")


def own_or_404(membership, comment) -> None:
    """Refuse what only a comment's author may do, as if the page were not there."""
    if comment.author_id != membership.user_id:
        raise Http404


@require_safe
@of_comment(Can.READ)
def comment(request, membership, comment):
    """Where the comment stands: its paragraph's page, opened at it."""
    return redirect(address_of(membership, comment))


def show_opened(request, membership, comment, template, context, *, focus, status=200):
    """The form that was opened at a comment: alone for htmx's GET, else in its place in the discussion."""
    html = render_to_string(template, {"comment": comment, "membership": membership, **context}, request)
    if wants_part(request) and request.method == "GET":
        return page_or_part(request, "", "discussion/_opened.html", {"html": html})
    reading, version = place_of(membership, comment)
    asked = where_is(membership, comment)
    return show(request, membership, reading, version, asked=asked, opened=(comment, html), focus=focus, status=status)


REFUSALS = {
    actions.GONE: _(
        "The comment was taken back while you wrote. Your words are still here: post them as a new comment."
    ),
    actions.DEEP: _("This conversation is as deep as it can be. Your words are still here: begin a new one with them."),
    actions.SILENCED: _("You can no longer write in this group. Your words are still here: copy them if you want."),
    actions.UNQUOTABLE: _("What you quote was taken back while you wrote. Your words are still here: send them again."),
    actions.HIDDEN: _(
        "A moderator has hidden this comment while you wrote. Nothing was changed; your words are still here. If you"
        " send them now, a moderator looks at them before others see them."
    ),
    actions.UNCHANGED: _("These are the words that were hidden. Change them, then hand the comment in again."),
    actions.SENT: _("This form was sent before with other words. These are still here: send them as a new comment."),
}


def words_for(refusal) -> str:
    """What the writer is told of an AnswerRefused."""
    return words_of_refusal(refusal.about) if refusal.about else REFUSALS[refusal.reason]


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def answer_comment(request, membership, comment):
    """Answer a comment."""
    reading, version = place_of(membership, comment)
    quotable = Quotable(membership, reading, version, comment, choosing=chooses(request))
    form = CommentForm(request.POST or None, quotable=quotable, initial={"seen": version.pk})
    if request.method == "GET":
        form.continues(drafts.begun_for(membership, parent=comment))
    focus = f"answer-{comment.public_id}"

    def again(status, *, focus=focus, **more):
        context = {"form": form, **restricted_for(comment, form), **more}
        return show_opened(request, membership, comment, "discussion/_answer.html", context, focus=focus, status=status)

    if request.method == "GET":
        if not comment.is_shown_whole:
            raise Http404
        return again(200)
    if only_changes_quotes(request):
        form.says_what_quotes_lack()
        return again(200, focus="answer-quotes")
    if not form.is_valid():
        return again(422)
    if "preview" in request.POST:
        return again(200, preview=render_markdown(form.cleaned_data["body"]))
    limit = limited("write", request)
    if limit:
        form.add_error(None, limit.sentence)
        return limit.said_in(again(429))
    written_about = ParagraphVersion.objects.filter(pk=comment.version_id)
    is_here = Q(paragraph=comment.paragraph_id) | Q(paragraph__in=written_about.values("paragraph"))
    seen = as_seen(version, form, is_here)
    try:
        answered = actions.post(reading=reading, version=seen, by=request.user, parent=comment, **form.cleaned_data)
    except actions.AnswerRefused as refusal:
        if refusal.reason == actions.RESTRICTED:
            form.add_error(None, words_for(refusal))
            return again(409)
        return refused(request, membership, reading, version, form, words_for(refusal))
    return posted(request, membership, answered)


def restricted_for(comment, form) -> dict:
    """What the box for an answer to the comment says of its place, and the words begun where nobody writes now."""
    thread = comment.root_id or comment.pk
    standing = restrictions_at(reading=comment.reading_id, paragraph=comment.paragraph_id, thread=thread)
    return {
        "restricted": [words_of(each) for each in standing.values()],
        "locked": RestrictionKind.LOCKED in standing,
        "typed": [form["body"].value()],
    }


@require_http_methods(["GET", "POST"])
@of_comment(Can.DISCUSS)
def edit_comment(request, membership, comment):
    """Reword one's own comment; one that was hidden is handed in again by that."""
    own_or_404(membership, comment)
    if comment.state == State.WITHDRAWN:
        raise Http404
    standing = {"body": comment.body, "wording": comment.wording, "hands_in": comment.state == State.HIDDEN}
    form = EditForm(request.POST or None, initial=standing)

    def again(status, **more):
        told = {"focus": f"edit-{comment.public_id}", "status": status}
        return show_opened(request, membership, comment, "discussion/_edit.html", {"form": form, **more}, **told)

    if request.method == "GET":
        form.continues(drafts.begun_for(membership, edited=comment))
        return again(200)
    if not form.is_valid():
        return again(422)
    if "preview" in request.POST:
        return again(200, preview=render_markdown(form.cleaned_data["body"]))
    if limit := limited("write", request):
        form.add_error(None, limit.sentence)
        return limit.said_in(again(429))
    try:
        reworded = actions.reword(comment=comment, by=request.user, **form.cleaned_data)
    except actions.AnswerRefused as refusal:
        if refusal.reason not in {actions.HIDDEN, actions.UNCHANGED}:
            return refused(request, membership, *place_of(membership, comment), form, words_for(refusal))
        form.data = form.data.copy()
        form.data["hands_in"] = "on"
        form.add_error(None, REFUSALS[refusal.reason])
        comment.refresh_from_db(fields=["state", "hidden_under"])
        return again(409 if refusal.reason == actions.HIDDEN else 422)
    except actions.StaleWording as stale:
        form.data = form.data.copy()
        form.data["wording"] = stale.comment.wording
        changes = differences(stale.comment.body, form.cleaned_data["body"])
        return again(409, standing=stale.comment, changes=changes)
    return posted(request, membership, reworded, counted=False)


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
        more = {"asked": where_is(membership, comment), "renewed": renewed(request, reading)}
        return show(request, membership, reading, version, focus="discussion-title", **more)
    return redirect(
        "discussion:paragraph", group=membership.group.slug, reading=reading.slug, paragraph=version.paragraph.public_id
    )
