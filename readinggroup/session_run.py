"""The page from which a session is run: where it is, the paragraph large, what was said there, and how to go on."""

import hashlib
from datetime import timedelta
from functools import wraps
from uuid import uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readinggroup.discussion.folds import folds_for, muted_by
from readinggroup.discussion.models import Comment, QuestionState, State
from readinggroup.discussion.naming import names_for
from readinggroup.discussion.question_views import may_settle_question
from readinggroup.discussion.questions import StaleQuestion, settle_question
from readinggroup.discussion.quotations import quotes_above
from readinggroup.discussion.rendering import as_html, people_of
from readinggroup.discussion.threads import DISCUSSED, Asked, discussion_of
from readinggroup.groups.permissions import Can, answer, known_or_404, may, requires
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.lib.markup import excerpt
from readinggroup.lib.stamps import Page
from readinggroup.readings.pages import notes_called_in, with_note_marks
from readinggroup.schedule import actions
from readinggroup.schedule.agenda import shown_items, with_minutes
from readinggroup.schedule.agenda_forms import DecisionForm, storable
from readinggroup.schedule.leading import has_minutes, is_published, may_write_minutes
from readinggroup.schedule.minutes_views import form_at
from readinggroup.schedule.models import Agenda, Outcome, SessionState
from readinggroup.schedule.now import standing_and_session
from readinggroup.schedule.views import session_or_404

EVERY = 5  # seconds between two questions of one page whether anything has changed
END = "end"


class StepForm(forms.Form):
    """To which item to go on: its public id, "" for none yet, or the end. `version` is that of the agenda shown."""

    to = forms.CharField(max_length=10, required=False)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class AnsweredForm(forms.Form):
    """Which question was answered, at which item, in which words if any."""

    item = forms.CharField(max_length=10)
    question = forms.CharField(max_length=10)
    was = forms.CharField(max_length=40)
    words = forms.CharField(max_length=Outcome.LONGEST, required=False)
    key = forms.UUIDField()

    def clean_words(self):
        return storable(self.cleaned_data["words"])


def with_the_session_now(view):
    """Let in who belongs; give the view their `membership`, the session's name, and how it stands `now`."""

    @wraps(view)
    def wrapper(request, group, session):
        membership, now = standing_and_session(request.user.pk, group, session)
        return answer(request, known_or_404(membership), Can.READ_ALL, view, session=session, now=now)

    wrapper.access = Can.READ_ALL
    return wrapper


@require_safe
@with_the_session_now
def run_session(request, membership, session, now):
    """The session as it is at this moment; 304 to a page that shows it so already."""
    if now is None or (now.state == SessionState.DRAFT and not may(membership, Can.SCHEDULE)):
        raise Http404
    tag = tag_of(request, membership, now)
    if wants_part(request) and request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = show_run(request, membership, session_or_404(membership, session), tag)
    response["ETag"] = tag
    patch_cache_control(response, no_store=True, private=True)
    return response


def tag_of(request, membership, now) -> str:
    """What the page depends on, as an ETag."""
    standing = (request.user.pk, membership.roles, membership.is_suspended, membership.group.is_closed)
    state = repr((now, standing, get_language()))
    return f'"{hashlib.md5(state.encode(), usedforsecurity=False).hexdigest()}"'


def show_run(request, membership, session, tag="", *, status=200, trouble=""):
    """The page, or what of it changes as the session goes on."""
    items = shown_items(session)
    agenda = Agenda.objects.filter(session=session).first() or Agenda(session=session)
    here = next((each for each in items if each.item.pk == agenda.current_id), None)
    place = here.place if here else 0
    writes = has_minutes(session) and may_write_minutes(membership, session)
    if writes or is_published(session):
        with_minutes(session, items)
    context = {
        "membership": membership,
        "group": membership.group,
        "session": session,
        "reading": session.reading,
        "agenda": agenda,
        "items": items,
        "here": here,
        "is_on": session.state == SessionState.UNDER_WAY,
        "may_lead": session.is_run_by(membership),
        "may_begin": session.state in {SessionState.SCHEDULED, SessionState.UNDER_WAY},
        "previous": items[place - 2] if place > 1 else None,
        "next": items[place] if place < len(items) else None,
        "until": agenda.since and here and agenda.since + timedelta(minutes=here.item.allotted),
        "now": timezone.now(),
        "tag": tag,
        "every": EVERY,
        "trouble": trouble,
        **taking(request, here, writes=writes),
        **(talk_at(membership, session, here, writes=writes) if here and here.number else {}),
    }
    return page_or_part(request, "schedule/run_session.html", "schedule/_running.html", context, status=status)


