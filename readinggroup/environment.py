"""Every variable of the environment that the site reads: its kind, its default, and what it says.

The table in docs/operations.md is made from this one (`manage.py settings_table --write`). A value that cannot be meant
stops the start with a line. An empty value is none, except where it says something (`empty`).
"""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

env = Env()
OFF = {"off", "false", "no", "0", "n", "f"}
ON = {"on", "true", "yes", "1", "y", "t"}
LIMITS = re.compile(r"\d+/\d*[smhd](,\d+/\d*[smhd])*")


class SettingError(ImproperlyConfigured):
    """A variable is missing or says what cannot be meant. The message is one line, without secrets."""


class Variable(NamedTuple):
    """One variable. `shown` is its default in words, where that depends on something."""

    name: str
    kind: str
    default: Any
    says: str
    shown: str = ""
    empty: bool = False  # whether an empty value says something


TABLE = {
    "The site": [
        Variable("DEBUG", "bool", True, "newcomers' mode; `off` for real"),
        Variable(
            "SECRET_KEY",
            "secret",
            "",
            "signs cookies and links; 32 characters or more, drawn by chance, when `DEBUG` is off",
            "the one that `up` keeps in `DATA_DIR/secret_key`",
        ),
        Variable(
            "ALLOWED_HOSTS",
            "list",
            None,
            "names under which the site answers, by comma; never `*` when `DEBUG` is off",
            "this machine",
        ),
        Variable(
            "SITE_URL",
            "origin",
            "",
            "how mails and links name the site",
            "where `up` serves the site, else `http://127.0.0.1:8000`",
        ),
        Variable("SITE_NAME", "str", "Reading group", "how authenticator apps name the site"),
        Variable("DATA_DIR", "path", None, "embedded database, mail files, logs, keys that `up` drew", "`.data`"),
        Variable("STATIC_ROOT", "path", None, "where `collectstatic` puts files", "`DATA_DIR/static`"),
    ],
    "Proxy and TLS": [
        Variable("HTTPS", "bool", None, "secure cookies, redirect to https, HSTS", "on without `DEBUG`"),
        Variable("BEHIND_PROXY", "bool", False, "believe `X-Forwarded-Proto`, and `X-Request-ID` for the logs"),
        Variable(
            "ALLAUTH_TRUSTED_PROXY_COUNT",
            "int",
            0,
            "how many proxies to believe about the visitor's address; who comes past them is counted by their own",
        ),
        Variable("CSRF_TRUSTED_ORIGINS", "list", [], "other origins whose forms are taken, with `https://`, by comma"),
    ],
    "Database": [
        Variable(
            "DATABASE_URL",
            "secret",
            "",
            "`postgres://user:password@host/name`, or several `host:port` by comma; PostgreSQL 15 or newer",
            "the embedded Postgres",
        ),
        Variable(
            "CONN_MAX_AGE", "int", 0, "seconds that a thread keeps its database connection; 600 for the web process"
        ),
        Variable(
            "REPLICA_URL",
            "secret",
            "",
            "a streaming replica from which visitors read and search; see “More than one machine”",
            "none",
        ),
        Variable("REPLICA_MAX_LAG", "int", 2, "seconds that visitors may read behind the primary; 0 for never"),
        Variable(
            "DATABASE_POOLED",
            "bool",
            False,
            "whether `DATABASE_URL` leads to a pooler that gives a connection for one transaction (PgBouncer); large results are then read whole, without a cursor on the server",
        ),
        Variable("DATABASE_PREPARE", "bool", True, "prepared statements; off behind an old PgBouncer"),
        Variable(
            "CACHE_URL",
            "secret",
            "",
            "`redis://:password@host:6379/0` (`rediss://` with TLS): a Valkey or Redis that counts the attempts to sign in; needs the extra `valkey`",
            "a table of the database",
        ),
    ],
    "Mail": [
        Variable(
            "EMAIL_URL",
            "secret",
            "",
            "`smtp+tls://user:password@host:587` (STARTTLS), `smtps://…:465` (TLS), or `smtp://…:25` (neither)",
            "files under `DATA_DIR/mail`",
        ),
        Variable("DEFAULT_FROM_EMAIL", "str", "Reading group <reading-group@localhost>", "the sender"),
        Variable("EMAIL_TIMEOUT", "int", 20, "seconds that a relay may keep the worker waiting; never a page"),
        Variable(
            "INBOUND_MAIL_DOMAIN",
            "str",
            "",
            "the domain whose mail comes to the site: answers and what could not be delivered; see “Mail that comes in”",
        ),
    ],
    "Messages to devices": [
        Variable(
            "VAPID_PRIVATE_KEY",
            "secret",
            "",
            "by which browsers know the site that tells on devices; without one it does not",
            "the one that `up` keeps in `DATA_DIR/vapid_private_key`",
        ),
        Variable(
            "VAPID_SUBJECT",
            "str",
            "",
            "whom a push service may turn to, as `mailto:` or `https:`",
            "`mailto:` the sender",
        ),
        Variable(
            "PUSH_HOSTS",
            "list",
            ["fcm.googleapis.com", "updates.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com"],
            "hosts of push services, by comma, `*` for any beginning; no other is ever sent to",
            "Google's, Mozilla's, Apple's, Microsoft's",
            empty=True,
        ),
    ],
    "Single sign-on": [
        Variable("OIDC_SERVER_URL", "url", "", "sign-in through this OpenID Connect provider"),
        Variable("OIDC_CLIENT_ID", "str", "", "how the provider knows the site"),
        Variable("OIDC_CLIENT_SECRET", "secret", "", "what the provider has given the site"),
        Variable("OIDC_NAME", "str", "OpenID Connect", "how the button names the provider"),
        Variable(
            "OIDC_ORIGINS",
            "list",
            None,
            "origins that the provider's login page leads through, by comma; pages' policy lets forms go there",
            "that of `OIDC_SERVER_URL`",
        ),
    ],
    "What the site allows": [
        Variable("ONLY_STAFF_FOUND_GROUPS", "bool", False, "whether only staff may found a group"),
        Variable("INVITATIONS_BY_MAIL_A_DAY", "int", 30, "how many invitations one person may send by mail in a day"),
        Variable(
            "LETTERS_A_WEEK", "int", 2, "how many letters a group's organizers may write to all members in seven days"
        ),
        Variable(
            "WRITE_LIMITS",
            "limits",
            "60/5m,300/h",
            "how much one person may write (comments, answers, edits): so many in so long, by comma; empty for no limit, as on a site that `up` serves",
            empty=True,
        ),
        Variable("REPORT_LIMITS", "limits", "20/h", "how many reports one person may make", empty=True),
        Variable(
            "LIMITS_OF_A_NETWORK",
            "int",
            10,
            "how many times as much all from one network (IPv4 /24, IPv6 /64) may do; needs `ALLAUTH_TRUSTED_PROXY_COUNT` behind a proxy",
        ),
        Variable("READ_WHOLE_UP_TO_WORDS", "int", 25_000, "longer texts are read by section"),
        Variable(
            "KEPT_MB",
            "int",
            60,
            "how many million characters of pages each web process keeps ready; more where many groups are lively and memory is at hand",
        ),
    ],
    "Backups": [
        Variable("BACKUP_DIR", "path", None, "where the worker puts a backup every night", "none is made by itself"),
        Variable("BACKUP_KEEP", "keep", "7d,4w,6m", "of how many days, weeks and months the newest backup stays"),
        Variable(
            "BACKUP_RECIPIENTS", "list", [], "public keys of age (`age1…`), by comma; with any, backups are encrypted"
        ),
    ],
    "Watching it": [
        Variable("LOG_LEVEL", "level", "INFO", "how much is logged"),
        Variable(
            "LOG_FORMAT",
            "log format",
            None,
            "`json`: one object a line, with the request's id; or `line`",
            "`json` without `DEBUG`",
        ),
        Variable(
            "METRICS_PORT",
            "int",
            0,
            "a port on which Prometheus finds figures (one web process of those of a machine takes it)",
            "none",
        ),
        Variable("WORKER_METRICS_PORT", "int", 0, "the same of the worker: its tasks and mails", "none"),
        Variable("METRICS_HOST", "str", "127.0.0.1", "the address of these ports: one that only Prometheus reaches"),
        Variable(
            "SENTRY_DSN",
            "secret",
            "",
            "a Sentry that is told of errors, without anybody's words; needs the extra `sentry`",
            "none",
        ),
        Variable("MAIL_QUEUE_LATE", "int", 900, "seconds that a due mail may wait before `/readyz` complains"),
        Variable("DISK_FREE_MB", "int", 500, "megabytes that must be free under `DATA_DIR` and `BACKUP_DIR`"),
    ],
}
VARIABLES = {variable.name: variable for variables in TABLE.values() for variable in variables}


