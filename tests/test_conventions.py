"""What we promise about the project itself, held by tests."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from readinggroup import environment

from . import essay

ROOT = Path(__file__).parent.parent


def test_every_setting_is_read_through_the_one_table():
    settings = (ROOT / "readinggroup" / "settings.py").read_text(encoding="utf-8")
    assert re.findall(r"environ\b|\bgetenv|\benv\.", settings) == []
    helpers = {"DATABASE_URL", "REPLICA_URL", "CACHE_URL", "EMAIL_URL"}  # read by functions of their own
    assert set(re.findall(r'\bread\("([A-Z_]+)"', settings)) | helpers == set(environment.VARIABLES)


def test_every_dependency_says_why_it_is_here():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r'    "[a-z].*==', line):
            assert "#" in line or lines[number - 1].strip().startswith("#"), line


def tracked():
    """The files that belong to the project."""
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.split("\n") if name and (ROOT / name).is_file()]


def test_nothing_is_committed_that_names_a_machine_or_a_registry():
    names = {path.name for path in tracked()}
    assert names & {"uv.lock", "poetry.lock", "package-lock.json"} == set()


@essay.needs_the_essay
def test_the_project_holds_no_sentence_of_the_essay():
    def flat(text):
        return re.sub(r"\W+", " ", text.lower())

    sentences = re.split(r"(?<=[.!?])\s+", essay.PATH.read_text(encoding="utf-8"))
    pieces = {flat(sentence)[:60] for sentence in sentences if len(sentence) > 80}
    held = set()
    for path in tracked():
        try:
            text = flat(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
        held |= {(path.name, piece) for piece in pieces if piece in text}
    assert held == set()


def test_views_stay_short():
    long = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in ROOT.glob("readinggroup/**/*.py")
        if path.name.endswith("views.py") or path.name in {"imports.py", "rules.py", "ending.py", "group_export.py"}
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 40
    ]
    assert long == []


def test_the_tests_named_in_the_list_of_failures_are_there():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs" / "failures.md").read_text(encoding="utf-8"))
    assert len(named) > 40
    missing = [
        f"{file}::{test}"
        for file, test in named
        if f"def {test}(" not in (ROOT / "tests" / file).read_text(encoding="utf-8")
    ]
    assert missing == []
