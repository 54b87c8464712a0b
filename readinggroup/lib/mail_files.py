"""Mail as files: each message one `.eml` under settings.MAIL_DIR, for machines without a mail server."""

import itertools
import os
import time

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

_counter = itertools.count()


class EmailBackend(BaseEmailBackend):
    """Write each message to a file of its own, whole or not at all."""

    def send_messages(self, email_messages):
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{time.time_ns():020}-{os.getpid()}-{next(_counter)}.eml"
            unfinished = settings.MAIL_DIR / f"{name}.part"
            try:
                unfinished.write_bytes(message.message().as_bytes())
                unfinished.rename(settings.MAIL_DIR / name)
            finally:
                unfinished.unlink(missing_ok=True)
        return len(email_messages)
