"""Which tables only ever grow. Grants and tests read this; `AppendOnly` in a migration makes the triggers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db.models import Model

M = TypeVar("M", bound=type[Model])

# Table name to the columns that may still be updated, for most tables none.
APPEND_ONLY_TABLES: dict[str, tuple[str, ...]] = {}


def append_only(*, updatable: Sequence[str] = ()) -> Callable[[M], M]:
    """Class decorator: the model's table takes inserts, and updates of the named columns only.

    The model's migration also carries `AppendOnly(table, updatable)`; a test compares the two.
    """

    def register(model: M) -> M:
        APPEND_ONLY_TABLES[model._meta.db_table] = tuple(updatable)
        return model

    return register
