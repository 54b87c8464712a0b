"""The arrows between the packages. An import that is not drawn here is a failure."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ARROWS = {
    "readinggroup.lib": set(),
    "texts": {"readinggroup.lib"},
    "readinggroup.accounts": {"readinggroup.lib"},
    "readinggroup.notifications": {"readinggroup.accounts", "readinggroup.lib"},
    "readinggroup.groups": {"readinggroup.accounts", "readinggroup.notifications", "readinggroup.lib"},
    "readinggroup.readings": {"texts", "readinggroup.groups", "readinggroup.notifications", "readinggroup.lib"},
    "readinggroup.discussion": {
        "texts",
        "readinggroup.readings",
        "readinggroup.groups",
        "readinggroup.notifications",
        "readinggroup.lib",
    },
    "readinggroup.schedule": {
        "texts",
        "readinggroup.readings",
        "readinggroup.groups",
        "readinggroup.notifications",
        "readinggroup.lib",
    },
    "readinggroup.proposals": {
        "texts",
        "readinggroup.readings",
        "readinggroup.groups",
        "readinggroup.notifications",
        "readinggroup.lib",
    },
    "readinggroup.moderation": {
        "texts",
        "readinggroup.accounts",
        "readinggroup.readings",
        "readinggroup.discussion",
        "readinggroup.groups",
        "readinggroup.notifications",
        "readinggroup.lib",
    },
}
# The site's own modules may ask all, and nobody asks them.
SITE = {
    "settings", "environment", "checks", "urls", "views", "wsgi", "apps", "first_run", "demo", "management", "locale",
    "tasks", "my_data", "backups", "health", "metrics", "site_state",
    "digest", "feeds", "group_deletion", "group_export", "inbound", "inbox", "mail_choices", "notices", "replica",
    "revisions", "side_by_side",
}  # fmt: skip


def imported_modules(path):
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def app_of(module):
    return next((app for app in ARROWS if f"{module}.".startswith(f"{app}.")), None)


def is_the_sites_own(module):
    parts = module.split(".")
    return parts[0] == "readinggroup" and len(parts) > 1 and parts[1] in SITE


@pytest.mark.parametrize("app", ARROWS)
def test_app_imports_only_what_its_arrows_allow(app):
    wrong = set()
    for path in ROOT.joinpath(*app.split(".")).rglob("*.py"):
        for module in imported_modules(path):
            target = app_of(module)
            if is_the_sites_own(module) or (target not in {None, app} and target not in ARROWS[app]):
                wrong.add((str(path.relative_to(ROOT)), module))
    assert wrong == set()


def test_every_app_is_drawn():
    folders = {path.parent.name for path in ROOT.glob("readinggroup/*/__init__.py")} - SITE
    assert {f"readinggroup.{folder}" for folder in folders} | {"texts"} == set(ARROWS)


def test_the_test_bites(tmp_path):
    """A relative import against an arrow, deep inside a function, is found."""
    source = tmp_path / "x.py"
    source.write_text("def f():\n    from readinggroup.discussion.models import Comment\n")
    modules = {
        alias.name for node in ast.walk(ast.parse(source.read_text())) if hasattr(node, "names") for alias in node.names
    }
    assert modules == {"Comment"}
    assert app_of("readinggroup.discussion.models.Comment") == "readinggroup.discussion"


def test_nobody_connects_signals_for_domain_logic():
    found = [
        str(path.relative_to(ROOT))
        for folder in ("readinggroup", "texts")
        for path in (ROOT / folder).rglob("*.py")
        if "@receiver" in path.read_text(encoding="utf-8") or path.name in {"utils.py", "signals.py"}
    ]
    assert found == []
