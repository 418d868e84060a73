"""Where the vault's keys are: outside the database, the private ones only with the processes that send.

`MERCAT_VAULT_KEY` names the private keys: `file:PATH` (made once, mode 0600), `env:NAME`, or `none:` for a process that
only seals. They stand a line each, the newest first, which is the one that is sealed for; older ones still open. The
public half of the newest lies in a file of its own (`MERCAT_VAULT_PUBLIC_FILE`), for processes without the private one.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection

from mercat.people.vault import KEY, OpeningKey, SealingKey, Unopenable, new_key

LOCK = "mercat.vault"  # in the database: shared by whoever seals; alone, for whoever ends the time of a key
FILE, ENV, NONE = "file:", "env:", "none:"
_PUBLIC = "x25519-public"


def opening_keys() -> Sequence[OpeningKey]:
    """The private keys, the newest first; none in a process that only seals. Raises Unopenable where they are damaged,
    or lie open to others."""
    where: str = settings.MERCAT_VAULT_KEY
    if where.startswith(NONE):
        return ()
    if where.startswith(ENV):
        return _parsed(os.environ.get(where.removeprefix(ENV), ""))
    path = Path(where.removeprefix(FILE))
    if not path.exists():
        _begin(path)
    return _read(path)


def sealing_key() -> SealingKey:
    """What new credentials are sealed for. Raises Unopenable where there is none yet."""
    keys = opening_keys()
    if keys:
        return _newest(keys).sealing
    try:
        kind, encoded = public_path().read_text(encoding="utf-8").split()
        public = base64.b64decode(encoded, validate=True)
    except FileNotFoundError:
        raise Unopenable("There is no key to seal credentials for yet. Start the processes that send.") from None
    except (ValueError, binascii.Error):
        raise Unopenable(f"{public_path()} is damaged. Restore it from its backup.") from None
    if kind != _PUBLIC or len(public) != KEY:
        raise Unopenable(f"{public_path()} is damaged. Restore it from its backup.")
    return SealingKey(public)


def sealing_key_held() -> SealingKey:
    """The same; it is not forgotten before the transaction ends, in which what it seals is kept."""
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext(%s))", [LOCK])
    return sealing_key()


def add_key() -> OpeningKey:
    """Make a key that is sealed for from now on; the older ones still open. Raises Unopenable where it has no file."""
    path = _file()
    with _held(path):
        key = new_key()
        _write(path, [key, *_read(path)])
    return key


def forget_older() -> int:
    """Keep the newest key alone. Returns how many went. Nothing may be sealed for them any more."""
    path = _file()
    with _held(path):
        keys = _read(path)
        _write(path, keys[:1])
    return len(keys) - 1


def public_path() -> Path:
    return Path(settings.MERCAT_VAULT_PUBLIC_FILE)


def _file() -> Path:
    where: str = settings.MERCAT_VAULT_KEY
    if not where.startswith(FILE):
        raise Unopenable("Only keys in a file are changed from here. Nothing was changed.")
    return Path(where.removeprefix(FILE))


def _begin(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _held(path):
        if not path.exists():
            _write(path, [new_key()])


def _read(path: Path) -> Sequence[OpeningKey]:
    if path.stat().st_mode & stat.S_IRWXO:
        raise Unopenable(f"The vault's key {path} can be read by everyone on this machine: run chmod 600 on it.")
    content = path.read_bytes()
    if len(content) != KEY:
        try:
            return _parsed(content.decode("ascii"))
        except UnicodeDecodeError:
            raise _damaged() from None
    with _held(path):  # the one bare key of version 1: from now on, credentials are sealed for a pair
        content = path.read_bytes()
        if len(content) == KEY:
            _write(path, [new_key(), OpeningKey("aes256", content)])
    return _parsed(path.read_text(encoding="ascii"))


def _parsed(text: str) -> Sequence[OpeningKey]:
    try:
        pairs = [line.split() for line in text.replace(",", "\n").splitlines() if line.strip()]
        keys = [OpeningKey(kind, base64.b64decode(encoded, validate=True)) for kind, encoded in pairs]
    except (ValueError, binascii.Error):
        raise _damaged() from None
    if not keys or keys[0].kind != "x25519" or any(len(key.secret) != KEY for key in keys):
        raise _damaged()
    return keys


def _newest(keys: Sequence[OpeningKey]) -> OpeningKey:
    return keys[0]


def _damaged() -> Unopenable:
    return Unopenable("This installation's vault key is damaged. Restore it from its backup.")


def lines_of(keys: Sequence[OpeningKey]) -> str:
    """Keys as they stand in the file, or in the variable. Secret."""
    return "".join(f"{key.kind} {base64.b64encode(key.secret).decode()}\n" for key in keys)


def _write(path: Path, keys: Sequence[OpeningKey]) -> None:
    """The private key first: whatever is sealed for the public half can be opened from its first moment."""
    public = base64.b64encode(_newest(keys).sealing.public).decode()
    _replace(path, lines_of(keys), 0o600)
    public_path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(public_path(), f"{_PUBLIC} {public}\n", 0o644)


def _replace(path: Path, content: str, mode: int) -> None:
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # whatever is sealed with it must not outlive it
    partial.replace(path)


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """One process changes the keys at a time."""
    lock = path.with_name(f".{path.name}.lock")
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
