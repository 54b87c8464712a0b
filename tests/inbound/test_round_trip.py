"""From the mail of a notice to a comment and back: what one program sends, the other takes."""

import pytest
from django.core import mail

from readinggroup import inbound
from readinggroup.discussion.models import Comment
from readinggroup.notifications.mail_addresses import bounce_address
from readinggroup.notifications.models import Delivery, Digest, MailSettings, Notice
from readinggroup.tasks import mail_due_notices

from .. import factories


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def answer_to(message, words):
    """As a mail program answers: to the Reply-To, below it what was said."""
    raw = message.message()
    quoted = "\n".join(f"> {line}" for line in message.body.splitlines())
    return (
        f"From: {message.to[0]}\nTo: {raw['Reply-To']}\nSubject: Re: {message.subject}\n"
        f"Message-ID: <one@mail.example.org>\nIn-Reply-To: {raw['Message-ID']}\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{words}\n\n"
        f"On Mon, 23 Nov 2026 at 10:02, Reading group <x@example.org> wrote:\n{quoted}\n"
    ).encode()


def test_an_answer_to_the_mail_is_an_answer_on_the_site_and_is_mailed_in_turn(house):
    first = factories.create_comment(house.reading, house.member, "Who counted the sacks?")
    factories.create_comment(house.reading, house.other, "She did.", parent=first)
    mail_due_notices()
    [message] = mail.outbox
    data = answer_to(message, "Then I believe it.")
    for _delivered_twice in range(2):
        assert inbound.receive(data) == inbound.Exit.OK
    answer = Comment.objects.get(body="Then I believe it.")
    assert (answer.author, answer.parent.body) == (house.member, "She did.")
    mail_due_notices()
    back = mail.outbox[-1]
    assert back.to == [house.other.email]
    assert "Then I believe it." in back.body
    assert back.message()["References"] == message.message()["References"]


def test_what_comes_back_comes_to_an_address_that_names_it(house):
    first = factories.create_comment(house.reading, house.member, "Who?")
    factories.create_comment(house.reading, house.other, "She did.", parent=first)
    mail_due_notices()
    [message] = mail.outbox
    assert message.from_email.startswith("bounce+")
    report = (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@mail.example.org\nTo: {message.from_email}\n"
        "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\n\n'
        "--x\nContent-Type: text/plain\n\nNo.\n\n--x\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mail.example.org\n\n"
        f"Final-Recipient: rfc822; {message.to[0]}\nAction: failed\nStatus: 5.1.1\n\n--x--\n"
    ).encode()
    assert inbound.receive(report) == inbound.Exit.OK
    notice = Notice.objects.get()
    assert (notice.delivery, notice.reason) == (Delivery.FAILED, "came back: 5.1.1")
    assert MailSettings.objects.get(user=house.member).bounces == 1
    sent = {"delivery": Delivery.SENT, "mailed_at": notice.created_at}
    digest = Digest.objects.create(recipient=house.member, day="2026-11-23", **sent)
    assert inbound.receive(report.replace(message.from_email.encode(), bounce_address(digest.public_id).encode())) == 0
    assert MailSettings.objects.get(user=house.member).bounces == 2
