"""What is typed into an agenda and into minutes."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.bad_input import is_storable
from readinggroup.readings.pages import outline_of

from .models import AgendaItem, MinutesEntry, Outcome

LARGEST = 2**31 - 1  # how far a column of the database counts


def storable(text: str) -> str:
    """The text with the ends of its lines as they are kept; ValidationError if it holds what cannot be."""
    if not is_storable(text):
        raise forms.ValidationError(_("The text holds characters that cannot be kept. Take them out and send again."))
    return text.replace("\r\n", "\n").replace("\r", "\n")


class VersionForm(forms.Form):
    """Which version of the agenda the form was made from."""

    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)


class AgendaItemForm(forms.Form):
    """One item. `item` names one that stands; a new one is a paragraph by its number, or words."""

    item = forms.CharField(max_length=10, required=False, widget=forms.HiddenInput)
    number = forms.IntegerField(label=_("Paragraph"), min_value=1, max_value=LARGEST, required=False)
    words = forms.CharField(label=_("What about"), max_length=AgendaItem.LONGEST_WORDS, required=False)
    allotted = forms.IntegerField(
        label=_("How many minutes"), min_value=1, max_value=AgendaItem.LONGEST, initial=AgendaItem.USUAL
    )

    def __init__(self, *args, standing, revision, **kwargs):
        super().__init__(*args, **kwargs)
        self.revision = revision
        name = self.data.get(self.add_prefix("item")) if self.is_bound else self.initial.get("item")
        self.shown = standing.get(name)  # the item as the page shows it
        if self.shown:
            del self.fields["number"]

    def clean_item(self):
        return storable(self.cleaned_data["item"])

    def clean_words(self):
        return storable(self.cleaned_data["words"])

    def clean(self):
        cleaned = super().clean()
        number, cleaned["paragraph"] = cleaned.get("number"), None
        addresses = outline_of(self.revision).addresses
        if number and number > len(addresses):
            self.add_error("number", _("The text has %(count)d paragraphs.") % {"count": len(addresses)})
        elif number:
            cleaned["paragraph"] = addresses[number - 1].pk
        is_about = number or cleaned.get("words") or (self.shown and self.shown.item.paragraph_id)
        # What somebody else has taken off meanwhile, and left empty, asks for nothing.
        if not is_about and not self.errors and (self.shown or self.empty_permitted):
            self.add_error("words", _("Say what it is about, or choose a paragraph."))
        return cleaned


class _AgendaFormSet(forms.BaseFormSet):
    """The whole agenda, to be put in order by numbers, added to and taken from."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        order, remove = form.fields["ORDER"], form.fields["DELETE"]
        order.label, remove.label = _("Place"), _("Take off the agenda")
        order.min_value, order.initial = 1, order.initial or (index or 0) + 1

    def clean(self):
        chosen = [self.paragraph_of(form) for form in self.kept]
        chosen = [paragraph for paragraph in chosen if paragraph]
        if len(chosen) != len(set(chosen)):
            raise forms.ValidationError(_("A paragraph stands on the agenda once."))

    @property
    def kept(self) -> list:
        """The forms of what is to stand on the agenda."""
        return [form for form in self.forms if is_filled(form) and not form.cleaned_data.get("DELETE")]

    @staticmethod
    def paragraph_of(form):
        return form.shown.item.paragraph_id if form.shown else form.cleaned_data.get("paragraph")

    def in_order(self) -> list:
        """The items by the places that were typed. Of two at one place, the one that was moved gets it."""
        places, kept = [], self.kept
        for index, form in enumerate(self.forms, 1):
            if form in kept:
                typed = form.cleaned_data
                place = typed["ORDER"] or index
                fields = {name: typed[name] for name in ("item", "paragraph", "words", "allotted")}
                places.append((place, (place > index) - (place < index), index, fields))
        return [fields for *_place, fields in sorted(places, key=lambda each: each[:3])]


def is_filled(form) -> bool:
    """Whether somebody has put anything into the form of a new item; one that stands is always filled."""
    if not form.is_valid():
        return False
    typed = form.cleaned_data
    return bool(typed.get("item") or typed.get("paragraph") or typed.get("words"))


AgendaFormSet = forms.formset_factory(
    AgendaItemForm,
    formset=_AgendaFormSet,
    extra=1,
    can_order=True,
    can_delete=True,
    max_num=AgendaItem.MOST,
    validate_max=True,
    absolute_max=AgendaItem.MOST + 20,
)


class MinutesForm(forms.Form):
    """What happened at one item. `version` is that of the words it was made from, 0 for none."""

    body = forms.CharField(
        label=_("Minutes"),
        required=False,
        max_length=MinutesEntry.LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    version = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    def clean_body(self):
        return storable(self.cleaned_data["body"])


class DecisionForm(forms.Form):
    """What was decided at an item."""

    words = forms.CharField(
        label=_("Decided"),
        max_length=Outcome.LONGEST,
        help_text=_("When the minutes are published, this stands at the paragraph, for whoever reads the text."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean_words(self):
        return storable(self.cleaned_data["words"])
