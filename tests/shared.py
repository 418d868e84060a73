"""Material beside the project that some tests read: absent on most machines, and then they skip, visibly."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared(*parts: str) -> Path:
    """A path under the networks' official specs: `$MERCAT_SPECS`, default `../shared/specs`. Skips where absent."""
    return _present(_specs().joinpath(*parts))


def mission(*parts: str) -> Path:
    """A path under the mission's folder, beside the specs. Skips where absent."""
    return _present((_specs().parent / "mission").joinpath(*parts))


def _specs() -> Path:
    return Path(os.environ.get("MERCAT_SPECS") or ROOT.parent / "shared" / "specs").resolve()


def _present(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"{path} is absent (set MERCAT_SPECS)", allow_module_level=True)
    return path
