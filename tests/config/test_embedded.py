"""The embedded PostgreSQL: private, crash-safe, and started by one at a time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import dj_database_url
import psycopg
import pytest

from mercat.config import embedded_ground
from mercat.config.embedded import APPLICATION, OWNER, EmbeddedPostgres, embedded_url
from mercat.config.problem import Problem

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only then the database has a user of its own")


@pytest.fixture(scope="module")
def standing() -> Iterator[EmbeddedPostgres]:
    """One server for the tests that only look."""
    with tempfile.TemporaryDirectory(prefix="mercat-test-") as name:
        Path(name).chmod(0o711)
        one = EmbeddedPostgres(Path(name), durable=False)
        one.start()
        yield one
        one.stop()
        embedded_ground.remove(one.home)


@pytest.fixture
def server(open_path: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    """Makes servers, in `open_path` unless told otherwise, and clears them away."""
    made: list[EmbeddedPostgres] = []

    def make(home: Path | None = None, **options: object) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(home or open_path / "home", durable=False, **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    for home in {one.home for one in made}:
        embedded_ground.remove(home)


@pytest.fixture
def started(server) -> EmbeddedPostgres:
    one = server()
    one.start()
    return one


def run(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(embedded_url(server.home, OWNER)) as connection:
        connection.execute(statement)


def ask(server: EmbeddedPostgres, query: str, role: str = OWNER) -> object:
    with psycopg.connect(embedded_url(server.home, role)) as connection:
        return connection.execute(query).fetchone()[0]


def test_both_roles_reach_the_database_and_neither_is_a_superuser(standing: EmbeddedPostgres) -> None:
    for role in (OWNER, APPLICATION):
        assert ask(standing, "SELECT current_user || '@' || current_database()", role) == f"{role}@mercat"
        assert ask(standing, "SELECT usesuper FROM pg_user WHERE usename = current_user", role) is False


def test_the_application_owns_nothing_and_may_make_nothing(standing: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(standing, "CREATE TABLE mine (id int)", APPLICATION)
    assert ask(standing, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user", APPLICATION) is False


@pytest.mark.parametrize("user", ["postgres", OWNER, APPLICATION])
def test_nobody_enters_without_the_right_password(standing: EmbeddedPostgres, user: str) -> None:
    socket = embedded_ground.socket_folder(standing.home)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=str(socket), user=user, password="wrong", dbname="mercat")


def test_the_socket_and_the_secrets_are_private_and_no_port_is_open(standing: EmbeddedPostgres) -> None:
    assert embedded_ground.socket_folder(standing.home).stat().st_mode & 0o777 == 0o700
    for secret in (standing.home / "secrets").iterdir():
        assert secret.stat().st_mode & 0o777 == 0o600
    assert ask(standing, "SELECT current_setting('listen_addresses')") == ""


@pytest.mark.parametrize(
    ("setting", "value"),
    [("data_checksums", "on"), ("server_encoding", "UTF8"), ("password_encryption", "scram-sha-256")],
)
def test_the_cluster_is_made_as_it_should_be(standing: EmbeddedPostgres, setting: str, value: str) -> None:
    assert ask(standing, f"SELECT current_setting('{setting}')") == value


def test_a_durable_server_waits_for_the_disk(open_path: Path) -> None:
    one = EmbeddedPostgres(open_path / "durable")
    try:
        one.start()
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert ask(one, f"SELECT current_setting('{setting}')") == "on"
    finally:
        one.stop()
        embedded_ground.remove(one.home)


def test_django_and_psycopg_read_the_same_address(standing: EmbeddedPostgres) -> None:
    parsed = dj_database_url.parse(embedded_url(standing.home, OWNER))
    assert parsed["HOST"] == str(embedded_ground.socket_folder(standing.home))
    with psycopg.connect(
        host=parsed["HOST"], user=parsed["USER"], password=parsed["PASSWORD"], dbname=parsed["NAME"]
    ) as connection:
        assert connection.info.dbname == "mercat"


def test_a_stopped_server_starts_again_with_what_it_held(started: EmbeddedPostgres) -> None:
    run(started, "CREATE TABLE kept AS SELECT 42 AS answer")
    started.stop()
    started.start()
    assert ask(started, "SELECT answer FROM kept") == 42


@pytest.mark.crash
def test_a_killed_server_is_reaped_and_starts_again_with_what_was_committed(started: EmbeddedPostgres) -> None:
    with psycopg.connect(embedded_url(started.home, OWNER), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(started.process.pid, signal.SIGKILL)
        started.process.wait()
    assert not started.running()
    started.start()
    assert ask(started, "SELECT answer FROM kept") == 42


@pytest.mark.crash
def test_a_lock_file_that_names_a_living_stranger_does_not_keep_the_server_out(started: EmbeddedPostgres) -> None:
    text = (started.data / "postmaster.pid").read_text()
    started.stop()
    (started.data / "postmaster.pid").write_text(text.replace(text.splitlines()[0], str(os.getpid()), 1))
    started.start()
    assert ask(started, "SELECT 1") == 1


def test_a_server_held_by_one_is_refused_to_another_who_is_told_by_whom(started: EmbeddedPostgres, server) -> None:
    with pytest.raises(Problem, match=f"already in use by process {os.getpid()}"):
        server().start()
    assert ask(started, "SELECT 1") == 1


@pytest.mark.parametrize("step", ["_initdb", "_make_roles"])
def test_a_half_made_cluster_is_never_used(server, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    one = server()

    def breaks(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(one, step, breaks)
        with pytest.raises(KeyboardInterrupt):
            one.start()
    assert not one.data.exists()
    assert not list(one.data.parent.glob("*.partial"))
    one.start()
    assert ask(one, "SELECT 1") == 1


@pytest.mark.crash
def test_what_a_killed_start_left_behind_is_cleared_away(server) -> None:
    one = server()
    leftover = one.data.parent / "data-abc.partial"
    (leftover / "base").mkdir(parents=True)
    one.start()
    assert not leftover.exists()
    assert ask(one, "SELECT 1") == 1


def test_a_database_of_another_major_version_is_refused_and_left_alone(started: EmbeddedPostgres) -> None:
    started.stop()
    version = started.data / "PG_VERSION"
    right = version.read_text()
    version.write_text("12\n")
    with pytest.raises(Problem, match=f"made by PostgreSQL 12; this Mercat brings {right.strip()}"):
        started.start()
    version.write_text(right)
    started.start()
    assert ask(started, "SELECT 1") == 1


def test_a_server_that_does_not_start_says_why(started: EmbeddedPostgres, server) -> None:
    started.stop()
    (started.data / "postgresql.conf").write_text("shared_buffers = nonsense\nshared_nonsense = 1\n")
    with pytest.raises(Problem, match="shared_nonsense"):
        started.start()
    assert not started.running()


def test_a_home_too_deep_for_a_socket_gets_a_short_private_folder(server, open_path: Path) -> None:
    deep = open_path / ("d" * 60) / ("e" * 60)
    one = server(deep)
    one.start()
    assert ask(one, "SELECT 1") == 1
    folder = embedded_ground.socket_folder(deep)
    assert not folder.is_relative_to(deep)
    assert folder.stat().st_mode & 0o777 == 0o700


@as_root
def test_the_server_runs_as_a_user_of_its_own(standing: EmbeddedPostgres) -> None:
    user = embedded_ground.server_user()
    assert standing.data.stat().st_uid == user.pw_uid != 0
    status = Path(f"/proc/{standing.process.pid}/status").read_text()
    assert f"Uid:\t{user.pw_uid}\t{user.pw_uid}\t{user.pw_uid}" in status
    assert "Groups:\t \n" in status


@as_root
def test_a_home_that_the_servers_user_cannot_reach_keeps_its_data_elsewhere(server, open_path: Path) -> None:
    closed = open_path / "closed"
    closed.mkdir(mode=0o700)
    one = server(closed / "home")
    one.start()
    assert ask(one, "SELECT 1") == 1
    assert (closed / "home" / "postgres").is_symlink()
    assert one.data.is_relative_to(embedded_ground.SHARED)


@as_root
def test_programs_that_the_servers_user_cannot_reach_are_copied(server, open_path: Path) -> None:
    closed = open_path / "closed"
    closed.mkdir(mode=0o700)
    package = embedded_ground.bundled_binaries().parents[1]
    shutil.copytree(package / "pginstall18", closed / package.name / "pginstall18", copy_function=os.link)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, closed / libraries.name, copy_function=os.link)
    one = server(binaries=closed / package.name / "pginstall18" / "bin")
    one.start()
    assert ask(one, "SELECT 1") == 1
    assert one.binaries.is_relative_to(one.data.parent)


@as_root
def test_a_disk_that_fills_while_the_cluster_is_made_leaves_nothing(server, open_path: Path) -> None:
    home = open_path / "small"
    home.mkdir(mode=0o711)
    options = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=711", "tmpfs", home]
    if subprocess.run(options, check=False, capture_output=True).returncode:
        pytest.skip("this root may not mount")
    try:
        one = EmbeddedPostgres(home)
        with pytest.raises(Problem, match="No space left on device"):
            one.start()
        assert not list((home / "postgres").glob("data*"))
    finally:
        one.stop()
        subprocess.run(["umount", home], check=True)


def test_a_backup_by_the_documented_commands_starts_in_another_place(started: EmbeddedPostgres, server) -> None:
    run(started, "CREATE TABLE kept AS SELECT 42 AS answer")
    started.stop()
    copy, archive = started.home.with_name("copy"), started.home.with_name("backup.tar")
    copy.mkdir(mode=0o711)
    save = ["tar", "--create", "--dereference", "--exclude=socket", "--file", archive, "--directory", started.home, "."]
    subprocess.run(save, check=True)
    restore = ["tar", "--extract", "--preserve-permissions", "--file", archive, "--directory", copy]
    subprocess.run(restore, check=True)
    restored = server(copy)
    restored.start()
    assert ask(restored, "SELECT answer FROM kept") == 42
