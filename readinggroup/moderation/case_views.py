"""One case: all that is known of it, who is looking at it, and the form to decide it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readinggroup.discussion.models import OPEN_STATES, State
from readinggroup.groups.models import Role
from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.readings.pages import with_note_marks

from . import actions
from .actions.deciding import POSSIBLE, Seen, number_of_name
from .cases import around, case_or_404, decisions_beside, wordings_of
from .forms import VerdictForm
from .models import Action, Case, Kind
from .rules_of_day import day_of, rules_of


@require_safe
@requires(Can.MODERATE)
def case(request, membership, case):
    """One case, to be decided."""
    found = case_or_404(membership, case)
    if found.kind == Kind.APPEAL:
        return redirect("moderation:appeal", group=membership.group.slug, appeal=found.appeal_id)
    return show_case(request, membership, found)


def show_case(request, membership, case, *, form=None, status=200, **more):
    """The page of a case. Whom it concerns sees neither who has reported it nor a form: somebody else decides."""
    is_mine = case.whose == membership.user_id
    reports = [] if is_mine else list(case.reports.select_related("reporter", "rule").order_by("created_at"))
    record, alike = decisions_beside(case, {report.rule for report in reports if report.rule})
    rules = rules_judging(membership.group, [case])
    is_open = can_be_decided(case)
    if form is None and is_open and not is_mine:
        form = form_for(membership, [case], [seen_now(case)], rules)
    context = {
        "membership": membership,
        "group": membership.group,
        "case": case,
        "comment": case.comment,
        "paragraph": with_note_marks(case.comment.version.html, [], set()) if case.comment else "",
        "words_shown": case.comment is not None and case.comment.state != State.WITHDRAWN,
        "around": around(membership, case.comment) if case.comment else {},
        "wordings": wordings_of(case.comment) if case.comment else [],
        "reports": reports,
        "record": record,
        "alike": alike,
        "is_mine": is_mine,
        "is_open": is_open,
        "form": form,
        "seen": [written(seen_now(case))],
        "decided": case.parts.select_related("decision") if case.closed_at else [],
        **claim_context(case, membership),
        **more,
    }
    return TemplateResponse(request, "moderation/case.html", context, status=status)


def claim_context(case, membership) -> dict:
    """Who is looking at the case."""
    claimed = case.is_claimed
    return {
        "claimed_by_me": claimed and case.claimed_by_id == membership.user_id,
        "claimed_by_other": case.is_before_another(membership.user_id),
    }


def can_be_decided(case) -> bool:
    """Whether it is open, and its comment there to be decided upon."""
    return case.closed_at is None and (case.comment is None or case.comment.state in OPEN_STATES)


def seen_now(case) -> Seen:
    """The case as it is now, as who decides will have seen it."""
    comment = case.comment
    asked = case.waits_until is not None
    if comment is None:
        return Seen(case.pk, wording=number_of_name(case.member), asked=asked)
    return Seen(case.pk, comment.state, comment.wording, asked)


def written(seen) -> str:
    """The same, as a field of the form holds it."""
    return f"{seen.case}:{seen.state}:{seen.wording}:{int(seen.asked)}"


def rules_judging(group, cases) -> list:
    """The rules by which all of these are judged: those of the day of each comment's wording, or of a name's report."""
    moments = [day_of(case.comment) if case.comment else case.opened_at for case in cases]
    return rules_of(group, moments)


def form_for(membership, cases, seen, rules, data=None) -> VerdictForm:
    """The form to decide these cases, with what can be done with all of them as they were seen."""
    states = [POSSIBLE.get(one.state or Kind.NAME, set()) for one in seen]
    possible = set.intersection(*states)
    alone = cases[0].comment if len(cases) == 1 else None
    if alone is None or alone.parent_id:
        possible.discard(Action.MOVE)
    return VerdictForm(
        data,
        possible=possible,
        persons=what_with_person(membership, cases),
        reading=alone.reading if alone else None,
        has_place=all(case.comment_id for case in cases),
        rules=rules,
        reasons=membership.group.reasons.offered(),
    )


def what_with_person(membership, cases) -> list:
    """What can be done besides about those whose it is. Of one alone it is known whether they are owners, or gone."""
    alone = cases[0] if len(cases) == 1 else None
    if alone and getattr(alone, "left_at", None):
        return []
    owns = alone is not None and Role.OWNER in (getattr(alone, "roles", None) or [])
    able = {Action.WARN: True, Action.SUSPEND: not owns, Action.REMOVE: may(membership, Can.HAND_OUT_ROLES)}
    return [action for action, can in able.items() if can]


def open_case_or_404(membership, pk) -> Case:
    """A case about a comment or a name, with who has it."""
    cases = Case.objects.filter(group=membership.group).exclude(kind=Kind.APPEAL)
    cases = cases.select_related("claimed_by", "comment", "member")
    return get_object_or_404(cases, pk=pk)


@require_POST
@requires(Can.MODERATE)
def claim_case(request, membership, case):
    """Say that one is looking at it. With scripts the page does so by itself when it is opened."""
    found = open_case_or_404(membership, case)
    is_mine = actions.claim(case=found, by=request.user)
    found.refresh_from_db(fields=["claimed_by", "claimed_until", "closed_at"])
    if not wants_part(request):
        if not is_mine:
            messages.error(request, _("Somebody else has it before them, or has decided it."))
        return redirect("moderation:case", group=membership.group.slug, case=found.pk)
    context = {"group": membership.group, "case": found, **claim_context(found, membership)}
    return page_or_part(request, "", "moderation/_claim.html", context, status=200 if is_mine else 409)


@require_POST
@requires(Can.MODERATE)
def release_case(request, membership, case):
    """Let it go, and on to another one: `then` is the key of that one, or nothing."""
    found = open_case_or_404(membership, case)
    actions.release(cases=Case.objects.filter(pk=found.pk), by=request.user)
    then = request.POST.get("then", "")
    if then.isascii() and then.isdecimal() and len(then) < 19:
        return redirect("moderation:case", group=membership.group.slug, case=int(then))
    return redirect("moderation:queue", group=membership.group.slug)
