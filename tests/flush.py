"""Tests that commit are cleared here, and only here, of append-only tables too, and of the queue's own.

What is full is emptied by DELETE: to TRUNCATE all of a hundred tables, as Django does, takes half a second each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.db import connection

# Django does not know the queue's tables as ours, and would leave them full. Others are filled anew by each flush.
QUEUE = tuple(f"procrastinate_{of}" for of in ("events", "periodic_defers", "jobs", "workers"))
FIXED = {"django_content_type", "auth_permission"}


@pytest.fixture(autouse=True, scope="session")
def _what_tests_commit_can_be_cleared() -> Iterator[None]:
    """In place of Django's statements, which run in one transaction: the triggers are never seen disabled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", _statements)
        yield


def _statements(_operations: object, _style: object, tables: Sequence[str], **_options: bool) -> list[str]:
    full = _full([*QUEUE, *sorted(set(tables) - FIXED)])
    triggers = _with_triggers()
    guarded = [table for table in full if table in triggers]
    return [
        *(f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in guarded),
        *(f'DELETE FROM "{table}"' for table in full),
        "SET CONSTRAINTS ALL IMMEDIATE",  # or what was deleted is still to be checked when the triggers come back
        *(f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in guarded),
    ]


def _full(tables: Sequence[str]) -> list[str]:
    there = set(connection.introspection.table_names())
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in tables if table in there]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        found = {name for (name,) in cursor.fetchall()}
    return [table for table in tables if table in found]


def _with_triggers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        return {name.strip('"') for (name,) in cursor.fetchall()}
