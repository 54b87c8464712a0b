"""What a newcomer tells about themselves. On its own, since allauth's forms can be read only when it is ready."""

from allauth.account.forms import SignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

from .names import LONGEST_NAME, validate_display_name


class SignUpForm(SignupForm):
    """allauth's form, with the shown name; the password may stay empty."""

    display_name = forms.CharField(
        label=_("Shown name"),
        max_length=LONGEST_NAME,
        validators=[validate_display_name],
        help_text=_("How others see you. It can be changed later."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["display_name", "email", "password1"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "password1" in self.fields:
            self.fields["password1"].help_text = _(
                "May stay empty: then you sign in with a code that we mail you. Otherwise ten characters or more."
            )
