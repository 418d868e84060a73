from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A temporary folder that the database's user can pass through: pytest keeps its own to itself."""
    with tempfile.TemporaryDirectory(prefix="mercat-test-") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path
