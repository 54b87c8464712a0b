"""What tests of revisions do over HTTP, as an organizer does it."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from readinggroup.readings.models import Correction
from readinggroup.revisions import actions

from .. import factories

TYPO = ("the sacks, and nobody", "the sacks; and nobody")


def page(house, name, *more):
    """The address of one of the pages."""
    return reverse(f"revisions:{name}", args=[house.group.slug, house.reading.slug, *more])


def corrected(*pairs, text=factories.TEXT):
    """The text with these words in place of those."""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def upload(text, name="ferry-2.txt"):
    content = text if isinstance(text, bytes) else text.encode()
    return SimpleUploadedFile(name, content)


def bring(client, house, text, **more):
    """Bring a corrected file; the correction that came of it."""
    answer = client.post(page(house, "bring_correction"), {"file": upload(text), **more})
    assert answer.status_code == 302, answer.text
    return Correction.objects.order_by("pk").last()


def seen_on(answer):
    """What the rehearsal that is shown was made of."""
    return re.search(r'name="seen" value="(\w+)"', answer.text)[1]


def publish(client, house, correction, why="A misprint."):
    """Look at the rehearsal and publish it; the answer."""
    shown = client.get(page(house, "rehearsal", correction.pk))
    assert shown.status_code == 200, shown.text
    return client.post(page(house, "publish", correction.pk), {"why": why, "seen": seen_on(shown)})


def by_hand(client, house, at, /, **data):
    """Correct the paragraph of that number on its page; the correction that came of it."""
    version = factories.version_of(house.reading, at)
    answer = client.post(page(house, "correct_paragraph", version.paragraph.public_id), data)
    assert answer.status_code == 302, answer.text
    return Correction.objects.order_by("pk").last()


def changed(house, at, act="edit", **more):
    """A change to the paragraph of that number, as a correction keeps it."""
    version = factories.version_of(house.reading, at)
    if act == "edit":
        more.setdefault("texts", [f"{version.text} So it was."])
    return {"change": act, "paragraph": version.paragraph.public_id, **more}


def published(house, *changes, why="A second printing."):
    """The text revised by these changes, without a browser."""
    correction = actions.open_correction(reading=house.reading, by=house.organizer, changes=changes)
    made = actions.publish_correction(correction=correction, by=house.organizer, why=why)
    house.reading.edition.refresh_from_db()
    return made


def revise(client, house, at=3, /, **data):
    """Correct a paragraph by hand, and publish it."""
    house.reading.edition.refresh_from_db()
    if not data:
        data = {"act": "edit", "text": factories.version_of(house.reading, at).text + " So it was."}
    answer = publish(client, house, by_hand(client, house, at, **data))
    assert answer.status_code == 302, answer.text
    house.reading.edition.refresh_from_db()
    return house.reading.edition.current
