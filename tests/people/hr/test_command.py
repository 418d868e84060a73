"""`mercat people import`: what is new or changed is taken in, the rest told; with --dry-run nothing is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from mercat.people.cli import people
from mercat.people.models import Import, Person
from tests import factories as make
from tests.people.hr.files import as_csv, line, line_of
from tests.people.hr.test_comparing import known

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(people, ["import", *arguments], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    known("100")
    by_hand = make.person("By hand")
    path = tmp_path / "people.csv"
    path.write_bytes(
        as_csv(line("100", rank="Sgt"), line("101"), line("102", rank="Bobby"), line_of(by_hand, rank="Sgt"))
    )
    return path


def test_a_dry_run_tells_and_changes_nothing(file: Path) -> None:
    code, told = run(str(file), "--dry-run")
    assert code == 0
    assert "people.csv: 1 conflicting, 1 faulty, 1 changed, 1 new." in told
    assert "line 4: faulty: The rank or grade “Bobby” is not known here." in told
    assert f"3 to be decided: http://127.0.0.1:8200/people/imports/{Import.objects.latest('pk').pk}/" in told
    assert not Person.objects.filter(number="101").exists()


def test_what_is_new_or_changed_is_taken_in_and_conflicts_wait(file: Path) -> None:
    code, told = run(str(file))
    assert (code, "Applied: 2 of 2." in told, "1 to be decided" in told) == (0, True, True)
    assert Person.objects.get(number="100").rank == "sergeant"
    assert Person.objects.filter(number="101").exists()
    code, told = run(str(file))
    assert "Nothing was changed." in told


def test_a_bad_file_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "people.csv"
    bad.write_bytes(b"\xff\xfe")
    code, told = run(str(bad))
    assert code == 1
    assert "Error: This file cannot be read. Line 1 is not text in UTF-8." in told
