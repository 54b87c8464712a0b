"""The clock of web and worker jumps a day ahead, and from there to an hour before, under load.

By libfaketime (Debian: `apt-get install libfaketime`), in processes that live; the database keeps its own clock.
"""

import time
from pathlib import Path

from .machinery import PEOPLE, NotHereError, Site
from .people import Load, Outcome

LIBRARY = "faketime/libfaketimeMT.so.1"
PLACES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/local/lib"]
# A session in 30 hours: of its day before they are reminded in six, which a clock a day ahead takes for over.
MEET = """
from datetime import timedelta
from zoneinfo import ZoneInfo
from django.utils import timezone
from readinggroup.first_run import owner_of
from readinggroup.groups.models import Group
from readinggroup.schedule import actions
group = Group.objects.get()
owner = owner_of(group)
moment = (timezone.now() + timedelta(hours=30)).astimezone(ZoneInfo("UTC"))
session = actions.create(reading=group.readings.get(), by=owner, title="A session", date=moment.date(),
                         time=moment.time().replace(second=0, microsecond=0), zone="UTC")
actions.put_on_calendar(session=session, by=owner, telling=False)
"""
REMINDED = "SELECT count(*), count(DISTINCT recipient_id) FROM notifications_notice WHERE kind = 'schedule/reminder'"


def library() -> str:
    for place in PLACES:
        if (Path(place) / LIBRARY).is_file():
            return str(Path(place) / LIBRARY)
    raise NotHereError("libfaketime is not installed (apt-get install libfaketime)")


def run() -> list[Outcome]:
    site = Site()
    clock = site.folder / "clock"
    clock.write_text("+0")
    preload = {
        "LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    for process in (site.web, site.worker):
        process.env = process.env | preload
    with site:
        site.manage("shell", "--no-imports", "-v0", "-c", MEET)
        told = []
        with Load(site) as load:
            time.sleep(4)
            for jump in ("+1d", "-1h", "+1d", "+0"):
                clock.write_text(jump)
                site.worker.kill()  # its next one looks at once, not at the next minute
                time.sleep(10)
                told.append(reminded(site))
            load.fault_is_over()
        outcome = load.outcome("clock + 1 day, - 1 hour, + 1 day, back", remarks=f"reminders {[n for n, _p in told]}")
    if load.seen[503] or load.reads.total() != load.reads[200]:
        outcome.problems.append("somebody was refused")
    members = PEOPLE + 1
    if told[0] != (members, members) or told[-1] != told[0]:
        outcome.problems.append(f"reminders (all, people) after each jump: {told}, members {members}")
    return [outcome]


def reminded(site: Site) -> tuple[int, int]:
    with site.postgres.connect("postgres") as admin:
        return admin.execute(REMINDED).fetchone()


if __name__ == "__main__":
    from .__main__ import alone

    alone(__name__)
