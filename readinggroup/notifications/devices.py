"""Which devices somebody is told on: adding one, and taking one away."""

import re

from django.db import transaction
from django.utils import timezone

from readinggroup.accounts.models import Login, User

from .models import PushSubscription

# What a browser calls itself, the most particular first: most say that they are several.
BROWSERS = [
    ("Edge", r"Edg(?:e|A|iOS)?/"), ("Opera", r"OPR/|Opera"), ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"), ("Chromium", r"Chromium/"), ("Chrome", r"Chrome/|CriOS/"), ("Safari", r"Safari/"),
]  # fmt: skip
SYSTEMS = [
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("ChromeOS", "CrOS"),
    ("Mac", "Macintosh"), ("Linux", "Linux"),
]  # fmt: skip


def name_of_device(user_agent: str) -> str:
    """Which browser on which system this is, as far as it says so; for its person to know it again."""
    said = (next((name for name, sign in signs if re.search(sign, user_agent)), "") for signs in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, said))


@transaction.atomic
def add_device(*, login_key, endpoint: str, p256dh: str, auth: str, name: str, by) -> bool:
    """Tell this person on this device, as long as they are signed in there.

    A browser has one login and one subscription, whoever sits before it: that belongs to who asked last. Of very many
    devices the oldest gives way. The person's row is held meanwhile, so that two at once do not become too many, and so
    is the login; False if it has ended.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    login = Login.objects.select_for_update(no_key=True).filter(pk=login_key, user=by).first()
    if login is None:
        return False
    PushSubscription.objects.filter(login=login).exclude(endpoint=endpoint).delete()
    subscription = PushSubscription(
        user=by, login=login, endpoint=endpoint, p256dh=p256dh, auth=auth, name=name, created_at=timezone.now()
    )
    fresh = ["public_id", "user", "login", "p256dh", "auth", "name", "created_at", "last_used_at", "failures"]
    PushSubscription.objects.bulk_create(
        [subscription], update_conflicts=True, unique_fields=["endpoint"], update_fields=fresh
    )
    mine = PushSubscription.objects.of(by).order_by("-created_at", "-pk")
    too_many = list(mine.values_list("pk", flat=True)[PushSubscription.A_PERSON :])
    if too_many:
        PushSubscription.objects.filter(pk__in=too_many).delete()
    return True


def remove_devices(*, devices, by) -> int:
    """Tell this person no longer on these devices of theirs."""
    return devices.of(by).delete()[0]
