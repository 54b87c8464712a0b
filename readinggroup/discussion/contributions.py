"""What one person has said: a member in one group, and oneself in all one's groups, each comment with its place."""

from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.db.models import Case, Exists, OuterRef, Subquery, Value, When
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from readinggroup.groups.members_views import member_or_404
from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, requires, signed_in
from readinggroup.lib.paging import page_asked_for
from readinggroup.readings.models import Reading

from .folds import muted_by
from .models import Comment, State
from .places import place_of
from .quotations import quotes_above

A_PAGE = 30
NEWEST, OLDEST = "newest", "oldest"


class ReadingChoice(forms.ModelChoiceField):
    """A text, with its group where one has several."""

    def label_from_instance(self, reading):
        return f"{reading.group.name}: {reading}" if self.in_all else str(reading)


class ContributionsFilter(forms.Form):
    """Of which text, and in which order."""

    reading = ReadingChoice(
        label=_("Text"), queryset=Reading.objects.none(), required=False, empty_label=_("all texts")
    )
    order = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[(NEWEST, _("newest first")), (OLDEST, _("oldest first"))],
    )

    def __init__(self, *args, comments, in_all, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reading"].in_all = in_all
        # The texts of which there is something to show: the choice tells no more than the list.
        readings = Reading.objects.filter(Exists(comments.filter(reading=OuterRef("pk"))))
        self.fields["reading"].queryset = readings.select_related("edition", "group")

    def applied_to(self, comments):
        """The comments of the text that was chosen, in the order that was chosen."""
        chosen = self.cleaned_data
        if chosen.get("reading"):
            comments = comments.filter(reading=chosen["reading"])
        if chosen.get("order") == OLDEST:
            return comments.order_by("created_at", "pk")
        return comments.order_by("-created_at", "-pk")


@require_safe
@requires(Can.SEE_MEMBERS)
def contributions(request, membership, member):
    """What a member has said here: what this reader may read of it; of one's own also what was taken back."""
    theirs = member_or_404(membership, member)
    is_me = theirs.user_id == membership.user_id
    comments = Comment.objects.visible_to(membership) if is_me else Comment.objects.readable_by(membership)
    context = {
        "membership": membership,
        "group": membership.group,
        "theirs": theirs,
        "is_me": is_me,
        "is_muted": theirs.user_id in muted_by(membership),
        **listed(request, comments.filter(author=theirs.user_id)),
    }
    above = quotes_above(membership, [comment.pk for comment in context["page"].object_list])
    for comment in context["page"].object_list:
        comment.above = mark_safe(above.get(comment.pk, ""))  # noqa: S308 - made of our template, escaped
    status = 422 if context["form"].errors else 200
    return TemplateResponse(request, "discussion/contributions.html", context, status=status)


@require_safe
@never_cache
@signed_in
def my_contributions(request):
    """What I have said in all my groups: the words, not what they quote, which each group decides about."""
    context = {"is_me": True, **listed(request, Comment.objects.said_by(request.user), in_all=True)}
    status = 422 if context["form"].errors else 200
    return TemplateResponse(request, "discussion/my_contributions.html", context, status=status)


def listed(request, comments, *, in_all=False) -> dict:
    """A page of the comments, filtered and in order, each with its place and whom it answers."""
    form = ContributionsFilter(request.GET, comments=comments, in_all=in_all)
    chosen = form.applied_to(comments) if form.is_valid() else comments.none()
    page = page_asked_for(request, Paginator(with_answered(chosen), A_PAGE))
    for comment in page.object_list:
        comment.place = place_of(comment.reading, comment.paragraph_id, comment.version.number)
    asked = {name: value for name in form.fields if (value := form[name].data)}
    return {"form": form, "page": page, "query": urlencode(asked) + "&" if asked else "", "in_all": in_all}


def with_answered(comments):
    """With `answered`: how the group calls whom the comment answers, where others may read that; else ""."""
    here = Membership.objects.filter(group=OuterRef("reading__group"), user=OuterRef("parent__author"))
    name = Subquery(here.with_names().values("shown_name")[:1])
    answered = Case(When(parent__state=State.VISIBLE, then=name), default=Value(""))
    return comments.select_related("reading__edition", "reading__group", "version", "hidden_under__rule_set").annotate(
        answered=answered
    )
