"""What a newcomer tells about themselves, and how a shown name is changed."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import User
from .names import LONGEST_NAME, validate_display_name


class SignUpForm(forms.Form):
    """The part of the sign-up that is ours: the shown name. allauth adds address and password."""

    display_name = forms.CharField(
        label=_("Shown name"),
        max_length=LONGEST_NAME,
        validators=[validate_display_name],
        help_text=_("How others see you. It can be changed later."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["display_name", "email", "password1"]

    def signup(self, request, user):
        """Called by allauth once the account is saved; the adapter has given it its name already."""


class ProfileForm(forms.ModelForm):
    """The shown name, changed."""

    class Meta:
        model = User
        fields = ["display_name"]
        help_texts = {"display_name": _("How others see you, beside everything you write.")}
