"""A log of our own for every test: its key in a temporary folder, its clock in our hands."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from django.db import connection, transaction

from mercat.audit.actions import record
from mercat.audit.actors import System
from mercat.audit.export import export_log
from mercat.audit.keys import Signer, ensure_key
from mercat.audit.log import integrate
from mercat.audit.models import Event

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
ORIGIN = "log.example/audit"


class Officer:
    """Somebody who acts."""

    audit_ref = "person:officer"


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path: Path) -> Path:
    settings.MERCAT_AUDIT_KEY_FILE = tmp_path / "secrets" / "audit_key"
    settings.MERCAT_AUDIT_ORIGIN = ORIGIN
    return settings.MERCAT_AUDIT_KEY_FILE


@pytest.fixture
def signer(key_file: Path) -> Signer:
    return ensure_key(key_file, origin=ORIGIN)


@pytest.fixture
def happen() -> Callable[..., list[Event]]:
    """Record a number of events; `personal` goes with each of them."""

    def happen(count: int = 1, *, personal: Mapping[str, str] | None = None, what: str = "post.noted") -> list[Event]:
        with transaction.atomic():
            return [
                record(
                    by=Officer(), what=what, about=[("post", number)], facts={"n": number}, personal=personal, now=NOW
                )
                for number in range(count)
            ]

    return happen


@pytest.fixture
def log(db, signer: Signer, happen: Callable[..., list[Event]]) -> list[Event]:
    """Eight events in the log, under checkpoints of 3, 5 and 8 records."""
    events = []
    for count in (3, 2, 3):
        events += happen(count, personal={"name": "A. Officer"})
        integrate(now=NOW)
    connection.check_constraints()  # as a commit would; else the tables cannot be altered any more
    return events


def exported(*, personal: bool = False) -> list[str]:
    file = io.StringIO()
    export_log(file, personal=personal)
    return file.getvalue().splitlines(keepends=True)


def system() -> System:
    return System("A test asked for it")
