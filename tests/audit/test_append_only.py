"""What has been recorded can neither be changed nor removed: not by the application's role, not by the owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.state import ProjectState

from mercat.audit.actions import erase_personal
from mercat.audit.append_only import APPEND_ONLY_TABLES, append_only
from mercat.audit.grants import after_migrate, grant, is_another_role
from mercat.audit.log import integrate
from mercat.audit.migration_operations import AppendOnly
from mercat.audit.models import Checkpoint, Event, Pending, PersonalData
from tests.audit.conftest import NOW, system

pytestmark = pytest.mark.django_db

OWN_TABLES = ["audit_event", "audit_leaf", "audit_checkpoint", "audit_personaldata"]
TRIGGERS = """
SELECT relname, encode(tgargs, 'escape') FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
JOIN pg_proc ON pg_proc.oid = tgfoid WHERE proname = 'mercat_append_only' AND tgenabled = 'O' AND tgtype & {bit} > 0
"""
ROW, TRUNCATE = 1, 32  # bits of pg_trigger.tgtype


def rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def refused(sql: str) -> str:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        rows(sql)
    return str(refusal.value)


@pytest.fixture
def application(db) -> Iterator[str]:
    """Whatever the test does, it does as the application's role, with the grants that a migration gives."""
    role = "mercat_app"
    if not is_another_role(role):
        rows(f"CREATE ROLE {role}")
    grant(role)
    rows(f"SET LOCAL ROLE {role}")
    yield role
    rows("RESET ROLE")


@pytest.mark.parametrize("table", OWN_TABLES)
@pytest.mark.usefixtures("log")
def test_nothing_is_deleted_or_emptied_even_by_the_owner(table: str) -> None:
    assert "only ever grows: DELETE refused" in refused(f"DELETE FROM {table}")
    assert "only ever grows: TRUNCATE refused" in refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "update",
    [
        "audit_event SET what = 'post.never'",
        "audit_event SET what = what",
        "audit_leaf SET index = index + 100",
        "audit_checkpoint SET note = ''",
        "audit_personaldata SET event_id = event_id + 100",
    ],
)
@pytest.mark.usefixtures("log")
def test_nothing_is_updated_even_by_the_owner(update: str) -> None:
    assert "only ever grows: UPDATE refused" in refused(f"UPDATE {update}")


@pytest.mark.parametrize(
    "update",
    [
        """data = '{"name": "Somebody else"}'""",
        "salt = '\\x00'",
        "salt = NULL, data = NULL",
        "data = NULL, erased_by_id = event_id",
    ],
)
@pytest.mark.usefixtures("log")
def test_personal_data_is_never_changed_only_erased_by_an_event(update: str) -> None:
    message = refused(f"UPDATE audit_personaldata SET {update}")
    assert "can only be erased" in message or "kept_or_erased" in message


def test_what_was_erased_is_not_filled_in_again(log: list[Event]) -> None:
    erase_personal(by=system(), events=log, why="Old", now=NOW)
    assert "can only be erased" in refused(
        "UPDATE audit_personaldata SET salt = '\\x00', data = '{}', erased_by_id = NULL"
    )
    assert "can only be erased" in refused("UPDATE audit_personaldata SET erased_by_id = event_id")


@pytest.mark.parametrize(("level", "bit"), [("row", ROW), ("truncate", TRUNCATE)])
def test_every_append_only_table_of_every_room_has_its_triggers(level: str, bit: int) -> None:
    guarded = {
        table: tuple(filter(None, arguments.split("\\000"))) for table, arguments in rows(TRIGGERS.format(bit=bit))
    }
    expected = APPEND_ONLY_TABLES if level == "row" else dict.fromkeys(APPEND_ONLY_TABLES, ())
    assert guarded == expected
    assert set(OWN_TABLES) <= set(guarded)


