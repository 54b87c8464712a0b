"""Writing a session's minutes, publishing them, or saying that there will be none."""

from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.permissions import Can, limited, may, requires
from readinggroup.lib.differences import differences
from readinggroup.lib.htmx import page_or_part, wants_part

from . import actions
from .agenda import Shown, shown_items, with_minutes
from .agenda_forms import DecisionForm, MinutesForm
from .leading import has_minutes, is_over, is_published, may_write_minutes
from .models import Outcome, OutcomeKind
from .views import session_or_404

AS_A_WHOLE = "all"  # in addresses: the entry that is about no item


def of_who_writes(view):
    """Let in who may write the session's minutes; give the view the session."""

    @requires(Can.ATTEND)
    @wraps(view)
    def wrapper(request, membership, session, **kwargs):
        found = session_or_404(membership, session)
        if not may_write_minutes(membership, found):
            raise PermissionDenied
        return view(request, membership, found, **kwargs)

    return wrapper


def shown_or_404(session, item) -> Shown:
    """The item of that public id with what is written about it; without an item, the session as a whole."""
    if item == AS_A_WHOLE:
        return with_minutes(session, [Shown()])[0]
    found = [each for each in shown_items(session) if each.item.public_id == item]
    if not found:
        raise Http404
    return with_minutes(session, found)[0]


def form_at(shown) -> MinutesForm:
    """The form for an item, with the words that stand."""
    entry = shown.entry
    return MinutesForm(
        initial={"body": entry.body if entry else "", "version": entry.version if entry else 0}, auto_id=auto_id(shown)
    )


def auto_id(shown) -> str:
    """The names of the form's fields in the page, which may hold several."""
    return f"{shown.item.public_id if shown.item else AS_A_WHOLE}-%s"


@require_safe
@of_who_writes
def minutes(request, membership, session):
    """All minutes of the session, to be written, and published."""
    shown = with_minutes(session, [*shown_items(session), Shown()])
    context = {
        "membership": membership,
        "group": membership.group,
        "session": session,
        "has_minutes": has_minutes(session),
        "shown": [(each, form_at(each)) for each in shown],
        "minutes": getattr(session, "minutes", None),
        "may_publish": may(membership, Can.SCHEDULE) and is_over(session) and not is_published(session),
        "is_written": any((each.entry and each.entry.body) or each.outcomes for each in shown),
    }
    return TemplateResponse(request, "schedule/minutes.html", context)


@require_http_methods(["GET", "POST"])
@of_who_writes
def write_minutes(request, membership, session, item):
    """What happened at one item. Whoever is overtaken by another writer sees both texts, and loses none."""
    shown = shown_or_404(session, item)
    if request.method == "GET":
        return show_entry(request, membership, session, shown, form_at(shown))
    form = MinutesForm(request.POST, auto_id=auto_id(shown))
    if not form.is_valid():
        return show_entry(request, membership, session, shown, form, status=422)
    if limit := limited("write", request):
        form.add_error(None, limit.sentence)
        return limit.said_in(show_entry(request, membership, session, shown, form, status=429))
    try:
        entry = actions.write_minutes(session=session, item=shown.item, by=request.user, **form.cleaned_data)
    except actions.StaleMinutes as stale:
        form.data = form.data.copy()
        form.data["version"] = stale.entry.version
        changes = differences(stale.entry.body, form.cleaned_data["body"])
        more = {"standing": stale.entry, "changes": changes}
        return show_entry(request, membership, session, shown, form, status=409, **more)
    except actions.NotPossible:
        return show_entry(request, membership, session, shown, form, status=409, refused=True)
    if wants_part(request):
        shown.entry = entry
        return show_entry(request, membership, session, shown, form_at(shown), saved=True)
    messages.success(request, _("The minutes are saved."))
    return redirect(back_to(request, session, item))


def show_entry(request, membership, session, shown, form, *, status=200, **more):
    """The form of one item with what was typed: a page, or for htmx the form alone."""
    context = {"membership": membership, "group": membership.group, "session": session, "each": shown, "form": form}
    page, part = "schedule/write_minutes.html", "schedule/_minutes_form.html"
    return page_or_part(request, page, part, context | more, status=status)


def back_to(request, session, item) -> str:
    """To where somebody wrote: the page that runs the session, or all minutes at this item."""
    names = [session.reading.group.slug, session.public_id]
    if request.POST.get("from") == "run":
        return reverse("run_session", args=names)
    return f"{reverse('schedule:minutes', args=names)}#minutes-{item}"


@require_http_methods(["GET", "POST"])
@of_who_writes
def note_decision(request, membership, session, item):
    """Note what was decided at an item."""
    shown = shown_or_404(session, item)
    if shown.item is None:
        raise Http404
    form = DecisionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.note_decision(session=session, item=shown.item, by=request.user, **form.cleaned_data)
            except actions.TooManyOutcomes:
                form.add_error(None, _("So many decisions are more than one item holds. Take one back first."))
                status = 409
            except actions.NotPossible:
                form.add_error(None, _("Nobody writes minutes of this session now. Your words are still here."))
                status = 409
            else:
                return redirect(back_to(request, session, item))
    context = {"membership": membership, "group": membership.group, "session": session, "each": shown, "form": form}
    return TemplateResponse(request, "schedule/note_decision.html", context, status=status)


@require_POST
@of_who_writes
def take_outcome_back(request, membership, session, outcome):
    """Take a decision, or an answered question, out of the minutes."""
    found = get_object_or_404(
        Outcome.objects.select_related("item", "session__reading"), session=session, public_id=outcome
    )
    try:
        actions.take_outcome_back(outcome=found, by=request.user)
    except actions.NotPossible:
        raise PermissionDenied from None
    if found.kind == OutcomeKind.ANSWERED:
        messages.info(request, _("It is taken out. Whether the question is open again is said at the question itself."))
    return redirect(back_to(request, session, found.item.public_id))


@require_POST
@requires(Can.SCHEDULE)
def settle_minutes(request, membership, session):
    """Publish the minutes and tell the members, or say that there will be none."""
    found = session_or_404(membership, session)
    try:
        if request.POST.get("act") == "waive":
            actions.waive_minutes(session=found, by=request.user)
            messages.success(request, _("There will be no minutes. Nobody is reminded any more."))
        else:
            actions.publish_minutes(session=found, by=request.user)
            messages.success(request, _("The minutes are published, and the members are told."))
    except actions.NotPossible:
        messages.error(request, _("Minutes are published when the session is over and something is written."))
        return redirect("schedule:minutes", group=membership.group.slug, session=found.public_id)
    return redirect(f"{reverse('schedule:session', args=[membership.group.slug, found.public_id])}#minutes")
