"""What `manage.py up` finds or makes before the site opens: a group, its owner, a text to read."""

from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from readinggroup.accounts.models import SignInLink, User
from readinggroup.groups.actions import found_group
from readinggroup.groups.models import Group, Membership, Visibility
from readinggroup.groups.settling import change_rules
from readinggroup.readings.actions import bring_text, reading_from_file
from readinggroup.readings.models import ReadingState
from texts.importing import read
from texts.importing.bounded import read_bounded
from texts.importing.document import Unreadable
from texts.importing.saving import keep_source, sha256_of

OWNER_EMAIL = "owner@reading-group.localhost"
GUIDE = settings.BASE_DIR / "texts" / "guide" / "readers-guide.md"


@dataclass
class FirstRun:
    """What there is now: lines to print, and the one-time links (who, path)."""

    messages: list = field(default_factory=list)
    sign_in_links: list = field(default_factory=list)


@transaction.atomic
def prepare(file: Path | None, *, demo: bool = False, owner_email: str = OWNER_EMAIL) -> FirstRun:
    """Make what is missing, all of it or nothing. The same call again changes nothing.

    CommandError, in one line, for a file that cannot be read.
    """
    # Opened before anything is made; read in a bounded child, since a stranger may have written it.
    document, content = (open_text(file), file.read_bytes()) if file else (None, b"")
    group = Group.objects.order_by("created_at", "pk").first() or new_group(owner_email)
    run = FirstRun()
    if file:
        run.messages.append(shelve(group, document, content, file.name))
    elif not group.readings.on_the_shelf().exists():
        content = GUIDE.read_bytes()
        shelve(group, read(content, filename=GUIDE.name), content, GUIDE.name)
        run.messages.append(_("No file was given: the site opens with a short reader's guide."))
    if demo:
        from readinggroup.demo import living_group  # not needed otherwise

        run.messages.append(living_group(group))
    run.sign_in_links = [(_("owner"), sign_in_path(owner_of(group)))]
    return run


def open_text(file: Path):
    """The file as a document."""
    try:
        return read_bounded(file.read_bytes(), filename=file.name)
    except Unreadable as problem:
        raise CommandError(f"{file}: {problem}") from problem
    except OSError as problem:
        raise CommandError(f"{file}: {problem.strerror}") from problem


def new_group(owner_email: str = OWNER_EMAIL) -> Group:
    """The group of a fresh site, with its owner."""
    owner = User.objects.filter(email__iexact=owner_email).first()
    owner = owner or User.objects.create_user(owner_email, display_name=_("The owner"))
    group = found_group(
        name=_("Reading group"),
        by=owner,
        visibility=Visibility.PUBLIC,
        description=_("We read one text together, paragraph by paragraph."),
    )
    change_rules(group=group, rules=first_rules(), by=owner)
    return group


def first_rules() -> list:
    """Rules to begin with, as pairs of title and words: an owner makes them the group's own."""
    return [
        (_("Read before you write"), _("Say which words of the paragraph you mean. Others can then follow you there.")),
        (_("Speak of the text, not of one another"), _("A reading may be wrong; a reader is not to be mocked.")),
        (_("Be fair to whom you quote"), _("Quote others as they wrote, and say where you have it from.")),
    ]


def owner_of(group) -> User:
    """The person to hand the group's first link to."""
    memberships = Membership.objects.owning().filter(group=group)
    return memberships.order_by("joined_at", "pk").select_related("user")[0].user


def shelve(group, document, content: bytes, filename: str) -> str:
    """Put the text on the group's shelf; the group's first text is the one it reads now."""
    known = reading_from_file(group=group, sha256=sha256_of(content))
    if known:
        return _("“%(title)s” is on the shelf already; nothing was changed.") % {"title": known.edition.title}
    first = not group.readings.current().exists()
    reading = bring_text(
        group=group,
        document=document,
        source_file=keep_source(content, filename),
        section_titles=document.section_titles,
        state=ReadingState.CURRENT if first else ReadingState.PLANNED,
    )
    revision = reading.edition.current
    return _("“%(title)s” is on the shelf: %(paragraphs)d paragraphs, %(words)d words.") % {
        "title": reading.edition.title,
        "paragraphs": revision.paragraphs,
        "words": revision.words,
    }


def sign_in_path(user) -> str:
    """A fresh one-time link's path for the account."""
    return reverse("accounts:sign_in_by_link", kwargs={"token": SignInLink.issue(user)})
