"""Moderators switch on and off what is restricted at a place: slow mode in a thread, looking first at comments."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can
from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.lengths import in_words
from readinggroup.readings.access import of_reading

from .models import Restriction, RestrictionKind
from .models.restrictions import LONGEST_REASON
from .restricting import lift_restriction, restrict, words_of
from .views import of_comment, place_of, version_or_404

_MINUTES = (1, 5, 15, 60, 6 * 60, 24 * 60)
_DAYS = (1, 3, 7, 30)


class RestrictionForm(forms.Form):
    """Why, and for how long."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Everybody who reads here sees it."),
        error_messages={"required": gettext_lazy("Say in a few words why.")},
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("For how long"),
        required=False,
        coerce=lambda days: timedelta(days=int(days)),
        empty_value=None,
        choices=[],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        ends = [(days, in_words(timedelta(days=days))) for days in _DAYS]
        self.fields["days"].choices = [("", _("until it is switched off")), *ends]

    def clean_reason(self):
        if not is_storable(self.cleaned_data["reason"]):
            raise forms.ValidationError(
                _("The text holds characters that cannot be kept. Take them out and send again.")
            )
        return self.cleaned_data["reason"]

    @property
    def restriction(self) -> dict:
        """What was chosen, as `restrict` takes it."""
        days = self.cleaned_data["days"]
        return {"reason": self.cleaned_data["reason"], "until": days and timezone.now() + days}


class SlowForm(RestrictionForm):
    """Also how slow."""

    every = forms.TypedChoiceField(
        label=gettext_lazy("One comment a person in"),
        coerce=lambda minutes: timedelta(minutes=int(minutes)),
        initial=15,
        choices=[],
    )
    field_order = ["every", "reason", "days"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["every"].choices = [(minutes, in_words(timedelta(minutes=minutes))) for minutes in _MINUTES]

    @property
    def restriction(self) -> dict:
        return super().restriction | {"every": self.cleaned_data["every"]}


@require_http_methods(["GET", "POST"])
@of_comment(Can.MODERATE)
def slow_thread(request, membership, comment):
    """Slow mode in the comment's thread."""
    reading, _version = place_of(membership, comment)
    place = {"reading": reading, "paragraph": None, "thread": comment.root or comment, "kind": RestrictionKind.SLOW}
    return switched(
        request,
        membership,
        place,
        SlowForm,
        title=_("Slow mode in this thread"),
        help_text=_("One comment a person in a while; owners and moderators are not slowed."),
        back=redirect("discussion:comment", comment=comment.public_id),
    )


@require_http_methods(["GET", "POST"])
@of_reading(Can.MODERATE)
def look_first_at_paragraph(request, membership, reading, paragraph):
    """Comments on this paragraph are held until a moderator has looked."""
    version = version_or_404(reading, paragraph)
    return switched(
        request,
        membership,
        {"reading": reading, "paragraph": version.paragraph, "thread": None, "kind": RestrictionKind.HELD_FIRST},
        RestrictionForm,
        title=_("Look first at what is said of paragraph %(number)d") % {"number": version.number},
        help_text=_("What is written here from now on is held until a moderator has looked."),
        back=redirect("discussion:paragraph", membership.group.slug, reading.slug, paragraph),
        wider=True,
    )


@require_http_methods(["GET", "POST"])
@of_reading(Can.MODERATE)
def look_first_in_reading(request, membership, reading):
    """Comments on the whole text are held until a moderator has looked."""
    return switched(
        request,
        membership,
        {"reading": reading, "paragraph": None, "thread": None, "kind": RestrictionKind.HELD_FIRST},
        RestrictionForm,
        title=_("Look first at what is said of the whole text"),
        help_text=_("What is written here from now on is held until a moderator has looked."),
        back=redirect("readings:reading_page", membership.group.slug, reading.slug),
    )


def switched(request, membership, place, form_class, *, title, help_text, back, wider=False):
    """The form with what stands; after a post, the way back to the place."""
    standing = Restriction.objects.standing().filter(**place).first()
    if request.method == "POST" and "off" in request.POST:
        lift_restriction(**place, by=request.user)
        messages.success(request, _("It is switched off."))
        return back
    initial = {"reason": standing.reason} if standing else {}
    if standing and standing.every:
        initial["every"] = round(standing.every.total_seconds() / 60)
    form = form_class(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        restrict(**place, by=request.user, **form.restriction)
        messages.success(request, _("It is switched on."))
        return back
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": place["reading"],
        "edition": place["reading"].edition,
        "form": form,
        "title": title,
        "help_text": help_text,
        "standing": standing and words_of(standing),
        "wider": wider,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "discussion/restriction.html", context, status=status)
