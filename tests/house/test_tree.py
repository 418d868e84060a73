"""The tree: who may call whom, why each dependency is there, and nothing that binds it to one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared import ROOT

MERCAT = ROOT / "mercat"


def kept_files() -> list[Path]:
    """What the repository keeps; in an export without a repository, the sources."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name]
    folders = ("mercat", "packs", "tests", "docs", "bench", "requirements")
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(path: Path) -> str:
    return path.relative_to(MERCAT).parts[0]


def test_rooms_call_downward_only() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_sandbox_knows_no_other_room_and_none_knows_it_but_config() -> None:
    for path in MERCAT.rglob("*.py"):
        for name in imports_of(path):
            inside = name.startswith("mercat.sandbox")
            if room(path) == "sandbox":
                assert inside or not name.startswith("mercat"), f"{path}: {name}"
            elif room(path) != "config":
                assert not inside, f"{path}: {name}"


def test_every_dependency_says_what_it_is_for() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    inside, silent = False, []
    for line in lines:
        if re.match(r"(dependencies|dev) = \[", line):
            inside = True
        elif inside and line == "]":
            inside = False
        elif inside and not re.match(r'\s+"[^"]+",\s+# \S', line):
            silent.append(line.strip())
    assert silent == []


# Put together here, so that this file does not name them either.
FORBIDDEN = [
    re.compile(pattern)
    for pattern in (
        "(?<![A-Za-z0-9._~-])/" + "(root|home|work|Users)/[a-z]",
        "pypi" + r"\.org",
        "python" + "hosted",
        "registry" + r"\.npmjs",
        r"npm" + r"\.pkg",
    )
]


@pytest.mark.parametrize("pattern", FORBIDDEN, ids=lambda pattern: pattern.pattern)
def test_no_file_names_a_registrys_host_or_a_path_of_one_machine(pattern: re.Pattern[str]) -> None:
    named = []
    for path in kept_files():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # a picture, a key, or a file that is being moved
        named += [f"{path.relative_to(ROOT)}: {found.group()}" for found in pattern.finditer(text)]
    assert named == []
