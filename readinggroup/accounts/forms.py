"""How a shown name is changed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import User


class ProfileForm(forms.ModelForm):
    """The shown name, changed."""

    class Meta:
        model = User
        fields = ["display_name"]
        help_texts = {"display_name": _("How others see you, beside everything you write.")}
