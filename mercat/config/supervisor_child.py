"""What the supervisor starts, watches and stops: a process of Mercat, or the embedded PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mercat.config.embedded import EmbeddedPostgres, die_with_parent
from mercat.config.problem import Problem
from mercat.config.supervisor_log import Log

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
STEADY_SECONDS = 60.0


class Child:
    """A process of ours in a group of its own. Linux kills it should the supervisor be killed."""

    def __init__(self, name: str, command: Sequence[str | Path], env: dict[str, str], patience: float = 10.0) -> None:
        self.name, self.patience = name, patience
        self._command, self._env = command, env
        self.process: subprocess.Popen | None = None

    def start(self, log: Log, kept: list[str] | None = None) -> None:
        """Start it; what it prints goes to the log, or its standard output into `kept`."""
        errors = log.pipe(self.name)
        output = errors if kept is None else log.pipe(self.name, kept)
        try:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=self._env,
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - the supervisor has one thread
            )
        finally:
            for descriptor in {errors, output}:
                os.close(descriptor)

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def exit_code(self) -> int | None:
        return self.process.returncode if self.process else None

    def stop(self, wait: Callable[[Callable[[], bool], float], bool]) -> None:
        """Ask it to end; kill it when its patience is over. `wait(condition, seconds)` says whether it came true."""
        if not self.running():
            return
        self._signal(signal.SIGTERM)
        if not wait(lambda: not self.running(), self.patience):
            self._signal(signal.SIGKILL)
            wait(lambda: not self.running(), self.patience)

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


class Database:
    """The embedded PostgreSQL as one more child."""

    name = "postgresql"

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._exit_code: int | None = None

    def start(self, log: Log) -> None:
        output = log.pipe(self.name)
        try:
            self._server.start(output)
        finally:
            os.close(output)

    def running(self) -> bool:
        alive = self._server.running()
        if self._server.process:
            self._exit_code = self._server.process.returncode
        return alive

    def exit_code(self) -> int | None:
        return self._exit_code

    def stop(self, wait: Callable[[Callable[[], bool], float], bool]) -> None:
        self._server.stop()


class Keeper:
    """Starts a child again when it has ended, each time after a longer wait, up to half a minute."""

    def __init__(self, child: Child | Database, log: Log) -> None:
        self.child, self._log = child, log
        self._wait = FIRST_WAIT
        self._started = 0.0
        self._due: float | None = None

    def start(self) -> None:
        self.child.start(self._log)
        self._started = time.monotonic()

    def look(self) -> None:
        """Notice its end; start it again when the wait is over."""
        if self.child.running():
            return
        now = time.monotonic()
        if self._due is None:
            self._plan(now)
        elif now >= self._due:
            self._due = None
            self._start_again()

    def _plan(self, now: float) -> None:
        if now - self._started > STEADY_SECONDS:
            self._wait = FIRST_WAIT
        code = self.child.exit_code()
        ended = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"
        self._log.say(f"{self.child.name} {ended}; it starts again in {self._wait:g} s")
        self._due = now + self._wait
        self._wait = min(self._wait * 2, LONGEST_WAIT)

    def _start_again(self) -> None:
        try:
            self.start()
        except (Problem, OSError) as problem:
            self._log.say(f"{self.child.name} did not start: {problem}")