def read(name: str, default: Any = None) -> Any:
    """What the variable says; else `default`, where that depends on others, else its default in the table."""
    variable = VARIABLES[name]
    default = variable.default if default is None else default
    text = env.str(name, None)
    if text is None or (not text.strip() and not variable.empty):
        return default
    try:
        return READERS[variable.kind](text.strip())
    except ValueError as error:
        said = "" if variable.kind == "secret" else f", not “{text[:60]}”"
        raise SettingError(f"{name} must be {error}{said}.") from error


HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?", re.ASCII)


def read_database(name: str = "DATABASE_URL") -> dict | None:
    """The server that the variable names, as Django's settings; None if it names none."""
    what = "a PostgreSQL database, as postgres://user:password@host/name"
    return _parsed(name, lambda name: _database(read(name)), what, lambda said: said["ENGINE"].endswith("postgresql"))


def _database(url):
    """Of several hosts, libpq tries one after the other; `?target_session_attrs=read-write` finds the primary."""
    parts = urlsplit(url)
    person, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return dj_database_url.parse(url)
    found = [HOST.fullmatch(host) for host in hosts.split(",")]
    if not all(found):
        raise ValueError("not hosts")
    said = dj_database_url.parse(urlunsplit(parts._replace(netloc=f"{person}{at}host")))
    names, ports = ([match[group] or "" for match in found] for group in (1, 2))
    return said | {
        "HOST": ",".join(name.strip("[]") for name in names),
        "PORT": ",".join(port or "5432" for port in ports),
    }


