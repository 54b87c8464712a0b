"""How allauth's accounts become ours."""

from allauth.account.adapter import DefaultAccountAdapter

from .names import LONGEST_NAME


class AccountAdapter(DefaultAccountAdapter):
    """Give a new account a name before its first save, since the database refuses one without."""

    def save_user(self, request, user, form, commit=True):
        user.display_name = form.cleaned_data.get("display_name") or user.email.split("@")[0][:LONGEST_NAME]
        return super().save_user(request, user, form, commit)