def test_columns_named_in_the_migration_may_change_and_no_others() -> None:
    rows("CREATE TABLE audit_try (id int, state text, kept text)")
    with connection.schema_editor(atomic=False) as editor:
        AppendOnly("audit_try", updatable=["state"]).database_forwards("audit", editor, ProjectState(), ProjectState())
    rows("INSERT INTO audit_try VALUES (1, 'new', 'this')")
    rows("UPDATE audit_try SET state = 'old'")
    assert "UPDATE refused" in refused("UPDATE audit_try SET kept = 'that'")
    assert "UPDATE refused" in refused("UPDATE audit_try SET state = 'new', kept = 'that'")
    assert "DELETE refused" in refused("DELETE FROM audit_try")
    assert rows("SELECT * FROM audit_try") == [(1, "old", "this")]


def test_the_migration_operation_can_be_undone() -> None:
    operation = AppendOnly("audit_try")
    rows("CREATE TABLE audit_try (id int)")
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("audit", editor, ProjectState(), ProjectState())
        operation.database_backwards("audit", editor, ProjectState(), ProjectState())
    rows("INSERT INTO audit_try VALUES (1)")
    rows("DELETE FROM audit_try")
    assert operation.describe() == "Make audit_try append-only"


def test_a_model_registers_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    registry: dict[str, tuple[str, ...]] = {}
    monkeypatch.setattr("mercat.audit.append_only.APPEND_ONLY_TABLES", registry)
    assert append_only(updatable=["state"])(Pending) is Pending
    assert registry == {"audit_pending": ("state",)}


@pytest.mark.parametrize("table", OWN_TABLES)
def test_the_applications_role_may_read_and_insert_and_no_more(application: str, table: str) -> None:
    allowed = {
        right
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
        if rows(f"SELECT has_table_privilege('{application}', '{table}', '{right}')") == [(True,)]
    }
    assert allowed == {"SELECT", "INSERT"}


@pytest.mark.usefixtures("application")
def test_the_applications_role_cannot_even_try() -> None:
    assert "permission denied" in refused("UPDATE audit_event SET what = 'post.never'")
    assert "permission denied" in refused("DELETE FROM audit_leaf")
    assert "permission denied" in refused("TRUNCATE audit_checkpoint")
    assert "permission denied" in refused("UPDATE audit_personaldata SET event_id = 1")
    assert "must be owner" in refused("ALTER TABLE audit_event DISABLE TRIGGER USER")


def test_the_applications_role_can_do_all_that_auditing_needs(
    application: str, happen: Callable[..., list[Event]]
) -> None:
    events = happen(3, personal={"name": "A"})
    erase_personal(by=system(), events=events[:1], why="Old", now=NOW)
    assert integrate(now=NOW).size == 4
    assert PersonalData.objects.filter(salt=None).count() == 1
    assert Checkpoint.objects.count() == 1
    assert rows("SELECT current_user") == [(application,)]


@pytest.mark.usefixtures("application")
def test_ordinary_tables_stay_ordinary_for_the_applications_role() -> None:
    rows("DELETE FROM people_session")


def test_after_a_migration_the_grants_are_renewed(application: str, settings) -> None:
    settings.MERCAT_APP_ROLE = application
    rows("RESET ROLE")
    rows(f"GRANT ALL ON audit_event TO {application}")
    after_migrate(using="default")
    assert rows(f"SELECT has_table_privilege('{application}', 'audit_event', 'DELETE')") == [(False,)]


def test_without_that_role_a_migration_grants_nothing(settings) -> None:
    settings.MERCAT_APP_ROLE = "mercat_nobody_has_this"
    after_migrate(using="default")
    assert not is_another_role("mercat_nobody_has_this")


def test_an_owner_who_is_the_application_keeps_what_foreign_keys_need(settings) -> None:
    ((settings.MERCAT_APP_ROLE,),) = rows("SELECT current_user")
    after_migrate(using="default")
    assert rows("SELECT has_table_privilege('audit_event', 'UPDATE')") == [(True,)]
