"""Date polls: answering, and, for organizers, proposing times and picking one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.lib.paging import page_asked_for

from . import actions
from .models import Availability, DatePoll, SessionState
from .poll_forms import DeadlineForm, ProposedTimeForm, ProposedTimesFormSet, ReplyForm
from .shown_poll import MOST_NAMED, organizers_part, poll_part
from .views import session_or_404


def poll_or_404(membership, public_id) -> DatePoll:
    """The poll of the group's session of that name."""
    session = session_or_404(membership, public_id)
    poll = get_object_or_404(DatePoll, session=session)
    poll.session = session
    return poll


def over_sentence():
    return _("The poll is over: a time was picked, its last day has passed, or the session was cancelled.")


def show_poll(request, membership, session, *, reply=None, more=None, is_saved=False, status=200):
    """The poll's page, or its part. `reply` is a form that was refused; `more` are those of organizers."""
    part = poll_part(membership, session, reply)
    context = {"membership": membership, "group": membership.group, "session": session, "is_saved": is_saved, **part}
    if part["poll"] and part["may_schedule"] and part["is_asked"]:
        poll = part["poll"]
        context |= organizers_part(poll) | {
            "time_form": ProposedTimeForm(session=session),
            "deadline_form": DeadlineForm(session=session, closes_at=poll.closes_at),
        }
    context |= more or {}
    return page_or_part(request, "schedule/poll.html", "schedule/_poll.html", context, status=status)


def to_poll(membership, session):
    return redirect("schedule:poll", group=membership.group.slug, session=session.public_id)


@require_safe
@requires(Can.SEE_MEMBERS)
def poll(request, membership, session):
    """When the group could meet, and who can when."""
    return show_poll(request, membership, poll_or_404(membership, session).session)


@require_safe
@requires(Can.SEE_MEMBERS)
def who_can(request, membership, session, time, answer):
    """All who have given one answer to one proposed time, in the order in which they came."""
    asked = poll_or_404(membership, session)
    proposed = get_object_or_404(asked.times.open(), pk=time)
    if answer not in Availability.values:
        raise Http404
    replies = asked.replies.by_members().filter(answers__time=proposed, answers__answer=answer)
    return show_replies(request, membership, asked, replies, time=proposed, answer=Availability(answer).label)


@require_safe
@requires(Can.SEE_MEMBERS)
def poll_words(request, membership, session):
    """What all have said with their answers."""
    asked = poll_or_404(membership, session)
    return show_replies(request, membership, asked, asked.replies.with_words())


def show_replies(request, membership, poll, replies, **more):
    page = page_asked_for(request, Paginator(replies.select_related("user").order_by("pk"), MOST_NAMED))
    context = {"membership": membership, "group": membership.group, "session": poll.session, "page": page, **more}
    return TemplateResponse(request, "schedule/who_can.html", context)


@require_POST
@requires(Can.ATTEND)
def answer_poll(request, membership, session):
    """Say when one can."""
    asked = poll_or_404(membership, session)
    # Also times that were withdrawn while somebody had them before them: an answer to one harms nobody.
    form, status = ReplyForm(request.POST, times=asked.times.all(), said={}), 422
    if form.is_valid():
        try:
            actions.answer_poll(
                session=asked.session, answers=form.answers, words=form.cleaned_data["words"], by=request.user
            )
        except actions.PollIsOver:
            asked.session.refresh_from_db()
            form.add_error(None, over_sentence())
            status = 409
        except actions.NotPossible:
            form.add_error(None, _("You can no longer answer here."))
            status = 409
        else:
            return replied(request, membership, asked.session)
    return show_poll(request, membership, asked.session, reply=form, status=status)


