"""Sealing of connection credentials: AES-256-GCM under a data key of their own, wrapped by a key outside the database.

A sealed value is bound to a text (associated data): the account, its server, and which of the account's connections it
is of. For any other of these it does not open. A whole row put back as it once was does open.
Layout: version (1 byte) | wrap nonce (12) | wrapped data key (48) | nonce (12) | ciphertext and tag.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
KEY, NONCE, TAG = 32, 12, 16  # bytes
WRAPPED = KEY + TAG
SHORTEST = len(VERSION) + NONCE + WRAPPED + NONCE + TAG


class Unopenable(Exception):
    """Sealed credentials that this key and binding do not open."""


def wrapping_key(path: Path) -> bytes:
    """The 32-byte wrapping key, made once with mode 0600. Raises Unopenable when the file holds something else."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(AESGCM.generate_key(bit_length=256))
            file.flush()
            os.fsync(file.fileno())  # whatever is sealed with it must not outlive it
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)  # unlike a rename, never replaces a key that another process just made
        partial.unlink()
    key = path.read_bytes()
    if len(key) != KEY:
        raise Unopenable("This installation's vault key is damaged. Restore it from its backup.")
    return key


def seal(values: Mapping[str, str], *, key: bytes, bound_to: str) -> bytes:
    """Seal `values` to `bound_to`, a text that names what alone they are for."""
    data_key, wrap_nonce, nonce = AESGCM.generate_key(bit_length=256), os.urandom(NONCE), os.urandom(NONCE)
    wrapped = AESGCM(key).encrypt(wrap_nonce, data_key, bound_to.encode())
    ciphertext = AESGCM(data_key).encrypt(nonce, json.dumps(dict(values)).encode(), bound_to.encode())
    return VERSION + wrap_nonce + wrapped + nonce + ciphertext


def unseal(sealed: bytes, *, key: bytes, bound_to: str) -> dict[str, str]:
    """The sealed values. Raises Unopenable for any other key, binding or bytes."""
    if sealed[:1] != VERSION or len(sealed) < SHORTEST:
        raise Unopenable("These credentials were sealed in a form this version does not know.")
    wrap_nonce, rest = sealed[1 : 1 + NONCE], sealed[1 + NONCE :]
    wrapped, nonce, ciphertext = rest[:WRAPPED], rest[WRAPPED : WRAPPED + NONCE], rest[WRAPPED + NONCE :]
    try:
        data_key = AESGCM(key).decrypt(wrap_nonce, wrapped, bound_to.encode())
        return json.loads(AESGCM(data_key).decrypt(nonce, ciphertext, bound_to.encode()))
    except InvalidTag:
        raise Unopenable(
            "The stored credentials do not open: this installation's key, the account or its server's address is not "
            "the one they were sealed for. Connect the account again."
        ) from None
