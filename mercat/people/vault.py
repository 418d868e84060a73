"""Sealing of connection credentials. Whoever holds the public half of a key can seal; only the private half opens.

Each sealed value has a data key of its own (AES-256-GCM), wrapped for one X25519 key: an ephemeral key agreement,
HKDF-SHA256, AES-256-GCM, as in RFC 9180's base mode. It is bound to a text (associated data): the account, its server,
and which of the account's connections it is of. For any other of these it does not open. A whole row put back as it
once was does open.

Layout: version (1 byte, 2) | key id (8) | ephemeral key (32) | wrapped data key (48) | nonce (12) | ciphertext and tag.
Version 1, of before there were two halves, opens still: 1 | nonce | wrapped data key | nonce | ciphertext and tag.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION, FIRST = b"\x02", b"\x01"
KEY, NONCE, TAG, ID = 32, 12, 16, 8  # bytes
WRAPPED = KEY + TAG
BODY = NONCE + TAG  # the least that follows a wrapped data key
_WORDS = "The stored credentials do not open: "
_ANEW = "Connect the account again."


class Unopenable(Exception):
    """Sealed credentials that these keys and this binding do not open."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """The public half: it seals, and opens nothing."""

    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(b"mercat-vault\n" + self.public).digest()[:ID]


@dataclass(frozen=True)
class OpeningKey:
    """A private key. `kind`: "x25519", or "aes256" for what was sealed as version 1."""

    kind: str
    secret: bytes

    def __repr__(self) -> str:
        return f"OpeningKey({self.kind})"

    @property
    def sealing(self) -> SealingKey:
        return SealingKey(X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw())


def new_key() -> OpeningKey:
    return OpeningKey("x25519", X25519PrivateKey.generate().private_bytes_raw())


def seal(values: Mapping[str, str], *, to: SealingKey, bound_to: str) -> bytes:
    """Seal `values` to `bound_to`, a text that names what alone they are for."""
    data_key, nonce = AESGCM.generate_key(bit_length=256), os.urandom(NONCE)
    ciphertext = AESGCM(data_key).encrypt(nonce, json.dumps(dict(values)).encode(), bound_to.encode())
    return _wrap(data_key, to, bound_to) + nonce + ciphertext


def unseal(sealed: bytes, *, keys: Sequence[OpeningKey], bound_to: str) -> dict[str, str]:
    """The sealed values. Raises Unopenable for any other keys, binding or bytes."""
    data_key, rest = _unwrap(sealed, keys, bound_to)
    try:
        return json.loads(AESGCM(data_key).decrypt(rest[:NONCE], rest[NONCE:], bound_to.encode()))
    except InvalidTag:
        raise Unopenable(f"{_WORDS}they are damaged. {_ANEW}") from None


def rewrap(sealed: bytes, *, keys: Sequence[OpeningKey], to: SealingKey, bound_to: str) -> bytes:
    """The same values for another key: only their data key is wrapped anew. Raises Unopenable."""
    data_key, rest = _unwrap(sealed, keys, bound_to)
    return _wrap(data_key, to, bound_to) + rest


def is_for(sealed: bytes, key: SealingKey) -> bool:
    """Whether it is this key that opens it."""
    return sealed[:1] == VERSION and sealed[1 : 1 + ID] == key.id


def _wrap(data_key: bytes, to: SealingKey, bound_to: str) -> bytes:
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(to.public))
    head = VERSION + to.id + public
    # This wrapping key is used once, so its nonce may stand still.
    wrapped = AESGCM(_agreed(shared, public, to.public)).encrypt(bytes(NONCE), data_key, head + bound_to.encode())
    return head + wrapped


def _unwrap(sealed: bytes, keys: Sequence[OpeningKey], bound_to: str) -> tuple[bytes, bytes]:
    """The data key, and what is sealed with it."""
    if not keys:
        raise Unopenable("This process can seal credentials and not open them. Those that send open them.")
    if sealed[:1] == FIRST and len(sealed) >= 1 + NONCE + WRAPPED + BODY:
        return _unwrap_first(sealed[1:], keys, bound_to)
    if sealed[:1] != VERSION or len(sealed) < 1 + ID + KEY + WRAPPED + BODY:
        raise Unopenable("These credentials were sealed in a form this version does not know.")
    head, rest = sealed[: 1 + ID + KEY], sealed[1 + ID + KEY :]
    key = next((each for each in keys if each.kind == "x25519" and each.sealing.id == head[1 : 1 + ID]), None)
    if key is None:
        raise Unopenable(f"{_WORDS}the key they were sealed for is not here. Restore it from its backup, or: {_ANEW}")
    public = head[1 + ID :]
    try:
        shared = X25519PrivateKey.from_private_bytes(key.secret).exchange(X25519PublicKey.from_public_bytes(public))
        wrapping = AESGCM(_agreed(shared, public, key.sealing.public))
        return wrapping.decrypt(bytes(NONCE), rest[:WRAPPED], head + bound_to.encode()), rest[WRAPPED:]
    except (InvalidTag, ValueError):  # ValueError: no such point
        raise _not_for() from None


def _unwrap_first(rest: bytes, keys: Sequence[OpeningKey], bound_to: str) -> tuple[bytes, bytes]:
    nonce, wrapped = rest[:NONCE], rest[NONCE : NONCE + WRAPPED]
    for key in keys:
        if key.kind == "aes256":
            try:
                return AESGCM(key.secret).decrypt(nonce, wrapped, bound_to.encode()), rest[NONCE + WRAPPED :]
            except InvalidTag:
                continue
    raise _not_for()


def _not_for() -> Unopenable:
    return Unopenable(
        f"{_WORDS}this installation's key, the account or its server's address is not the one they were sealed for. "
        f"{_ANEW}"
    )


def _agreed(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    return HKDF(SHA256(), KEY, salt=None, info=b"mercat-vault/2" + ephemeral + recipient).derive(shared)