def replied(request, membership, session):
    """The part as it stands now; or back to the session."""
    if wants_part(request):
        return show_poll(request, membership, session, is_saved=True)
    messages.success(request, _("Your answers are kept."))
    page = reverse("schedule:session", args=[membership.group.slug, session.public_id])
    return HttpResponseRedirect(f"{page}#poll")


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def open_poll(request, membership, session):
    """Ask the members when they can, instead of setting a time."""
    draft = session_or_404(membership, session)
    if draft.state == SessionState.POLL:
        return to_poll(membership, draft)
    deadline = DeadlineForm(request.POST or None, session=draft)
    times = ProposedTimesFormSet(request.POST or None, form_kwargs={"session": draft}, prefix="times")
    status = 200
    if request.method == "POST":
        status = 422
        if deadline.is_valid() & times.is_valid():
            try:
                actions.open_poll(session=draft, closes_at=deadline.closes_at, walls=times.walls, by=request.user)
            except (actions.NotPossible, actions.ProposedAlready):
                deadline.add_error(None, _("This session is no draft any more, or one time stands there twice."))
                status = 409
            else:
                messages.success(request, _("The members are asked when they can."))
                return to_poll(membership, draft)
    context = {"membership": membership, "group": membership.group, "session": draft, "deadline_form": deadline,
               "times": times}  # fmt: skip
    return TemplateResponse(request, "schedule/open_poll.html", context, status=status)


@require_POST
@requires(Can.SCHEDULE)
def propose_time(request, membership, session):
    """Propose one more time."""
    asked = poll_or_404(membership, session)
    form, status = ProposedTimeForm(request.POST, session=asked.session), 422
    if form.is_valid():
        try:
            actions.propose(session=asked.session, walls=[form.wall], by=request.user)
        except actions.ProposedAlready:
            form.add_error(None, _("This time is proposed already."))
            status = 409
        except actions.TooManyTimes:
            form.add_error(None, _("There are too many times already. Withdraw one first."))
            status = 409
        except actions.PollIsOver:
            asked.session.refresh_from_db()
            form.add_error(None, over_sentence())
            status = 409
        else:
            messages.success(request, _("The time is proposed. Who has answered is told."))
            return to_poll(membership, asked.session)
    return show_poll(request, membership, asked.session, more={"time_form": form}, status=status)


@require_POST
@requires(Can.SCHEDULE)
def change_deadline(request, membership, session):
    """Take answers longer, or not so long."""
    asked = poll_or_404(membership, session)
    form = DeadlineForm(request.POST, session=asked.session)
    if not form.is_valid():
        return show_poll(request, membership, asked.session, more={"deadline_form": form}, status=422)
    return organize(request, membership, asked.session, actions.change_deadline, closes_at=form.closes_at)


@require_POST
@requires(Can.SCHEDULE)
def withdraw_time(request, membership, session, time):
    """Propose a time no more, or again."""
    asked = poll_or_404(membership, session)
    proposed = get_object_or_404(asked.times, pk=time)
    if request.POST.get("act") == "again":
        walls = [(proposed.date, proposed.time, proposed.second)]
        return organize(request, membership, asked.session, actions.propose, walls=walls)
    return organize(request, membership, asked.session, actions.withdraw_time, time=proposed.pk)


def organize(request, membership, session, act, **what):
    """Do this, and say so if it cannot be done any more."""
    try:
        act(session=session, by=request.user, **what)
    except actions.PollIsOver:
        messages.error(request, over_sentence())
    except (actions.ProposedAlready, actions.TooManyTimes):
        messages.error(request, _("This time is proposed already, or there are too many."))
    else:
        messages.success(request, _("That is changed."))
    return to_poll(membership, session)


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def pick_time(request, membership, session, time):
    """Settle when the session is; asked once more before all are told."""
    asked = poll_or_404(membership, session)
    proposed = get_object_or_404(asked.times, pk=time)
    part, status, why_not = poll_part(membership, asked.session), 200, ""
    if request.method == "POST":
        try:
            actions.pick_time(session=asked.session, time=proposed.pk, by=request.user)
        except actions.PollIsOver:
            status, why_not = 409, over_sentence()
        except actions.NotPossible:
            status, why_not = 409, _("This time was withdrawn, or is over.")
        else:
            messages.success(request, _("The session is scheduled, and the members are told."))
            return redirect("schedule:session", group=membership.group.slug, session=asked.session.public_id)
    tally = next((tally for tally in part["tallies"] if tally.time == proposed), None)
    context = {"membership": membership, "group": membership.group, "session": asked.session, "tally": tally,
               "why_not": why_not, "time": proposed}  # fmt: skip
    return TemplateResponse(request, "schedule/pick_time.html", context, status=status)
