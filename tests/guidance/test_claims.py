"""A run of the whole suite fails where it did not prove what is claimed done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mercat.guidance.gate import Guidance
from mercat.guidance.shape import Clause
from tests.claims import unproved
from tests.shared import ROOT

TEST = "tests/test_it.py::test_it"


@pytest.mark.parametrize(
    ("status", "passed", "reasons"),
    [
        ("done", {TEST}, []),
        ("done", {"tests/test_it.py::test_other"}, [f"clause 2.3: its test {TEST} did not pass in this run"]),
        ("part", set(), []),
    ],
)
def test_a_done_clause_needs_each_of_its_tests_to_have_passed(police: Guidance, status, passed, reasons) -> None:
    clause = Clause(id="2.3", kind="require", says="s", becomes="b", status=status, tests=[TEST])
    pack = police.pack.model_copy(update={"clauses": (clause,), "house": ()})
    assert [str(claim) for claim in unproved([pack], passed)] == reasons


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of its own, in which no test of any pack has passed."""
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = checks\naddopts = -p tests.claims\n")
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_it.py").write_text("def test_one(): ...\ndef test_two(): ...\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 1),
        (["-n", "2"], 1),
        (["-k", "one"], 0),
        (["-m", "not slow"], 0),
        (["checks"], 0),
        (["--collect-only"], 0),
    ],
)
def test_only_a_run_of_everything_is_held_to_the_claims(suite: Path, arguments: list[str], code: int) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env = {name: value for name, value in env.items() if not name.startswith(("PYTEST", "DJANGO"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=suite, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    told = "tests/delivery/test_actions.py::test_a_second_person_resumes did not pass in this run"
    assert (told in done.stdout) == bool(code)
