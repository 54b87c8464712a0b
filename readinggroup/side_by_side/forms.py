"""What organizers say about editions and their links."""

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.bad_input import is_storable
from readinggroup.readings.forms import ReadingChoice

# What one does with a row, with a paragraph, with a section, with both texts.
ROW_ACTS = ["confirm", "join", "separate"]
ACTS = [*ROW_ACTS, "move", "confirm_section", "confirm_all", "propose"]


class JoinForm(forms.Form):
    """Which text of the group is another edition of the same work."""

    other = ReadingChoice(None, label=_("Another edition of the same work"), empty_label=_("choose a text"))

    def __init__(self, *args, readings, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["other"].queryset = readings


class LinkForm(forms.Form):
    """One act, on the rows that were `seen`: of the row of a paragraph, by its public id; `to` a paragraph's number."""

    act = forms.ChoiceField(choices=[(act, act) for act in ACTS])
    seen = forms.CharField(max_length=16, required=False)
    paragraph = forms.CharField(max_length=10, required=False)
    to = forms.IntegerField(label=_("Paragraph"), min_value=1, max_value=2**31 - 1, required=False)

    def clean_paragraph(self):
        paragraph = self.cleaned_data["paragraph"]
        return paragraph if is_storable(paragraph) else ""

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("act") == "move" and not self.errors and cleaned.get("to") is None:
            self.add_error("to", _("Write the number of a paragraph."))
        return cleaned
