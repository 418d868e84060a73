"""The demonstration that journeys begin with: seeded once, and put back as it stood for each journey after.

The stand-in networks run on for all journeys, since what they are reached by is sealed with their address.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.db import connection, transaction

from mercat.config.seed import seed
from mercat.sandbox.server import RunningSandbox, running
from tests.flush import full_tables, unguarded


@dataclass(frozen=True)
class Standing:
    """What stood in the database and on the stand-in networks when it had been seeded."""

    rows: dict[str, bytes]  # by table, as COPY tells them
    networks: sqlite3.Connection


class Demonstration:
    """The stand-in networks, and each demonstration that was seeded upon them, by its number of accounts."""

    def __init__(self, sandbox: RunningSandbox, state: Path) -> None:
        self.sandbox = sandbox
        self._state = state
        self._seeded: dict[int, Standing] = {}

    def clear(self) -> None:
        httpx.post(f"{self.sandbox.url}/_control/reset").raise_for_status()

    def stand(self, accounts: int) -> None:
        """In an empty database, and on cleared networks. `accounts`: how many of them `seed` will find."""
        if accounts in self._seeded:
            self._put_back(self._seeded[accounts])
            return
        always = set(full_tables())
        seed(people=True, accounts=True)
        rows = {table: _read(table) for table in full_tables() if table not in always}
        self._seeded[accounts] = Standing(rows, self._networks())

    def _networks(self) -> sqlite3.Connection:
        kept = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._state)) as file:
            file.backup(kept)
        return kept

    def _put_back(self, standing: Standing) -> None:
        with closing(sqlite3.connect(self._state)) as file:
            standing.networks.backup(file)
        with transaction.atomic(), unguarded(standing.rows):
            for table, rows in standing.rows.items():
                _write(table, rows)

    def forget(self) -> None:
        for standing in self._seeded.values():
            standing.networks.close()


@contextmanager
def demonstration(folder: Path) -> Iterator[Demonstration]:
    state = folder / "stand-ins.sqlite3"
    with running(state) as sandbox:
        made = Demonstration(sandbox, state)
        yield made
        made.forget()


def _read(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
        return b"".join(rows)


def _write(table: str, rows: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" FROM STDIN') as into:
        into.write(rows)
