"""What is asked before an account is deleted."""

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.models import Contributions


class DeletionForm(forms.Form):
    """What becomes of what was written. Nothing is chosen beforehand: neither is what most people want."""

    choice = forms.ChoiceField(
        label=_("Your comments"), choices=Contributions.choices, widget=forms.RadioSelect(attrs={"required": True})
    )
