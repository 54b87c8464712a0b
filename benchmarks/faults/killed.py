"""`kill -9` of the processes of the web server, of the whole of it, and of the worker in the middle of its mail."""

import email
import json
import os
import signal
import time
from collections import Counter

from .machinery import PEOPLE, Site, free_port
from .people import Load, Outcome

NOTICES = 30  # told to each person
MOST = 4  # times that the worker is ended
GRANIAN_GIVES_UP = 7  # seconds; it ends, to be started again, if a process ends 5.5 seconds after it was started
# Written by hand of one who looks after the site: notices that are due, and what became of them.
TELL = """
from django.db import transaction
from readinggroup.accounts.models import User
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category
people = list(User.objects.filter(email__startswith="person"))
for number in range(%d, %d):
    with transaction.atomic():
        tell(recipients=people, kind="groups/join_request_answered", category=Category.DECISION, event=f"told-{number}",
             facts={"group": "G", "accepted": True})
"""
LEDGER = "SELECT delivery, count(*) FROM notifications_notice WHERE event LIKE 'told-%' GROUP BY delivery"
DUE_NOW = "UPDATE notifications_notice SET mail_at = now() WHERE event LIKE 'told-%' AND delivery = 'due'"


class Relay:
    """Takes mail on this machine, each a little after it has stored it: the time in which a kill is felt."""

    STORES_FOR = 0.05  # seconds between its storing a mail and its "250"

    def __init__(self) -> None:
        from aiosmtpd.controller import Controller

        self.taken: Counter = Counter()  # by (address, Message-ID)
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - as aiosmtpd calls it
        import asyncio

        self.taken[envelope.rcpt_tos[0], email.message_from_bytes(envelope.content)["Message-ID"]] += 1
        await asyncio.sleep(self.STORES_FOR)
        return "250 OK"


def run() -> list[Outcome]:
    relay = Relay()
    relay.controller.start()
    try:
        with Site(env={"EMAIL_URL": f"smtp://127.0.0.1:{relay.port}"}) as site:
            return [web_killed(site), mail(site, relay, signal.SIGKILL, 0), mail(site, relay, signal.SIGTERM, NOTICES)]
    finally:
        relay.controller.stop()


def web_killed(site: Site) -> Outcome:
    """Each process of the web server in turn, then all of it, which its supervisor starts again."""
    with Load(site, may_break=True) as load:
        time.sleep(3)
        for turn in range(3):
            processes = site.web.children()
            processes[turn % len(processes)].kill()
            time.sleep(GRANIAN_GIVES_UP)
        ended = site.web.ends
        os.killpg(site.web.running.pid, signal.SIGKILL)
        load.fault_is_over()
        time.sleep(12)
    outcome = load.outcome("`kill -9` of three web processes, and then of all")
    if ended:
        outcome.problems.append("the web server ended when one of its processes was killed")
    return outcome


def mail(site: Site, relay: Relay, number: signal.Signals, first: int) -> Outcome:
    """The worker ended again and again while it mails; its supervisor starts it, and at last all is sent."""
    before, ends = sum(relay.taken.values()), site.worker.ends
    site.manage("shell", "--no-imports", "-v0", "-c", TELL % (first, first + NOTICES))
    seen, times = before, 0
    wanted = (first + NOTICES) * PEOPLE
    give_up = time.monotonic() + 150  # what a killed worker leaves is taken up at the next minute
    while time.monotonic() < give_up:
        with site.postgres.connect("postgres") as admin:
            ledger = dict(admin.execute(LEDGER).fetchall())
            if ledger.get("due", 0) == 0 and sum(ledger.values()) == wanted:
                break
            # What a worker that was killed had taken is due again after some minutes; here at once, but not while it
            # is in another's hands.
            admin.execute(f"{DUE_NOW} AND attempts > 0 AND mail_at < now() + interval '10 minutes'")
        if times < MOST and sum(relay.taken.values()) > seen + 5 and site.worker.is_alive():  # in the middle of it
            times += 1
            seen = sum(relay.taken.values())
            site.worker.signal(number)
        time.sleep(0.2)
    give_up = time.monotonic() + 10
    while site.worker.ends == ends and time.monotonic() < give_up:
        time.sleep(0.2)  # asked to end, it ends its task first
    ended = site.worker.ends - ends
    sent = set(relay.taken)
    taken = sum(relay.taken.values()) - before
    doubles = sum(times - 1 for times in relay.taken.values())
    kind = "kill -9" if number == signal.SIGKILL else "SIGTERM"
    remarks = f"{NOTICES * PEOPLE} mails, {ended} ends, {taken} taken by the relay, ledger {json.dumps(ledger)}"
    outcome = Outcome(f"`{kind}` of the worker while it mails", remarks=remarks)
    if len(sent) != wanted or ledger.get("sent") != wanted:
        outcome.problems.append(f"{wanted - len(sent)} mails are lost, {ledger}")
    if number == signal.SIGTERM and doubles:
        outcome.problems.append(f"{doubles} mails twice")
    if not ended:
        outcome.problems.append("the worker was never ended: the fault was not made")
    relay.taken = Counter(dict.fromkeys(relay.taken, 1))  # what was doubled before is not counted again
    return outcome


if __name__ == "__main__":
    from .__main__ import alone

    alone(__name__)
