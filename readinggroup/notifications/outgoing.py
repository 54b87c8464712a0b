"""The door through which all mail leaves: closed in a restored copy, whoever writes the mail.

What is queued waits (mailing.take_one). What a page sends at once, such as a code to sign in, is dropped, and the log
says so.
"""

import logging

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from prometheus_client import Counter

from .models import RestoredCopy

log = logging.getLogger(__name__)

MAILS = Counter(
    "readinggroup_mails",
    "Mails that this process handed to the relay: sent, refused (or it was not there), held back",
    ["outcome"],
)


class EmailBackend(BaseEmailBackend):
    """settings.OUTGOING_MAIL_BACKEND, unless this is a restored copy."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.options = options

    def send_messages(self, email_messages):
        if RestoredCopy.objects.exists():
            log.warning("%d mails were not sent: this is a restored copy (manage.py resume_mail)", len(email_messages))
            MAILS.labels("held back").inc(len(email_messages))
            return 0
        sent = 0
        try:
            sent = get_connection(settings.OUTGOING_MAIL_BACKEND, **self.options).send_messages(email_messages) or 0
        finally:
            MAILS.labels("sent").inc(sent)
            MAILS.labels("refused").inc(len(email_messages) - sent)
        return sent
