"""Migration operations that any room may use."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation

# One function for all tables. Its arguments are the columns that may change; without any, nothing may.
FUNCTION = """
CREATE OR REPLACE FUNCTION mercat_append_only() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 AND to_jsonb(NEW) - TG_ARGV[0:] = to_jsonb(OLD) - TG_ARGV[0:] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% only ever grows: % refused, nothing was changed', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
TRIGGERS = """
CREATE TRIGGER {row} BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION mercat_append_only({arguments});
CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION mercat_append_only();
"""
DROP = "DROP TRIGGER {row} ON {table}; DROP TRIGGER {truncate} ON {table};"


# PostgreSQL looks among the session's temporary tables first, unless they are named, last.
PIN = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {function} SET search_path = pg_catalog, %I, pg_temp', current_schema());
END $$
"""


def pinned(function: str) -> RunSQL:
    """`function`, "name()", reads the tables beside it: no temporary table of the same name stands in for one."""
    return RunSQL(PIN.format(function=function), f"ALTER FUNCTION {function} RESET search_path")


class AppendOnly(Operation):
    """UPDATE, DELETE and TRUNCATE on a table raise, whoever asks, unless only `updatable` columns change."""

    reversible = True

    def __init__(self, table: str, updatable: Sequence[str] = ()) -> None:
        self.table = table
        self.updatable = tuple(updatable)

    def state_forwards(self, app_label, state) -> None:
        """The models are untouched: only the database knows of the triggers."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        schema_editor.execute(FUNCTION, params=None)
        schema_editor.execute(TRIGGERS.format(**self._names(schema_editor)), params=None)

    def database_backwards(self, app_label, schema_editor, from_state, to_state) -> None:
        schema_editor.execute(DROP.format(**self._names(schema_editor)), params=None)

    def describe(self) -> str:
        return f"Make {self.table} append-only"

    def _names(self, schema_editor) -> dict[str, str]:
        quote = schema_editor.quote_name
        return {
            "table": quote(self.table),
            "row": quote(f"{self.table}_append_only"),
            "truncate": quote(f"{self.table}_no_truncate"),
            "arguments": ", ".join(schema_editor.quote_value(column) for column in self.updatable),
        }
