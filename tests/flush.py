"""Tests that commit are cleared here, and only here, of append-only tables too, and of the queue's own.

What is full is emptied by DELETE: to TRUNCATE all of a hundred tables, as Django does, takes half a second each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from django.db import connection

# Django does not know the queue's tables as ours, and would leave them full.
QUEUE = tuple(f"procrastinate_{of}" for of in ("events", "periodic_defers", "jobs", "workers"))
# Made by migrations: these are never emptied.
FIXED = {"django_content_type", "auth_permission"}


@pytest.fixture(autouse=True, scope="session")
def _what_tests_commit_can_be_cleared() -> Iterator[None]:
    """In place of Django's statements, which run in one transaction: the triggers are never seen disabled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", _statements)
        patch.setattr("django.core.management.commands.flush.emit_post_migrate_signal", _what_is_fixed_stays)
        yield


def _what_is_fixed_stays(*_: object, **__: object) -> None:
    """In place of making anew what `FIXED` was never emptied of, and the grants: 40 ms for each test that commits."""


def _statements(_operations: object, _style: object, tables: Sequence[str], **_options: bool) -> list[str]:
    full = full_tables(sorted(set(tables) - FIXED))
    off, on = _guards(full)
    return [*off, *(f'DELETE FROM "{table}"' for table in full), *on]


@contextmanager
def unguarded(tables: Iterable[str]) -> Iterator[None]:
    """Inside of a transaction: what is written to these tables in the block is asked for by no trigger of ours."""
    off, on = _guards(tables)
    with connection.cursor() as cursor:
        # What is still to be checked holds a table fast; what is written in the block is checked after it.
        for statement in ("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED", *off):
            cursor.execute(statement)
        yield
        for statement in on:
            cursor.execute(statement)


def _guards(tables: Iterable[str]) -> tuple[list[str], list[str]]:
    """The statements before and after."""
    triggers = _with_triggers()
    guarded = [table for table in tables if table in triggers]
    off = [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in guarded]
    on = [f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in guarded]
    # Or what was deleted is still to be checked when the triggers come back.
    return off, ["SET CONSTRAINTS ALL IMMEDIATE", *on]


def full_tables(tables: Sequence[str] | None = None) -> list[str]:
    """Those with rows in them: of these and of the queue's, or of all."""
    there = sorted(connection.introspection.table_names())
    asked = there if tables is None else [*QUEUE, *tables]
    each = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in asked if table in set(there)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        found = {name for (name,) in cursor.fetchall()}
    return [table for table in asked if table in found]


def _with_triggers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        return {name.strip('"') for (name,) in cursor.fetchall()}
