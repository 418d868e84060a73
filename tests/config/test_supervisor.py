"""`mercat up`: everything starts, stays, and ends: toy children under the real supervisor and PostgreSQL."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from mercat.config import embedded_ground
from mercat.config.embedded import OWNER, embedded_url
from tests.config.running import SECONDS, Running


@pytest.fixture
def home(open_path: Path) -> Iterator[Path]:
    yield open_path / "home"
    embedded_ground.remove(open_path / "home")


@pytest.fixture
def up(home: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*arguments: str, **env: str) -> Running:
        started.append(Running(home, *arguments, **env))
        return started[-1]

    yield start
    for running in started:
        running.end()


def gone(processes: list[psutil.Process]) -> bool:
    return psutil.wait_procs(processes, timeout=SECONDS)[1] == []


def test_everything_starts_and_the_last_words_are_where_to_go_and_who_to_be(up) -> None:
    running = up("--demo").ready()
    assert "seed was done with ['--demo']" in running.lines
    assert f"http://127.0.0.1:{running.port}" in running.lines[-1]
    for part in ("sandbox", "web", "worker warning", "worker normal", "clock"):
        running.says(f"{part} ")


def test_without_demo_no_stand_in_network_is_served(up) -> None:
    running = up().ready()
    assert not any("sandbox" in line for line in running.lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_leaves_nothing_running(up, number: int) -> None:
    running = up("--demo").ready()
    family = running.family()
    assert running.end(number) == 0
    assert gone(family)
    assert "everything has stopped" in running.lines[-1]


def test_a_second_start_finds_what_the_first_one_kept(up, home: Path) -> None:
    running = up().ready()
    with psycopg.connect(embedded_url(home, OWNER)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    running.end()
    up().ready()
    with psycopg.connect(embedded_url(home, OWNER)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.crash
def test_a_killed_database_starts_again_with_everything_committed(up, home: Path) -> None:
    running = up().ready()
    with psycopg.connect(embedded_url(home, OWNER)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first = running.postmaster()
    first.kill()
    running.until("postgresql was ended by signal 9")
    running.until("ready to accept connections")
    assert running.postmaster().pid != first.pid
    with psycopg.connect(embedded_url(home, OWNER)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.crash
def test_every_killed_process_starts_again(up) -> None:
    running = up("--demo").ready()
    for command in ("web", "worker normal", "worker warning", "clock", "sandbox"):
        running.says(f"│ {command} ")
        running.named(*command.split()).kill()
        running.until(f"{command.split()[-1]} was ended by signal 9; it starts again")
        running.until(f"│ {command} ")


@pytest.mark.crash
def test_killing_the_supervisor_leaves_nothing_running_and_the_next_start_works(up, home: Path) -> None:
    running = up("--demo").ready()
    family = running.family()
    running.end(signal.SIGKILL)
    assert gone(family)
    up("--demo").ready()


def test_a_process_that_does_not_listen_is_killed_at_the_second_request(up) -> None:
    running = up(TOY_DEAF="clock").ready()
    family = running.family()
    running.process.send_signal(signal.SIGINT)
    running.until("stopping")
    assert running.end(signal.SIGINT) == 0
    assert gone(family)


@pytest.mark.parametrize(
    ("name", "value"), [("MERCAT_HOST", "0.0.0.0"), ("MERCAT_PUBLIC_URL", "https://social.example.org")]
)
def test_demonstration_people_are_not_started_where_other_machines_reach_them(up, home: Path, name, value) -> None:
    running = up("--demo", **{name: value})
    assert running.end(0) == 1
    assert "for this machine only, but MERCAT_HOST is" in running.lines[-1]
    assert value in running.lines[-1]
    assert not (home / "postgres").exists()


def test_a_second_supervisor_is_told_who_holds_the_home(up) -> None:
    first = up().ready()
    second = up()
    assert second.end(0) == 1
    assert f"process {first.process.pid}" in second.lines[-1]
    assert first.process.poll() is None


def test_a_port_in_use_is_named_with_its_holder_and_nothing_is_started(up, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = up(MERCAT_PORT=str(port))
        assert running.end(0) == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in running.lines[-1]
    assert "MERCAT_PORT" in running.lines[-1]
    assert f"process {os.getpid()}" in running.lines[-1]
    assert not (home / "postgres").exists()


@pytest.mark.parametrize("command", ["migrate", "seed", "web"])
def test_a_part_that_fails_ends_the_start_and_its_words_are_shown(up, command: str) -> None:
    running = up(TOY_FAILS=command)
    assert running.end(0) == 1
    assert any(f"{command} fails on purpose" in line for line in running.lines)
    assert "Error: " in running.lines[-1]


def test_a_worker_that_keeps_failing_is_tried_again_with_longer_waits(up) -> None:
    running = up(TOY_FAILS="worker").ready()
    for wait in ("0.5", "1", "2"):
        running.until(f"normal ended with exit code 1; it starts again in {wait} s")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://a:hush@127.0.0.1/b", "must begin with postgresql://"),
        ("postgresql://a:hush@127.0.0.1:1/b", "does not answer"),
        ("postgresql://a:hush@127.0.0.1/b?nonsense=1", "is not an address that PostgreSQL understands"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(up, url: str, words: str) -> None:
    running = up(MERCAT_DATABASE_URL=url)
    assert running.end(0) == 1
    said = "\n".join(running.lines)
    assert "MERCAT_DATABASE_URL" in said
    assert words in said
    assert "hush" not in said


def test_a_given_database_is_used_and_none_is_embedded(up, home: Path) -> None:
    up(MERCAT_DATABASE_URL=os.environ["MERCAT_DATABASE_URL"]).ready()
    assert not (home / "postgres").exists()


def test_the_owners_address_is_given_to_nobody_but_those_who_migrate(up) -> None:
    url = os.environ["MERCAT_DATABASE_URL"]
    running = up("--demo", MERCAT_DATABASE_URL=url, MERCAT_OWNER_DATABASE_URL=url).ready()
    running.end()
    owners = [line for line in running.lines if "can own the tables" in line]
    assert len(owners) == 2
    assert owners[0] == "up can own the tables"
    assert "migrate can own the tables" in owners[1]


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    home.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=40m,mode=711", "tmpfs", home]
    if subprocess.run(options, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield home
    subprocess.run(["umount", "-l", home], check=True)


def test_a_full_disk_is_told_before_anything_is_written(up, small_disk: Path) -> None:
    running = up()
    assert running.end(0) == 1
    assert f"The disk of {small_disk} is full" in running.lines[-1]
    assert [path.name for path in small_disk.iterdir()] == ["lock"]
