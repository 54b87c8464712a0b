"""Settings from the environment: what cannot be meant, or is unsafe, stops the start with one line without secrets."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from readinggroup import environment
from readinggroup.environment import SettingError, read

ROOT = Path(__file__).parent.parent
SAFE = {
    "DEBUG": False,
    "SECRET_KEY": "aXc8kQ0mZ3nB7vT1yU5rE9wP2oL6jH4gF8",
    "ALLOWED_HOSTS": ["a.example"],
    "HTTPS": True,
}
READABLE = {
    "bool": "on", "int": "7", "str": "words", "secret": "words", "list": "a,b", "path": "/there", "url": "https://a.example/b",
    "origin": "https://a.example", "limits": "3/m", "keep": "3d", "level": "warning", "log format": "line",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in environment.VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"), ("CONN_MAX_AGE", "-1"), ("CONN_MAX_AGE", "ten"), ("EMAIL_TIMEOUT", "1e3"),
        ("SITE_URL", "read.example.org"), ("SITE_URL", "https://"), ("SITE_URL", "https://a.example/path"),
        ("WRITE_LIMITS", "a lot"), ("WRITE_LIMITS", "60/5m;300/h"), ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"),
        ("BACKUP_KEEP", "all"), ("OIDC_SERVER_URL", "javascript:alert(1)"), ("OIDC_SERVER_URL", "https://a.example:port"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_said_in_one_line(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=f"^{name} must be .*, not “") as refused:
        read(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("value", ["nonsense", "sqlite:////tmp/x", "postgres://u:hunter2@h:port/x"])
def test_a_database_that_is_none_is_refused_and_its_password_kept(monkeypatch, value):
    monkeypatch.setenv("DATABASE_URL", value)
    with pytest.raises(SettingError, match="DATABASE_URL does not name") as refused:
        environment.read_database()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("hosts", "names", "ports"),
    [
        ("10.0.0.5:5433,10.0.0.6", "10.0.0.5,10.0.0.6", "5433,5432"),
        ("a.example,[fd00::2]:6432", "a.example,fd00::2", "5432,6432"),
    ],
)
def test_of_several_hosts_the_one_that_can_write_is_found(monkeypatch, hosts, names, ports):
    monkeypatch.setenv("DATABASE_URL", f"postgres://u%40x:p%2Fw@{hosts}/there?target_session_attrs=read-write")
    database = environment.read_database()
    assert (database["HOST"], database["PORT"], database["NAME"]) == (names, ports, "there")
    assert (database["USER"], database["PASSWORD"]) == ("u@x", "p/w")
    assert database["OPTIONS"] == {"target_session_attrs": "read-write"}


@pytest.mark.parametrize("value", ["postgres://u:hunter2@a:1,b:port/x", "postgres://u:hunter2@a,,b/x", "redis://h/0"])
def test_hosts_and_replicas_that_are_none_are_refused(monkeypatch, value):
    monkeypatch.setenv("REPLICA_URL", value)
    with pytest.raises(SettingError, match="REPLICA_URL does not name") as refused:
        environment.read_database("REPLICA_URL")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("redis://:p@cache.example:6380/1", "redis://:p@cache.example:6380/1"),
        ("valkeys://u:p@cache.example", "rediss://u:p@cache.example"),
    ],
)
def test_limits_may_be_counted_in_a_valkey_that_is_not_waited_for_long(monkeypatch, value, place):
    monkeypatch.setenv("CACHE_URL", value)
    monkeypatch.setattr(environment, "find_spec", lambda name: name)
    cache = environment.read_cache()
    assert (cache["BACKEND"], cache["LOCATION"]) == ("django.core.cache.backends.redis.RedisCache", place)
    assert set(cache["OPTIONS"].values()) == {2}
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(SettingError, match="uv sync --extra valkey"):
        environment.read_cache()


@pytest.mark.parametrize("value", ["memcached://h", "cache.example:6379", "redis://:hunter2@h:port", "redis://"])
def test_a_cache_that_is_none_is_refused_and_its_password_kept(monkeypatch, value):
    monkeypatch.setenv("CACHE_URL", value)
    with pytest.raises(SettingError, match="CACHE_URL does not name") as refused:
        environment.read_cache()
    assert "hunter2" not in str(refused.value)


def test_limits_are_counted_where_all_processes_see_them(settings):
    """By default: a cache of each process would let everybody try as often as there are processes."""
    assert environment.read_cache() is None
    assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"


@pytest.mark.parametrize("value", ["mail.example.org", "smtp+tls://u:hunter2@h:port"])
def test_a_relay_that_is_none_is_refused_and_its_password_kept(monkeypatch, value):
    monkeypatch.setenv("EMAIL_URL", value)
    with pytest.raises(SettingError, match="EMAIL_URL does not name") as refused:
        environment.read_email()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp+tls://u%40x:p%2Fw@mail.example.org", 587, True, False),
        ("submission://u%40x:p%2Fw@mail.example.org:2525", 2525, True, False),
        ("smtps://u%40x:p%2Fw@mail.example.org", 465, False, True),
        ("smtp://mail.example.org", 25, False, False),
    ],
)
def test_a_relay_is_spoken_to_as_its_address_says(monkeypatch, url, port, starttls, tls):
    """The scheme smtp+tls, which the documentation names, once meant no TLS at all."""
    monkeypatch.setenv("EMAIL_URL", url)
    relay = environment.read_email()
    assert (relay["EMAIL_HOST"], relay["EMAIL_PORT"]) == ("mail.example.org", port)
    assert (relay["EMAIL_USE_TLS"], relay["EMAIL_USE_SSL"]) == (starttls, tls)
    if "@" in url:
        assert (relay["EMAIL_HOST_USER"], relay["EMAIL_HOST_PASSWORD"]) == ("u@x", "p/w")


@pytest.mark.parametrize("name", environment.VARIABLES)
def test_every_variable_can_be_read_and_an_empty_one_is_none(monkeypatch, name):
    variable = environment.VARIABLES[name]
    default = read(name)
    assert default == variable.default
    monkeypatch.setenv(name, READABLE[variable.kind])
    assert read(name) != ""
    monkeypatch.setenv(name, "")
    assert read(name) == default or variable.empty
    assert variable.says.strip()


def test_empty_limits_are_no_limits(monkeypatch):
    monkeypatch.setenv("WRITE_LIMITS", "")
    assert read("WRITE_LIMITS") == ""


@pytest.mark.parametrize(
    ("change", "env", "told"),
    [
        ({"SECRET_KEY": ""}, {}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "secret"}, {}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "a" * 60}, {}, "SECRET_KEY is too short"),
        ({"ALLOWED_HOSTS": ["*"]}, {}, "ALLOWED_HOSTS must name"),
        ({}, {"SITE_URL": "http://a.example"}, "SITE_URL begins with http://"),
        ({}, {"OIDC_SERVER_URL": "https://sso.example"}, "OIDC_SERVER_URL needs OIDC_CLIENT_ID"),
    ],
)
def test_what_is_unsafe_for_real_is_refused_then_and_only_then(monkeypatch, change, env, told):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=told):
        environment.check_safe({**SAFE, **change})
    environment.check_safe({**SAFE, **change, "DEBUG": True})


def test_a_site_without_a_name_is_not_served():
    with pytest.raises(SettingError, match="ALLOWED_HOSTS is not set"):
        environment.check_served(SimpleNamespace(DEBUG=False, ALLOWED_HOSTS=[]))
    environment.check_served(SimpleNamespace(DEBUG=True, ALLOWED_HOSTS=[]))


def ask(*arguments, **env):
    keep = {name: value for name, value in os.environ.items() if name not in environment.VARIABLES}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env={**keep, **env}, capture_output=True, text=True, check=False, timeout=60)


def test_commands_end_with_the_line_and_without_a_traceback(tmp_path):
    refused = ask("check", DEBUG="off", DATA_DIR=str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "The site cannot start: SECRET_KEY is not set. Set it to 50 or more random characters (or DEBUG=on to try out)."
    ]


def test_a_whole_deployment_passes_djangos_questions_and_ours(tmp_path):
    whole = {
        "DEBUG": "off", "SECRET_KEY": SAFE["SECRET_KEY"] + "aK3xM7cN1bV5zQ0pL9", "ALLOWED_HOSTS": "read.example.org",
        "SITE_URL": "https://read.example.org", "BEHIND_PROXY": "on", "ALLAUTH_TRUSTED_PROXY_COUNT": "1",
        "EMAIL_URL": "smtp+tls://u:p@mail.example.org:587", "DATA_DIR": str(tmp_path), "BACKUP_DIR": str(tmp_path),
    }  # fmt: skip
    asked = ask("check", "--deploy", "--fail-level=WARNING", **whole)
    assert (asked.returncode, asked.stderr) == (0, ""), asked.stderr


def test_what_is_seldom_meant_is_asked_about(settings):
    settings.DEBUG, settings.SECURE_PROXY_SSL_HEADER = False, ("HTTP_X_FORWARDED_PROTO", "https")
    told = {problem.id for problem in run_checks(tags=["security"], include_deployment_checks=True)}
    assert {"site.W001", "site.W002", "site.W003", "site.W004"} <= told


def test_the_documentation_shows_the_table_of_the_code():
    call_command("settings_table", "--check")
