"""Fields for words that people type: in one line, or in several."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .bad_input import is_storable


def check_storable(value) -> None:
    """Refuse what the database cannot keep."""
    if not is_storable(value):
        raise forms.ValidationError(_("The text holds characters that cannot be kept. Take them out and send again."))


class Line(forms.CharField):
    """Words in one line."""

    def to_python(self, value):
        return " ".join(super().to_python(value).split())

    def validate(self, value):
        super().validate(value)
        check_storable(value)


class Words(forms.CharField):
    """Words in several lines, with line ends of one kind, so that they are as long as they look."""

    widget = forms.Textarea

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")

    def validate(self, value):
        super().validate(value)
        check_storable(value)
