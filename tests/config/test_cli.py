"""The command line's own part: finding commands, and telling people what went wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mercat.config.cli import COMMANDS
from tests.config.running import mercat
from tests.shared import ROOT


def test_help_names_every_command_without_loading_the_framework() -> None:
    code = (
        "import sys; from mercat.config.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    for name, command in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert command.help in done.stdout
    assert not {"django", "psycopg", "pydantic"} & set(done.stdout.split())


def test_an_unknown_command_is_refused() -> None:
    done = mercat("dance")
    assert done.returncode == 2
    assert "No such command 'dance'" in done.stderr


@pytest.mark.parametrize("command", ["clock", "web", "seed", "migrate"])
def test_a_command_that_needs_the_database_says_how_to_start_it_and_makes_nothing(command: str, tmp_path) -> None:
    home = tmp_path / "home"
    done = mercat(command, MERCAT_HOME=str(home))
    assert done.returncode == 1
    assert "Mercat is not running" in done.stderr
    assert "mercat up" in done.stderr
    assert "Traceback" not in done.stderr
    assert not home.exists()


def test_a_setting_that_is_not_understood_is_named_without_its_value() -> None:
    done = mercat("doctor", MERCAT_PORT="hush", MERCAT_DEMO="perhaps")
    assert done.returncode == 1
    assert "MERCAT_PORT: " in done.stderr
    assert "MERCAT_DEMO: " in done.stderr
    assert "hush" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def broken_pack(tmp_path: Path) -> Path:
    """The council's pack with a tier that has no rule of approval."""
    pack = tmp_path / "council"
    shutil.copytree(ROOT / "packs" / "example-council", pack)
    head = pack / "pack.yaml"
    head.write_text(head.read_text().replace("  school: {needed: 1, by: [service-lead]}\n", ""))
    return pack


@pytest.mark.parametrize("command", ["up", "web"])
def test_a_broken_pack_ends_the_start_with_file_line_and_reason(
    command: str, broken_pack: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    given = {} if command == "up" else {"MERCAT_DATABASE_URL": os.environ["MERCAT_DATABASE_URL"]}
    done = mercat(command, MERCAT_HOME=str(home), MERCAT_PACK=str(broken_pack), **given)
    assert done.returncode == 1
    lines = (broken_pack / "pack.yaml").read_text().splitlines()
    assert f"pack.yaml:{lines.index('approvals:') + 1}: tier school has no rule of approval" in done.stderr
    assert "MERCAT_PACK" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in home.iterdir()} <= {"lock", "secrets"}


def test_a_pack_that_is_not_there_is_told_alike(tmp_path: Path) -> None:
    done = mercat("up", MERCAT_HOME=str(tmp_path / "home"), MERCAT_PACK="atlantis")
    assert done.returncode == 1
    assert "there is no pack of this name" in done.stderr
    assert not (tmp_path / "home" / "postgres").exists()
