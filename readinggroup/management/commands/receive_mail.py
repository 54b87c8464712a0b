"""Take in one mail, as a mail server's pipe or a webhook hands it over."""

import logging
import sys

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error

from readinggroup import inbound

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Take in one mail (RFC 5322) from standard input: an answer to a notice, or a report that one came back."
        " Ends with a code of sysexits.h; 75 asks the mail server to try again."
    )
    requires_system_checks = []  # once a mail

    def add_arguments(self, parser):
        parser.add_argument(
            "--recipient", default="", help="whom the envelope addresses; else the headers of the mail are looked at"
        )

    def handle(self, *, recipient, **options):
        sys.exit(int(self.taken(recipient)))

    def taken(self, recipient):
        data = sys.stdin.buffer.read(inbound.LARGEST + 1)
        while sys.stdin.buffer.read(inbound.LARGEST):
            pass  # the mail server writes to the end
        if not settings.INBOUND_MAIL_DOMAIN:
            log.error("Mail has come in, and INBOUND_MAIL_DOMAIN is not set")
            return inbound.Exit.TRY_AGAIN
        try:
            return inbound.receive(data, recipient=recipient)
        except Error as failure:
            log.error("The database did not take a mail, it is to be sent again: %s", type(failure).__name__)
        except Exception as failure:
            # Not with its words, nor those of the database: they may hold the mail's. Where it happened says enough.
            log.error("A mail could not be taken, it is to be sent again: %s", where(failure))
        return inbound.Exit.TRY_AGAIN


def where(failure) -> str:
    """What went wrong, and in which line of which file."""
    trace = failure.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return f"{type(failure).__name__} in {trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno}"
