"""`uv run python -m benchmarks.deploy [--former REVISION]`: a release while people post and read, and what they saw.

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
# Asks the benchmark, which looks after the processes.
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
    folder = release / "docs" / "deploy"
    (unit,) = folder.glob(f"readinggroup-{name}*.service")  # that of web may be a template: readinggroup-web@.service
    unit = unit.read_text(encoding="utf-8")
    words = shlex.split(re.search(r"^ExecStart=(.+)$", unit, re.M)[1])
    if words[0] == "/bin/sh":
        words = shlex.split(words[2])[1:]  # behind "exec"
    env = dict(word.split("=", 1) for line in re.findall(r"^Environment=(.+)$", unit, re.M) for word in line.split())
    if Path(words[0]).name == "python":
        return [words[1].removesuffix(".py"), *words[2:]], env
    return ["granian", *words[1:]], env


class Deployed(Site):
    """The site in a folder as /srv/readinggroup is: `source`, `releases`, `current`; web servers behind Caddy."""

    def __init__(self, former: str, *, relay: Relay) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="deploy-", dir="/tmp"))
        self.root.chmod(0o755)
        git("clone", "--quiet", "--shared", "--no-checkout", ROOT, self.root / "source")
        self.former = self.root / "releases" / former[:12]
        git("worktree", "add", "--quiet", "--detach", self.former, former, folder=self.root / "source")
        (self.former / ".venv").symlink_to(sys.prefix)
        (self.root / "current").symlink_to(self.former)
        env = {"EMAIL_URL": f"smtp://127.0.0.1:{relay.port}", "BEHIND_PROXY": "on", "ALLAUTH_TRUSTED_PROXY_COUNT": "1"}
        super().__init__(code=self.former, env=env)
        self.web_ports, self.admin_port = (free_port(), free_port()), free_port()
        self.webs: dict[int, Supervised] = {}
        self.worker = Supervised("worker", [], {}, self.folder)
        self.caddy = Process("caddy", [], dict(os.environ), self.folder)
        self.own_tasks: set[int] = set()  # jobs that the former release left to the new one
        self.wrong: list[str] = []
        self.on_change_over = lambda: None

    def __enter__(self) -> "Deployed":
        try:
            self._prepare()
            self._as_root()
            self.take(self.former)
            self.start_web(self.web_ports[0])
            self.worker.start()
            self.lead_caddy_to(self.web_ports[0])
            with self.caddy.log.open("ab") as log:
                self.caddy.running = subprocess.Popen(
                    ["caddy", "run", "--config", self.folder / "Caddyfile"],
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.wait_until_it_answers()
        except BaseException:
            self.end()
            raise
        return self

    def take(self, release: Path) -> None:
        """What is started from now on is this release's."""
        self.code = release
        self.worker.command, own = command_of(release, "worker")
        self.worker.env, self.worker.code = self.env | own | {"PYTHONPATH": str(release)}, release

    def start_web(self, port: int) -> None:
        command, own = command_of(self.code, "web")
        command[command.index("--port") + 1] = str(port)
        env = self.env | own | {"PYTHONPATH": str(self.code)}
        self.webs[port] = Supervised(f"web-{port}", command, env, self.folder, code=self.code)
        self.webs[port].start()

    def lead_caddy_to(self, port: int) -> None:
        (self.etc / "caddy" / "environment").write_text(f"SITE_HOST=127.0.0.1\nUPSTREAM=127.0.0.1:{port}\n")
        text = caddyfile(self.port, [port]).replace("admin off", f"admin 127.0.0.1:{self.admin_port}")
        (self.folder / "Caddyfile").write_text(text)

    def _as_root(self) -> None:
        """What `release` finds on the machine."""
        self.bin, self.etc = self.folder / "bin", self.folder / "etc"
        (self.etc / "readinggroup").mkdir(parents=True)
        (self.etc / "systemd" / "system").mkdir(parents=True)
        (self.etc / "caddy").mkdir()
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
            "WEB_PORT": str(self.web_ports[0]), "WEB_PORT_BESIDE": str(self.web_ports[1]),
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
        words = [word for word in asked.read_text().split() if not word.startswith("--")]
        act, name, port = words[0], *(words[1:] or [""])[0].partition("@")[::2]
        if act == "daemon-reload":
            self.take((self.root / "current").resolve())
            self.on_change_over()
        elif (act, name) == ("restart", "readinggroup-worker"):
            self.worker.stop(60)
            self.between_workers()
            self.worker.start()
        elif (act, name) == ("start", "readinggroup-web"):
            self.start_web(int(port))
        elif (act, name) == ("reload-or-restart", "caddy"):
            upstream = re.search(r"^UPSTREAM=.*:(\d+)$", (self.etc / "caddy" / "environment").read_text(), re.M)
            self.lead_caddy_to(int(upstream[1]))
            there = f"127.0.0.1:{self.admin_port}"
            command = ["caddy", "reload", "--config", self.folder / "Caddyfile", "--address", there]
            subprocess.run(command, check=True, capture_output=True)
        elif act in {"stop", "disable"}:
            self.webs.pop(int(port)).stop(20)
        elif act != "enable":
            self.wrong.append(f"systemctl {' '.join(words)}: not foreseen")
        asked.unlink()

    def between_workers(self) -> None:
        """No worker runs."""

    def jobs(self, states: tuple[str, ...]) -> set[int]:
        with self.postgres.connect("postgres") as admin:
            rows = admin.execute("SELECT id FROM procrastinate_jobs WHERE status::text = ANY(%s)", [list(states)])
            return {number for (number,) in rows}

    def end(self) -> None:
        for process in (*self.webs.values(), self.worker):
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


