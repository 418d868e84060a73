"""Tests that commit are cleared by TRUNCATE: here, and only here, of append-only tables too, and of the queue's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from mercat.audit.append_only import APPEND_ONLY_TABLES

# Django does not know the queue's tables as ours, and would leave them full.
QUEUE = "TRUNCATE " + ", ".join(f"procrastinate_{of}" for of in ("jobs", "workers", "events", "periodic_defers"))


@pytest.fixture(autouse=True, scope="session")
def _what_tests_commit_can_be_cleared() -> Iterator[None]:
    """Wrap Django's flush; it runs in one transaction, so the triggers are never seen disabled."""
    operations = type(connection.ops)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", _whole(operations.sql_flush))
        yield


def _whole(sql_flush: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def flush(*args: object, **kwargs: object) -> list[str]:
        statements = sql_flush(*args, **kwargs)
        return [*_triggers("DISABLE"), *statements, QUEUE, *_triggers("ENABLE")] if statements else []

    return flush


def _triggers(verb: str) -> list[str]:
    existing = set(connection.introspection.table_names()) & set(APPEND_ONLY_TABLES)
    return [f'ALTER TABLE "{table}" {verb} TRIGGER USER' for table in sorted(existing)]
