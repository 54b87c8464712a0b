"""Three programs that read calendars, of which none is ours: what each understands of one, in one form.

Times are instants in UTC; a day is a date.
"""

import json
import os
import shutil
import subprocess
import warnings
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import icalendar
from django.conf import settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it is older than this Python
    import vobject

# What somebody may have typed for a title, a name, a place.
HOSTILE = [
    "One\r\nATTENDEE:mailto:evil@example.org",
    "One\nEND:VEVENT\nBEGIN:VEVENT",
    "a;b,c:d\\e\\n\"f\"^n'g'",
    "two\u2028lines\u2029and\x85more\x0band\x0cmore",
    "bell\x07 escape\x1b[31m delete\x7f",
    "<script>alert(1)</script> &amp; {{ group }} %(group)s {0}",
    "\u202eright to left\u202c \u200b",
    "é" * 180,
    "📚" * 180,
    "BEGIN:VALARM",
    "\\",
    '"',
]

SCRIPT = Path(__file__).with_name("read_calendar.cjs")


class Read(NamedTuple):
    """An event, as one program has read it."""

    start: datetime | date
    end: datetime | date
    summary: str
    description: str
    location: str
    sequence: int
    status: str


def in_utc(moment):
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment


def by_icalendar(content: bytes) -> dict:
    return {
        str(event["UID"]): Read(
            in_utc(event.decoded("DTSTART")), in_utc(event.decoded("DTEND")), str(event["SUMMARY"]),
            str(event["DESCRIPTION"]), str(event.get("LOCATION", "")), int(event["SEQUENCE"]), str(event["STATUS"]),
        )
        for event in icalendar.Calendar.from_ical(content).walk("VEVENT")
    }  # fmt: skip


def by_vobject(content: bytes) -> dict:
    known = vars(vobject.icalendar)["__tzidMap"]
    for zone in set(known) - {"UTC"}:
        del known[zone]  # else it goes by the zones of the first calendar that it has ever read
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calendar = vobject.readOne(content.decode())
        return {
            event.uid.value: Read(
                in_utc(event.dtstart.value), in_utc(event.dtend.value), event.summary.value, event.description.value,
                event.location.value if "location" in event.contents else "", int(event.sequence.value),
                event.status.value,
            )
            for event in calendar.contents.get("vevent", [])
        }  # fmt: skip


def by_ical_js(content: bytes) -> dict:
    environment = os.environ | {"NODE_PATH": node_path()}
    asked = subprocess.run(
        [shutil.which("node"), SCRIPT], input=json.dumps([content.decode()]).encode(), capture_output=True,
        env=environment, timeout=60, check=True,
    )  # fmt: skip
    [events] = json.loads(asked.stdout)
    return {
        event["uid"]: Read(
            moment(event["start"]), moment(event["end"]), event["summary"], event["description"],
            event["location"] or "", event["sequence"], event["status"],
        )
        for event in events
    }  # fmt: skip


def moment(told):
    return date.fromisoformat(told) if isinstance(told, str) else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, told)


def node_path() -> str:
    """Where packages of node may be: where the environment says, and where CI installs them."""
    return os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), f"{settings.DATA_DIR}/node/node_modules"]))


def why_no_ical_js() -> str:
    """Why the third reader cannot be asked here; "" if it can."""
    node = shutil.which("node")
    if node is None:
        return "there is no node here"
    found = subprocess.run(
        [node, "-e", 'require.resolve("ical.js")'], env=os.environ | {"NODE_PATH": node_path()}, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    return "" if found.returncode == 0 else "ical.js is not installed: npm install --prefix .data/node ical.js@2.2.1"
