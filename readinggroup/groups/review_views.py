"""Reviews of the rules: asking for one, supporting it, taking it back, answering."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.lib.paging import page_asked_for

from . import actions
from .forms import RulesReviewAnswerForm, RulesReviewForm
from .models import RulesReview, RulesReviewSupport
from .permissions import Can, may, requires

A_PAGE = 20


def reviews_in(membership):
    """The group's requests to review the rules that are shown, with how many support each, and whether I do."""
    mine = RulesReviewSupport.objects.filter(review=OuterRef("pk"), by=membership.user_id)
    rows = membership.group.rules_reviews.listed()
    rows = rows.select_related("rule", "rule_set", "asked_by", "answered_by", "changed_by")
    return rows.annotate(supporters=Count("supports"), is_supported=Exists(mine))


def context_of(membership, **more) -> dict:
    """What the pages of reviews have in common."""
    return {
        "membership": membership,
        "group": membership.group,
        "may_see_members": may(membership, Can.SEE_MEMBERS),
        "may_ask": may(membership, Can.DISCUSS),
        "may_settle": may(membership, Can.SETTLE),
        **more,
    }


@require_safe
@requires(Can.READ)
def rules_reviews(request, membership):
    """All that was asked of the rules, and answered: what waits first."""
    page = page_asked_for(request, Paginator(reviews_in(membership), A_PAGE))
    return TemplateResponse(request, "groups/rules_reviews.html", context_of(membership, page=page))


@require_safe
@requires(Can.READ)
def rules_review(request, membership, review):
    """One request to review the rules, who supports it, and what the owners answered."""
    return show_review(request, membership, get_object_or_404(reviews_in(membership), pk=review))


def show_review(request, membership, review, *, status=200):
    """The page of one."""
    is_mine = membership.user_id is not None and review.asked_by_id == membership.user_id
    context = context_of(membership, review=review, is_mine=is_mine)
    return TemplateResponse(request, "groups/rules_review.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Can.DISCUSS)
def ask_rules_review(request, membership):
    """Ask that a rule, or all of them, be looked at again."""
    standing = membership.group.current_rules
    form = RulesReviewForm(request.POST or None, rule_set=standing)
    status = 200
    if request.method == "POST" and form.is_valid():
        asked = {"group": membership.group, "rule_set": standing, "by": request.user, **form.cleaned_data}
        try:
            review = actions.ask_for_review(**asked)
        except actions.AskedAlready:
            form.add_error(None, _("What you have asked before is still open. Take it back to ask for something else."))
            status = 409
        except actions.Suspended:
            form.add_error(None, suspended_sentence())
            status = 409
        else:
            messages.success(request, _("The owners are asked. Others can support it."))
            return redirect("groups:rules_review", group=membership.group.slug, review=review.pk)
    status = 422 if form.errors and status == 200 else status
    return TemplateResponse(request, "groups/ask_rules_review.html", context_of(membership, form=form), status=status)


def suspended_sentence():
    """Somebody was suspended, or removed, while they wrote."""
    return _("You can no longer write in this group. Your words are still here: copy them if you want.")


@require_POST
@requires(Can.DISCUSS)
def support_rules_review(request, membership, review):
    """Support what another has asked, or no longer."""
    asked = get_object_or_404(reviews_in(membership), pk=review)
    act = actions.support_no_more if request.POST.get("act") == "no_more" else actions.support_review
    try:
        done = act(review=asked, by=request.user)
    except actions.Suspended:
        messages.error(request, _("You can no longer write in this group."))
    else:
        if not done:
            messages.info(request, _("This was answered, or taken back, meanwhile."))
    return redirect("groups:rules_review", group=membership.group.slug, review=asked.pk)


@require_POST
@requires(Can.DISCUSS)
def take_rules_review_back(request, membership, review):
    """Ask it no more."""
    asked = get_object_or_404(reviews_in(membership).filter(asked_by=request.user), pk=review)
    if actions.take_review_back(review=asked, by=request.user):
        messages.success(request, _("You ask for it no more."))
        return redirect("groups:rules", group=membership.group.slug)
    messages.info(request, _("This was answered meanwhile."))
    return redirect("groups:rules_review", group=membership.group.slug, review=asked.pk)


@require_http_methods(["GET", "POST"])
@requires(Can.SETTLE)
def answer_rules_review(request, membership, review):
    """Answer for all to read: the rules were changed, or left as they are, and why."""
    asked = get_object_or_404(reviews_in(membership), pk=review)
    number = asked.rule_set.number if asked.rule_set else 0
    versions = membership.group.rule_sets.filter(number__gt=number)
    form = RulesReviewAnswerForm(request.POST or None, versions=versions)
    if request.method == "POST" and form.is_valid():
        answer, changed_by = form.cleaned_data["answer"], form.cleaned_data["changed_by"]
        if actions.answer_review(review=asked, answer=answer, changed_by=changed_by, by=request.user):
            messages.success(request, _("That is answered. Whoever asked or supported it is told."))
            return redirect("groups:rules_review", group=membership.group.slug, review=asked.pk)
        asked = RulesReview.objects.select_related("rule", "answered_by", "changed_by").get(pk=asked.pk)
        form.add_error(None, _("This was answered, or taken back, meanwhile."))
        context = context_of(membership, review=asked, form=form)
        return TemplateResponse(request, "groups/answer_rules_review.html", context, status=409)
    context = context_of(membership, review=asked, form=form)
    return TemplateResponse(request, "groups/answer_rules_review.html", context, status=422 if form.errors else 200)
