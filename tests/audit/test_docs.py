"""The pages about the record keep up with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mercat.audit import verifier, verify
from mercat.audit.cli import audit

DOCS = Path(__file__).resolve().parents[2] / "docs"
KIND = re.compile(r'(?:found|give_up|_lacking|_bad|Finding)\(\s*(?:index, |self\._next, )?"([a-z]+)"')


def test_every_kind_of_finding_is_explained() -> None:
    sources = [Path(module.__file__).read_text() for module in (verifier, verify)]
    kinds = {kind for source in sources for kind in KIND.findall(source)}
    page = (DOCS / "reference" / "audit-format.md").read_text()
    explained = {
        kind for line in page.partition("| kind |")[2].splitlines() for kind in re.findall(r"`(\w+)`", line[:40])
    }
    assert explained == kinds
    assert len(kinds) >= 14


@pytest.mark.parametrize("command", sorted(audit.commands))
def test_every_command_is_shown(command: str) -> None:
    assert f"mercat audit {command}" in (DOCS / "how-to" / "verify-the-record.md").read_text()
