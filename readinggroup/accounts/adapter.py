"""How allauth's accounts become ours."""

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.translation import get_language

from .names import LONGEST_NAME


class AccountAdapter(DefaultAccountAdapter):
    """Give a new account a name before its first save, since the database refuses one without, and its language."""

    def save_user(self, request, user, form, commit=True):
        user.display_name = form.cleaned_data.get("display_name") or user.email.split("@")[0][:LONGEST_NAME]
        user.language = get_language()  # in which they signed up: mails come in it, too
        return super().save_user(request, user, form, commit)
