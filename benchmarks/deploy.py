"""`uv run python -m benchmarks.deploy [--former REVISION]`: a release while people post and read, and what they saw of it.

The former release (by default the newest commit before the last migration) runs as docs/deploy/ of its own says, behind
Caddy, on a Postgres of its own. Then `docs/deploy/release` is run, the very file, to the commit that is checked out
here. Where it asks systemd, uv or runuser, small programs stand in for them, since none of the three is needed to see
what becomes of requests. Between `migrate` and the change over it is held up: the former release on the new schema.
Needs Caddy and a clone with history; asks nothing but 127.0.0.1.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from .deploy_people import Walker, old_form
from .faults.killed import LEDGER, TELL, Relay
from .faults.machinery import PEOPLE, ROOT, Process, Site, Supervised, free_port
from .faults.people import Load
from .machines import caddyfile
from .results import write_section

A_SECOND = 30  # requests of those who post and read; who walks about comes on top
CALM = 20  # seconds on each side of the change over
TOLD = 10  # notices to each person, three times
TASKS = "from procrastinate.contrib.django import app; app.perform_import_paths(); print('\\n'.join(sorted(app.tasks)))"

# What stands in for the programs of a machine: each is told what `release` tells it.
UV = '#!/bin/sh\n[ -e .venv ] || ln -s "{venv}" .venv\n'
RUNUSER = '#!/bin/sh\nshift 3\nexec "$@"\n'  # runuser -u readinggroup -- COMMAND
SYSTEMCTL = """#!/bin/sh
echo "$@" > "{folder}/asked.new" && mv "{folder}/asked.new" "{folder}/asked"
while [ -e "{folder}/asked" ]; do sleep 0.05; done
"""


def git(*arguments, folder=ROOT) -> str:
    command = ["git", "-C", str(folder), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"})
    if done.returncode:
        sys.exit(f"git {arguments[0]}: {done.stderr.strip()} (this benchmark needs a clone with its history)")
    return done.stdout.strip()


def before_last_migration() -> str:
    """The newest commit that does not have the migration that was added last."""
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", "*/migrations/0*.py")
    if not added:
        sys.exit("No commit here added a migration: is this a clone with its history?")
    parents = git("rev-list", "--parents", "-1", added).split()[1:]
    if not parents:
        sys.exit("The history ends where the last migration was added; name a former release by --former.")
    return parents[0]


def command_of(release: Path, name: str) -> tuple[list[str], dict]:
    """What the release's unit runs, as a module for this Python and its arguments, and the unit's own environment."""
    unit = (release / "docs" / "deploy" / f"readinggroup-{name}.service").read_text(encoding="utf-8")
    words = shlex.split(re.search(r"^ExecStart=(.+)$", unit, re.M)[1])
    if words[0] == "/bin/sh":
        words = shlex.split(words[2])[1:]  # behind "exec"
    env = dict(word.split("=", 1) for line in re.findall(r"^Environment=(.+)$", unit, re.M) for word in line.split())
    if Path(words[0]).name == "python":
        return [words[1].removesuffix(".py"), *words[2:]], env
    return ["granian", *words[1:]], env


class Deployed(Site):
    """The site in a folder as /srv/readinggroup is: `source`, `releases`, `current`; web servers behind Caddy."""

    def __init__(self, former: str, *, servers: int, relay: Relay) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="deploy-", dir="/tmp"))
        self.root.chmod(0o755)
        git("clone", "--quiet", "--shared", "--no-checkout", ROOT, self.root / "source")
        self.former = self.root / "releases" / former[:12]
        git("worktree", "add", "--quiet", "--detach", self.former, former, folder=self.root / "source")
        (self.former / ".venv").symlink_to(sys.prefix)
        (self.root / "current").symlink_to(self.former)
        env = {"EMAIL_URL": f"smtp://127.0.0.1:{relay.port}", "BEHIND_PROXY": "on", "ALLAUTH_TRUSTED_PROXY_COUNT": "1"}
        super().__init__(code=self.former, env=env)
        self.web_ports = [free_port() for _server in range(servers)]
        # Of two servers each has one process, so that both forms have as many.
        self.webs = [Supervised(f"web{n}", [], {}, self.folder) for n in range(servers)]
        self.worker = Supervised("worker", [], {}, self.folder)
        self.caddy = Process("caddy", [], dict(os.environ), self.folder)
        self.own_tasks: set[int] = set()  # jobs that the former release left to the new one
        self.wrong: list[str] = []
        self.on_change_over = lambda: None

    def __enter__(self) -> "Deployed":
        try:
            self._prepare()
            self.take(self.former)
            for process in (*self.webs, self.worker):
                process.start()
            front = self.folder / "Caddyfile"
            front.write_text(caddyfile(self.port, self.web_ports))
            with self.caddy.log.open("ab") as log:
                self.caddy.running = subprocess.Popen(
                    ["caddy", "run", "--config", str(front)], stdout=log, stderr=log, start_new_session=True
                )
            self.wait_until_it_answers()
        except BaseException:
            self.end()
            raise
        self._as_root()
        return self

    def take(self, release: Path) -> None:
        """From their next start on web and worker are this release's."""
        self.code = release
        for process, name in [(self.worker, "worker"), *((web, "web") for web in self.webs)]:
            process.command, own = command_of(release, name)
            process.env = self.env | own | {"PYTHONPATH": str(release)}
            process.code = release
        for web, port in zip(self.webs, self.web_ports, strict=True):
            web.command[web.command.index("--port") + 1] = str(port)
            if len(self.webs) > 1:
                web.command[web.command.index("--workers") + 1] = "1"

    def _as_root(self) -> None:
        """What `release` finds on the machine."""
        self.bin, self.etc = self.folder / "bin", self.folder / "etc"
        (self.etc / "readinggroup").mkdir(parents=True)
        (self.etc / "systemd" / "system").mkdir(parents=True)
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in self.env.items() if name.isupper()]
        lines = [line for line in lines if not line.startswith(("PYTHONPATH=", "PATH=", "HOME="))]
        (self.etc / "readinggroup" / "environment").write_text("".join(lines))
        self.bin.mkdir()
        for name, text in (("uv", UV), ("runuser", RUNUSER), ("systemctl", SYSTEMCTL)):
            (self.bin / name).write_text(text.format(venv=sys.prefix, folder=self.folder) if "{" in text else text)
            (self.bin / name).chmod(0o755)

    def release(self, revision: str = "") -> subprocess.CompletedProcess:
        """`release`, as it stands in the commit that is checked out here; with what it said."""
        script = self.folder / "release"
        script.write_text(git("show", "HEAD:docs/deploy/release"))
        env = {name: self.env[name] for name in ("HOME", "LANG") if name in self.env} | {
            "PATH": f"{self.bin}:{os.environ['PATH']}", "UV": str(self.bin / "uv"),
            "READINGGROUP_ROOT": str(self.root), "READINGGROUP_ETC": str(self.etc),
        }  # fmt: skip
        log = self.folder / "release.log"
        with log.open("wb") as output:
            running = subprocess.Popen(
                ["/bin/sh", str(script), *filter(None, [revision])], stdout=output, stderr=output, env=env
            )
            while running.poll() is None:
                self._answer_systemctl()
                time.sleep(0.02)
        return subprocess.CompletedProcess([], running.returncode, log.read_text())

    def _answer_systemctl(self) -> None:
        asked = self.folder / "asked"
        if not asked.is_file():
            return
        words = asked.read_text().split()
        if words == ["daemon-reload"]:
            self.take((self.root / "current").resolve())
            self.on_change_over()
        for name in words[1:]:
            self._restart(name.removeprefix("readinggroup-"))
        asked.unlink()

    def _restart(self, name: str) -> None:
        if name == "worker":
            self.worker.stop(60)
            self.between_workers()
            self.worker.start()
        for number, web in enumerate(self.webs if name == "web" else []):
            web.restart(20)
            if number + 1 < len(self.webs):  # one after the other: the second when the first answers
                self.wait_for(self.web_ports[number])

    def between_workers(self) -> None:
        """No worker runs."""

    def wait_for(self, port: int) -> None:
        kept, self.port = self.port, port
        try:
            self.wait_until_it_answers()
            time.sleep(3)  # till Caddy has seen it, too (health_interval)
        finally:
            self.port = kept

    def jobs(self, states: tuple[str, ...]) -> set[int]:
        with self.postgres.connect("postgres") as admin:
            rows = admin.execute("SELECT id FROM procrastinate_jobs WHERE status::text = ANY(%s)", [list(states)])
            return {number for (number,) in rows}

    def end(self) -> None:
        for process in (*self.webs, self.worker):
            if process.running:
                process.end()
        if self.caddy.running:
            self.caddy.kill()
        self.web.running = self.worker.running = None
        super().end()
        if not os.environ.get("FAULTS_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)


class Phases:
    """What was slowest in each stretch of time, of everything that people asked."""

    def __init__(self, *loads) -> None:
        self.loads, self.slowest = loads, {}

    def ends(self, name: str) -> None:
        self.slowest[name] = max(load.slowest for load in self.loads)
        for load in self.loads:
            load.slowest = 0.0


def tell(site: Deployed, first: int) -> None:
    """Notices to everybody, of which each becomes a task and a mail, by the release that `site.code` is."""
    site.manage("shell", "--no-imports", "-v0", "-c", TELL % (first, first + TOLD))


def deploy(former: str, relay: Relay, *, servers: int, locked: bool) -> dict:
    """One release under load. `locked`: first somebody holds a table for so long that the migration is given up."""
    with Deployed(former, servers=servers, relay=relay) as site:
        load, walker = Load(site, pace=PEOPLE / A_SECOND), Walker(site)
        phases, said = Phases(load, walker), {"servers": servers}
        known_tasks = set(site.manage("shell", "--no-imports", "-v0", "-c", TASKS).split())
        form = old_form(site)

        def change_over():
            phases.ends("new code made ready, migrate")
            time.sleep(CALM)
            phases.ends("former release on the new schema")

        def between_workers():
            site.code = site.former
            tell(site, TOLD)
            site.code = (site.root / "current").resolve()
            site.own_tasks = site.jobs(("todo",))

        with load, walker:
            tell(site, 0)
            time.sleep(8)
            phases.ends("former release")
            if locked:
                said["given up"] = hold_a_table(site, phases)
            site.on_change_over, site.between_workers = change_over, between_workers
            done = site.release()
            said["release"] = done.stdout
            if done.returncode:
                site.wrong.append(f"release ended with {done.returncode}: {done.stdout[-600:]}")
            phases.ends("worker, then web started anew")
            site.wait_until_it_answers()
            tell(site, 2 * TOLD)
            if (status := form.send().status) not in {200, 302}:
                site.wrong.append(f"a form of the former release, sent to the new one: {status}")
            load.posts.append(form)
            time.sleep(CALM)
            phases.ends("new release")
            site.on_change_over, site.between_workers = lambda: None, lambda: None
            back = site.release(former)
            if back.returncode:
                site.wrong.append(f"back: release ended with {back.returncode}: {back.stdout[-600:]}")
            time.sleep(CALM / 2)
            phases.ends("back to the former release, on the new schema")
        settle(site)
        known = set(site.manage("shell", "--no-imports", "-v0", "-c", TASKS).split())
        return said | figures(site, load, walker, phases, relay) | {"new tasks": sorted(known - known_tasks)}


def hold_a_table(site: Deployed, phases: Phases) -> str:
    """A transaction that stays open while `release` tries: it must give up, having changed nothing."""
    with site.postgres.connect() as reader:
        reader.execute("BEGIN; SELECT count(*) FROM readings_seen, discussion_comment WHERE false")
        for table in tables_of_last_migrations():
            reader.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
        done = site.release()
        reader.execute("ROLLBACK")
    last = done.stdout.strip().splitlines()[-1:]
    if not done.returncode or (site.root / "current").resolve() != site.former:
        site.wrong.append(f"a locked table did not stop the release: {done.stdout[-600:]}")
    phases.ends("a table held by somebody: migrate gives up")
    return f"{done.stdout.count('A table is in use')} more tries, then: {''.join(last)}"


def tables_of_last_migrations() -> list[str]:
    return ["readings_seen", "discussion_comment", "notifications_notice", "accounts_user"]


def settle(site: Deployed) -> None:
    """Until all mail has gone; a minute and a half at most, since what a worker leaves is taken up at the next minute."""
    give_up = time.monotonic() + 90
    while time.monotonic() < give_up:
        with site.postgres.connect("postgres") as admin:
            if dict(admin.execute(LEDGER).fetchall()).get("due", 0) == 0:
                return
        time.sleep(0.5)


def figures(site: Deployed, load: Load, walker: Walker, phases: Phases, relay: Relay) -> dict:
    bad = {status: number for status, number in (load.seen + load.reads).items() if status not in {200, 302}}
    bad = {status: number + walker.bad.get(status, 0) for status, number in bad.items()} | {
        status: number for status, number in walker.bad.items() if status not in bad
    }
    outcome = load.outcome("deploy")
    with site.postgres.connect("postgres") as admin:
        ledger = dict(admin.execute(LEDGER).fetchall())
    failed, left = site.jobs(("failed",)), site.own_tasks & site.jobs(("todo", "doing", "failed"))
    doubled = sum(number - 1 for number in relay.taken.values())
    wanted = 3 * TOLD * PEOPLE
    wrong = [*site.wrong, *outcome.problems, *walker.problems]
    wrong += [f"{number} answers of {status}" for status, number in bad.items()]
    wrong += [f"mails: {ledger}, {wanted} were due"] if ledger != {"sent": wanted} else []
    wrong += [f"{doubled} mails twice"] if doubled else []
    wrong += [f"{len(failed)} tasks failed"] if failed else []
    wrong += [f"{len(left)} tasks of the former release were not done"] if left else []
    return {
        "requests": load.seen.total() + load.reads.total(), "pages": walker.pages, "files": walker.files, "bad": bad,
        "broken": bad.get(0, 0), "acknowledged": outcome.acknowledged, "stored": outcome.stored, "mails": ledger,
        "doubled": doubled, "tasks": len(site.own_tasks), "failed": len(failed), "left": len(left), "wrong": wrong,
        "slowest": phases.slowest,
    }  # fmt: skip


def lines_of(former: str, runs: list[dict]) -> list[str]:
    lines = [
        f"From `{former[:12]}` to `{git('rev-parse', '--short=12', 'HEAD')}`: {A_SECOND} requests a second of four people, half of"
        " them posts, and somebody who walks through all pages with what these load (styles, scripts).",
        "",
        "| | " + " | ".join(f"{run['servers']} web server{'s' * (run['servers'] > 1)} behind Caddy" for run in runs) + " |",
        "|---|" + "---|" * len(runs),
    ]  # fmt: skip

    def row(name, of):
        lines.append(f"| {name} | {' | '.join(str(of(run)) for run in runs)} |")

    row("requests, pages walked through, their files", lambda run: f"{run['requests']}, {run['pages']}, {run['files']}")
    row("answers that were not 2xx or 3xx", lambda run: sum(run["bad"].values()) - run["broken"])
    row("connections that broke", lambda run: run["broken"])
    row("posts acknowledged, of these stored", lambda run: f"{run['acknowledged']}, {run['stored']}")
    row("mails due, sent, twice", lambda run: f"{3 * TOLD * PEOPLE}, {run['mails'].get('sent', 0)}, {run['doubled']}")
    row("tasks that the former worker left, not done by the new one", lambda run: f"{run['tasks']}, {run['left']}")
    row("tasks that failed", lambda run: run["failed"])
    for phase in dict.fromkeys(phase for run in runs for phase in run["slowest"]):
        row(f"slowest answer: {phase}", lambda run, phase=phase: f"{run['slowest'].get(phase, 0):.2f} s")
    row("as it should be", lambda run: f"**no**: {len(run['wrong'])} problems" if run["wrong"] else "yes")
    for run in runs:
        if given_up := run.get("given up"):
            lines += ["", f"While somebody held the migration's tables: {given_up} Run again, it went through."]
    tasks = ", ".join(runs[0]["new tasks"]) or "none"
    return [*lines, "", f"Tasks that only one of the two releases knows: {tasks}."]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--former", metavar="REVISION", help="the release that runs (default: before the last migration)"
    )
    parser.add_argument("--servers", type=int, choices=[1, 2], help="one form of serving only, and no results are kept")
    parser.add_argument("--no-lock", action="store_true", help="leave out the table that somebody holds (80 seconds)")
    options = parser.parse_args()
    if not shutil.which("caddy"):
        sys.exit("This needs Caddy: apt-get install caddy")
    former = git("rev-parse", "--verify", f"{options.former or before_last_migration()}^{{commit}}")
    runs = []
    for servers in [options.servers] if options.servers else [1, 2]:
        relay = Relay()
        relay.controller.start()
        try:
            runs.append(deploy(former, relay, servers=servers, locked=servers == 1 and not options.no_lock))
        finally:
            relay.controller.stop()
        print(runs[-1]["release"])
        for problem in runs[-1]["wrong"][:40]:
            print(f"    {problem}"[:400])
    lines = lines_of(former, runs)
    print("\n".join(lines))
    if not options.servers:
        write_section("A release under load", "uv run python -m benchmarks.deploy", lines)
    return 1 if any(run["wrong"] for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
