"""Mail as files: each message whole or not at all, newest last by name."""

from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection

BACKEND = "readinggroup.lib.mail_files.EmailBackend"


def mail(subject, body="Words, ünd more."):
    return EmailMultiAlternatives(subject, body, "from@example.org", ["to@example.org"])


def send(*messages):
    return get_connection(BACKEND).send_messages(messages)


def files(settings):
    return sorted(settings.MAIL_DIR.glob("*.eml"))


def read(file):
    return message_from_bytes(file.read_bytes(), policy=policy.default)


def test_each_message_is_a_file_that_can_be_read_again(settings):
    message = mail("Grüße aus dem Hafen")
    message.attach_alternative("<p>Words</p>", "text/html")
    assert send(message) == 1
    (file,) = files(settings)
    assert read(file)["Subject"] == "Grüße aus dem Hafen"
    assert read(file).get_body(["plain"]).get_content().strip() == "Words, ünd more."
    assert "<p>Words</p>" in read(file).get_body(["html"]).get_content()


def test_their_names_sort_by_time(settings):
    for number in range(20):
        send(*(mail(f"{number} {second}") for second in range(3)))
    assert [read(file)["Subject"] for file in files(settings)] == [f"{n} {s}" for n in range(20) for s in range(3)]


def test_many_threads_lose_none(settings):
    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(lambda number: send(mail(str(number)), mail(f"{number}b")), range(50))) == 100
    assert {read(file)["Subject"] for file in files(settings)} == {f"{n}{b}" for n in range(50) for b in ("", "b")}


def test_none_sent_is_none_written(settings):
    assert send() == 0
    assert files(settings) == []


def test_a_message_that_is_half_written_is_not_there(settings, monkeypatch):
    """Neither when the disk is full, nor for who looks into the folder while it is written."""
    seen = []

    def half(file, content):
        with file.open("wb") as opened:
            opened.write(content[: len(content) // 2])
        seen.extend(files(settings))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="No space left"):
        send(mail("half"))
    assert seen == files(settings) == []


@pytest.mark.parametrize("bad", ["a\nBcc: x@example.org", "a\r\nX: y"])
def test_a_header_cannot_be_smuggled_in(settings, bad):
    with pytest.raises(ValueError, match="newlines"):
        send(mail(bad))
    assert files(settings) == []