def deploy(former: str, relay: Relay, *, locked: bool) -> dict:
    """One release under load. `locked`: first somebody holds a table for so long that the migration is given up."""
    with Deployed(former, relay=relay) as site:
        load, walker = Load(site, pace=PEOPLE / A_SECOND), Walker(site)
        phases, said = Phases(load, walker), {}
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
    """Until all mail has gone: a minute and a half at most; what a worker leaves is taken up at the next minute."""
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


def lines_of(former: str, run: dict) -> list[str]:
    rows = {
        "requests; pages walked through; their files": f"{run['requests']}; {run['pages']}; {run['files']}",
        "answers that were not 2xx or 3xx": sum(run["bad"].values()) - run["broken"],
        "connections that broke": run["broken"],
        "posts acknowledged, of these stored": f"{run['acknowledged']}, {run['stored']}",
        "mails due, sent, twice": f"{3 * TOLD * PEOPLE}, {run['mails'].get('sent', 0)}, {run['doubled']}",
        "tasks that the former worker left, of these not done by the new one": f"{run['tasks']}, {run['left']}",
        "tasks that failed": run["failed"],
        **{f"slowest answer: {phase}": f"{seconds:.2f} s" for phase, seconds in run["slowest"].items()},
        "as it should be": f"**no**: {len(run['wrong'])} problems" if run["wrong"] else "yes",
    }
    ours = git("rev-parse", "--short=12", "HEAD")
    return [
        f"From `{former[:12]}` to `{ours}`, behind Debian's Caddy: {A_SECOND} requests a second of four people,",
        "half of them posts, and somebody who walks through all pages with what these load.",
        "",
        "| what | figure |",
        "|---|---|",
        *(f"| {name} | {figure} |" for name, figure in rows.items()),
        *(["", f"While somebody held the migration's tables: {said}"] if (said := run.get("given up")) else []),
        "",
        f"Tasks that only one of the two releases knows: {', '.join(run['new tasks']) or 'none'}.",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="A release while people post and read, and what they saw of it.")
    parser.add_argument("--former", metavar="REVISION", help="what runs first (default: before the last migration)")
    parser.add_argument("--no-lock", action="store_true", help="leave out the tables that somebody holds (80 seconds)")
    parser.add_argument("--no-results", action="store_true", help="only print")
    options = parser.parse_args()
    if not shutil.which("caddy"):
        sys.exit("This needs Caddy: apt-get install caddy")
    former = git("rev-parse", "--verify", f"{options.former or before_last_migration()}^{{commit}}")
    relay = Relay()
    relay.controller.start()
    try:
        run = deploy(former, relay, locked=not options.no_lock)
    finally:
        relay.controller.stop()
    print(run["release"])
    for problem in run["wrong"][:40]:
        print(f"    {problem}"[:400])
    lines = lines_of(former, run)
    print("\n".join(lines))
    if not options.no_results:
        write_section("A release under load", "uv run python -m benchmarks.deploy", lines)
    return 1 if run["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
