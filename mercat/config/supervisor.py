"""`mercat up`: one process that starts everything, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mercat.config import database
from mercat.config.embedded import EmbeddedPostgres
from mercat.config.environment import Environment
from mercat.config.lock import Lock
from mercat.config.problem import Problem
from mercat.config.supervisor_checks import (
    SPACE_TO_WARN,
    answers,
    check_loopback,
    check_pack,
    check_port,
    check_space,
    megabytes,
)
from mercat.config.supervisor_child import Child, Database, Keeper
from mercat.config.supervisor_log import Log

READY_SECONDS = 60.0
LOOK_SECONDS = 0.2
SPACE_EVERY = 30.0
MERCAT = [sys.executable, "-m", "mercat.config.cli"]
# A worker finishes the calls it is in the middle of.
WORKER_PATIENCE = 25.0


class Stop(Exception):
    """Somebody asked for the end."""


class Supervisor:
    """Everything of one installation. `program` is the command that the children are sub-commands of."""

    def __init__(
        self, env: Environment, *, demo: bool = False, trial: bool = False, program: list[str] = MERCAT
    ) -> None:
        self.env, self.demo, self.trial, self.program = env, demo, trial, program
        self.home = env.home.resolve()
        self.log = Log(sys.stdout)
        self.keepers: list[Keeper] = []
        self._signals = 0
        self._space_seen = 0.0

    def run(self) -> None:
        """Start, watch until SIGINT, SIGTERM or SIGHUP, stop. Raises Problem when it cannot start."""
        lock = Lock(self._make_home() / "lock", f"The installation in {self.home}")
        lock.take()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            with suppress(Stop):
                self._start()
                self._watch()
        finally:
            self._stop()
            lock.release()

    def _make_home(self) -> Path:
        try:
            self.home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Problem(
                f"The folder {self.home} cannot be made: {error.strerror}. Choose another with MERCAT_HOME."
            ) from None
        return self.home

    def _on_signal(self, number: int, frame: object) -> None:
        self._signals += 1

    def _start(self) -> None:
        self._check()
        self._start_database()
        self._task("migrate")
        if self.demo:
            state = self.home / "sandbox.sqlite3"
            self._keep("sandbox", "sandbox", "--port", str(self.env.sandbox_port), "--state", str(state))
        words = self._task("seed", *(["--demo"] if self.demo else ["--trial"] if self.trial else []))
        web = self._keep("web", "web")
        for lane in ("warning", "normal"):
            self._keep(lane, "worker", lane, patience=WORKER_PATIENCE)
        self._keep("clock", "clock")
        self._await(web)
        self._announce(words)

    def _check(self) -> None:
        check_space(self.home)
        check_pack(self.env.pack, MERCAT)
        if self.demo or self.trial:
            check_loopback(self.env)
        check_port(self.env.host, self.env.port, "MERCAT_PORT")
        if self.demo:
            check_port("127.0.0.1", self.env.sandbox_port, "MERCAT_SANDBOX_PORT")

    def _start_database(self) -> None:
        if self.env.database_url:
            database.check(self.env.database_url, "MERCAT_DATABASE_URL")
            database.check(database.owner_url(self.env), "MERCAT_OWNER_DATABASE_URL")
            return
        self.log.say("starting PostgreSQL")
        keeper = Keeper(Database(EmbeddedPostgres(self.home)), self.log)
        self.keepers.append(keeper)
        keeper.start()

    def _task(self, *arguments: str) -> list[str]:
        """Run a sub-command to its end; what it printed. Raises Problem when it fails."""
        name, printed = arguments[0], []
        child = self._child(name, *arguments)
        keeper = Keeper(child, self.log)
        self.keepers.append(keeper)
        child.start(self.log, printed)
        while child.running():
            self._pump()
        self.log.drain()
        self.keepers.remove(keeper)
        if child.exit_code():
            said = "\n".join(printed)
            raise Problem(f"`mercat {name}` failed; its messages above say why. {said}".strip())
        return printed

    def _keep(self, name: str, *arguments: str, patience: float = 10.0) -> Child:
        child = self._child(name, *arguments, patience=patience)
        keeper = Keeper(child, self.log)
        self.keepers.append(keeper)
        keeper.start()
        return child

    def _child(self, name: str, *arguments: str, patience: float = 10.0) -> Child:
        env = {**os.environ, "PYTHONUNBUFFERED": "1", "MERCAT_HOME": str(self.home)}
        if name != "migrate":
            env.pop("MERCAT_OWNER_DATABASE_URL", None)  # nobody else has a use for the tables' owner
        if name == "web":
            self._take_vault_key(env)
        if self.demo:
            env["MERCAT_DEMO"] = "true"
        return Child(name, [*self.program, *arguments], env, patience)

    def _take_vault_key(self, env: dict[str, str]) -> None:
        """The pages seal credentials and open none."""
        if self.env.vault_key.startswith("env:"):
            env.pop(self.env.vault_key.removeprefix("env:"), None)
        env["MERCAT_VAULT_KEY"] = "none:"

    def _await(self, web: Child) -> None:
        end = time.monotonic() + READY_SECONDS
        while not answers(self.env.host, self.env.port):
            if not web.running():
                raise Problem("The web process did not start; its messages above say why.")
            if time.monotonic() > end:
                raise Problem(
                    f"The web process did not answer within {READY_SECONDS:.0f} s; its messages above may say why."
                )
            self._pump()

    def _announce(self, words: list[str]) -> None:
        self.log.plain("\n".join(["", *words, "", f"Mercat is ready: {self.env.base_url}", "Ctrl-C stops it.", ""]))

    def _watch(self) -> None:
        while True:
            self._pump()
            for keeper in self.keepers:
                keeper.look()
            self._look_at_space()

    def _look_at_space(self) -> None:
        if time.monotonic() - self._space_seen < SPACE_EVERY:
            return
        self._space_seen = time.monotonic()
        free = shutil.disk_usage(self.home).free
        if free < SPACE_TO_WARN:
            self.log.say(f"WARNING the disk of {self.home} is nearly full: {megabytes(free)} are free. Make room.")

    def _pump(self) -> None:
        """One turn at a point where it is safe to end."""
        if self._signals:
            raise Stop
        self.log.pump(LOOK_SECONDS)

    def _stop(self) -> None:
        asked = self._signals
        if self.keepers:
            self.log.say("stopping; once more Ctrl-C does not wait")

        def wait(condition: Callable[[], bool], seconds: float) -> bool:
            end = time.monotonic() + seconds
            while not condition() and time.monotonic() < end and self._signals <= max(asked, 1):
                self.log.pump(0.05)
            return condition()

        for keeper in reversed(self.keepers):
            keeper.child.stop(wait)
        self.log.drain()
        if self.keepers:
            self.log.say("everything has stopped; nothing is lost")
