"""A pack's own examples, run."""

from __future__ import annotations

from pathlib import Path

from mercat.guidance.check import run_examples, unproven
from mercat.guidance.gate import Guidance, load_guidance


def test_every_example_of_a_shipped_pack_comes_out_as_it_says(shipped: Guidance) -> None:
    results = run_examples(shipped)
    assert len(results) > 50
    assert [str(result) for result in results if not result.passed] == []


def test_every_policy_has_an_example_it_refuses_and_every_action_one_that_passes(shipped: Guidance) -> None:
    assert unproven(shipped) == []


def test_an_example_that_comes_out_otherwise_is_told_with_what_came_out(copy: Path) -> None:
    file = copy / "examples" / "standing.yaml"
    file.write_text(file.read_text().replace("refused_by: [2.3-nominated]", "refused_by: [2.3-licensed, 5.6-unit]"))
    wrong = [str(result) for result in run_examples(load_guidance(copy)) if not result.passed]
    line = file.read_text().splitlines().index("  - says: Somebody who was never nominated") + 1
    assert wrong == [
        f"examples/standing.yaml:{line}: Somebody who was never nominated: "
        "expected 2.3-licensed, 5.6-unit, got 2.3-nominated"
    ]


def test_a_policy_without_a_failing_example_and_an_action_without_a_passing_one_are_named(copy: Path) -> None:
    for file in ("joining", "applications"):
        (copy / "examples" / f"{file}.yaml").unlink()
    missing = unproven(load_guidance(copy))
    assert any(each.endswith("no example is refused by 4.7-rank") for each in missing)
    assert any(each.endswith("no example is allowed to open_access") for each in missing)
    assert all(each.startswith("policies/") for each in missing)
