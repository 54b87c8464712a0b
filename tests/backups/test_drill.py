"""The drill: a backup is restored into an empty database, and that one is the site, except that it tells nobody."""

import os
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import psycopg
import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.backups import archive, restoring
from readinggroup.backups.fingerprints import fingerprints
from readinggroup.backups.making import make_backup
from readinggroup.discussion.models import Comment
from readinggroup.moderation.models import LogEntry
from readinggroup.notifications import mailing, push
from readinggroup.notifications.models import Delivery, Notice, RestoredCopy

from .. import factories
from ..conftest import signed_in_as
from ..moderation.decisions import hidden, reversed_

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def another_database():
    """The site on an empty database of its own; gone afterwards."""
    own, name = connection.settings_dict["NAME"], f"drill_{os.getpid()}"
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name}")
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def prints_of_all():
    with transaction.atomic():
        return fingerprints()


def sequences_behind():
    """Tables whose next row would get a number that is taken."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT c.relname, pg_get_serial_sequence(quote_ident(c.relname), a.attname), a.attname FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> '' WHERE c.relkind = 'r'
            AND c.relnamespace = 'public'::regnamespace
        """)
        found = cursor.fetchall()
        assert len(found) > 40
        behind = []
        for table, sequence, column in found:
            cursor.execute(
                f"SELECT coalesce(max({column}), 0) > (SELECT last_value FROM {sequence}) FROM {table}"  # noqa: S608
            )
            behind += [table] if cursor.fetchone()[0] else []
    return behind


def refused_by_the_database(statement):
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute(statement)
    return True


def test_what_comes_out_is_what_went_in_and_tells_nobody(house, tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path / "here"
    settings.DATA_DIR.mkdir()
    (settings.DATA_DIR / "secret_key").write_text("drawn by up")
    monkeypatch.setattr(restoring, "OTHERS_LEAVE_WITHIN", 0.2)
    factories.create_comment(house.reading, house.member, "Words that a backup keeps.")
    reversed_(house, hidden(house))
    Notice.objects.update(delivery=Delivery.DUE, mail_at=timezone.now() - timedelta(minutes=1))
    before, said, waiting = prints_of_all(), Comment.objects.count(), Notice.objects.count()
    assert sum(not found.startswith("0:") for found in before.values()) > 20, "many tables have rows"
    assert waiting
    identity = pyrage.x25519.Identity.generate()
    path = make_backup(tmp_path / "backups", recipients=[str(identity.to_public())])
    assert path.stat().st_mode & 0o077 == 0, "for its owner only"
    assert not [part for part in path.parent.iterdir() if part != path], "nothing unfinished stays"

    settings.DATA_DIR = tmp_path / "there"
    with another_database():
        with pytest.raises(archive.BadArchiveError, match="--identity"):
            restoring.restore(path)
        restoring.restore(path, identities=[identity])
        assert (settings.DATA_DIR / "secret_key").read_text() == "drawn by up"

        # The same in every table but the one that says that this is a copy.
        after = prints_of_all()
        assert after.pop("notifications_restoredcopy").startswith("1:")
        assert after == {table: found for table, found in before.items() if table != "notifications_restoredcopy"}
        assert sequences_behind() == []

        # Triggers, checks and keys still refuse.
        assert refused_by_the_database("UPDATE moderation_logentry SET facts = '{}'")
        assert refused_by_the_database("DELETE FROM moderation_decision")
        assert refused_by_the_database("UPDATE accounts_user SET display_name = ''")
        assert refused_by_the_database("INSERT INTO accounts_user SELECT * FROM accounts_user LIMIT 1")
        assert LogEntry.objects.count() == 2
        call_command("verify_log", stdout=StringIO())

        # One signs in and reads; the copy says that it is one. Mail waits.
        reading_page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
        page = signed_in_as(house.member).get(reading_page).text
        assert "This is a copy of the site, restored from the backup of" in page
        factories.create_comment(house.reading, house.member, "Written in the copy.")
        assert Comment.objects.count() == said + 1
        assert mailing.take_one(Notice.objects.mail_is_due()) is None
        assert list(push.devices_of(house.member)) == []

        # It is not written over by accident, nor while others use it; what is damaged changes nothing.
        with pytest.raises(CommandError, match="not empty"):
            restoring.restore(path, identities=[identity])
        params = connection.get_connection_params()
        other = psycopg.connect(**{key: params[key] for key in ("host", "port", "user", "dbname")})
        with other, pytest.raises(CommandError, match="others are connected"):
            restoring.restore(path, identities=[identity], replace=True)
        damaged = path.with_name("damaged.tar.age")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        with pytest.raises(archive.BadArchiveError, match="damaged"):
            restoring.restore(damaged, identities=[identity], replace=True)
        assert Comment.objects.count() == said + 1

        # A dump that is other than what was saved is found by the fingerprints, and all is as it was.
        manifest, _files = archive.check(path, [identity])
        manifest["fingerprints"]["accounts_user"] = "1:2:3"
        with pytest.raises(CommandError, match=r"accounts_user is not what was saved"):
            restoring._write(path, [identity], manifest, version=restoring.server_version(), replace=True)
        assert Comment.objects.count() == said + 1

        # With --replace it is the backup again; and from now on the site.
        connection.close()
        restoring.restore(path, identities=[identity], replace=True)
        assert Comment.objects.count() == said
        call_command("resume_mail", stdout=StringIO())
        assert not RestoredCopy.objects.exists()
        assert mailing.take_one(Notice.objects.mail_is_due()) is not None
    assert Comment.objects.count() == said, "the first database is as it was"


def test_a_copy_sends_no_mail_and_what_waits_can_be_dropped(house, settings, mailoutbox):
    from django.core.mail import send_mail

    settings.OUTGOING_MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.EMAIL_BACKEND = "readinggroup.notifications.outgoing.EmailBackend"
    hidden(house)
    Notice.objects.update(delivery=Delivery.DUE)
    RestoredCopy.objects.create(backup_made_at=timezone.now())
    assert send_mail("A code", "123", None, ["a@example.org"]) == 0
    assert mailoutbox == []
    call_command("resume_mail", "--drop-waiting", stdout=StringIO())
    assert not Notice.objects.waiting().exists()
    assert Notice.objects.filter(reason__contains="restored").exists()
    assert send_mail("A code", "123", None, ["a@example.org"]) == 1
    assert "123" in mailoutbox[0].body


def test_a_newer_sites_archive_is_refused():
    manifest = {"migrations": ["accounts.9999_from_the_future"], "postgres": 15}
    with pytest.raises(archive.BadArchiveError, match=r"newer or another site: accounts\.9999"):
        restoring.check_fits(manifest)
    with pytest.raises(archive.BadArchiveError, match="PostgreSQL 99"):
        restoring.check_fits({"migrations": [], "postgres": 99})


def test_a_place_that_cannot_be_written_is_said_in_a_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be kept") as refused:
        call_command("backup", str(tmp_path / "file"))
    assert not isinstance(refused.value, SystemCheckError)
    with pytest.raises(CommandError, match="no public key of age"):
        call_command("backup", str(tmp_path / "new"), "--recipient", "age1nonsense")
    assert list((tmp_path / "new").iterdir()) == []
