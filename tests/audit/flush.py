"""Tests that commit are cleared by TRUNCATE, which append-only tables refuse: here, and only here, they may."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from mercat.audit.append_only import APPEND_ONLY_TABLES


@pytest.fixture(autouse=True, scope="session")
def _append_only_tables_can_be_cleared_between_tests() -> Iterator[None]:
    """Wrap Django's flush; it runs in one transaction, so the triggers are never seen disabled."""
    operations = type(connection.ops)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", _unlocked(operations.sql_flush))
        yield


def _unlocked(sql_flush: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def flush(*args: object, **kwargs: object) -> list[str]:
        statements = sql_flush(*args, **kwargs)
        return [*_triggers("DISABLE"), *statements, *_triggers("ENABLE")] if statements else []

    return flush


def _triggers(verb: str) -> list[str]:
    existing = set(connection.introspection.table_names()) & set(APPEND_ONLY_TABLES)
    return [f'ALTER TABLE "{table}" {verb} TRIGGER USER' for table in sorted(existing)]
