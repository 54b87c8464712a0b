"""The archive itself: a tar that anybody can open, whole or refused; as `.tar.age` encrypted for who holds the key.

    manifest.json            what it is: format, when, by which Postgres, migrations, a fingerprint of every table
    files/NAME               keys that the site keeps in DATA_DIR
    database.dump/000001     the dump (custom format of pg_dump), cut into pieces, so that nothing waits on the disk
    SHA256SUMS               of all of these, as `sha256sum -c` reads it

Without us: `age -d -i KEY BACKUP.tar.age | tar x`, `sha256sum -c SHA256SUMS`, `cat database.dump/* | pg_restore …`.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyrage
from django.core.management.base import CommandError

FORMAT = 1  # raised when an older site could not read what is written
PIECE = 8 * 2**20  # bytes of the dump that are held in memory at once
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
PIECE_NAME, FILE_NAME = re.compile(r"database\.dump/\d{6}"), re.compile(r"files/\w{1,60}", re.ASCII)
MOST_OF_A_SMALL_FILE = 64 * 2**20
AGE = b"age-encryption.org/"


class BadArchiveError(CommandError):
    """The archive is not what it should be. Nothing was changed."""


class Member(NamedTuple):
    """A file of the archive, as it is read."""

    name: str
    content: bytes


# --- Writing ----------------------------------------------------------------------------------------------------------


def write(path: Path, *, manifest: dict, files: dict[str, bytes], dump: BinaryIO, recipients=()) -> None:
    """Write the archive to `path`, for its owner only. What fails leaves an unfinished file; the caller removes it."""
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        if recipients:
            _encrypted(file, recipients, lambda plain: _write_tar(plain, manifest, files, dump))
        else:
            _write_tar(file, manifest, files, dump)
        file.flush()
        os.fsync(file.fileno())


def _write_tar(target, manifest, files, dump):
    sums = []
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:

        def add(name, content):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
            tar.addfile(entry, io.BytesIO(content))
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")

        add(MANIFEST, json.dumps({"format": FORMAT, **manifest}, indent=1).encode())
        for name, content in files.items():
            add(f"files/{name}", content)
        for number, piece in enumerate(iter(lambda: dump.read(PIECE), b""), start=1):
            add(f"database.dump/{number:06}", piece)
        add(SUMS, "".join(sums).encode())


def _encrypted(file, recipients, write_plain):
    """`write_plain` writes to one end of a pipe, age reads at the other: nothing plain touches the disk."""
    keys = [recipient_called(name) for name in recipients]
    reading, writing = os.pipe()
    failures = []

    def produce():
        with os.fdopen(writing, "wb") as plain:
            try:
                write_plain(plain)
            except BaseException as failure:  # handed to the thread that waits for us
                failures.append(failure)

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        with os.fdopen(reading, "rb") as plain:
            pyrage.encrypt_io(plain, file, keys)
    finally:
        producer.join()
    if failures:
        raise failures[0]


def recipient_called(name: str):
    """The public key that is written so. CommandError for what is none."""
    try:
        return pyrage.x25519.Recipient.from_str(name)
    except pyrage.RecipientError as error:
        raise CommandError(f"“{name}” is no public key of age (age1…).") from error


def identities_in(text: str) -> list:
    """The secret keys in a key file of age: one a line, `#` begins a comment."""
    try:
        lines = [line.strip() for line in text.splitlines()]
        return [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError as error:
        raise CommandError("The key file holds no secret key of age (AGE-SECRET-KEY-1…).") from error


# --- Reading ----------------------------------------------------------------------------------------------------------


def check(path: Path, identities=()) -> tuple[dict, dict[str, bytes]]:
    """Read all of it and compare every sum; its manifest and its files. BadArchiveError for anything amiss."""
    sums, files, manifest, last = {}, {}, None, None
    for name, content in members(path, identities):
        if manifest is None:
            manifest = _manifest(name, content)
        elif name.startswith("files/"):
            files[name.removeprefix("files/")] = content
        if name in sums or last is not None:
            raise BadArchiveError("The archive holds a file twice, or something after its end.")
        if name == SUMS:
            last = content
        else:
            sums[name] = hashlib.sha256(content).hexdigest()
    if last is None:
        raise BadArchiveError("The archive is cut off: its end is missing.")
    if last.decode("utf-8", "replace") != "".join(f"{digest}  {name}\n" for name, digest in sums.items()):
        raise BadArchiveError("The archive is damaged: its files are not what was written.")
    if not any(PIECE_NAME.fullmatch(name) for name in sums):
        raise BadArchiveError("The archive holds no database.")
    return manifest, files


def _manifest(name, content):
    try:
        manifest = json.loads(content) if name == MANIFEST else None
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise BadArchiveError("This is no backup of a reading-group site.")
    if manifest["format"] > FORMAT:
        raise BadArchiveError(f"The archive was made by a newer site (format {manifest['format']}). Update this one.")
    kinds = {"made_at": str, "postgres": int, "pg_dump": int, "migrations": list, "fingerprints": dict}
    if not all(isinstance(manifest.get(key), kind) for key, kind in kinds.items()):
        raise BadArchiveError("The archive is damaged: it does not say what it is.")
    return manifest


def dump_of(path: Path, identities=()) -> Iterator[bytes]:
    """The dump, piece by piece. To be asked of an archive that was checked."""
    return (content for name, content in members(path, identities) if PIECE_NAME.fullmatch(name))


def members(path: Path, identities=()) -> Iterator[Member]:
    """The files of the archive in their order; none is larger than what we write."""
    with _plain(path, identities) as plain:
        try:
            with tarfile.open(fileobj=plain, mode="r|") as tar:
                for entry in tar:
                    known = entry.name in {MANIFEST, SUMS} or PIECE_NAME.fullmatch(entry.name)
                    if not entry.isreg() or not (known or FILE_NAME.fullmatch(entry.name)):
                        raise BadArchiveError("This is no backup of a reading-group site.")
                    if entry.size > MOST_OF_A_SMALL_FILE:
                        raise BadArchiveError("The archive is damaged: a piece is larger than any that is written.")
                    yield Member(entry.name, tar.extractfile(entry).read())
        except (tarfile.TarError, EOFError) as error:
            if plain.failures:
                raise BadArchiveError(_why_not_opened(plain.failures[0])) from error
            raise BadArchiveError("The archive is damaged or cut off, or no archive at all.") from error
        if plain.failures:
            raise BadArchiveError(_why_not_opened(plain.failures[0]))


@contextmanager
def _plain(path, identities):
    """The archive as it was before it was encrypted. Its `failures` hold what age had to complain of."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadArchiveError(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        encrypted = file.read(len(AGE)) == AGE
        file.seek(0)
        if not encrypted:
            yield _Readable(file)
            return
        if not identities:
            raise BadArchiveError("The archive is encrypted. Name the file with your secret key: --identity FILE.")
        reading, writing = os.pipe()
        failures = []
        opener = threading.Thread(target=_decrypt, args=(file, writing, identities, failures))
        opener.start()
        try:
            with os.fdopen(reading, "rb") as plain:
                yield _Readable(plain, failures, opener)
        finally:
            opener.join()  # if nobody reads on, its next piece finds the pipe closed


def _decrypt(file, writing, identities, failures):
    with suppress(OSError), os.fdopen(writing, "wb") as plain:
        try:
            pyrage.decrypt_io(file, plain, identities)
        except Exception as failure:  # pyrage's own, and what the pipe says when nobody reads
            failures.append(failure)


def _why_not_opened(failure) -> str:
    if "No matching keys" in str(failure):
        return "This key does not open the archive."
    return "The archive is damaged or cut off: it cannot be decrypted."


class _Readable:
    """What is read, and what went wrong where it comes from; at its end it waits for that word."""

    def __init__(self, file, failures=(), opener=None):
        self.file, self.failures, self.opener = file, failures, opener

    def read(self, size):
        content = self.file.read(size)
        if not content and self.opener:
            self.opener.join()
        return content