def read_cache() -> dict | None:
    """The cache that CACHE_URL names, as one of Django's CACHES; None if it names none."""
    what = "a Valkey or Redis, as redis://:password@host:6379/0"
    cache = _parsed("CACHE_URL", lambda name: _cache(urlsplit(read(name))), what, bool)
    if cache and not find_spec("redis"):
        raise SettingError("CACHE_URL needs the package redis: uv sync --extra valkey")
    return cache


def _cache(parts):
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(parts.scheme, parts.scheme)
    if scheme not in {"redis", "rediss"} or not parts.hostname or parts.port == 0:
        return None
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": urlunsplit(parts._replace(scheme=scheme)),
        "KEY_PREFIX": "readinggroup",
        # A cache that hangs must not hold a page for long.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }


# How mail goes to the relay: the scheme of EMAIL_URL -> its usual port, STARTTLS, TLS from the first byte.
RELAYS = {
    "smtp": (25, False, False),
    "smtp+tls": (587, True, False),
    "submission": (587, True, False),
    "smtps": (465, False, True),
    "smtp+ssl": (465, False, True),
}


def read_email() -> dict | None:
    """The relay that EMAIL_URL names, as Django's settings; None if it names none."""
    what = "a mail relay, as smtp+tls://user:password@host:587"
    return _parsed("EMAIL_URL", lambda name: _relay(urlsplit(read(name))), what, lambda said: said["EMAIL_HOST"])


def _relay(parts):
    usual_port, starttls, tls = RELAYS[parts.scheme]
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or usual_port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": starttls,
        "EMAIL_USE_SSL": tls,
    }


def _parsed(name, parse, what, is_good):
    if not read(name):
        return None
    try:
        said = parse(name)
        good = is_good(said)
    except (EnvError, ValueError, KeyError) as error:
        raise SettingError(f"{name} does not name {what}.") from error
    if not good:
        raise SettingError(f"{name} does not name {what}.")
    return said


# --- Kinds: each reads a text, or says with ValueError what it should have been --------------------------------------


def _bool(text):
    if text.lower() in ON | OFF:
        return text.lower() in ON
    raise ValueError("on or off")


def _int(text):
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return int(text)
    raise ValueError("a number, 0 or more")


def _list(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def _path(text):
    return Path(text).expanduser().absolute()


def _url(text):
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or True)
    except ValueError:
        good = False
    if not good:
        raise ValueError("an address that begins with https:// (or http://)")
    return text


def _origin(text):
    if urlsplit(_url(text)).path.strip("/"):
        raise ValueError("an address without a path, as https://read.example.org")
    return text.rstrip("/")


