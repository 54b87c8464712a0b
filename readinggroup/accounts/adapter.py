"""How allauth's accounts become ours."""

import logging

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import clean_client_ip
from allauth.core.internal.ratelimit import get_ip
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.urls import reverse
from django.utils.translation import get_language

from .address_change import token_for
from .names import LONGEST_NAME

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """allauth's accounts with our names and languages, and a way back when somebody else has changed an address."""

    def save_user(self, request, user, form, commit=True):
        """Give a new account a name before its first save, since the database refuses one without."""
        user.display_name = form.cleaned_data.get("display_name") or user.email.split("@")[0][:LONGEST_NAME]
        user.language = get_language()  # in which they signed up: mails come in it, too
        return super().save_user(request, user, form, commit)

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """Tell of a change. The mail to an old address holds the link that takes the change of address back."""
        if template_prefix == "account/email/email_changed":
            token = token_for(user=user, old=context["from_email"], new=context["to_email"])
            address = reverse("accounts:take_back_address", args=[token])
            context |= {"take_back": self.request.build_absolute_uri(address)}
        super().send_notification_mail(template_prefix, user, context, email)

    def is_safe_url(self, url):
        """Whether `next` may lead there. An address that cannot be read is not safe; allauth fails on it."""
        try:
            return super().is_safe_url(url)
        except ValueError:
            return False

    def get_client_ip(self, request):
        """From where the request comes, by which tries are counted.

        A request that names fewer addresses than there are proxies has not come through all of them. allauth fails on
        it; here the address that has sent it counts, which nobody can choose.
        """
        try:
            return super().get_client_ip(request)
        except ImproperlyConfigured:
            sender = clean_client_ip(request.META.get("REMOTE_ADDR", ""))
            logger.warning("A request did not come through as many proxies as ALLAUTH_TRUSTED_PROXY_COUNT says.")
        if sender is None:
            raise PermissionDenied
        return sender

    def _get_login_attempts_cache_key(self, request, **credentials):
        """Wrong passwords are counted by address and network: nobody is locked out by what others try elsewhere."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{get_ip(request)}"


class DevicesAdapter(DefaultUserSessionsAdapter):
    """The list of devices: sign the named one out, or all but this one."""

    def end_sessions(self, sessions):
        device = self.request.POST.get("device")
        super().end_sessions(session for session in sessions if device in {None, str(session.pk)})
