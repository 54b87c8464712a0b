"""What is typed when a text is corrected: why, which paragraph continues which, a paragraph's words, a note."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.form_fields import Line, Words
from readinggroup.readings.forms import UploadForm
from texts.revising.rewording import paragraphs_in

LONGEST_WHY = 500
LONGEST_PARAGRAPH = 100_000
LONGEST_NOTE = 20_000
MOST_LINKED = 50  # paragraphs that one choice names on one side

_NUMBERS = re.compile(r"\s*(\d{1,6})\s*(?:[-–]\s*(\d{1,6})\s*)?\Z")


def why_field(**options):
    """Why the text is corrected, as the history will say it."""
    return Line(
        label=_("Why"),
        max_length=LONGEST_WHY,
        help_text=_("It stands in the history of the text, for everyone who reads it."),
        error_messages={"required": _("Say in a few words why: readers see it in the history.")},
        **options,
    )


class CorrectedFileForm(UploadForm):
    """A corrected file of a text. Nothing is changed by it: a rehearsal comes first."""

    for_members = None
    why = why_field(required=False)


class WhyForm(forms.Form):
    """Publish, or undo. `seen` is what the page showed when it was asked for."""

    why = why_field(widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.CharField(max_length=80, widget=forms.HiddenInput, required=False)


class NumbersField(forms.CharField):
    """Numbers of paragraphs as one says them: "12, 14-16"; empty means none. Cleans to a list in rising order."""

    def __init__(self, *, most, **options):
        self.most = most
        super().__init__(max_length=300, required=False, **options)

    def clean(self, value):
        value = super().clean(value).strip()
        if not value:
            return []
        found = set()
        for part in value.split(","):
            match = _NUMBERS.match(part) if part.isascii() or "–" in part else None
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
            if not 1 <= first <= last <= self.most:
                raise forms.ValidationError(
                    _("Write numbers of paragraphs from 1 to %(most)d, as in 12, 14-16; or nothing."),
                    params={"most": self.most},
                )
            if len(found) + last - first >= MOST_LINKED:
                raise forms.ValidationError(
                    _("At most %(most)d paragraphs can be linked at once."), params={"most": MOST_LINKED}
                )
            found |= set(range(first, last + 1))
        return sorted(found)


class LinkForm(forms.Form):
    """These paragraphs of the text as it stands are continued by those of the corrected one, and no others."""

    def __init__(self, *args, plan, pair="", **options):
        super().__init__(*args, auto_id=f"%s-{pair}", **options)
        self.fields["old"] = NumbersField(
            label=_("Paragraphs of the text as it stands"), most=max(1, len(plan.old)), help_text=_("as in 12, 14-16")
        )
        self.fields["new"] = NumbersField(
            label=_("continue in these of the corrected text"),
            most=max(1, len(plan.blocks)),
            help_text=_("Leave it empty if they were removed; the other one, if these are new."),
        )

    def clean(self):
        cleaned = super().clean()
        if not self.errors and not cleaned.get("old") and not cleaned.get("new"):
            raise forms.ValidationError(_("Say at least on one side which paragraphs are meant."))
        return cleaned


class WordingForm(forms.Form):
    """The words of one paragraph, or of several with a blank line between them."""

    text = Words(
        label=_("Its words"),
        max_length=LONGEST_PARAGRAPH,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("A blank line makes two paragraphs of it."),
        error_messages={"required": _("A paragraph has words. To take it out, use the button for that.")},
    )

    def clean_text(self):
        texts = paragraphs_in(self.cleaned_data["text"])
        if not texts:
            raise forms.ValidationError(self.fields["text"].error_messages["required"])
        return texts


class AddedForm(WordingForm):
    """The words of a new paragraph, or of several."""

    text = Words(
        label=_("Words of the new paragraph"),
        max_length=LONGEST_PARAGRAPH,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("A blank line makes two paragraphs of it."),
        error_messages={"required": _("Write the words of the new paragraph first.")},
    )


class MoveForm(forms.Form):
    """Behind which number a paragraph is to stand; 0 is the beginning."""

    number = forms.IntegerField(
        label=_("Let it follow paragraph number"), min_value=0, help_text=_("0 puts it at the beginning.")
    )

    def __init__(self, *args, most, **options):
        super().__init__(*args, **options)
        field = self.fields["number"]
        field.max_value = field.widget.attrs["max"] = most
        field.error_messages |= {
            name: _("Write the number of a paragraph, from 0 to %(most)d.") % {"most": most}
            for name in ("required", "invalid")
        }

    def clean_number(self):
        number = self.cleaned_data["number"]
        if number > self.fields["number"].max_value:
            raise forms.ValidationError(self.fields["number"].error_messages["invalid"])
        return number


class NoteForm(forms.Form):
    """The words of one note. `seen` is what they were when the form was shown."""

    body = Words(
        label=_("Text of the note"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen = forms.CharField(max_length=40, widget=forms.HiddenInput, required=False)
