"""The embedded PostgreSQL: one private server per installation, a direct child of whoever starts it.

Reached by a Unix socket alone, with a password for every role. Nobody can log in as its superuser: what only a
superuser may do is done once, before the new cluster gets its name.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from mercat.config import embedded_ground as ground
from mercat.config.environment import text_secret
from mercat.config.lock import Lock
from mercat.config.problem import Problem

OWNER, APPLICATION = "mercat_owner", "mercat_app"
DATABASE = "mercat"

# Small machines first: the whole of Mercat idles below 600 MB. Reference: PostgreSQL 18, chapter 19.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "48MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "512MB",
    "autovacuum_max_workers": "2",
    "max_parallel_workers": "2",
    "max_logical_replication_workers": "0",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "log_min_messages": "warning",
    "log_line_prefix": "",
    "log_checkpoints": "off",
}
FROM_18 = {"io_method": "sync"}  # three processes fewer; this database is small
# For tests: it survives its processes being killed, but not the machine's power going.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}

START_SECONDS = 60.0
STOP_SECONDS = 30.0
ORPHAN_SECONDS = 30.0


def embedded_url(home: Path, role: str) -> str:
    """Address of the embedded server's database as `role`; it answers while the server runs."""
    password = text_secret(home / "secrets" / f"postgres_{role}")
    socket = quote(str(ground.socket_folder(home)), safe="")
    return f"postgresql://{role}:{quote(password, safe='')}@{socket}/{DATABASE}"


