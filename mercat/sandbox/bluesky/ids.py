"""Names of the AT Protocol: DIDs, TIDs, record keys, content identifiers (source: atproto.com/specs)."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
RECORD_KEY = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_~.:-]{1,512}")
HANDLE = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
DID = re.compile(r"(?=.{1,2048}\Z)did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")
SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"


def did_of(handle: str) -> str:
    """The same for the same handle, so that demonstration accounts keep theirs after a reset."""
    return "did:plc:" + _base32(hashlib.sha256(handle.encode()).digest())[:24]


def tid(seconds: float, clock_id: int = 0) -> str:
    """`seconds` since 1970."""
    number = int(seconds * 1_000_000) << 10 | clock_id
    return "".join(SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))


def blob_cid(digest: bytes) -> str:
    """Of raw bytes with this SHA-256 digest."""
    return "b" + _base32(b"\x01\x55\x12\x20" + digest)


def record_cid(record: Any) -> str:
    """Of a record in its JSON form. Raises ValueError for what the data model does not have."""
    return "b" + _base32(b"\x01\x71\x12\x20" + hashlib.sha256(dag_cbor(record)).digest())


def dag_cbor(value: Any) -> bytes:
    """The one canonical encoding: shortest heads, map keys by length and then bytes; no floats. Raises ValueError."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(dag_cbor, value))
    if isinstance(value, dict):
        return _cbor_map(value)
    raise ValueError(f"the data model has no {type(value).__name__}")


def _cbor_map(value: dict[str, Any]) -> bytes:
    if set(value) == {"$link"}:
        cid = _unbase32(value["$link"])
        return b"\xd8\x2a" + _head(2, len(cid) + 1) + b"\x00" + cid
    if set(value) == {"$bytes"}:
        data = base64.b64decode(value["$bytes"] + "==")
        return _head(2, len(data)) + data
    members = sorted(value.items(), key=lambda member: (len(member[0].encode()), member[0].encode()))
    return _head(5, len(members)) + b"".join(dag_cbor(name) + dag_cbor(one) for name, one in members)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for extra, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * width:
            return bytes([major << 5 | extra]) + number.to_bytes(width, "big")
    raise ValueError("the number is too large")


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower().rstrip("=")


def _unbase32(cid: Any) -> bytes:
    if not isinstance(cid, str) or not cid.startswith("b"):
        raise ValueError("a link must be a base32 CID")
    return base64.b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
