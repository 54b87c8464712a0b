"""What a newcomer tells about themselves. On its own, since allauth's forms can be read only when it is ready."""

from allauth.account.forms import SignupForm
from allauth.socialaccount.forms import SignupForm as SocialSignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

from .names import LONGEST_NAME, validate_display_name


def shown_name_field():
    """The field that asks a newcomer for a name."""
    return forms.CharField(
        label=_("Shown name"),
        max_length=LONGEST_NAME,
        validators=[validate_display_name],
        help_text=_("How others see you. It can be changed later."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class SignUpForm(SignupForm):
    """allauth's form, with the shown name; the password may stay empty."""

    display_name = shown_name_field()
    field_order = ["display_name", "email", "password1"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "password1" in self.fields:
            self.fields["password1"].help_text = _(
                "May stay empty: then you sign in with a code that we mail you. Otherwise ten characters or more."
            )


class ProviderSignUpForm(SocialSignupForm):
    """What a newcomer is asked whose provider told no address, or no name that may be shown."""

    display_name = shown_name_field()
    field_order = ["display_name", "email"]
