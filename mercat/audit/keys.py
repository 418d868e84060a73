"""The key that signs the log. It lives in a file, never in the database; its public halves lie beside it.

`KEY` holds the private key that signs now, in one line; `KEY.pub` every verifier key of this log, the newest first, so
that what an older key signed can still be checked.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mercat.audit.verifier import (
    COSIGNATURE,
    ED25519,
    CheckError,
    Key,
    b64,
    checkpoint_text,
    cosignature_message,
    key_id,
    leaf_message,
    parse_vkey,
    unb64,
)

PREFIX = "PRIVATE+KEY+"
RESTORE = "restore it from your backup, or if it is lost for good run: mercat audit key --replace WHY"


class KeyProblem(Exception):
    """The signing key cannot be used; nothing was signed."""


@dataclass(frozen=True)
class Signer:
    """Signs for one log. `origin` is the log's name and the key's."""

    origin: str
    _private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"Signer({self.key.vkey})"

    @cached_property
    def key(self) -> Key:
        return Key(self.origin, self._private.public_key().public_bytes_raw())

    def leaf(self, index: int, hashed: bytes) -> bytes:
        """Key id (4 bytes) and signature (64 bytes) of a leaf in its place."""
        return self.key.id + self._private.sign(leaf_message(self.origin, index, hashed))

    def checkpoint(self, size: int, root: bytes, at: datetime) -> str:
        """A signed note: the checkpoint, and the time of signing as a cosignature of the same key."""
        text = checkpoint_text(self.origin, size, root)
        seconds = int(at.timestamp())
        plain = self.key.id + self._private.sign(text.encode())
        stamped = self._cosigner_id + seconds.to_bytes(8, "big")
        timed = stamped + self._private.sign(cosignature_message(text, seconds))
        return f"{text}\n{self._line(plain)}{self._line(timed)}"

    def document(self, content: bytes) -> bytes:
        """The bare signature (64 bytes) of a JSON object, so that any tool for Ed25519 can check it.

        What else this key signs begins with a name; a brace at the start keeps documents apart from all of it.
        """
        if not content.startswith(b"{"):
            raise ValueError("Only JSON objects are signed as documents. Nothing was signed.")
        return self._private.sign(content)

    def private_line(self) -> str:
        """The key file's content, as Go's signed notes keep private keys. Secret."""
        return f"{PREFIX}{self.origin}+{self.key.id.hex()}+{b64(ED25519 + self._private.private_bytes_raw())}\n"

    @cached_property
    def _cosigner_id(self) -> bytes:
        return key_id(self.origin, COSIGNATURE, self.key.public)

    def _line(self, signature: bytes) -> str:
        return f"— {self.origin} {b64(signature)}\n"


def ensure_key(path: Path | str, *, origin: str = "") -> Signer:
    """The signer of this installation; makes the key, mode 0600, where there has never been one.

    `origin` names a new log: a host and path that nobody else uses, such as `social.example.org/audit`; by default one
    with a random part. Safe when several processes start at once. Raises KeyProblem, also when the key was lost, or
    replaced by other means than `use_key`.
    """
    path = Path(path)
    was_published = public_path(path).exists()  # asked first: a key exists before it is published
    if not path.exists():
        if was_published:
            raise KeyProblem(f"The audit key {path} is gone: {RESTORE}.")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path, draw_key(origin or f"mercat.invalid/{secrets.token_hex(8)}").private_line())
    signer = load_key(path)
    if not was_published:
        _publish(path, signer.key)
    if signer.key not in public_keys(path):
        raise KeyProblem(f"The audit key {path} is not one of this log's, someone has replaced it: {RESTORE}.")
    return signer


def load_key(path: Path | str) -> Signer:
    """Raises KeyProblem where the file is missing, damaged, or readable by everyone."""
    path = Path(path)
    try:
        if path.stat().st_mode & stat.S_IRWXO:
            raise KeyProblem(f"The audit key {path} can be read by everyone on this machine: run chmod 600 on it.")
        return _parse(path.read_text(encoding="utf-8").strip())
    except FileNotFoundError as error:
        raise KeyProblem(
            f"There is no audit key at {path}: start Mercat once, or restore it from your backup."
        ) from error
    except (CheckError, ValueError) as error:
        raise KeyProblem(f"The audit key {path} is damaged: restore it from your backup.") from error


def draw_key(origin: str) -> Signer:
    """A new key for a log, kept nowhere yet. Raises KeyProblem where `origin` cannot name a log."""
    if not origin or origin.startswith("{") or re.search(r"[\s+\x00-\x1f]", origin):
        raise KeyProblem(
            f'"{origin}" cannot name a log: it may hold neither spaces nor plus signs, nor begin with a brace. '
            "No key was made."
        )
    return Signer(origin, Ed25519PrivateKey.generate())


def use_key(path: Path | str, signer: Signer) -> None:
    """Sign with another key of the same log from now on; the public keys of the old ones are kept."""
    _publish(Path(path), signer.key)
    _replace(Path(path), signer.private_line(), mode=0o600)


def public_keys(path: Path | str) -> list[Key]:
    """Every key that may have signed this log, the newest first. Raises KeyProblem."""
    try:
        lines = public_path(Path(path)).read_text(encoding="utf-8").splitlines()
        return [parse_vkey(line) for line in lines if line.strip()]
    except FileNotFoundError as error:
        raise KeyProblem(f"There are no public keys at {public_path(Path(path))}: start Mercat once.") from error
    except CheckError as error:
        raise KeyProblem(f"{public_path(Path(path))} is damaged: {error}.") from error


def public_path(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


def _parse(line: str) -> Signer:
    if not line.startswith(PREFIX):
        raise ValueError("no private key")
    origin, identity, encoded = line.removeprefix(PREFIX).split("+", 2)
    signer = Signer(origin, Ed25519PrivateKey.from_private_bytes(unb64(encoded, 33)[1:]))
    if signer.key.id.hex() != identity:
        raise ValueError("the id does not fit")
    return signer


def _publish(path: Path, key: Key) -> None:
    """Put a key on top of the public ones, unless it is there."""
    public = public_path(path)
    known = public.read_text(encoding="utf-8") if public.exists() else ""
    if key.vkey not in known.split():
        _replace(public, f"{key.vkey}\n{known}", mode=0o644)


def _create(path: Path, content: str) -> None:
    partial = _partial(path, content, 0o600)
    with contextlib.suppress(FileExistsError):
        os.link(partial, path)  # unlike a rename, never replaces a key that another process just made
    partial.unlink()


def _replace(path: Path, content: str, *, mode: int) -> None:
    os.replace(_partial(path, content, mode), path)


def _partial(path: Path, content: str, mode: int) -> Path:
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return partial
