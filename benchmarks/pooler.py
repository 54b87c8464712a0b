"""`uv run python -m benchmarks.pooler`: web behind PgBouncer, and the database over TLS, under load.

Web goes through Debian's PgBouncer (`apt-get install pgbouncer`), in transaction and in session mode, with no more
connections behind it than a few; `migrate` and the worker go past it, as docs/operations.md says. Then all of the site
goes to a Postgres that lets nobody in without TLS, with a certificate of an authority made for this
(`sslmode=verify-full`), and must not go to it when the certificate names another host. Needs openssl.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from .faults.machinery import PEOPLE, Site, free_port
from .faults.people import Load
from .results import write_section

SECONDS = 12
BEHIND = 4  # connections that the pooler keeps to Postgres; without it web holds up to 16
INI = """[databases]
readinggroup = host={socket} dbname=readinggroup user=readinggroup connect_query='SET pgtrigger.ignore = ''{{}}'''
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
ignore_startup_parameters = extra_float_digits,options
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


class Pooled(Site):
    """Web behind a PgBouncer of its own."""

    def __init__(self, mode: str, **env: str) -> None:
        super().__init__(env=env)
        self.mode, self.pooler_port, self.pooler = mode, free_port(), None
        self.web.env = self.env | {"DATABASE_URL": f"postgres://readinggroup@127.0.0.1:{self.pooler_port}/readinggroup"}

    def _prepare(self) -> None:
        super()._prepare()
        size = BEHIND if self.mode == "transaction" else 40  # in session mode each thread keeps its own
        ini, folder = self.folder / "postgres" / "pgbouncer.ini", self.postgres.folder
        text = INI.format(socket=folder, port=self.pooler_port, mode=self.mode, size=size, folder=folder)
        ini.write_text(text)
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        self.pooler = subprocess.Popen(
            [program, "-q", ini], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.postgres.user
        )

    def end(self) -> None:
        if self.pooler:
            self.pooler.kill()
            self.pooler.wait()
        super().end()


def certificates(folder: Path, name: str) -> None:
    """An authority, and a certificate of it for this name; the server's key is the server's own."""
    fresh = "-newkey rsa:2048 -nodes"
    commands = [
        ["req", "-x509", *fresh.split(), "-days", "2", "-subj", "/CN=A trial", "-keyout", "ca.key", "-out", "ca.crt"],
        ["req", *fresh.split(), "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
        ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"],
    ]
    commands[1] += ["-keyout", "server.key", "-out", "server.csr"]
    commands[2] += ["-copy_extensions", "copy", "-out", "server.crt"]
    for command in commands:
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    (folder / "server.key").chmod(0o600)


class OverTls(Site):
    """All of the site on a database that is reached over TLS only: the system's, since the project's is without TLS."""

    def __init__(self, programs: Path) -> None:
        super().__init__()
        self.postgres.programs = programs
        self.server_port, self.keys = free_port(), self.folder / "keys"
        self.keys.mkdir()
        certificates(self.keys, "localhost")
        for path in (self.keys, *self.keys.iterdir()):
            self.postgres.give(path)
        self.keys.chmod(0o755)
        own = {"listen_addresses": "127.0.0.1", "port": self.server_port, "ssl": "on"}
        own |= {f"ssl_{name}_file": str(self.keys / f"server.{end}") for name, end in (("cert", "crt"), ("key", "key"))}
        self.of_server = own

    def url(self, host: str) -> str:
        query = f"sslmode=verify-full&sslrootcert={self.keys}/ca.crt"
        return f"postgres://readinggroup@{host}:{self.server_port}/readinggroup?{query}"

    def _prepare(self) -> None:
        model, Site.model = Site.model, None  # which is of another version
        try:
            super()._prepare()
        finally:
            Site.model = model
        self.postgres.stop("fast")
        self.postgres.settings |= self.of_server
        rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n"
        (self.postgres.data / "pg_hba.conf").write_text(rules)
        self.postgres.give(self.postgres.data / "pg_hba.conf")
        self.postgres.start()
        for process in (self.web, self.worker):
            process.env = process.env | {"DATABASE_URL": self.url("localhost")}
        self.env["DATABASE_URL"] = self.url("localhost")


def under_load(site: Site, name: str) -> tuple[str, dict, list[str]]:
    """What came of people who post and read for some seconds; every answer must be a good one."""
    with Load(site, pace=PEOPLE / 20) as load:
        time.sleep(SECONDS)
    outcome = load.outcome(name)
    site.wait_until_it_answers("/readyz", within=60)
    bad = outcome.kept + outcome.broken + outcome.reads_refused
    wrong = [*outcome.problems, *([f"{bad} answers that were not good"] if bad else [])]
    figures = {"posts": outcome.acknowledged, "stored": outcome.stored, "reads": outcome.reads, "not good": bad}
    print(name, figures, wrong[:5], flush=True)
    return name, figures, wrong


def pooled(mode: str, **env: str) -> tuple[str, dict, list[str]]:
    with Pooled(mode, **env) as site:
        told = under_load(site, f"PgBouncer, {mode} mode" + "".join(f", {name}={value}" for name, value in env.items()))
        with site.postgres.connect("postgres") as admin:
            query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'readinggroup' AND client_port = -1"
            told[1]["connections of the role"] = admin.execute(query).fetchone()[0]
        return told


def over_tls(programs: Path) -> tuple[str, dict, list[str]]:
    with OverTls(programs) as site:
        told = under_load(site, "TLS, sslmode=verify-full")
        with site.postgres.connect("postgres") as admin:
            query = "SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
            by_tls, of_role = admin.execute(f"{query} WHERE usename = 'readinggroup'").fetchone()
        told[1]["connections of the role"] = f"{of_role}, {by_tls} by TLS"
        if by_tls != of_role or not by_tls:
            told[2].append(f"{of_role - by_tls} connections without TLS")
        try:
            site.manage("migrate", "--check", DATABASE_URL=site.url("127.0.0.1"))  # the certificate names localhost
            told[2].append("another host than the certificate's was believed")
        except RuntimeError as refused:
            if "certificate" not in str(refused):
                told[2].append(f"refused for another reason: {str(refused)[-200:]}")
        return told


def main() -> int:
    if not (shutil.which("pgbouncer") or Path("/usr/sbin/pgbouncer").is_file()):
        sys.exit("This needs PgBouncer: apt-get install pgbouncer")
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not newest:
        sys.exit("This needs a PostgreSQL with TLS: apt-get install postgresql")
    runs = [pooled("transaction", DATABASE_POOLED="on", DATABASE_PREPARE="off"), pooled("session")]
    runs.append(over_tls(newest[-1]))
    lines = [f"| the database is reached by | {' | '.join(runs[0][1])} | as it should be |", "|---" * 7 + "|"]
    for name, figures, wrong in runs:
        lines.append(f"| {name} | {' | '.join(map(str, figures.values()))} | {'**no**' if wrong else 'yes'} |")
        for problem in wrong[:20]:
            print(f"    {name}: {problem}"[:300])
    said = subprocess.run(["/usr/sbin/pgbouncer", "--version"], capture_output=True, text=True, check=False).stdout
    version = f"{said.splitlines()[0]}; PostgreSQL {newest[-1].parent.name} for TLS, else the project's."
    print("\n".join(lines))
    write_section("PgBouncer, TLS", "uv run python -m benchmarks.pooler", [version, "", *lines])
    return 1 if any(wrong for _name, _figures, wrong in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
