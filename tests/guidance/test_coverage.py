"""What carries each clause, and that no claim goes beyond the tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mercat.guidance.coverage import BrokenClaim, broken_claims, coverage
from mercat.guidance.gate import Guidance
from mercat.guidance.pack import Pack
from mercat.guidance.shape import Clause
from tests.shared import ROOT


def test_no_clause_of_a_shipped_pack_claims_more_than_the_tree_bears_out(shipped: Guidance) -> None:
    assert broken_claims(shipped.pack, ROOT) == []


def test_every_clause_and_house_rule_has_a_row(police: Guidance) -> None:
    rows = coverage(police.pack)
    assert [row.id for row in rows] == [clause.id for clause in (*police.pack.clauses, *police.pack.house)]
    row = next(row for row in rows if row.id == "2.3")
    assert row.kind == "require"
    assert {"2.3-nominated", "2.3-trained", "2.3-licensed"} <= set(row.policies)
    assert {row.status for row in rows} <= {"done", "part", "open"}


def test_every_policy_carries_a_clause_that_is_claimed(shipped: Guidance) -> None:
    status = {row.id: row.status for row in coverage(shipped.pack) if row.policies}
    assert "open" not in status.values()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(
        "import pytest\n"
        "def test_runs(): ...\n"
        "@pytest.mark.parametrize('a', [1])\n"
        "def test_of_many(a): ...\n"
        "@pytest.mark.skip(reason='later')\n"
        "def test_skipped(): ...\n"
        "@pytest.mark.xfail\n"
        "def test_expected_to_fail(): ...\n"
        "def helper(): ...\n"
        "class TestGroup:\n"
        "    def test_inside(self): ...\n"
        "@pytest.mark.skip\n"
        "class TestSkipped:\n"
        "    def test_inside(self): ...\n"
    )
    (tmp_path / "mercat" / "room").mkdir(parents=True)
    (tmp_path / "mercat" / "room" / "page.py").write_text(
        "LIMIT: int = 3\ndef show(): ...\nclass A:\n    def b(self): ...\n"
    )
    return tmp_path


def reasons(pack: Pack, tree: Path, **claim: Any) -> list[str]:
    given = {"id": "2.3", "kind": "require", "says": "s", "becomes": "b", "status": "done", **claim}
    claimed = pack.model_copy(update={"clauses": (Clause(**given),), "house": ()})
    return [claim.reason for claim in broken_claims(claimed, tree)]


RUNS = ["tests/test_it.py::test_runs"]


def test_a_claim_with_policy_and_test_holds(police: Guidance, tree: Path) -> None:
    tests = [*RUNS, "tests/test_it.py::test_of_many[1]", "tests/test_it.py::TestGroup::test_inside"]
    assert reasons(police.pack, tree, tests=tests) == []


def test_an_open_clause_claims_nothing(police: Guidance, tree: Path) -> None:
    assert reasons(police.pack, tree, status="open", tests=["tests/nowhere.py::test_x"]) == []


@pytest.mark.parametrize(
    "test",
    [
        "tests/test_it.py::test_absent",
        "tests/test_it.py::test_skipped",
        "tests/test_it.py::test_expected_to_fail",
        "tests/test_it.py::helper",
        "tests/test_it.py::TestSkipped::test_inside",
        "tests/test_it.py",
        "tests/absent.py::test_runs",
        "test_runs",
        "",
    ],
)
@pytest.mark.parametrize("status", ["done", "part"])
def test_a_claim_whose_test_does_not_run_is_broken(police: Guidance, tree: Path, test: str, status: str) -> None:
    assert reasons(police.pack, tree, tests=[*RUNS, test], status=status) == [
        f"its test {test} does not exist or is skipped"
    ]


def test_a_claim_without_a_test_is_broken(police: Guidance, tree: Path) -> None:
    assert reasons(police.pack, tree) == ["it names no test"]


def test_a_deciding_clause_needs_a_policy_unless_the_pack_says_what_else_carries_it(
    police: Guidance, tree: Path
) -> None:
    assert reasons(police.pack, tree, id="7.1", tests=RUNS) == ["it is to be decided by a policy and has none"]
    assert reasons(police.pack, tree, id="7.1", tests=RUNS, by="feature") == [
        "it is carried by feature and names no feature"
    ]
    assert reasons(police.pack, tree, id="7.1", tests=RUNS, by="feature", feature="mercat.room.page") == []


@pytest.mark.parametrize(
    ("feature", "exists"),
    [
        ("/people/", True),
        ("mercat.room", True),
        ("mercat.room.page", True),
        ("mercat.room.page.show", True),
        ("mercat.room.page.LIMIT", True),
        ("mercat.room.page.gone", False),
        ("mercat.attic", False),
        ("tests/test_it.py", True),
        ("docs/gone.md", False),
        ("show", False),
    ],
)
def test_a_feature_must_be_in_the_tree(police: Guidance, tree: Path, feature: str, exists: bool) -> None:
    found = reasons(police.pack, tree, kind="duty", tests=RUNS, feature=feature)
    assert found == ([] if exists else [f"its feature {feature} does not exist"])


def test_a_broken_claim_reads_as_a_sentence() -> None:
    assert str(BrokenClaim("5.3", "it names no test")) == "clause 5.3: it names no test"
