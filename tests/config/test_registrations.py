"""The body's registrations with networks: read whole or not at all, and without a word of what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from mercat.config import registrations
from mercat.config.problem import Problem
from mercat.networks import registry
from mercat.sandbox.registry import stand_ins


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "apps.toml"
    path.touch(mode=0o600)
    return path


def test_a_table_for_each_network(file: Path) -> None:
    file.write_text('[x]\nclient_id = "public"\nclient_secret = "secret-of-x"\n')
    assert registrations.read(file) == {"x": {"client_id": "public", "client_secret": "secret-of-x"}}


def test_no_file_is_none() -> None:
    assert registrations.read(Path("/nowhere/apps.toml")) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[x\nclient_secret = "secret-of-x"', "is not TOML"),
        ('client_secret = "secret-of-x"', "each network is a table of texts"),
        ('[x]\nclient_secret = ["secret-of-x"]', "each network is a table of texts"),
    ],
)
def test_what_is_not_understood_is_refused_without_being_repeated(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    with pytest.raises(Problem, match=says) as refused:
        registrations.read(file)
    assert "secret-of-x" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(Problem, match="chmod 600"):
        registrations.read(file)


def test_a_stand_in_knows_an_app_where_its_network_wants_one() -> None:
    told = registrations.of_stand_ins()
    wanted = {each.spec.slug: {field.name for field in each.spec.app_fields} for each in registry.all()}
    assert {one.slug: set(told.get(one.slug, {})) for one in stand_ins()} == wanted