def taking(request, here, *, writes) -> dict:
    """The forms for minutes. They stand beside what changes, and a page asks for others only when they are empty."""
    taken = request.GET.get("taking")
    now = here.item.public_id if here else ""
    return {
        "writes": writes,
        "form": form_at(here) if writes and here else None,
        "decision": DecisionForm(auto_id="decision-%s") if writes and here else None,
        "renews_taking": taken is not None and taken != now,
    }


def talk_at(membership, session, here, *, writes) -> dict:
    """The item's paragraph in full, what is open there, and what was said, as this member may see it."""
    revision = session.reading.edition.current
    version = revision.versions.select_related("paragraph").get(paragraph=here.item.paragraph_id)
    discussion = discussion_of(membership, session.reading, version, Asked(order=DISCUSSED))
    discussion.to_keep = True
    discussion.address = f"{here.href.partition('?')[0].partition('#')[0]}p/{version.paragraph.public_id}/"
    above = quotes_above(membership, [row.pk for row in discussion if row.html])
    people = people_of(discussion)
    names = names_for(membership.group.pk, people)
    names |= folds_for(people, muted_by(membership), names)
    open_roots = [row for row in discussion.roots if row.question == QuestionState.OPEN and row.state == State.VISIBLE]
    may_settle = may(membership, Can.SETTLE_QUESTIONS)
    notes = notes_called_in([version])[version.pk]
    return {
        "version": version,
        "words": with_note_marks(version.html, notes, set()),
        "notes": notes,
        "thread": Page(as_html(discussion, above)).fill(names).decode() if discussion.roots else "",
        "talk_address": discussion.address,
        "questions": [
            {
                "name": row.public_id,
                "excerpt": excerpt(row.html),
                "was": f"{row.question}:",
                "key": uuid4(),
                "may_settle": writes and (may_settle or row.author_id == membership.user_id),
            }
            for row in open_roots
        ],
    }


def again(request, membership, session, trouble, status=409):
    """The session as it is now, and why nothing was done."""
    _membership, now = standing_and_session(request.user.pk, membership.group.slug, session.public_id)
    fresh = session_or_404(membership, session.public_id)
    return show_run(request, membership, fresh, tag_of(request, membership, now), status=status, trouble=trouble)


def done(request, membership, session):
    """After an act: the session as it is now; for a plain request the way to it."""
    if wants_part(request):
        return again(request, membership, session, "", status=200)
    return redirect("run_session", group=membership.group.slug, session=session.public_id)


@require_POST
@requires(Can.ATTEND)
def step_session(request, membership, session):
    """Begin, go on to an item of the agenda, or end. Of two who do so at once one is told that the other did."""
    found = session_or_404(membership, session)
    if not found.is_run_by(membership):
        raise PermissionDenied
    form = StepForm(request.POST)
    if not form.is_valid():
        return again(request, membership, found, _("That was not understood. Try it here."), status=422)
    to, version = form.cleaned_data["to"], form.cleaned_data["version"]
    try:
        if to == END:
            actions.end_session(session=found, version=version, by=request.user)
        else:
            item = found.agenda_items.filter(public_id=to).first() if to else None
            if to and item is None:
                raise actions.StaleAgenda(None)
            actions.go_to(session=found, version=version, item=item, by=request.user)
    except actions.StaleAgenda:
        return again(request, membership, found, _("Somebody else was a moment earlier. This is where the session is."))
    except actions.NotPossible:
        return again(request, membership, found, _("This session is not one to go on with now."))
    return done(request, membership, found)


@require_POST
@requires(Can.ATTEND)
def answered_in_session(request, membership, session):
    """An open question was answered at the session: it is noted in the minutes, and the question is settled."""
    found = session_or_404(membership, session)
    if not may_write_minutes(membership, found):
        raise PermissionDenied
    form = AnsweredForm(request.POST)
    if not form.is_valid():
        return again(request, membership, found, _("That was not understood. Try it here."), status=422)
    said = form.cleaned_data
    item = get_object_or_404(found.agenda_items, public_id=said["item"])
    asked = Comment.objects.readable_by(membership).select_related("reading")
    root = get_object_or_404(
        asked, reading=found.reading, paragraph=item.paragraph_id, parent=None, public_id=said["question"]
    )
    if not may_settle_question(membership, root):
        raise PermissionDenied
    try:
        with transaction.atomic():
            note = {"question": root.public_id, "words": said["words"], "key": said["key"]}
            actions.note_answer(session=found, item=item, by=request.user, **note)
            settle_question(root=root, question=QuestionState.ANSWERED, by=request.user, was=said["was"])
            actions.renew_marks(found)
    except StaleQuestion:
        return again(request, membership, found, _("Somebody else has settled this question a moment earlier."))
    except actions.TooManyOutcomes:
        return again(request, membership, found, _("So many answers are more than one item holds."))
    except actions.NotPossible:
        return again(request, membership, found, _("Nobody writes minutes of this session now."))
    return done(request, membership, found)
