"""What a look at an installation finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

WELL, WARNING, WRONG = "well", "warning", "wrong"
MARKS = {WELL: "✓", WARNING: "!", WRONG: "✗"}
CLOCKS_APART = timedelta(seconds=2)


@dataclass(frozen=True)
class Finding:
    """`state` is well, warning or wrong; `remedy` is empty when all is well."""

    name: str
    state: str
    found: str
    remedy: str = ""
