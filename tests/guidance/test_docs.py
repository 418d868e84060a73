"""The reference names everything there is."""

from __future__ import annotations

from mercat.guidance.gate import Guidance
from mercat.guidance.shape import PackFile
from tests.shared import ROOT

REFERENCE = (ROOT / "docs" / "reference" / "guidance.md").read_text(encoding="utf-8")


def test_the_reference_describes_every_key_of_a_pack() -> None:
    keys = REFERENCE.split("## Keys of `pack.yaml`")[1].split("\n## ")[0]
    assert [name for name in PackFile.model_fields if f"`{name}`" not in keys] == []


def test_the_reference_lists_every_action_and_house_rule(police: Guidance) -> None:
    actions = REFERENCE.split("## Actions")[1].split("\n## ")[0]
    assert [action for action in police.policies if f"`{action}`" not in actions] == []
    rules = REFERENCE.split("## House rules")[1]
    assert [rule.id for rule in police.pack.house if f"| {rule.id} |" not in rules] == []
