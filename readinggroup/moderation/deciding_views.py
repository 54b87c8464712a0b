"""Deciding: one case, or several at once."""

import re

from django.contrib import messages
from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.discussion.restricting import moment
from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.markup import excerpt

from . import actions
from .actions.deciding import Seen
from .case_views import can_be_decided, form_for, rules_judging, seen_now, show_case, written
from .cases import case_or_404, next_after
from .models import Case, Kind
from .queue_views import A_PAGE

_SEEN = re.compile(r"([0-9]{1,18}):([a-z]{0,10}):([0-9]{1,9}):([01])")  # see case_views.written
_KEY = re.compile(r"[0-9]{1,18}")


@require_http_methods(["GET", "POST"])
@requires(Can.MODERATE)
def decide(request, membership):
    """Choose what is decided about these cases (GET), and decide it. One case has a page of its own."""
    if request.method == "GET":
        return choose(request, membership)
    seen = seen_in(request)
    cases = cases_or_404(membership, [one.case for one in seen])
    form = form_for(membership, cases, seen, rules_judging(membership.group, cases), request.POST)
    is_stale = any(not can_be_decided(case) or seen_now(case) != one for case, one in zip(cases, seen, strict=True))
    if not form.is_valid():
        return show_stale(request, membership, cases) if is_stale else show(request, membership, cases, form, 422)
    try:
        actions.decide(group=membership.group, seen=seen, verdict=form.verdict(), by=request.user)
    except actions.Stale:
        return show_stale(request, membership, cases)
    except actions.Claimed as claimed:
        form.add_error(None, claimed_sentence(membership.group, claimed.case))
    except actions.NotYours:
        form.add_error(None, not_yours_sentence())
    except actions.Impossible:
        form.add_error(None, impossible_sentence())
    else:
        messages.success(request, _("That is decided. It stands in the log, and whom it concerns is told."))
        return onwards(membership, cases)
    return show(request, membership, cases, form, 409)


def choose(request, membership):
    """The page for the cases that were chosen in the queue."""
    keys = [int(key) for key in request.GET.getlist("case") if _KEY.fullmatch(key)][:A_PAGE]
    if not keys:
        messages.info(request, _("First choose what to decide about."))
        return redirect("moderation:queue", group=membership.group.slug)
    if len(set(keys)) == 1:
        return redirect("moderation:case", group=membership.group.slug, case=keys[0])
    return show(request, membership, cases_or_404(membership, keys), None, 200)


def seen_in(request) -> list[Seen]:
    """What the moderator had before them, in the order of the keys. 404 for what no form of ours holds."""
    found = [_SEEN.fullmatch(each) for each in request.POST.getlist("seen")]
    if not found or None in found or len(found) > A_PAGE or len({one[1] for one in found}) < len(found):
        raise Http404
    return sorted((Seen(int(one[1]), one[2], int(one[3]), one[4] == "1") for one in found), key=lambda one: one.case)


def cases_or_404(membership, keys) -> list[Case]:
    """These cases of the group, appeals not among them, in the order of their keys."""
    cases = Case.objects.filter(group=membership.group, pk__in=keys).exclude(kind=Kind.APPEAL)
    beside = ("comment__author", "comment__reading__edition", "comment__version", "member__user", "claimed_by")
    found = list(
        cases.annotate(whose=Coalesce(F("comment__author"), F("member__user"))).select_related(*beside).order_by("pk")
    )
    if not found or len(found) != len(set(keys)):
        raise Http404
    return found


def show(request, membership, cases, form, status, **more):
    """The page of the one case, or the list of several, with all that was typed."""
    if len(cases) == 1:
        return show_case(request, membership, case_or_404(membership, cases[0].pk), form=form, status=status, **more)
    free = free_of(membership, cases)
    if form is None and free:
        form = form_for(membership, free, [seen_now(case) for case in free], rules_judging(membership.group, free))
    context = {
        "membership": membership,
        "group": membership.group,
        "rows": [(case, excerpt(case.comment.body_html) if case.comment else "") for case in free],
        "left_out": len(cases) - len(free),
        "form": form,
        "seen": [written(seen_now(case)) for case in free],
        **more,
    }
    return TemplateResponse(request, "moderation/decide.html", context, status=status)


def show_stale(request, membership, cases):
    """409: how the cases stand by now, beside what was typed, with what can be done with them now."""
    cases = cases_or_404(membership, [case.pk for case in cases])
    free = free_of(membership, cases)
    if len(cases) == 1 and can_be_decided(cases[0]) and cases[0].whose != membership.user_id:
        free = cases  # its page has a form also while somebody else is looking at it
    form = None
    if free:
        seen = [seen_now(case) for case in free]
        form = form_for(membership, free, seen, rules_judging(membership.group, free), request.POST)
    typed = "" if form else request.POST.get("words", "")
    return show(request, membership, cases, form, 409, stale=True, typed=typed)


def free_of(membership, cases) -> list[Case]:
    """Those of the cases that this moderator can decide now."""
    free = [case for case in cases if can_be_decided(case) and case.whose != membership.user_id]
    return [case for case in free if not case.is_before_another(membership.user_id)]


def onwards(membership, cases):
    """To the next one; after several to the queue."""
    if len(cases) == 1:
        following = next_after(membership, cases[0].due_at, cases[0].pk)
        if following:
            return redirect("moderation:case", group=membership.group.slug, case=following)
    return redirect("moderation:queue", group=membership.group.slug)


def claimed_sentence(group, case):
    """Who has it before them, and until when."""
    said = {"name": group.name_of(case.claimed_by), "until": moment(case.claimed_until)}
    return _("%(name)s is looking at it until %(until)s. What you typed is still here.") % said


def not_yours_sentence():
    """Why somebody else decides."""
    return _("Somebody else has to decide this: it is about you, or you moderate here no more.")


def impossible_sentence():
    """What cannot be done."""
    return _(
        "That cannot be done with it: who owns the group is not suspended, the last owner is not removed, and who has"
        " left is neither; a thread is moved whole, to another paragraph. Choose something else."
    )
