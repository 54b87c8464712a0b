"""Appealing against a decision, deciding about an appeal, serving on a jury."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may, requires, signed_in

from . import actions
from .actions.answering import may_decide
from .appeal_forms import AnswerForm, AppealForm, VoteForm
from .conversations import appeals_against, parts_for, what_is_told
from .decision_views import of_decision
from .models import Appeal, Juror, Service, Statement, Vote


@require_http_methods(["GET", "POST"])
@of_decision
def appeal_against(request, seen):
    """Ask somebody else to look again, once, in thirty days."""
    told = what_is_told(seen, request.user)
    if not seen.concerns or not told["restricts"]:
        raise Http404
    if request.method == "GET" and told["appeals"]:
        return redirect("moderation:decision", decision=seen.decision.public_id)
    form = AppealForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            actions.appeal(decision=seen.decision, words=form.cleaned_data["words"], by=request.user)
        except (actions.AppealedBefore, actions.Impossible, actions.NotYours, actions.TooLate) as refusal:
            form.add_error(None, _NOT_APPEALED[type(refusal)]())
            status = 409
        else:
            messages.success(request, _("Your appeal is sent. This page says who decides about it, and by when."))
            return redirect("moderation:decision", decision=seen.decision.public_id)
    context = seen.context | told | {"form": form}
    return TemplateResponse(request, "moderation/appeal_against.html", context, status=status)


_NOT_APPEALED = {
    actions.AppealedBefore: lambda: _("You have appealed against this decision before; you can appeal only once."),
    actions.Impossible: lambda: _("This decision has been reversed already."),
    actions.NotYours: lambda: _("There is nothing in this decision that restricts you."),
    actions.TooLate: lambda: _("The thirty days in which one can appeal are over. Your words are still here."),
}


@require_http_methods(["GET", "POST"])
@requires(Can.MODERATE)
def appeal(request, membership, appeal):
    """Both sides of an appeal; and the decision about it, for a moderator or owner who did not decide before."""
    found = get_object_or_404(
        Appeal.objects.select_related("decision__group", "decision__rule__rule_set", "decision__by", "by", "case"),
        pk=appeal,
        decision__group=membership.group,
    )
    form = AnswerForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        answer = {"reverse_it": form.cleaned_data["answer"] == Vote.REVERSE, "words": form.cleaned_data["words"]}
        try:
            made = actions.decide_appeal(appeal=found, by=request.user, **answer)
        except actions.Decided as refusal:
            form.add_error(None, _("It has been decided meanwhile. That stands above; what you wrote is here."))
            found, status = refusal.appeal, 409
        except actions.NotYours:
            form.add_error(None, _("This is for somebody else to decide."))
            status = 409
        else:
            messages.success(request, _("It is decided. Everybody concerned is told."))
            return redirect("moderation:decision", decision=made.public_id)
    may_answer = not found.is_decided and may_decide(found, membership)
    context = both_sides(found, request.user) | {"membership": membership, "form": form, "may_answer": may_answer}
    return TemplateResponse(request, "moderation/appeal.html", context, status=status)


def both_sides(appeal, reader, *, until=None) -> dict:
    """The decision with its reasons, what is said against it, and what was written since. No name of a reporter.

    `until` is up to when: what is written after the answer is not for those who gave it.
    """
    decision = appeal.decision
    statements = Statement.objects.filter(decision=decision, person=appeal.by_id).select_related("by")
    statements = statements.filter(created_at__lte=until) if until else statements
    [told] = [each for each in appeals_against(decision, appeal.by) if each.pk == appeal.pk]
    parts = parts_for(decision, reader, theirs=appeal.by)
    return {
        "appeal": told,
        "decision": decision,
        "group": decision.group,
        "parts": parts,
        "statements": list(statements),
        "others": decision.parts.exclude(person=None).exclude(person=appeal.by).exists(),
    }


@require_http_methods(["GET", "POST"])
@signed_in
def serve(request, appeal):
    """Agree to decide about an appeal with two others, or decline; then both sides, and one's vote."""
    jurors = Juror.objects.select_related(
        "appeal__decision__group", "appeal__decision__rule__rule_set", "appeal__by", "appeal__case"
    )
    juror = get_object_or_404(jurors, appeal=appeal, user=request.user)
    act = request.POST.get("act", "")
    form = VoteForm(request.POST if act == "vote" else None)
    if act not in _ACTS or (form.is_bound and not form.is_valid()):
        return show_service(request, juror, form, status=422 if request.method == "POST" else 200)
    try:
        message = _ACTS[act](juror, request.user, form)
    except (actions.Decided, actions.Impossible, actions.NotYours, actions.Stale, actions.TooLate) as refusal:
        return show_service(request, jurors.get(pk=juror.pk), form, status=409, why_not=_NOT_SERVED[type(refusal)]())
    messages.success(request, message)
    return redirect("moderation:serve", appeal=appeal)


def show_service(request, juror, form, *, status, why_not=""):
    """What a juror sees: what it is about; both sides once they have agreed, while they belong, and without names."""
    found = juror.appeal
    reads = may(Membership.objects.standing(request.user.pk, found.decision.group.slug), Can.READ_ALL)
    is_seated = juror.state in {Service.ASKED, Service.SERVING} and not juror.is_late
    serves = reads and juror.state == Service.SERVING and (is_seated or juror.vote != "")
    context = {
        "appeal": found,
        "group": found.decision.group,
        "juror": juror,
        "reads": reads,
        "is_asked": reads and juror.state == Service.ASKED and is_seated and not found.is_decided,
        "serves": serves,
        "may_vote": serves and is_seated and not juror.vote and not found.is_decided,
        "form": form,
        "without_names": True,
        "why_not": why_not,
        **(both_sides(found, request.user, until=found.decided_at) if serves else {}),
    }
    return TemplateResponse(request, "moderation/serve.html", context, status=status)


def cast(juror, by, form) -> str:
    actions.vote(juror=juror, by=by, **form.cleaned_data)
    return _("Thank you. Your vote is counted.")


def agree(juror, by, form) -> str:
    actions.agree(juror=juror, by=by)
    return _("Thank you. Read both sides, then vote.")


def decline(juror, by, form) -> str:
    actions.decline(juror=juror, by=by)
    return _("You do not serve. Somebody else is drawn, if there is anybody.")


_ACTS = {"agree": agree, "decline": decline, "vote": cast}
_NOT_SERVED = {
    actions.Decided: lambda: _("It has been decided meanwhile."),
    actions.Impossible: lambda: _("Say first that you agree to serve. Then you read both sides, and vote."),
    actions.NotYours: lambda: _("You can no longer serve here."),
    actions.Stale: lambda: _("You have voted already."),
    actions.TooLate: lambda: _("The time to answer is over, and somebody else was drawn."),
}
