"""The whole log as one file that anyone can check with `verifier.py` alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from mercat.audit.log import snapshot, trusted_keys, walk
from mercat.audit.models import Checkpoint, Leaf, PersonalData
from mercat.audit.verifier import EXPORT_FORMAT, EXPORT_VERSION, b64


def export_log(file: TextIO, *, personal: bool = False) -> int:
    """Write the log as JSON lines, row by row; with `personal`, also the personal data that has not been erased.

    Returns how many records were written. The file is whole only if its last line is of type "end".
    """
    leaves = 0
    with snapshot():
        for line in _lines(personal=personal):
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
            leaves += line.get("type") == "leaf"
    return leaves


def _lines(*, personal: bool) -> Iterator[dict[str, Any]]:
    keys = trusted_keys()
    yield {
        "format": EXPORT_FORMAT,
        "version": EXPORT_VERSION,
        "origin": keys[0].name,
        "keys": [key.vkey for key in keys],
        "personal": personal,
    }
    for row in walk():
        if isinstance(row, Checkpoint):
            yield {"type": "checkpoint", "note": row.note}
            continue
        yield {
            "type": "leaf",
            "index": row.index,
            "leaf": b64(bytes(row.event.leaf)),
            "signature": b64(bytes(row.signature)),
        }
        if personal:
            yield from _opening(row)
    yield {"type": "end"}


def _opening(leaf: Leaf) -> Iterator[dict[str, Any]]:
    kept: PersonalData | None = getattr(leaf.event, "personal", None)
    if kept is None:
        return
    line: dict[str, Any] = {"type": "personal", "index": leaf.index}
    if kept.erased_by_id is not None:
        yield line | {"erased": True}
    else:
        yield line | {"salt": b64(bytes(kept.salt)), "data": kept.data}
