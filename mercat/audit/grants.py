"""What the application's database role may do: everything to ordinary tables, SELECT and INSERT to append-only ones."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections, transaction

from mercat.audit.append_only import APPEND_ONLY_TABLES


def after_migrate(*, using: str, **_: Any) -> None:
    """After every migration: bring the application role's grants up to date, where there is such a role.

    A role that migrates for itself owns the tables. Its own rights are left alone: foreign keys are checked with them.
    """
    role = getattr(settings, "MERCAT_APP_ROLE", "mercat_app")
    if is_another_role(role, using):
        grant(role, using)


def is_another_role(role: str, using: str = "default") -> bool:
    """Whether the role exists, and is not the one that asks."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [role])
        return cursor.fetchone() is not None


def grant(role: str, using: str = "default") -> None:
    """Grant `role` what the application needs in the current schema, and not more. Run by the tables' owner.

    A role that owns the tables, or a superuser, is not bound by grants: the triggers of `AppendOnly` still are.
    """
    quote = connections[using].ops.quote_name
    name = quote(role)
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        schema = cursor.fetchone()[0]
        cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
        there = set(connections[using].introspection.table_names(cursor))  # not all, in the middle of migrations
        for table, updatable in APPEND_ONLY_TABLES.items():
            if table not in there:
                continue
            cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {name}, PUBLIC")
            cursor.execute(f"GRANT SELECT, INSERT ON {quote(table)} TO {name}")
            if updatable:
                cursor.execute(f"GRANT UPDATE ({', '.join(map(quote, updatable))}) ON {quote(table)} TO {name}")
