"""`mercat guidance`, as people and machines call it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mercat.guidance.cli import guidance


def run(*arguments: str) -> Result:
    return CliRunner().invoke(guidance, list(arguments))


@pytest.mark.parametrize("pack", ["police-scotland", "example-council"])
def test_a_good_pack_passes_its_check(pack: str) -> None:
    result = run("check", pack)
    assert result.exit_code == 0
    assert "examples, 0 not as they should be." in result.output
    document = json.loads(run("check", pack, "--json").output)
    assert (document["pack"], document["faults"]) == (pack, [])
    assert len(document["digest"]) == 64


def test_a_pack_that_cannot_be_loaded_fails_with_its_faults(copy: Path) -> None:
    (copy / "pack.yaml").write_text("key: [\n")
    result = run("check", str(copy))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "pack.yaml:2: this is not YAML" in result.stderr
    as_json = run("check", str(copy), "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["faults"][0].startswith("pack.yaml:2: ")


def test_an_example_that_fails_fails_the_check(copy: Path) -> None:
    file = copy / "policies" / "standing.cedar"
    file.write_text(file.read_text().replace("unless { principal.licensed };", "unless { true };"))
    result = run("check", str(copy))
    assert result.exit_code == 1
    assert "Somebody without a licence: expected 2.3-licensed, got allowed" in result.output
    faults = json.loads(run("check", str(copy), "--json").output)["faults"]
    assert any(fault.endswith("Somebody without a licence: expected 2.3-licensed, got allowed") for fault in faults)


def test_an_unknown_pack_is_told_with_those_there_are() -> None:
    result = run("show", "atlantis")
    assert result.exit_code == 1
    assert "example-council, police-scotland" in result.stderr


def test_coverage_lists_every_clause_for_people_and_machines() -> None:
    rows = json.loads(run("coverage", "--pack", "police-scotland", "--json").output)
    assert [*rows[0]] == ["id", "kind", "policies", "feature", "tests", "status"]
    assert len([row for row in rows if not row["id"].startswith("M.")]) == 50
    result = run("coverage", "--pack", "police-scotland")
    assert result.exit_code == 0
    assert f"{len(rows)} clauses: " in result.output


def test_coverage_takes_the_pack_of_the_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCAT_PACK", "example-council")
    ids = [row["id"] for row in json.loads(run("coverage", "--json").output)]
    assert "2.3" in ids
    assert "10.4" not in ids


def test_coverage_fails_on_a_claim_that_does_not_hold(copy: Path) -> None:
    file = copy / "clauses.yaml"
    words = file.read_text()
    clause = re.findall(r'- id: "([\d.]+)"', words.partition("status: open")[0])[-1]
    file.write_text(words.replace("status: open", "status: done", 1))
    result = run("coverage", "--pack", str(copy), "--json")
    assert result.exit_code == 1
    assert f"clause {clause}: it names no test" in result.stderr
    assert json.loads(result.stdout)[0]["status"] == "done"


def test_show_counts_what_a_pack_is_made_of() -> None:
    document = json.loads(run("show", "police-scotland", "--json").output)
    assert (document["slots"], document["clauses"]) == (110, 50)
    assert "slots: 9" in run("show", "example-council").output
