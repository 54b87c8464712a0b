"""Messages as files, and the command that a mail server's pipe calls."""

import io
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from readinggroup.notifications.mail_addresses import bounce_address, reply_address

from .. import factories

MESSAGES = Path(__file__).parent / "messages"
DOMAIN = "in.readers.example.org"


@pytest.fixture(autouse=True)
def _takes_mail(settings):
    settings.INBOUND_MAIL_DOMAIN = DOMAIN


@pytest.fixture
def asked(house):
    """What Olga has said, which Mara answers."""
    return factories.create_comment(house.reading, house.owner, "Was it a list or a song?")


@pytest.fixture
def pipe(monkeypatch):
    """Hand bytes to the command; the answer is its exit code."""

    def run(data, recipient=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        with pytest.raises(SystemExit) as ended:
            call_command("receive_mail", recipient=recipient)
        return ended.value.code

    return run


@pytest.fixture
def deliver(pipe):
    """Hand a message of the folder (or bytes) to the command, addressed by this person in answer to that comment."""

    def run(message, *, by, to=None, address=None, sender=None, recipient="", notice=None):
        data = message if isinstance(message, bytes) else (MESSAGES / f"{message}.eml").read_bytes()
        data = data.replace(b"{{FROM}}", (sender or by.email).encode())
        address = address or (reply_address(by, to.public_id) if to else "")
        data = data.replace(b"{{REPLY}}", address.encode())
        if notice:
            data = data.replace(b"{{BOUNCE}}", bounce_address(notice.public_id).encode())
        return pipe(data, recipient)

    return run


def plain(words, *, message_id="<1@mail.example.net>"):
    """The plainest message that says this."""
    head = (
        f"From: {{{{FROM}}}}\nTo: {{{{REPLY}}}}\nMessage-ID: {message_id}\nContent-Type: text/plain; charset=utf-8\n\n"
    )
    return head.encode() + words.encode()
