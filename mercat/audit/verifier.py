"""Check a Mercat audit log without trusting the server that wrote it.

One file, standard library and `cryptography` only. Copy it anywhere and run

    python verifier.py EXPORT --key VKEY [--checkpoint FILE]... [--earlier EXPORT] [--json]
    python verifier.py --receipt FILE --key VKEY [--checkpoint FILE]... [--json]

Exit code 0: everything agrees. 1: something does not; the first bad index is named. 2: it could not be checked.

Standards: RFC 6962 §2.1 (Merkle tree), RFC 8785 (canonical JSON, here without floats), C2SP signed-note,
tlog-checkpoint and tlog-cosignature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

JSON: TypeAlias = "str | int | bool | Sequence[JSON] | Mapping[str, JSON] | None"

LARGEST_INT = 2**53 - 1  # RFC 8785 numbers are IEEE doubles; beyond this they would lose digits


class CheckError(Exception):
    """It cannot be checked: the message says what was wrong with what was given."""


def canonical(value: JSON) -> bytes:
    """Canonical JSON, RFC 8785 without floats: keys by UTF-16 order, no spaces, UTF-8.

    Raises ValueError naming the place of a float, a too large number, a key that is not text, a lone surrogate,
    U+0000 (PostgreSQL cannot keep it) or any other type.
    """
    return json.dumps(_ordered(value, ""), separators=(",", ":"), ensure_ascii=False).encode()


def _ordered(value: Any, place: str) -> Any:
    if isinstance(value, Mapping):
        keys = sorted((_text(key, place) for key in value), key=lambda key: key.encode("utf-16-be"))
        return {key: _ordered(value[key], f"{place}.{key}".lstrip(".")) for key in keys}
    if isinstance(value, (list, tuple)):
        return [_ordered(item, f"{place}[{number}]") for number, item in enumerate(value)]
    if isinstance(value, str):
        return _text(value, place)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= LARGEST_INT:
        return value
    allowed = "text, whole numbers within ±(2^53 - 1), yes/no, null, lists and mappings"
    raise ValueError(f"{place or 'the value'} is {type(value).__name__} {value!r}, and only {allowed} can be kept")


def _text(value: Any, place: str) -> str:
    where = place or "the value"
    if not isinstance(value, str):
        raise ValueError(f"{where} has a key that is not text: {value!r}")  # noqa: TRY004 - one error for all bad input
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{where} holds a character that cannot be kept: U+0000, or half a surrogate pair")
    return value


def commitment(salt: bytes, data: JSON) -> bytes:
    """What the leaf carries of personal data: SHA-256(salt || canonical JSON)."""
    return hashlib.sha256(salt + canonical(data)).digest()
