"""What browsers send in order to be told."""

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.push_keys import decoded, encoded, is_public_key

from .models.devices import LONGEST_ENDPOINT
from .push import is_known_service


def key_of(text, is_good, refusal) -> str:
    """The key as we keep it, if it is one."""
    try:
        key = decoded(text)
    except ValueError:
        key = b""
    if not is_good(key):
        raise forms.ValidationError(refusal)
    return encoded(key)


class PushSubscriptionForm(forms.Form):
    """A browser's subscription: where its push service takes messages for it, and with which keys to encrypt."""

    endpoint = forms.CharField(max_length=LONGEST_ENDPOINT)
    p256dh = forms.CharField(max_length=200)
    auth = forms.CharField(max_length=100)

    NOT_KNOWN = _("This browser's push service is not one that this site sends to.")
    NO_KEY = _("The browser's keys cannot be read.")

    def clean_endpoint(self):
        endpoint = self.cleaned_data["endpoint"]
        if not is_known_service(endpoint):
            raise forms.ValidationError(self.NOT_KNOWN)
        return endpoint

    def clean_p256dh(self):
        return key_of(self.cleaned_data["p256dh"], is_public_key, self.NO_KEY)

    def clean_auth(self):
        return key_of(self.cleaned_data["auth"], lambda key: len(key) == 16, self.NO_KEY)

    def refusal(self) -> str:
        """What is wrong, in a line."""
        return " ".join(dict.fromkeys(message for messages in self.errors.values() for message in messages))
