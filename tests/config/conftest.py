from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.running import open_folder


@pytest.fixture
def open_path() -> Iterator[Path]:
    with open_folder() as path:
        yield path
