"""Bringing a text: the file, then what is said about it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.languages import name_of
from texts.importing import ACCEPTED
from texts.importing.limits import ARCHIVE_BYTES, SOURCE_BYTES
from texts.models import Edition

from .models import Reading, ReadingState

ON_THE_SHELF = [(state.value, state.label) for state in ReadingState if state != ReadingState.PROPOSED]

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
        label=_("Where it stands"), choices=ON_THE_SHELF, widget=forms.RadioSelect, required=False
    )
    starts_on = forms.DateField(
        label=_("The reading begins on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("The sessions that you plan begin with it."),
    )
    for_members = for_members_field()


class ReadingChoice(forms.ModelChoiceField):
    """One of the texts on the group's shelf, by title and language."""

    def label_from_instance(self, reading):
        return f"{reading.edition.title} ({name_of(reading.edition.language)})"


class UploadForm(forms.Form):
    """A file to read. Nothing is published by this: a preview comes first."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "Word (.docx), EPUB, OpenDocument (.odt), a saved web page (.html), Markdown (.md) or plain text (.txt), "
            "up to 8 MB; books and documents with pictures up to 32 MB."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
    )
    for_members = for_members_field()

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > ARCHIVE_BYTES:
            raise forms.ValidationError(_("The file is larger than %(size)d MB.") % {"size": ARCHIVE_BYTES // 1024**2})
        if file.size > SOURCE_BYTES and file.read(2) != b"PK":
            raise forms.ValidationError(_("The file is larger than 8 MB. Divide it, or take the pictures out."))
        file.seek(0)
        return file


class DetailsForm(forms.ModelForm):
    """What the edition is, as the preview proposes it and an organizer corrects it."""

    begin = forms.BooleanField(
        label=_("We read this now"), required=False, help_text=_("Otherwise it stands on the shelf.")
    )
    for_members = for_members_field()
    beside = ReadingChoice(
        Reading.objects.none(),
        label=_("Another edition of"),
        required=False,
        empty_label=_("nothing that the group has"),
        help_text=_(
            "If it is a translation, or another printing, of a text that the group has: they are read side by side."
        ),
    )

    def __init__(self, *args, group, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["beside"].queryset = group.readings.on_the_shelf().with_text()

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
