"""One page of a long list, without counting the rest: counting is what makes long lists slow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

FARTHEST = 2_000  # pages; an offset grows with them


@dataclass(frozen=True, slots=True)
class Slice:
    """Some rows, and whether there are more before and after."""

    rows: Sequence[Any]
    number: int
    more: bool

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_whole(self) -> bool:
        return self.number == 1 and not self.more


def slice_of(rows: QuerySet[Any], wanted: str | None, *, size: int) -> Slice:
    """Page `wanted` (counted from 1; anything else is the first) of `size` rows."""
    number = int(wanted) if wanted and wanted.isdecimal() and 0 < int(wanted) <= FARTHEST else 1
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    return Slice(found[:size], number, len(found) > size)
