"""`mercat doctor`: each thing that can be wrong is found, and comes with its remedy."""

from __future__ import annotations

import json
import os
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from django.db import connection
from django.utils import timezone

from mercat.config import doctor
from mercat.config.embedded import APPLICATION
from mercat.config.environment import Environment
from mercat.people import actions as people
from mercat.people.models import MailServer, Notice
from tests import factories as make
from tests.config.running import free_port


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(home=tmp_path, database_url="", port=free_port())


@pytest.fixture
def tables(db) -> psycopg.Connection:
    """The test database as psycopg sees it, inside the test's own transaction."""
    connection.ensure_connection()
    return connection.connection


def is_wrong(finding: doctor.Finding, remedy: str, state: str = doctor.WRONG) -> bool:
    return finding.state == state and remedy in finding.remedy


def test_every_finding_that_is_not_well_has_a_remedy(env: Environment) -> None:
    findings = doctor.examine(env)
    assert {finding.name for finding in findings} >= {"Python", "Disk", "Pack", "Database", "Web"}
    assert all(bool(finding.remedy) == (finding.state != doctor.WELL) for finding in findings)


def test_an_installation_that_does_not_run_is_wrong_and_nothing_is_made(env: Environment) -> None:
    findings = {finding.name: finding for finding in doctor.examine(env)}
    assert is_wrong(findings["Database"], "mercat up")
    assert is_wrong(findings["Web"], "mercat up")
    assert list(env.home.iterdir()) == []


@pytest.mark.parametrize(("free", "state"), [(400, doctor.WELL), (200, doctor.WARNING), (50, doctor.WRONG)])
def test_a_disk_that_fills_is_seen(env, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    usage = namedtuple("usage", "free")(free * 2**20)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    assert doctor.disk(env).state == state


@pytest.mark.parametrize(("mode", "state"), [(0o600, doctor.WELL), (0o640, doctor.WRONG), (0o604, doctor.WRONG)])
def test_a_key_that_others_can_read_is_wrong(tmp_path: Path, mode: int, state: str) -> None:
    key = tmp_path / "key"
    key.touch()
    key.chmod(mode)
    assert doctor.secret("Audit key", key).state == state


def test_a_missing_key_is_a_warning_since_the_first_start_makes_it(tmp_path: Path) -> None:
    assert is_wrong(doctor.secret("Audit key", tmp_path / "key"), "restore", doctor.WARNING)


def test_a_pack_that_does_not_load_is_named_with_its_faults(env: Environment) -> None:
    finding = doctor.pack(env.model_copy(update={"pack": "nowhere"}))
    assert is_wrong(finding, "MERCAT_PACK")
    assert "nowhere" in finding.found


def test_pages_that_others_reach_need_a_proof_of_the_device(tmp_path: Path) -> None:
    def state(**about: object) -> str:
        return doctor.devices(Environment(home=tmp_path, **about)).state

    assert state() == doctor.WELL
    reached = {"host": "10.0.0.4", "public_url": "https://social.example.org"}
    assert state(**reached) == doctor.WARNING
    assert state(**reached, device_networks="10.20.0.0/16") == doctor.WARNING, "everybody has the proxy's address"
    assert state(**reached, device_networks="10.20.0.0/16", trusted_proxy="10.0.0.3") == doctor.WELL
    assert state(**reached, proxy_secret_file=tmp_path / "secret") == doctor.WELL


MAIL = {"email_url": "smtp://mercat:hush@mail.example:2525", "email_from": "mercat@body.example"}


def test_whether_people_are_told_by_e_mail_is_said_and_no_password(tmp_path: Path) -> None:
    def found(**about: object) -> doctor.Finding:
        return doctor.email(Environment(home=tmp_path, **about))

    assert found().state == doctor.WELL
    assert found().found.startswith("off")
    assert is_wrong(found(host="10.0.0.4"), "MERCAT_EMAIL_URL", doctor.WARNING)
    on = found(host="10.0.0.4", **MAIL)
    assert on == doctor.Finding("E-mail", doctor.WELL, "on, by mail.example, port 2525 (STARTTLS)")


def test_notices_that_were_given_up_are_counted(tables) -> None:
    assert doctor.mailing(tables).state == doctor.WELL
    now = timezone.now()
    people.tell([make.person(), make.person()], kind="sending", subject="Held", body="", now=now)
    Notice.objects.update(mail_problem="450 Busy")
    assert doctor.mailing(tables).state == doctor.WELL, "they are tried again"
    Notice.objects.update(mail_due_at=None)
    assert is_wrong(doctor.mailing(tables), "Each person sees theirs", doctor.WARNING)
    assert doctor.mailing(tables).found.startswith("2 notices")
    Notice.objects.update(at=now - timedelta(days=8))
    assert doctor.mailing(tables).state == doctor.WELL


def test_a_server_for_e_mail_that_takes_nothing_is_wrong(tables) -> None:
    MailServer.objects.create(silent_since=timezone.now(), again_at=timezone.now(), problem="It cannot be reached.")
    finding = doctor.mailing(tables)
    assert is_wrong(finding, "MERCAT_EMAIL_URL")
    assert "It cannot be reached." in finding.found


def test_missing_assets_are_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "STYLE_SHEET", tmp_path / "none.css")
    assert is_wrong(doctor.assets(), "make assets")