class EmbeddedPostgres:
    """The server of one installation. `durable=False` is for tests: quick, and lost with the machine's power."""

    def __init__(self, home: Path, *, binaries: Path | None = None, durable: bool = True) -> None:
        self.home = home.resolve()
        self.durable = durable
        self.process: subprocess.Popen | None = None
        self._binaries = binaries
        self._lock: Lock | None = None

    @property
    def data(self) -> Path:
        return ground.place(self.home) / "data"

    def ensure(self) -> None:
        """Make the cluster if there is none; a half-made one never gets the name."""
        self._take_lock()
        self._choose_binaries()
        self._sweep()
        if not self.data.exists():
            self._make_cluster()
        self._check_version()

    def start(self, log: IO | int | None = None) -> None:
        """Ensure, start and wait until it answers. `log` takes its messages; default: `server.log` in its place.

        Raises Problem when another process holds this server, or it does not start.
        """
        self.ensure()
        try:
            self._clear_the_dead()
            self._launch_into(log)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def running(self) -> bool:
        """Whether our child lives; a dead one is reaped by the asking (rule 11 of sending)."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Fast shutdown, then immediate, then kill; the lock is free afterwards."""
        for name, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if not self.running():
                break
            self.process.send_signal(name)
            _until(lambda: not self.running(), seconds)
        self.process = None
        if self._lock:
            self._lock.release()
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock:
            return
        lock = Lock(ground.place(self.home) / "lock", f"The embedded PostgreSQL in {self.home}")
        lock.take()
        self._lock = lock

    def _choose_binaries(self) -> None:
        self.binaries = ground.runnable(self._binaries or ground.bundled_binaries(), self.home)
        self.major = ground.major_version(self.binaries)

    def _sweep(self) -> None:
        """Remove what a killed start left half-made."""
        for leftover in ground.place(self.home).glob("*.partial"):
            shutil.rmtree(leftover)

    def _make_cluster(self) -> None:
        parent = ground.place(self.home)
        partial = Path(tempfile.mkdtemp(prefix="data-", suffix=".partial", dir=parent))
        ground.give(partial)
        try:
            self._initdb(partial)
            self._make_roles(partial)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        partial.rename(self.data)
        _sync_folder(parent)

    def _initdb(self, folder: Path) -> None:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if self.major < 17:  # the builtin provider came with 17
            locale = ["--locale=C.UTF-8"]
        sync = [] if self.durable else ["--no-sync"]
        options = ["--username=postgres", "--auth=reject", "--encoding=UTF8", "--data-checksums", *locale, *sync]
        self._tool(["initdb", "-D", folder, *options], "A new database could not be made")
        rules = folder / "pg_hba.conf"
        rules.write_text(
            "# Written by Mercat: the socket alone, a password for everybody.\nlocal all all scram-sha-256\n"
        )

    def _make_roles(self, folder: Path) -> None:
        """Owner and application role, in single-user mode: the superuser never gets a password.

        The owner may create databases (a restore is tried beside the real one) and act as the application.
        """
        owner, application = (text_secret(self.home / "secrets" / f"postgres_{role}") for role in (OWNER, APPLICATION))
        statements = [
            f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{application}';",
            f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{owner}' IN ROLE {APPLICATION};",
            f"CREATE DATABASE {DATABASE} OWNER {OWNER};",
            f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
            f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION};",
        ]
        self._tool(
            ["postgres", "--single", "-D", folder, "-c", "exit_on_error=on", "postgres"],
            "The database's roles could not be made",
            given="\n".join(statements),
        )

    def _tool(self, command: list, failure: str, given: str | None = None) -> None:
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        done = subprocess.run(
            [self.binaries / command[0], *command[1:]],
            check=False,
            input=given,
            stdin=None if given else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            **ground.as_server(),
        )
        if done.returncode:
            reason = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
            raise Problem(f"{failure} in {self.home}: nothing half-made was kept. PostgreSQL says:\n{reason}")

    def _check_version(self) -> None:
        made_by = int((self.data / "PG_VERSION").read_text())
        if made_by == self.major:
            return
        self.stop()
        raise Problem(
            f"The database in {self.data} was made by PostgreSQL {made_by}; this Mercat brings {self.major}. "
            f"Nothing was changed. Start it with the Mercat it was made by, take a backup, and restore that here."
        )

    def _clear_the_dead(self) -> None:
        """Wait out a server whose starter was killed, then remove the lock file that a dead postmaster leaves.

        PostgreSQL itself keeps out when any process has the number in that file, even a zombie or a stranger.
        """
        if not _until(lambda: not self._survivors(), ORPHAN_SECONDS):
            numbers = ", ".join(str(process.pid) for process in self._survivors())
            raise Problem(
                f"A PostgreSQL that Mercat did not start still runs on {self.data} (process {numbers}). Stop it first."
            )
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _survivors(self) -> list[psutil.Process]:
        """Every process of this cluster: each PostgreSQL process works inside its data folder."""
        return [process for process in psutil.process_iter() if _folder_of(process) == str(self.data)]

    def _launch_into(self, log: IO | int | None) -> None:
        if log is not None:
            self._launch(log)
            return
        with (ground.place(self.home) / "server.log").open("wb") as own:
            self._launch(own)

    def _launch(self, output: IO | int) -> None:
        socket = ground.make_socket_folder(self.home)
        settings = {**SETTINGS, **(FROM_18 if self.major >= 18 else {}), **({} if self.durable else FORGETFUL)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen(
            [self.binaries / "postgres", "-D", self.data, "-k", socket, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - whoever starts it has one thread
            env={"LC_ALL": "C", "TZ": "UTC"},
            **ground.as_server(),
        )

    def _wait_until_ready(self) -> None:
        ready = _until(lambda: not self.running() or self._says_ready(), START_SECONDS)
        if self.running() and ready:
            return
        raise Problem(f"PostgreSQL did not start on {self.data}. {self._why()}")

    def _says_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _why(self) -> str:
        log = ground.place(self.home) / "server.log"
        said = log.read_text(errors="replace").strip() if log.exists() else ""
        return f"It says:\n{said}" if said else "Its messages above say why."


def die_with_parent(number: int) -> Callable[[], None] | None:
    """For `preexec_fn`: on Linux, the child is sent signal `number` when the thread that started it ends."""
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        pr_set_pdeathsig = 1
        libc.prctl(pr_set_pdeathsig, number)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), number)

    return ask


def _folder_of(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except psutil.Error:
        return ""


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask until it is true or the seconds are over; whether it became true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
