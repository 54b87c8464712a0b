"""One decision, for whom it concerns and for who moderates: its reasons, what came of it, the conversation about it."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.permissions import signed_in

from . import actions
from .actions.stating import subject_of
from .appeal_forms import ReversalForm, StatementForm
from .conversations import conversations_about, what_is_told
from .models import Part
from .seen_decisions import decision_seen_by


def of_decision(view):
    """Let in whom the decision concerns, also after they have left, and who moderates where it was made; 404 others."""

    @signed_in
    @wraps(view)
    def wrapper(request, decision):
        seen = decision_seen_by(request.user, decision)
        if seen is None:
            raise Http404
        return view(request, seen)

    return wrapper


@require_safe
@of_decision
def decision(request, seen):
    """One decision whole."""
    return show(request, seen)


def show(request, seen, *, form=None, status=200):
    """The page of the decision; `form` is a statement that was not taken, with its words."""
    talks = conversations_about(seen, request.user, form)
    context = seen.context | what_is_told(seen, request.user) | {"talks": talks}
    return TemplateResponse(request, "moderation/decision.html", context, status=status)


@require_POST
@of_decision
def write_statement(request, seen):
    """Write to the other side about the decision."""
    form = StatementForm(request.POST)
    if not form.is_valid():
        return show(request, seen, form=form, status=422)
    people = Part.objects.filter(decision=subject_of(seen.decision), person__public_id=form.cleaned_data["to"])
    person = people.select_related("person").first()
    if person is None or (seen.concerns and person.person_id != request.user.pk):
        raise Http404
    said = {"words": form.cleaned_data["words"], "key": form.cleaned_data["key"]}
    try:
        actions.write_statement(decision=seen.decision, person=person.person, by=request.user, **said)
    except (actions.NotYours, actions.Stale, actions.TooLate, actions.TooMany) as refusal:
        form.add_error(None, _NOT_WRITTEN[type(refusal)]())
        return show(request, seen, form=form, status=429 if isinstance(refusal, actions.TooMany) else 409)
    messages.success(request, _("It is sent, and stands below."))
    return redirect("moderation:decision", decision=seen.decision.public_id)


_NOT_WRITTEN = {
    actions.NotYours: lambda: _("You can no longer write about this decision."),
    actions.Stale: lambda: _("This form was sent before with other words. Send these once more, if you want."),
    actions.TooLate: lambda: _("The conversation about this decision is over."),
    actions.TooMany: lambda: _("You have written very often today. Your words are still here: send them tomorrow."),
}


@require_http_methods(["GET", "POST"])
@of_decision
def reverse_decision(request, seen):
    """Undo the decision, for a moderator whom it does not concern."""
    if seen.concerns:
        raise Http404
    told = what_is_told(seen, request.user)
    if request.method == "GET" and not told["may_reverse"]:
        return redirect("moderation:decision", decision=seen.decision.public_id)
    form = ReversalForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.reverse(decision=seen.decision, words=form.cleaned_data["words"], by=request.user)
        except (actions.Impossible, actions.NotYours, actions.ReversedBefore) as refusal:
            form.add_error(None, _NOT_REVERSED[type(refusal)]())
            told["reversal"], status = getattr(refusal, "reversal", None), 409
        else:
            messages.success(request, _("The decision is reversed. Everybody concerned is told."))
            return redirect("moderation:decision", decision=made.public_id)
    context = seen.context | told | {"form": form}
    return TemplateResponse(request, "moderation/reverse_decision.html", context, status=status)


_NOT_REVERSED = {
    actions.ForOwners: lambda: _("Only an owner can take somebody in again who was removed."),
    actions.Impossible: lambda: _("There is nothing in this decision that could be reversed."),
    actions.NotYours: lambda: _("Somebody else has to decide this: it is about you, or you moderate here no more."),
    actions.ReversedBefore: lambda: _("It has been reversed meanwhile. That stands above; what you wrote is here."),
}
