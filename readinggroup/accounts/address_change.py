"""A changed address is told to the old one, with a link that takes the change back.

The new address is confirmed by a code (allauth). The old one's word is not waited for, since who has lost an old
mailbox could never change; instead its owner has a week to say "that was not me".
"""

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.core import signing
from django.db import transaction
from django.utils import timezone

from .models import User

LIFETIME = timedelta(days=7)
# What was added to the account this long before the change is taken for the same hand's doing.
SAME_HAND = timedelta(days=1)
SALT = "readinggroup.accounts.address_change"


def token_for(*, user, old, new) -> str:
    """What the link to the old address holds: signed, nothing is kept."""
    told = {"user": user.public_id, "old": old, "new": new, "at": timezone.now().isoformat()}
    return signing.dumps(told, salt=SALT, compress=True)


def read(token) -> dict | None:
    """What the token says; None if it is forged or too old."""
    try:
        return signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None


@transaction.atomic
def take_back(*, user, old, at, **_):
    """Give the account its old address again, and take from it whatever opens it and was not there before.

    Also when the address has been changed again since: who took the account over would do that. Everybody is signed
    out, the password is good no more; the owner signs in by a code that goes to the old address. IntegrityError if
    another account has that address now.
    """
    found = User.objects.select_for_update().get(public_id=user)
    since = datetime.fromisoformat(at) - SAME_HAND
    found.email = old
    found.set_unusable_password()  # every login is bound to the password, so all of them end
    found.save(update_fields=["email", "password"])
    found.emailaddress_set.all().delete()
    found.emailaddress_set.create(email=old, verified=True, primary=True)
    found.sign_in_links.all().delete()
    found.socialaccount_set.filter(date_joined__gte=since).delete()
    factors = Authenticator.objects.filter(user=found)
    factors.filter(created_at__gte=since).delete()
    if not factors.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        factors.delete()
    return found
