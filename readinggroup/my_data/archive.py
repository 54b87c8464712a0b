"""An archive is written: JSON for programs and pages for people, in one ZIP file, a few rows at a time."""

import json
import logging
import tempfile
import zipfile
from datetime import datetime

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join, linebreaks
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from readinggroup.accounts.models import Archive, ArchivePiece, ArchiveState
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from .contents import PARTS, Words

log = logging.getLogger(__name__)

A_PAGE = 500  # rows on one page of the archive
MOST_BYTES = 256 * 2**20  # 100,000 comments are some 20 MB; what is larger than this is a fault, not a person


class TooLarge(Exception):  # noqa: N818 - said in the log; the person is told that it failed
    """The archive would hold more than MOST_BYTES."""


def make(archive_id: int) -> None:
    """Make the archive that was asked for, and tell its owner; also when it could not be made."""
    archive = Archive.objects.waiting().filter(pk=archive_id).select_related("user").first()
    if archive is None:
        return
    try:
        with tempfile.TemporaryFile() as file:
            with transaction.atomic(), translation.override(archive.user.language or None):
                write(file, archive.user)
            keep(archive, file)
    except Exception:
        log.exception("Archive %s could not be made", archive.public_id)
        give_up(archive)


def write(file, user) -> None:
    """Everything of the person, into the file."""
    facts = {"written_at": timezone.now(), "site": settings.SITE_URL}
    counts = {}
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
        tempfile.TemporaryFile("w+", encoding="utf-8") as as_json,
    ):
        as_json.write(f'{{"about": {to_json(facts)}')
        for part in PARTS:
            as_json.write(f',\n"{part.name}": [')
            counts[part.name] = write_part(archive, as_json, part, part.rows(user))
            as_json.write("\n]")
        as_json.write("\n}\n")
        as_json.flush()
        contents = [(part, counts[part.name], counts[part.name] and page_name(part, 1)) for part in PARTS]
        archive.writestr("index.html", page("index", contents=contents, user=user, **facts))
        copy_into(archive, "my-data.json", as_json.buffer)


def write_part(archive, as_json, part, rows) -> int:
    """The rows of one part, each into the JSON and onto a page; the answer is how many there are."""
    count, number, entries = 0, 1, []
    for count, row in enumerate(rows, 1):
        as_json.write(("," if count > 1 else "") + "\n" + to_json(row))
        if len(entries) == A_PAGE:
            write_page(archive, part, number, entries, more=True)
            number, entries = number + 1, []
        entries.append(as_html(row))
    if entries:
        write_page(archive, part, number, entries, more=False)
    return count


def write_page(archive, part, number, entries, *, more) -> None:
    """One page of a part, with the way to the next."""
    before, after = number > 1 and page_name(part, number - 1), more and page_name(part, number + 1)
    html = page("part", part=part, entries=entries, number=number, before=before, after=after)
    archive.writestr(page_name(part, number), html)


def page_name(part, number) -> str:
    return f"pages/{part.name}-{number}.html"


def page(name, **context) -> str:
    return render_to_string(f"my_data/archive/{name}.html", context)


def copy_into(archive, name, file) -> None:
    """The file into the archive, a piece at a time."""
    file.seek(0)
    entry = zipfile.ZipInfo(name, timezone.localtime().timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as target:
        while piece := file.read(ArchivePiece.SIZE):
            target.write(piece)


def to_json(thing) -> str:
    return json.dumps(thing, cls=DjangoJSONEncoder, ensure_ascii=False)


def as_html(thing):
    """A row of the archive for people. Not a template: a hundred thousand comments would take it two minutes."""
    if isinstance(thing, dict):
        lines = ((key.replace("_", " "), as_html(value)) for key, value in thing.items())
        return format_html("<dl>{}</dl>", format_html_join("\n", "<dt>{}</dt><dd>{}</dd>", lines))
    if isinstance(thing, list | tuple):
        return format_html("<ul>{}</ul>", format_html_join("\n", "<li>{}</li>", ((as_html(one),) for one in thing)))
    if isinstance(thing, Words):
        return mark_safe(thing.html)  # noqa: S308 - the comment as the site shows it, sanitised when it was written
    if isinstance(thing, bool):
        return _("yes") if thing else _("no")
    if isinstance(thing, datetime):
        moment = date_format(timezone.localtime(thing), "DATETIME_FORMAT")
        return format_html('<time datetime="{}">{}</time>', thing.isoformat(timespec="seconds"), moment)
    if thing is None or thing == "":
        return "–"
    text = str(thing)
    if text.startswith(f"{settings.SITE_URL}/"):
        return format_html('<a href="{0}">{0}</a>', text)
    return mark_safe(linebreaks(text, autoescape=True)) if "\n" in text else text  # noqa: S308 - it escapes


@transaction.atomic
def keep(archive, file) -> None:
    """Keep the file, if the archive is still waited for: it may have been given up, or its owner be gone."""
    size = file.seek(0, 2)
    if size > MOST_BYTES:
        raise TooLarge(size)
    # The lock: of two workers that made the same archive, the second finds it no longer waiting.
    waited_for = Archive.objects.waiting().select_for_update(of=["self"]).filter(pk=archive.pk).exists()
    if not waited_for:
        return
    file.seek(0)
    number = 0
    while content := file.read(ArchivePiece.SIZE):
        number += 1
        ArchivePiece.objects.create(archive=archive, number=number, content=content)
    Archive.objects.filter(pk=archive.pk).update(state=ArchiveState.READY, size=size, made_at=timezone.now())
    tell_of(archive, "my_data/archive_ready")


@transaction.atomic
def give_up(archive) -> None:
    """It failed: the next one can be asked for, and the owner is told."""
    if Archive.objects.waiting().filter(pk=archive.pk).update(state=ArchiveState.FAILED):
        tell_of(archive, "my_data/archive_failed")


def tell_of(archive, kind) -> None:
    tell(
        recipients=[archive.user],
        kind=kind,
        category=Category.ACCOUNT,
        event=f"archive-{archive.pk}-{kind.rpartition('_')[2]}",
        address=reverse("my_data:my_data"),
        facts={"days": Archive.KEPT_FOR.days},
    )


def tidy() -> None:
    """Remove archives whose week is over; give up those that nobody makes any more."""
    Archive.objects.outlived().delete()
    for archive in Archive.objects.given_up().select_related("user"):
        give_up(archive)
