"""The example of `docs/how-to/add-a-network.md` is a network: it is built from the page, and keeps the contract."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT

PAGE = ROOT / "docs" / "how-to" / "add-a-network.md"
BLOCK = re.compile(r"^`noticeboard/([^`]+)`\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ENTRY = "[mercat.networks]\nnoticeboard = noticeboard\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder of packages, with the network of the page as somebody else's."""
    folder = tmp_path / "noticeboard"
    (folder / "fixtures").mkdir(parents=True)
    (folder / "__init__.py").touch()
    blocks = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    cases = json.loads(blocks.pop("fixtures/*.json"))
    files = blocks | {f"fixtures/{name}.json": json.dumps(case) for name, case in cases.items()}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    about = tmp_path / "noticeboard-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: noticeboard\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(ENTRY, encoding="utf-8")
    return tmp_path


def test_a_network_is_one_folder(package: Path) -> None:
    contract = [
        "tests/networks/test_contract.py",
        "-k",
        "noticeboard",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *contract],
        cwd=ROOT, env={**clean, "PYTHONPATH": str(package)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-5_000:] + ran.stderr[-2_000:]
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed
    assert int(passed[1]) >= 45


def test_its_files_are_those_that_the_page_asks_for(package: Path) -> None:
    asked = re.findall(r"^   \| `([^`*]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in asked if not (package / "noticeboard" / name).is_file()] == []
