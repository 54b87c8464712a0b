"""Signing in through an OpenID Connect provider: what of its word is believed, and what happens when it misbehaves."""

import logging
import unicodedata

from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from requests import RequestException

from readinggroup.lib.bad_input import is_storable

from .access import public
from .names import LONGEST_NAME, REFUSED_CATEGORIES, validate_display_name

logger = logging.getLogger(__name__)

# What our own code meets when a provider's answer is not what the standard says: no JSON, no `sub`, a list for a name.
# allauth takes a `sub` longer than the standard's 255 characters for a fault of its own configuration.
NONSENSE = (
    LookupError, TypeError, ValueError, AttributeError, ValidationError, ImproperlyConfigured, DataError, IntegrityError
)  # fmt: skip


def name_from(told) -> str:
    """A name that may be shown, made of what the provider tells; empty if nothing can be made of it."""
    for name in told:
        kept = "".join(
            " " if character.isspace() else character
            for character in unicodedata.normalize("NFC", name)
            if character.isspace() or unicodedata.category(character) not in REFUSED_CATEGORIES
        )
        kept = " ".join(kept.split())[:LONGEST_NAME].strip()
        try:
            validate_display_name(kept)
        except ValidationError:
            continue
        return kept
    return ""


def kept_of(told) -> dict:
    """What we keep of the provider's word: no more than the page of one's connections shows.

    PermissionDenied when token and userinfo speak of two people (OpenID Connect Core 1.0, 5.3.2).
    """
    parts = [part for part in (told.get("userinfo"), told.get("id_token")) if part]
    if len({part["sub"] for part in parts}) != 1:
        raise PermissionDenied
    kept = {key: parts[0].get(key) for key in ("sub", "email", "name", "preferred_username")}
    return {"userinfo": {key: text for key, text in kept.items() if isinstance(text, str) and is_storable(text)}}


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Accounts that come from a provider: with a name that may be shown, and never somebody else's."""

    def pre_social_login(self, request, sociallogin):
        """Tell the owner of an address that has an account here how to connect the two. Nobody is signed in by it.

        Only the provider's word that the address is theirs lets us say so. Without it, allauth's way is taken: the
        page tells nothing, and a mail to the address tells its owner.
        """
        for address in sociallogin.email_addresses:
            address.verified = address.verified in (True, "true")  # some providers say it as a string
        if sociallogin.is_existing or sociallogin.state.get("process") != "login":
            return
        theirs = [address.email for address in sociallogin.email_addresses if address.verified]
        if any(filter_users_by_email(address) for address in theirs):
            messages.error(
                request,
                _(
                    "Your address has an account here already. Sign in to it below, for instance by a code that we"
                    " mail you; then connect %(provider)s under “My account”."
                )
                % {"provider": sociallogin.provider.name},
            )
            raise ImmediateHttpResponse(redirect("account_login"))

    def populate_user(self, request, sociallogin, data):
        """The account that a newcomer would get. Comes first, so what is odd in the provider's word is met here."""
        sociallogin.account.extra_data = kept_of(sociallogin.account.extra_data)
        told = {key: value for key, value in data.items() if isinstance(value, str)}
        storable = {key: value for key, value in told.items() if is_storable(value)}
        user = super().populate_user(request, sociallogin, storable)
        full_name = f"{told.get('first_name', '')} {told.get('last_name', '')}"
        user.display_name = name_from([told.get("name", ""), full_name, told.get("username", "")])
        return user

    def is_auto_signup_allowed(self, request, sociallogin):
        """Without a name that may be shown, the newcomer is asked for one."""
        return bool(sociallogin.user.display_name) and super().is_auto_signup_allowed(request, sociallogin)


@public(because="the way to the provider")
def login(request, provider_id):
    """allauth's page under its own address; this one comes first in the URLconf."""
    return or_provider_away(openid_connect.login, request, provider_id)


@public(because="the way back from the provider; its state and code are the key")
def callback(request, provider_id):
    """As `login`."""
    return or_provider_away(openid_connect.callback, request, provider_id)


def or_provider_away(view, request, provider_id):
    """A provider that is away, slow or talks nonsense leads to a page that says so. What it was is in the log."""
    try:
        with transaction.atomic():
            return view(request, provider_id)
    except RequestException as error:
        logger.warning("The OpenID Connect provider did not answer: %s", error)
    except NONSENSE:
        logger.exception("The OpenID Connect provider's answer could not be understood")
    return TemplateResponse(request, "socialaccount/provider_away.html", {}, status=503)
