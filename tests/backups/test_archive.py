"""An archive is whole or refused, whatever became of it on the way; and old ones go as was said."""

import io
import subprocess
import tarfile
from datetime import UTC, datetime, timedelta

import pyrage
import pytest
from django.core.management import CommandError

from readinggroup.backups import archive, keeping

MANIFEST = {
    "made_at": "2026-11-23T02:11:00+00:00", "postgres": 18, "pg_dump": 18, "migrations": [], "fingerprints": {},
}  # fmt: skip
DUMP = b"PGDMP" + bytes(range(256)) * 300


@pytest.fixture
def key():
    return pyrage.x25519.Identity.generate()


def written(path, *, recipients=(), manifest=MANIFEST):
    archive.write(path, manifest=manifest, files={"secret_key": b"k"}, dump=io.BytesIO(DUMP), recipients=recipients)
    return path


def test_it_comes_back_byte_by_byte_in_pieces(tmp_path, monkeypatch, key):
    monkeypatch.setattr(archive, "PIECE", 10_000)
    for path, identities in (
        (written(tmp_path / "a.tar"), []),
        (written(tmp_path / "a.tar.age", recipients=[str(key.to_public())]), [key]),
    ):
        manifest, files = archive.check(path, identities)
        assert (manifest["postgres"], files) == (18, {"secret_key": b"k"})
        pieces = list(archive.dump_of(path, identities))
        assert (len(pieces), b"".join(pieces)) == (8, DUMP)
    assert b"PGDMP" in (tmp_path / "a.tar").read_bytes()
    assert b"PGDMP" not in (tmp_path / "a.tar.age").read_bytes()


def test_plain_tools_open_it(tmp_path):
    """Whoever has the archive needs no site to get at the database."""
    subprocess.run(["tar", "xf", written(tmp_path / "a.tar")], cwd=tmp_path, check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)
    assert (tmp_path / "database.dump" / "000001").read_bytes() == DUMP


@pytest.mark.parametrize("encrypted", [False, True])
def test_cut_off_or_changed_anywhere_it_is_refused(tmp_path, key, encrypted):
    """At forty places each: in headers, in the dump, in the sums, at the very end."""
    whole = written(tmp_path / "whole", recipients=[str(key.to_public())] if encrypted else [])
    content, broken = whole.read_bytes(), tmp_path / "broken"
    # After the last file a tar is padded with zeros, which say nothing.
    ends = len(content) if encrypted else content.rindex(b"  database.dump/000001\n")
    for place in range(0, ends, max(1, ends // 40)):
        broken.write_bytes(content[:place])
        with pytest.raises(archive.BadArchiveError):
            archive.check(broken, [key])
        broken.write_bytes(content[:place] + bytes([content[place] ^ 0x15]) + content[place + 1 :])
        try:
            manifest, files = archive.check(broken, [key])
        except archive.BadArchiveError:
            continue
        # Where a tar says when and for whom it was written: nothing that is restored.
        assert not encrypted
        assert (manifest, files) == archive.check(whole, [key])
        assert b"".join(archive.dump_of(broken)) == DUMP


def test_what_is_no_archive_of_ours_is_refused(tmp_path, key):
    cases = {"empty": b"", "text": b"Dear readers\n" * 100, "zip": b"PK\x03\x04" + bytes(600), "zeros": bytes(10_240)}
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(archive.BadArchiveError):
            archive.check(tmp_path / name)
    with tarfile.open(tmp_path / "foreign", "w") as tar:
        tar.addfile(tarfile.TarInfo("../../etc/passwd"))
    with pytest.raises(archive.BadArchiveError, match="no backup of"):
        archive.check(tmp_path / "foreign")
    with pytest.raises(archive.BadArchiveError, match="newer site"):
        archive.check(written(tmp_path / "newer", manifest={**MANIFEST, "format": 2}))
    with pytest.raises(archive.BadArchiveError, match="does not say what it is"):
        archive.check(written(tmp_path / "poor", manifest={"postgres": 18}))
    with pytest.raises(archive.BadArchiveError, match="cannot be read"):
        archive.check(tmp_path / "nowhere")
    another = pyrage.x25519.Identity.generate()
    with pytest.raises(archive.BadArchiveError, match="This key does not open"):
        archive.check(written(tmp_path / "closed", recipients=[str(key.to_public())]), [another])


def test_what_fails_while_it_is_written_is_not_taken_for_whole(tmp_path, key):
    class Failing(io.BytesIO):
        def read(self, size=-1):
            raise CommandError("pg_dump failed")

    for recipients in ([], [str(key.to_public())]):
        with pytest.raises(CommandError, match="pg_dump failed"):
            archive.write(
                tmp_path / f"{len(recipients)}", manifest=MANIFEST, files={}, dump=Failing(), recipients=recipients
            )


def test_key_files_are_read_as_age_writes_them(key):
    (read,) = archive.identities_in(f"# created: today\n# public key: {key.to_public()}\n{key}\n")
    assert str(read) == str(key)
    with pytest.raises(CommandError, match="no secret key"):
        archive.identities_in("not a key")


def test_of_many_backups_days_weeks_and_months_stay(tmp_path):
    last = datetime(2026, 11, 23, 2, 11, tzinfo=UTC)
    for days in range(400):
        (tmp_path / keeping.name_for(last - timedelta(days=days), encrypted=days % 2 == 0)).touch()
    (tmp_path / "letter.txt").touch()
    (tmp_path / "readinggroup-by-hand.tar").touch()
    keeping.tidy(tmp_path, "7d,4w,6m")
    left = [moment.date().isoformat() for moment in keeping.backups_in(tmp_path).values()]
    assert left[:7] == [f"2026-11-{day}" for day in range(23, 16, -1)]
    assert left[7:9] == ["2026-11-15", "2026-11-08"]  # the Sundays before: the newest of their weeks
    assert left[9:] == ["2026-10-31", "2026-09-30", "2026-08-31", "2026-07-31", "2026-06-30"]
    assert (tmp_path / "letter.txt").exists()
    assert (tmp_path / "readinggroup-by-hand.tar").exists()


def test_the_only_backup_stays_however_old(tmp_path):
    (tmp_path / keeping.name_for(datetime(2020, 1, 1, tzinfo=UTC), encrypted=False)).touch()
    assert keeping.tidy(tmp_path, "1d") == []


@pytest.mark.parametrize("rules", ["", "7", "d7", "0d", "7d;4w", "7y"])
def test_a_rule_that_would_keep_nothing_is_none(rules):
    with pytest.raises(ValueError, match="does not say"):
        keeping.read_rules(rules)
