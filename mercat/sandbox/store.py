"""Keeps everything the stand-ins remember in one SQLite database (in memory unless a file is named).

One connection, used from the event loop's thread only; every method is quick and never awaits, so requests cannot
interleave inside one. `received_at` is seconds since 1970 as the sandbox's clock tells them, with microseconds.
"""

# ruff: noqa: S608 - what is put into the statements are the constants of this file; all values are parameters

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mercat.sandbox.models import Account, Medium, Post, Upload

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE account (
    seq INTEGER PRIMARY KEY, network TEXT NOT NULL, native_id TEXT NOT NULL, handle TEXT NOT NULL COLLATE NOCASE,
    display_name TEXT NOT NULL, secret TEXT NOT NULL, created_at REAL NOT NULL,
    UNIQUE (network, native_id), UNIQUE (network, handle));
CREATE TABLE blob (sha256 TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE upload (
    seq INTEGER PRIMARY KEY, network TEXT NOT NULL, native_id TEXT NOT NULL, account TEXT NOT NULL,
    sha256 TEXT NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    alt TEXT NOT NULL, polls_left INTEGER NOT NULL, attached_to TEXT, received_at REAL NOT NULL,
    UNIQUE (network, account, native_id));
CREATE INDEX upload_by_native_id ON upload (network, native_id);
CREATE TABLE post (
    seq INTEGER PRIMARY KEY, network TEXT NOT NULL, account TEXT NOT NULL, native_id TEXT NOT NULL, text TEXT NOT NULL,
    body TEXT NOT NULL, media TEXT NOT NULL, created_at TEXT NOT NULL, received_at REAL NOT NULL,
    UNIQUE (network, native_id));
CREATE INDEX post_by_account ON post (network, account, seq);
CREATE INDEX post_by_id ON post (network, account, native_id);
CREATE TABLE kept (
    network TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires_at REAL,
    PRIMARY KEY (network, kind, key));
CREATE TABLE request (
    seq INTEGER PRIMARY KEY, network TEXT NOT NULL, account TEXT, method TEXT NOT NULL, path TEXT NOT NULL,
    received_at REAL NOT NULL);
"""
TABLES = ("account", "blob", "upload", "post", "kept", "request")


class StateFileError(Exception):
    """The state file cannot be used; the message is for the person who named it."""


ACCOUNT_COLUMNS = "network, native_id, handle, display_name, secret, created_at"
UPLOAD_COLUMNS = (
    "network, native_id, account, sha256, mime, size, width, height, alt, polls_left, attached_to, received_at"
)
POST_COLUMNS = "network, account, native_id, text, body, media, created_at, received_at, seq"


class Store:
    def __init__(self, file: Path | None = None) -> None:
        self._db = _open(file)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; the block must not await."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def clear(self) -> None:
        with self.transaction():
            for table in TABLES:
                self._db.execute(f"DELETE FROM {table}")

    # Accounts

    def put_account(self, account: Account) -> None:
        """Adds it, or gives the one of that native id a new display name and secret."""
        marks = ", ".join("?" * len(_values(account)))
        self._db.execute(
            f"INSERT INTO account ({ACCOUNT_COLUMNS}) VALUES ({marks}) ON CONFLICT (network, native_id) DO UPDATE SET"
            " display_name = excluded.display_name, secret = excluded.secret",
            _values(account),
        )

    def accounts(self, network: str) -> list[Account]:
        rows = self._db.execute(f"SELECT {ACCOUNT_COLUMNS} FROM account WHERE network = ? ORDER BY handle", (network,))
        return [Account(*row) for row in rows]

    def account(self, network: str, name: str) -> Account | None:
        """By handle (upper and lower case alike) or native id."""
        row = self._db.execute(
            f"SELECT {ACCOUNT_COLUMNS} FROM account WHERE network = ? AND (handle = ? OR native_id = ?)",
            (network, name, name),
        ).fetchone()
        return Account(*row) if row else None

    # Uploads

    def add_upload(self, upload: Upload, data: bytes) -> None:
        """The same picture uploaded again by the same account keeps its first row."""
        self._db.execute("INSERT OR IGNORE INTO blob (sha256, data) VALUES (?, ?)", (upload.sha256, data))
        self._insert("upload", UPLOAD_COLUMNS, _values(upload), or_ignore=True)

    def upload(self, network: str, native_id: str, account: str | None = None) -> Upload | None:
        """Of this account, or of whichever account when None."""
        row = self._db.execute(
            f"SELECT {UPLOAD_COLUMNS} FROM upload WHERE network = ? AND native_id = ?"
            " AND coalesce(?, account) = account",
            (network, native_id, account),
        ).fetchone()
        return Upload(*row) if row else None

    def change_upload(self, upload: Upload, *, alt: str, polls_left: int, attached_to: str | None) -> None:
        self._db.execute(
            "UPDATE upload SET alt = ?, polls_left = ?, attached_to = ?"
            " WHERE network = ? AND account = ? AND native_id = ?",
            (alt, polls_left, attached_to, upload.network, upload.account, upload.native_id),
        )

    def bytes_of(self, sha256: str) -> bytes:
        return bytes(self._db.execute("SELECT data FROM blob WHERE sha256 = ?", (sha256,)).fetchone()[0])

    # Posts

    def put_post(self, post: Post) -> None:
        """Adds it, or overwrites the one with the same native id."""
        self._db.execute(
            "INSERT INTO post (network, account, native_id, text, body, media, created_at, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (network, native_id) DO UPDATE SET"
            " text = excluded.text, body = excluded.body, media = excluded.media, created_at = excluded.created_at",
            (
                post.network,
                post.account,
                post.native_id,
                post.text,
                json.dumps(post.body),
                json.dumps([_fields(medium) for medium in post.media]),
                post.created_at,
                post.received_at,
            ),
        )

    def post(self, network: str, native_id: str, until: float | None = None) -> Post | None:
        row = self._db.execute(
            f"SELECT {POST_COLUMNS} FROM post WHERE network = ? AND native_id = ? AND received_at <= coalesce(?, 1e18)",
            (network, native_id, until),
        ).fetchone()
        return _post(row) if row else None

    def posts(
        self,
        network: str,
        account: str | None = None,
        *,
        until: float | None = None,
        older_than: int | None = None,
        containing: str = "",
        limit: int = -1,
    ) -> list[Post]:
        """Newest first; of one account or of all. `until` hides what was received later; `older_than` is a seq."""
        rows = self._db.execute(
            f"SELECT {POST_COLUMNS} FROM post WHERE network = :network"
            + (" AND account = :account" if account else "")
            + " AND (:until IS NULL OR received_at <= :until) AND (:older IS NULL OR seq < :older)"
            " AND (:containing = '' OR instr(lower(text), lower(:containing))) ORDER BY seq DESC LIMIT :limit",
            {
                "network": network,
                "account": account,
                "until": until,
                "older": older_than,
                "containing": containing,
                "limit": limit,
            },
        )
        return [_post(row) for row in rows]

    def posts_by_id(
        self,
        network: str,
        account: str,
        *,
        ascending: bool = False,
        above: str | None = None,
        below: str | None = None,
        until: float | None = None,
    ) -> Iterator[Post]:
        """An account's posts in the order of their native ids, read as they are asked for."""
        order = "ASC" if ascending else "DESC"
        rows = self._db.execute(
            f"SELECT {POST_COLUMNS} FROM post WHERE network = :network AND account = :account"
            " AND (:until IS NULL OR received_at <= :until) AND (:above IS NULL OR native_id > :above)"
            f" AND (:below IS NULL OR native_id < :below) ORDER BY native_id {order}",
            {"network": network, "account": account, "until": until, "above": above, "below": below},
        )
        return map(_post, rows)

    def count_posts(self, network: str, account: str | None = None) -> int:
        """Of one account or of all."""
        mine = " AND account = ?" if account else ""
        values = (network, account) if account else (network,)
        return int(self._db.execute(f"SELECT count(*) FROM post WHERE network = ?{mine}", values).fetchone()[0])

    def remove_post(self, network: str, native_id: str) -> None:
        self._db.execute("DELETE FROM post WHERE network = ? AND native_id = ?", (network, native_id))

    # What a network keeps for itself: sessions, applications, codes, idempotency keys

    def keep(self, network: str, kind: str, key: str, value: Any, expires_at: float | None = None) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO kept (network, kind, key, value, expires_at) VALUES (?, ?, ?, ?, ?)",
            (network, kind, key, json.dumps(value), expires_at),
        )

    def kept(self, network: str, kind: str, key: str, now: float) -> Any | None:
        row = self._db.execute(
            "SELECT value FROM kept WHERE network = ? AND kind = ? AND key = ? AND coalesce(expires_at, 1e18) > ?",
            (network, kind, key, now),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def all_kept(self, network: str, kind: str) -> dict[str, Any]:
        """By key, as they came."""
        rows = self._db.execute(
            "SELECT key, value FROM kept WHERE network = ? AND kind = ? ORDER BY rowid", (network, kind)
        )
        return {key: json.loads(value) for key, value in rows}

    def forget(self, network: str, kind: str, key: str) -> None:
        self._db.execute("DELETE FROM kept WHERE network = ? AND kind = ? AND key = ?", (network, kind, key))

    # Publishing requests, as they came in

    def note_request(self, network: str, account: str | None, method: str, path: str, received_at: float) -> None:
        values = (network, account, method, path, received_at)
        self._insert("request", "network, account, method, path, received_at", values)

    def requests(self, network: str) -> list[dict[str, Any]]:
        names = ("account", "method", "path", "received_at")
        rows = self._db.execute(f"SELECT {', '.join(names)} FROM request WHERE network = ? ORDER BY seq", (network,))
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _insert(self, table: str, columns: str, values: Sequence[Any], *, or_ignore: bool = False) -> None:
        marks = ", ".join("?" * len(values))
        verb = "INSERT OR IGNORE" if or_ignore else "INSERT"
        self._db.execute(f"{verb} INTO {table} ({columns}) VALUES ({marks})", values)


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _open(file: Path | None) -> sqlite3.Connection:
    try:
        if file is not None:
            _create_private(file)
        # The application may be made in one thread and served in another; only one uses the connection at a time.
        db = sqlite3.connect(file or ":memory:", check_same_thread=False, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        _prepare(db)
    except (sqlite3.Error, OSError) as error:
        raise StateFileError(f"The state file {file} cannot be used: {error}. Nothing in it was changed.") from error
    return db


def _create_private(file: Path) -> None:
    """It holds passwords and tokens of stand-in accounts: readable by its owner alone."""
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare(db: sqlite3.Connection) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    if version != 0 or db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise sqlite3.DatabaseError("it was not written by this version of the sandbox; move it away and start again")
    db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def _fields(thing: Any) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in thing.__slots__}


def _values(thing: Any) -> tuple[Any, ...]:
    return tuple(_fields(thing).values())


def _post(row: Sequence[Any]) -> Post:
    network, account, native_id, text, body, media, created_at, received_at, seq = row
    pictures = tuple(Medium(**medium) for medium in json.loads(media))
    return Post(network, account, native_id, text, json.loads(body), pictures, created_at, received_at, seq)
