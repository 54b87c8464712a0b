"""The account itself, how one signs in, and how one is reached."""

from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.models import Archive, Login, SignInLink
from readinggroup.notifications.models import Digest, MailSettings, MailWish, Notice, PushSubscription
from readinggroup.notifications.wording import words_of_kind

from .part import Part, each

# Of the account itself everything is in the archive but this.
SECRETS = {"password"}


def account(user):
    """The account and its settings: every field, whatever is added to it later, but the secrets."""
    yield {field.name: getattr(user, field.name) for field in user._meta.concrete_fields if field.name not in SECRETS}


def email_addresses(user):
    for address in each(EmailAddress.objects.filter(user=user)):
        yield {"email": address.email, "verified": address.verified, "primary": address.primary}


def devices(user):
    for device in each(UserSession.objects.filter(user=user)):
        yield {
            "network_address": device.ip,
            "browser": device.user_agent,
            "signed_in_at": device.created_at,
            "last_seen_at": device.last_seen_at,
        }


def push_subscriptions(user):
    """Where I am told on devices. Of the address only whose service it is: the rest would let others write there."""
    for device in each(PushSubscription.objects.of(user)):
        yield {
            "browser": device.name,
            "push_service": urlsplit(device.endpoint).netloc,
            "created_at": device.created_at,
            "last_used_at": device.last_used_at,
        }


def logins(user):
    for login in each(Login.objects.filter(user=user)):
        yield {"ends_at": login.expire_date}


def second_factors(user):
    for factor in each(Authenticator.objects.filter(user=user)):
        yield {
            "kind": factor.type,
            "name": factor.data.get("name", "") if factor.type == Authenticator.Type.WEBAUTHN else "",
            "created_at": factor.created_at,
            "last_used_at": factor.last_used_at,
        }


def other_sites(user):
    for known in each(SocialAccount.objects.filter(user=user)):
        yield {
            "provider": known.provider,
            "known_there_as": known.uid,
            "what_it_told_us": known.extra_data,
            "created_at": known.date_joined,
            "last_used_at": known.last_login,
        }


def sign_in_links(user):
    for link in each(SignInLink.objects.filter(user=user)):
        yield {"created_at": link.created_at, "used_at": link.used_at}


def notices(user):
    """Of notices about comments, which are others' words, only the address."""
    for notice in each(Notice.objects.of(user)):
        words = None if notice.about else words_of_kind(notice.kind, notice.facts)
        yield {
            "about": notice.category,
            "subject": words.subject if words else "",
            "words": words.body if words else "",
            "address": notice.address and f"{settings.SITE_URL}{notice.address}",
            "created_at": notice.created_at,
            "read_at": notice.read_at,
            "mailed_at": notice.mailed_at,
        }


def mail_wishes(user):
    for wish in each(MailWish.objects.filter(user=user)):
        yield {"group_key": wish.group_key, "about": wish.category, "when": wish.when}


def mail_settings(user):
    for settings_ in MailSettings.objects.filter(user=user):
        yield {
            field.name: getattr(settings_, field.name) for field in MailSettings._meta.fields if field.name != "user"
        }


def digests(user):
    for digest in each(Digest.objects.filter(recipient=user)):
        yield {"day": digest.day, "mailed_at": digest.mailed_at}


def archives(user):
    for archive in each(Archive.objects.of(user)):
        yield {"asked_at": archive.asked_at, "made_at": archive.made_at, "state": archive.state, "size": archive.size}


PARTS = [
    Part("account", _("Account and preferences"), (), account),
    Part("email_addresses", _("E-mail addresses"), ("account.EmailAddress.user",), email_addresses),
    Part("devices", _("Devices"), ("usersessions.UserSession.user",), devices),
    Part(
        "push_subscriptions",
        _("Devices on which I am told"),
        ("notifications.PushSubscription.user",),
        push_subscriptions,
    ),
    Part("logins", _("Logins that still stand"), ("accounts.Login.user",), logins),
    Part("second_factors", _("Passkeys and one-time codes"), ("mfa.Authenticator.user",), second_factors),
    Part("other_sites", _("Accounts elsewhere, to sign in with"), ("socialaccount.SocialAccount.user",), other_sites),
    Part("sign_in_links", _("One-time links"), ("accounts.SignInLink.user",), sign_in_links),
    Part("notices", _("What I was told"), ("notifications.Notice.recipient",), notices),
    Part("mail_wishes", _("What I want to be told by mail"), ("notifications.MailWish.user",), mail_wishes),
    Part("mail_settings", _("How I am reached"), ("notifications.MailSettings.user",), mail_settings),
    Part("digests", _("Daily and weekly digests"), ("notifications.Digest.recipient",), digests),
    Part("archives", _("Archives like this one"), ("accounts.Archive.user",), archives),
]
