"""The rules of a group: as they stand, as they stood, what changed, and changing them."""

from difflib import SequenceMatcher

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.lib.differences import ADDED, REMOVED, SAME, differences
from readinggroup.lib.paging import page_asked_for

from .forms import RulesFormSet, RulesNoteForm
from .permissions import Can, may, requires
from .review_views import context_of, reviews_in
from .settling import StaleRules, change_rules

A_PAGE = 10
MOST_REVIEWS = 10  # on the page of the rules; the rest has a page of its own


@require_safe
@requires(Can.KNOW)
def rules(request, membership, number=None):
    """The rules that stand, or those of an earlier version."""
    current = membership.group.current_rules
    shown = current
    if number is not None:
        shown = get_object_or_404(membership.group.rule_sets.with_rules(), number=number)
    context = context_of(membership, rule_set=shown, current=current, may_read=may(membership, Can.READ))
    if number is None:
        context["reviews"] = reviews_in(membership)[:MOST_REVIEWS] if context["may_read"] else []
        context["moderators"] = who_moderate(membership) if context["may_see_members"] else []
    return TemplateResponse(request, "groups/rules.html", context)


def who_moderate(membership):
    """Whose role it is, and for how long; the longest first."""
    return membership.group.memberships.who_moderate().select_related("user").order_by("joined_at", "pk")


@require_safe
@requires(Can.KNOW)
def rules_history(request, membership):
    """Every version with what it changed, newest first. Who changed it is told to who may see who belongs."""
    sets = membership.group.rule_sets.with_rules().select_related("created_by")
    page = page_asked_for(request, Paginator(sets, A_PAGE))
    before = sets[page.end_index() : page.end_index() + 1]
    shown = list(page)
    olds = [*shown[1:], *before, None]
    context = {
        "membership": membership,
        "group": membership.group,
        "page": page,
        "versions": [(new, changes_of(old, new)) for new, old in zip(shown, olds, strict=False)],
        "may_see_members": may(membership, Can.SEE_MEMBERS),
    }
    return TemplateResponse(request, "groups/rules_history.html", context)


def changes_of(old, new) -> list:
    """What one set changed of the one before: (kind, number, title, words), the last two in runs (kind, text)."""
    olds = list(old.rules.all()) if old else []
    news = list(new.rules.all())
    found = []
    pairs = SequenceMatcher(None, [key_of(rule) for rule in olds], [key_of(rule) for rule in news], autojunk=False)
    for operation, a, b, c, d in pairs.get_opcodes():
        if operation == "equal":
            found += [(SAME, rule.number, [(SAME, rule.title)], []) for rule in news[c:d]]
            continue
        changed = min(b - a, d - c)
        for was, rule in zip(olds[a : a + changed], news[c : c + changed], strict=True):
            found.append((SAME, rule.number, differences(was.title, rule.title), differences(was.words, rule.words)))
        found += [whole(REMOVED, rule) for rule in olds[a + changed : b]]
        found += [whole(ADDED, rule) for rule in news[c + changed : d]]
    return found


def whole(kind, rule) -> tuple:
    """A rule that came or went as it is."""
    return (kind, rule.number, [(kind, rule.title)], [(kind, rule.words)] if rule.words else [])


def key_of(rule):
    """By what a rule is known in the set before."""
    return (rule.title, rule.words)


@require_http_methods(["GET", "POST"])
@requires(Can.SETTLE)
def edit_rules(request, membership):
    """Write the rules anew: a new version, of which the members are told."""
    standing = membership.group.current_rules
    if request.method == "GET":
        number = standing.number if standing else 0
        written = [{"title": rule.title, "words": rule.words} for rule in standing.rules.all()] if standing else []
        note = RulesNoteForm(initial={"based_on": number})
        return show_form(request, membership, RulesFormSet(initial=written), note)
    data = request.POST.copy()
    if "add" in data:
        add_one(data)
    forms, note = RulesFormSet(data), RulesNoteForm(data)
    valid = note.is_valid() and forms.is_valid()
    if "add" in data:
        return show_form(request, membership, forms, note)
    if not valid:
        return show_form(request, membership, forms, note, status=422)
    try:
        change_rules(group=membership.group, rules=forms.in_order(), by=request.user, **note.cleaned_data)
    except StaleRules as stale:
        data["based_on"] = stale.standing.number if stale.standing else 0
        again = (RulesFormSet(data), RulesNoteForm(data))
        return show_form(request, membership, *again, status=409, stale=True, standing=stale.standing)
    messages.success(request, _("These are the rules from now on. The members are told."))
    return redirect("groups:rules", group=membership.group.slug)


def add_one(data) -> None:
    """One more empty rule in the form that was sent."""
    total = data.get("form-TOTAL_FORMS", "")
    if total.isascii() and total.isdecimal() and int(total[:4]) < RulesFormSet.max_num:
        data["form-TOTAL_FORMS"] = int(total[:4]) + 1
        data[f"form-{int(total[:4])}-ORDER"] = int(total[:4]) + 1  # as it is offered: so it counts as left empty


def show_form(request, membership, forms, note, *, status=200, **more):
    """The form, with all that was typed."""
    context = {"membership": membership, "group": membership.group, "forms": forms, "note": note, **more}
    return TemplateResponse(request, "groups/edit_rules.html", context, status=status)
