"""Bringing a text: the file, then what is said about it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.bad_input import is_storable
from texts.importing.limits import SOURCE_BYTES
from texts.models import Edition

from .models import ReadingState

ENCODINGS = ["utf-8", "windows-1252", "iso-8859-1", "iso-8859-2", "windows-1250", "windows-1251", "koi8-r", "utf-16"]


def for_members_field():
    """Whether a text is kept for members."""
    return forms.BooleanField(
        label=_("Only for members"),
        required=False,
        help_text=_(
            "Where everyone may read in the group, others see title and author on the shelf, and neither the text nor "
            "what is said of it: for a text whose rights do not let you show it to everyone."
        ),
    )


class ReadingForm(forms.Form):
    """A text on the shelf, settled."""

    state = forms.ChoiceField(
        label=_("Where it stands"), choices=ReadingState.choices, widget=forms.RadioSelect, required=False
    )
    for_members = for_members_field()


class UploadForm(forms.Form):
    """A file to read. Nothing is published by this: a preview comes first."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("Plain text (.txt), Markdown (.md) or HTML (.html), up to 8 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".txt,.md,.markdown,.html,.htm,.xhtml,text/plain,text/html"}),
    )
    for_members = for_members_field()

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > SOURCE_BYTES:
            raise forms.ValidationError(_("The file is larger than 8 MB. Divide it, or take the pictures out."))
        return file


class DetailsForm(forms.ModelForm):
    """What the edition is, as the preview proposes it and an organizer corrects it."""

    begin = forms.BooleanField(
        label=_("We read this now"), required=False, help_text=_("Otherwise it stands on the shelf.")
    )
    for_members = for_members_field()

    class Meta:
        model = Edition
        fields = ["title", "author", "language", "translator", "source", "rights"]


def section_title_field(position: int) -> str:
    """The name of the preview's field for a section's heading."""
    return f"section-{position}"


def section_titles_in(data, count: int) -> dict:
    """The headings that were typed for sections, by position. What cannot be stored is left out."""
    typed = {position: data.get(section_title_field(position), "").strip()[:300] for position in range(count)}
    return {position: title for position, title in typed.items() if title and is_storable(title)}
