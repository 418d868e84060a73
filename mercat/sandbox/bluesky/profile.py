"""What a PDS checks in an app.bsky.actor.profile record (source: its lexicon)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mercat.sandbox.graphemes import count_graphemes
from mercat.sandbox.models import Upload
from mercat.sandbox.standin import ApiError

COLLECTION = "app.bsky.actor.profile"
LIMITS = {"displayName": (64, 640), "description": (256, 2_560)}  # graphemes, bytes
MAX_PICTURE_BYTES = 1_000_000
MIMES = ("image/png", "image/jpeg")


def check(record: Any, find_blob: Callable[[str], Upload | None]) -> None:
    """Raises ApiError."""
    if not isinstance(record, dict):
        raise ApiError(400, {"error": "InvalidRequest", "message": "Input/record must be an object"})
    if record.get("$type", COLLECTION) != COLLECTION:
        raise _invalid(f"Invalid $type: expected {COLLECTION}, got {record['$type']}")
    for name, (graphemes, size) in LIMITS.items():
        value = record.get(name, "")
        if not isinstance(value, str):
            raise _invalid(f"Expected string value type at $.{name}")
        if count_graphemes(value) > graphemes or len(value.encode()) > size:
            raise _invalid(f"string too big (maximum {graphemes} graphemes, {size} bytes) at $.{name}")
    for name in ("avatar", "banner"):
        if name in record:
            _check_picture(record[name], f"$.{name}", find_blob)


def _check_picture(blob: Any, path: str, find_blob: Callable[[str], Upload | None]) -> None:
    reference = blob.get("ref") if isinstance(blob, dict) else None
    cid = reference.get("$link") if isinstance(reference, dict) else None
    if not isinstance(blob, dict) or blob.get("$type") != "blob" or not isinstance(cid, str):
        raise _invalid(f"Expected blob value type at {path}")
    upload = find_blob(cid)
    if upload is None:
        raise ApiError(400, {"error": "BlobNotFound", "message": f"Could not find blob: {cid}"})
    if upload.mime not in MIMES or blob.get("mimeType") != upload.mime:
        raise ApiError(400, {"error": "InvalidMimeType", "message": f"Wrong type of file at {path}"})
    if upload.size > MAX_PICTURE_BYTES or blob.get("size") != upload.size:
        raise ApiError(400, {"error": "BlobTooLarge", "message": f"This file is too large at {path}"})


def _invalid(why: str) -> ApiError:
    return ApiError(400, {"error": "InvalidRequest", "message": f"Invalid {COLLECTION} record: {why}"})
