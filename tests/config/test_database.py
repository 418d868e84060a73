"""Which database is used, and what is said of one that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mercat.config import database
from mercat.config.environment import Environment
from mercat.config.problem import Problem


def given(home: Path, **urls: str) -> Environment:
    return Environment(home=home, **{"database_url": "", "owner_database_url": "", **urls})


def test_without_an_address_the_embedded_server_is_used_by_two_roles(tmp_path: Path) -> None:
    env = given(tmp_path)
    assert database.application_url(env).startswith("postgresql://mercat_app:")
    assert database.owner_url(env).startswith("postgresql://mercat_owner:")


def test_a_given_address_is_the_applications_and_without_another_the_owners(tmp_path: Path) -> None:
    env = given(tmp_path, database_url="postgresql://app@db/mercat")
    assert database.application_url(env) == database.owner_url(env) == "postgresql://app@db/mercat"


def test_the_owners_address_is_for_migrations_alone(tmp_path: Path) -> None:
    urls = {"database_url": "postgresql://app@db/mercat", "owner_database_url": "postgresql://owner@db/mercat"}
    env = given(tmp_path, **urls)
    assert database.application_url(env) == urls["database_url"]
    assert database.owner_url(env) == urls["owner_database_url"]


def test_a_database_that_is_new_enough_passes() -> None:
    database.check(os.environ["MERCAT_DATABASE_URL"], "MERCAT_DATABASE_URL")


def test_a_database_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "OLDEST", 99)
    with pytest.raises(Problem, match=r"is PostgreSQL \d\d; Mercat needs 99 or newer. Nothing was changed."):
        database.check(os.environ["MERCAT_DATABASE_URL"], "MERCAT_DATABASE_URL")
