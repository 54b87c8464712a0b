"""The files that set the site up agree with one another and with the code. What they do was tried by hand: see
docs/operations.md, "What was tried"."""

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from django.conf import settings
from procrastinate.contrib.django import app

from readinggroup.environment import VARIABLES, read

ROOT = Path(__file__).parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(COMPOSE)["services"]
SITE = {name: service for name, service in SERVICES.items() if service.get("build")}
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
OF_COMPOSE = {"SITE_HOST", "POSTGRES_PASSWORD"}  # which the site itself does not read


def example_names():
    return set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE))


def test_every_variable_of_the_containers_is_in_the_example_and_the_other_way_round():
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    assert asked == example_names()


def test_the_site_knows_every_variable_that_it_is_given():
    assert set(SITE) == {"migrate", "web", "worker", "backup"}
    for name, service in SITE.items():
        assert set(service["environment"]) <= set(VARIABLES), name
    assert example_names() - OF_COMPOSE <= set(VARIABLES)


def test_the_examples_values_are_good_ones_or_asked_for(monkeypatch):
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE):
        if name not in OF_COMPOSE:
            monkeypatch.setenv(name, value)
            read(name)
    needed = re.findall(r"\$\{([A-Z_]+):\?", COMPOSE)
    assert {"SECRET_KEY", "POSTGRES_PASSWORD", "SITE_HOST", "EMAIL_URL"} <= set(needed), "compose stops without them"


def test_containers_may_do_little():
    for name, service in SERVICES.items():
        assert service["read_only"], name
        assert "no-new-privileges:true" in service["security_opt"], name
    for name in [*SITE, "caddy"]:
        assert SERVICES[name]["cap_drop"] == ["ALL"], name
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert dockerfile.index("USER site") > dockerfile.rindex("FROM")


def test_some_worker_takes_every_task():
    queues = {task.queue for task in app.tasks.values() if task.name.startswith(("readinggroup.", "texts."))}
    taken = {
        queue for service in SITE.values() for queue in re.findall(r"--queues (\S+)", str(service.get("command", "")))
    }
    assert queues == taken == {"default", "backups"}


def test_what_files_are_named_is_there():
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert not source.startswith(".") or (ROOT / source).is_file(), source
    for source in re.findall(r"^COPY (\S+) ", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE):
        assert source.startswith("--from") or (ROOT / source).exists(), source


def test_the_proxy_lets_through_what_the_site_takes():
    caddyfile = (ROOT / "docs" / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    megabytes = int(re.search(r"max_size (\d+)MB", caddyfile)[1])
    assert megabytes * 10**6 >= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert set(re.findall(r"\{\$(\w+)\}", caddyfile)) == set(SERVICES["caddy"]["environment"])


@pytest.mark.parametrize("name", ["web@", "worker"])
def test_the_units_run_what_the_containers_run(name):
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(ROOT / "docs" / "deploy" / f"readinggroup-{name}.service")
    service = unit["Service"]
    assert service["Restart"] == "always"
    assert service["User"] == "readinggroup"
    command = service["ExecStart"].rstrip("'").split()
    if name == "web@":
        image = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("CMD ")[2]
        words = {word for word in re.findall(r'"([^"]+)"', image) if word not in {"0.0.0.0", "8000"}}  # noqa: S104
        assert words <= {*command, "granian"}
        assert command[command.index("--port") + 1] == "%i"
    else:
        assert command[-2:] == ["manage.py", "worker"]


def test_a_release_knows_the_units_and_the_settings_that_there_are():
    """`docs/deploy/release` itself is run by benchmarks/deploy.py."""
    script = ROOT / "docs" / "deploy" / "release"
    text = script.read_text(encoding="utf-8")
    subprocess.run(["sh", "-n", script], check=True)
    assert script.stat().st_mode & 0o111
    named = set(re.findall(r'systemctl [^\n]*?"?(readinggroup-\w+@?)', text))
    assert named == {path.stem for path in script.parent.glob("readinggroup-*.service")}
    worker, web = text.index("restart readinggroup-worker"), text.index('start "readinggroup-web@')
    assert text.index("manage migrate") < worker < web, "a former worker does not know the new one's tasks"


def test_the_cluster_for_kubernetes_is_the_database_that_its_addresses_name():
    text = (ROOT / "docs" / "deploy" / "cloudnativepg.yaml").read_text(encoding="utf-8")
    cluster = yaml.safe_load(text)
    name, begun = cluster["metadata"]["name"], cluster["spec"]["bootstrap"]["initdb"]
    for variable, service in (("DATABASE_URL", "rw"), ("REPLICA_URL", "ro")):
        (address,) = re.findall(rf"^# {variable}: +(\S+)", text, re.MULTILINE)
        place = urlsplit(address)
        assert (place.username, place.path) == (begun["owner"], f"/{begun['database']}")
        assert place.hostname == f"{name}-{service}"
    assert cluster["spec"]["instances"] > cluster["spec"]["postgresql"]["synchronous"]["number"] + 1
