"""Where one is in a text, and how far the group is."""

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can

from . import actions
from .access import of_reading
from .models import Place
from .pages import outline_of
from .progress import how_far, named_places
from .views import address_of, page_at


class PlaceForm(forms.ModelForm):
    """Up to which paragraph one has read, and whether others may see that."""

    number = forms.IntegerField(label=gettext_lazy("I have read up to paragraph"), min_value=1)

    class Meta:
        model = Place
        fields = ["shows_name"]
        help_texts = {"shows_name": gettext_lazy("Otherwise you are counted, and no more is said of you.")}

    def __init__(self, *args, most, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields(["number", "shows_name"])
        number = self.fields["number"]
        number.widget.attrs["max"] = most
        number.validators.append(MaxValueValidator(most))


@require_http_methods(["GET", "POST"])
@never_cache
@of_reading(Can.READ_ALL)  # whoever belongs, suspended or not: they read on
def where_we_are(request, membership, reading):
    """My place, to be set and to be shown; and how many are where."""
    outline = outline_of(reading.edition.current_id)
    mine = Place.objects.filter(reading=reading, user=request.user).first()
    here = mine and address_of(reading.edition.current_id, mine.paragraph_id)
    form = PlaceForm(
        request.POST if request.method == "POST" else None,
        instance=mine,
        initial={"number": here and here.number},
        most=len(outline.addresses),
    )
    if request.method == "POST" and form.is_valid():
        there = outline.addresses[form.cleaned_data["number"] - 1]
        shows_name = form.cleaned_data["shows_name"]
        actions.settle_place(reading=reading, user=request.user, paragraph=there.pk, shows_name=shows_name)
        messages.success(request, _("That is settled."))
        return redirect("readings:where_we_are", membership.group.slug, reading.slug)
    far = how_far(reading, reading.edition.current_id)
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "form": form,
        "far": far,
        "sections": people_by_section(outline, far) if far.is_told else [],
        "named": named_places(reading, reading.edition.current_id),
        "way_on": page_at(reading, here),
    }
    return TemplateResponse(request, "readings/where_we_are.html", context, status=422 if form.errors else 200)


def people_by_section(outline, far) -> list:
    """Each section with how many are in it."""
    return [(section, far.between(section.first_number, section.last_number)) for section in outline.sections]