def test_a_database_by_address_is_asked(env: Environment) -> None:
    given = env.model_copy(update={"database_url": os.environ["MERCAT_DATABASE_URL"]})
    assert doctor.database_answers(given).state == doctor.WELL


def test_migrated_tables_are_well(tables) -> None:
    assert doctor.migrations().state == doctor.WELL


def test_a_migration_that_has_not_run_is_wrong(tables) -> None:
    tables.execute("DELETE FROM django_migrations WHERE app = 'audit'")
    assert is_wrong(doctor.migrations(), "mercat migrate")


def test_the_owner_is_told_to_run_as_somebody_else(tables) -> None:
    assert is_wrong(doctor.grants(tables), "MERCAT_OWNER_DATABASE_URL", doctor.WARNING)


def test_the_application_role_may_add_to_the_record_and_not_change_it(tables) -> None:
    tables.execute(f"SET LOCAL ROLE {APPLICATION}")
    assert doctor.grants(tables).state == doctor.WELL


def test_an_application_role_without_its_grants_is_wrong(tables) -> None:
    tables.execute(f"REVOKE INSERT ON audit_event FROM {APPLICATION}")
    tables.execute(f"SET LOCAL ROLE {APPLICATION}")
    assert is_wrong(doctor.grants(tables), "mercat migrate")


@pytest.mark.parametrize(
    ("ages", "state"), [((), doctor.WRONG), ((1,), doctor.WRONG), ((1, 1), doctor.WELL), ((1, 60), doctor.WRONG)]
)
def test_each_lane_needs_a_worker_that_lives(tables, ages: tuple[int, ...], state: str) -> None:
    for age in ages:
        tables.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))", [age]
        )
    assert doctor.workers(tables).state == state


@pytest.mark.parametrize(("age", "state"), [(30, doctor.WELL), (300, doctor.WRONG)])
def test_a_record_that_is_no_longer_signed_means_the_clock_is_dead(tables, age: int, state: str) -> None:
    tables.execute(
        "INSERT INTO audit_checkpoint (size, root, note, at) VALUES (0, '', '', now() - make_interval(secs => %s))",
        [age],
    )
    assert doctor.signing(tables).state == state


def test_a_record_that_was_never_signed_is_wrong(tables) -> None:
    assert is_wrong(doctor.signing(tables), "mercat up")


def test_a_machine_reads_the_same_findings(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "environment", lambda: env)
    done = CliRunner().invoke(doctor.doctor, ["--json"])
    answer = json.loads(done.output)
    assert done.exit_code == 1
    assert answer["well"] is False
    assert {"name", "state", "found", "remedy"} == set(answer["findings"][0])
