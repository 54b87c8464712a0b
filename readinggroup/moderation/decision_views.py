"""One decision, for whom it concerns and for who moderates: its reasons, what came of it, the conversation about it."""

from dataclasses import dataclass
from functools import wraps

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may, signed_in

from . import actions
from .actions.stating import subject_of
from .appeal_forms import ReversalForm, StatementForm
from .conversations import conversations_about, what_is_told
from .models import Decision, Part


@dataclass(frozen=True)
class SeenDecision:
    """A decision as somebody may see it: whom it concerns, their part of it; a moderator, all of it."""

    decision: Decision
    membership: Membership
    concerns: bool

    @property
    def moderates(self):
        return not self.concerns

    @property
    def context(self) -> dict:
        return {
            "decision": self.decision,
            "group": self.decision.group,
            "membership": self.membership,
            "concerns": self.concerns,
            "moderates": self.moderates,
        }


def of_decision(view):
    """Let in whom the decision concerns, also after they have left, and who moderates where it was made; 404 others."""

    @signed_in
    @wraps(view)
    def wrapper(request, decision):
        return view(request, seen_or_404(request.user, decision))

    return wrapper


def seen_or_404(user, public_id) -> SeenDecision:
    """The decision, if this person may see it. Of what is not there the same is asked: the time tells nothing."""
    theirs = Exists(Part.objects.filter(decision=OuterRef("pk"), person=user))
    # Whom the decision concerned that this one answers: as a moderator they are not uninvolved.
    answered = Q(decision=OuterRef("reverses")) | Q(decision=OuterRef("appeal__decision"))
    involved = Exists(Part.objects.filter(answered, person=user))
    found = Decision.objects.filter(public_id=public_id).annotate(theirs=theirs, involved=involved)
    slug, concerns, is_involved = found.values_list("group__slug", "theirs", "involved").first() or ("", False, False)
    membership = Membership.objects.standing(user.pk, slug)
    if not (concerns or (may(membership, Can.MODERATE) and not is_involved)):
        raise Http404
    decisions = Decision.objects.select_related(
        "group", "rule__rule_set", "by", "reverses__group", "reversal", "appeal__decision__group"
    )
    return SeenDecision(decisions.get(public_id=public_id), membership, concerns)


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
        actions.state(decision=seen.decision, person=person.person, by=request.user, **said)
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
    form = ReversalForm(request.POST if request.method == "POST" else None)
    context = seen.context | what_is_told(seen, request.user) | {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.reverse(decision=seen.decision, words=form.cleaned_data["words"], by=request.user)
        except actions.Impossible:
            form.add_error(None, _("There is nothing in this decision that could be reversed."))
        except actions.NotYours:
            form.add_error(None, _("Only an owner can take somebody in again who was removed."))
        else:
            messages.success(request, _("The decision is reversed. Everybody concerned is told."))
            return redirect("moderation:decision", decision=made.public_id)
        return TemplateResponse(request, "moderation/reverse_decision.html", context, status=409)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "moderation/reverse_decision.html", context, status=status)