def _limits(text):
    if text and not LIMITS.fullmatch(text.replace(" ", "")):
        raise ValueError("so many in so long, as 60/5m,300/h")
    return text


def _keep(text):
    from readinggroup.backups.keeping import read_rules  # imports nothing of Django

    try:
        read_rules(text)
    except ValueError as error:
        raise ValueError("so many days, weeks and months, as 7d,4w,6m") from error
    return text


def _one_of(*choices):
    def reader(text):
        if text.casefold() not in {choice.casefold() for choice in choices}:
            raise ValueError(f"one of {', '.join(choices)}")
        return next(choice for choice in choices if choice.casefold() == text.casefold())

    return reader


READERS = {
    "bool": _bool, "int": _int, "str": str, "secret": str, "list": _list, "path": _path, "url": _url, "origin": _origin,
    "limits": _limits, "keep": _keep, "level": _one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    "log format": _one_of("json", "line"),
}  # fmt: skip


# --- What would be unsafe --------------------------------------------------------------------------------------------


def check_safe(settings: dict) -> None:
    """Refuse what no site for real may run with. It asks nothing when DEBUG is on."""
    if settings["DEBUG"]:
        return
    key = settings["SECRET_KEY"]
    if not key:
        raise SettingError("SECRET_KEY is not set. Set it to 50 or more random characters (or DEBUG=on to try out).")
    if len(key) < 32 or len(set(key)) < 5:
        raise SettingError("SECRET_KEY is too short to be safe. Set it to 50 or more random characters.")
    if "*" in settings["ALLOWED_HOSTS"]:
        raise SettingError("ALLOWED_HOSTS must name the site's hosts; * would answer under any name.")
    if settings["HTTPS"] and read("SITE_URL").startswith("http://"):
        raise SettingError("SITE_URL begins with http://, but the site is served with https. Set it, or HTTPS=off.")
    if read("OIDC_SERVER_URL") and not (read("OIDC_CLIENT_ID") and read("OIDC_CLIENT_SECRET")):
        raise SettingError("OIDC_SERVER_URL needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET beside it.")


def check_served(settings) -> None:
    """Refuse to serve under no name: every request would be a 400. Commands need none."""
    if not settings.DEBUG and not settings.ALLOWED_HOSTS:
        raise SettingError("ALLOWED_HOSTS is not set. Set it to the names under which the site answers, by comma.")


def tell_sentry(dsn: str) -> None:
    """Tell a Sentry of errors: where in the code, and nobody's words, address or cookies."""
    try:
        import sentry_sdk
    except ImportError as error:
        raise SettingError("SENTRY_DSN needs the package sentry-sdk: uv sync --extra sentry") from error
    try:
        sentry_sdk.init(
            dsn, send_default_pii=False, max_request_body_size="never", include_local_variables=False,
            before_send=without_addresses,
        )  # fmt: skip
    except ValueError as error:
        raise SettingError("SENTRY_DSN does not name a Sentry, as https://key@sentry.example.org/1") from error


def without_addresses(event, hint):
    """What Sentry is sent: an address can hold tokens and names, and a relay's words an e-mail address."""
    event.pop("request", None)
    event.pop("breadcrumbs", None)
    return event


# --- The table of the documentation ----------------------------------------------------------------------------------


# What the documentation calls a kind, where it is not called so here.
KINDS = {
    "bool": "on, off", "int": "number", "secret": "text", "str": "text", "origin": "address", "url": "address",
    "keep": "rule",
}  # fmt: skip


def as_markdown() -> str:
    """All variables, as docs/operations.md shows them."""
    lines = []
    for heading, variables in TABLE.items():
        lines += [f"### {heading}", "", "| variable | kind | default | what it says |", "|---|---|---|---|"]
        for variable in variables:
            kind = {
                "bool": "on, off",
                "int": "number",
                "secret": "text",
                "str": "text",
                "origin": "address",
                "url": "address",
                "keep": "rule",
            }
            shown = variable.shown or _shown(variable.default)
            lines.append(
                f"| `{variable.name}` | {kind.get(variable.kind, variable.kind)} | {shown} | {variable.says} |"
            )
        lines.append("")
    return "\n".join(lines)


def _shown(default) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    return "none" if default in ("", [], None) else f"`{default}`"
