"""The shipped packs, loaded once, and a copy of one that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mercat.guidance.gate import Guidance, load_guidance
from mercat.guidance.pack import find_pack


@pytest.fixture(scope="session")
def police() -> Guidance:
    return load_guidance("police-scotland")


@pytest.fixture(scope="session")
def council() -> Guidance:
    return load_guidance("example-council")


@pytest.fixture(scope="session", params=["police-scotland", "example-council"])
def shipped(request: pytest.FixtureRequest) -> Guidance:
    return load_guidance(request.param)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The default pack in a folder of its own."""
    return shutil.copytree(find_pack("police-scotland"), tmp_path / "police-scotland")
