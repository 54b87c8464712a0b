"""Housekeeping of logins, by the worker, every night."""

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from .logins import SessionStore
from .models import Pace, SignInLink

KEEP_USED_LINKS = timedelta(days=30)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="clear_expired_logins", pass_context=False)
def clear_expired_logins(timestamp: int):
    """Remove logins that have expired, sign-in links that can no longer be used, and what was counted for limits.

    `timestamp` is the night's.
    """
    SessionStore.clear_expired()
    SignInLink.objects.filter(created_at__lt=timezone.now() - KEEP_USED_LINKS).delete()
    Pace.objects.filter(ends_at__lt=timezone.now()).delete()
