"""The clock of web and worker jumps a day ahead, and from there to an hour before, under load.

In processes that live, by what Python is told of the time (`other_clock/`): under libfaketime granian's threads hang.
The database keeps its own clock.
"""

import os
import time
from pathlib import Path

from .machinery import PEOPLE, Site
from .people import Load, Outcome

HOUR, DAY = 3600, 24 * 3600
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


def run() -> list[Outcome]:
    site = Site()
    clock = site.folder / "clock"
    clock.write_text("0")
    path = f"{Path(__file__).parent / 'other_clock'}{os.pathsep}{site.env['PYTHONPATH']}"
    for process in (site.web, site.worker):
        process.env = process.env | {"OTHER_CLOCK": str(clock), "PYTHONPATH": path}
    with site:
        site.manage("shell", "--no-imports", "-v0", "-c", MEET)
        told = []
        with Load(site) as load:
            time.sleep(4)
            for jump in (DAY, -HOUR, DAY, 0):
                clock.write_text(str(jump))
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
