"""What a PDS checks in an app.bsky.feed.post record (source: the lexicons of github.com/bluesky-social/atproto).

Stricter than a PDS where a mistake would be accepted there and then shown wrongly: facets must lie inside the text on
character borders, an embed must be of a type this stand-in knows, and there is no year 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mercat.sandbox.bluesky.ids import DID
from mercat.sandbox.graphemes import count_graphemes
from mercat.sandbox.models import Medium, Upload
from mercat.sandbox.standin import ApiError

COLLECTION = "app.bsky.feed.post"
MAX_IMAGES = 4
MAX_IMAGE_BYTES = 2_000_000
MAX_VIDEO_BYTES = 300_000_000
MAX_CAPTIONS, MAX_CAPTION_BYTES = 20, 20_000
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"(i|[a-z]{2,3})(-[A-Za-z0-9]{1,8})*")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,80}:[^\s]{1,8000}")
AT_URI = re.compile(r"at://[^/\s]+/[^/\s]+/[^/\s]+")

FindBlob = Callable[[str], Upload | None]


def check(record: Any, find_blob: FindBlob) -> tuple[Medium, ...]:
    """The pictures of a good record. `find_blob` gives the account's upload by its CID. Raises ApiError."""
    if not isinstance(record, dict):
        raise ApiError(400, {"error": "InvalidRequest", "message": "Input/record must be an object"})
    given = record.get("$type", COLLECTION)
    if given != COLLECTION:
        raise _invalid(f"Invalid $type: expected {COLLECTION}, got {given}", prefix="")
    _check_text(record)
    _check_datetime(record)
    _check_facets(record.get("facets", []), record["text"].encode())
    _check_languages(record.get("langs", []))
    _check_tags(record.get("tags", []))
    _check_reply(record.get("reply"))
    return _check_embed(record.get("embed"), find_blob)


def _check_text(record: dict[str, Any]) -> None:
    text = _string(record, "text", "$")
    _limit(text, "$.text", max_bytes=3000, max_graphemes=300)


def _check_datetime(record: dict[str, Any]) -> None:
    value = _string(record, "createdAt", "$")
    if not DATETIME.fullmatch(value) or value.endswith("-00:00"):
        raise _invalid("Invalid datetime at $.createdAt")
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", value))
    except ValueError:
        raise _invalid("Invalid datetime at $.createdAt") from None


def _check_languages(languages: Any) -> None:
    for language in _array(languages, "$.langs", 3):
        if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
            raise _invalid("Invalid language tag at $.langs")


def _check_tags(tags: Any) -> None:
    for tag in _array(tags, "$.tags", 8):
        if not isinstance(tag, str):
            raise _invalid("Expected string value type at $.tags")
        _limit(tag, "$.tags", max_bytes=640, max_graphemes=64)


def _check_reply(reply: Any) -> None:
    if reply is None:
        return
    for end in ("root", "parent"):
        _check_reference(_object(reply, end, "$.reply"), f"$.reply.{end}")


def _check_reference(reference: dict[str, Any], path: str) -> None:
    if not AT_URI.fullmatch(_string(reference, "uri", path)):
        raise _invalid(f"Invalid AT-URI at {path}.uri")
    if not _string(reference, "cid", path).startswith("b"):
        raise _invalid(f"Invalid CID at {path}.cid")


def _check_facets(facets: Any, text: bytes) -> None:
    for number, facet in enumerate(_array(facets, "$.facets")):
        path = f"$.facets[{number}]"
        _check_range(_object(facet, "index", path), text, f"{path}.index")
        features = _array(facet.get("features"), f"{path}.features")
        for feature in features:
            _check_feature(feature, f"{path}.features")


def _check_range(index: dict[str, Any], text: bytes, path: str) -> None:
    start, end = (_integer(index, name, path) for name in ("byteStart", "byteEnd"))
    if not 0 <= start < end <= len(text):
        raise _invalid(f"The byte range {start} to {end} is outside the text of {len(text)} bytes at {path}")
    try:
        text[:start].decode(), text[:end].decode()
    except UnicodeDecodeError:
        raise _invalid(f"The byte range {start} to {end} cuts a character at {path}") from None


def _check_feature(feature: Any, path: str) -> None:
    kind = _typed(feature, path)
    if kind == "app.bsky.richtext.facet#link":
        if not URI.fullmatch(_string(feature, "uri", path)):
            raise _invalid(f"Invalid URI at {path}.uri")
    elif kind == "app.bsky.richtext.facet#mention":
        if not DID.fullmatch(_string(feature, "did", path)):
            raise _invalid(f"Invalid DID at {path}.did")
    elif kind == "app.bsky.richtext.facet#tag":
        _limit(_string(feature, "tag", path), f"{path}.tag", max_bytes=640, max_graphemes=64)
    else:
        raise _invalid(f"Unknown $type {kind} at {path}")


def _check_embed(embed: Any, find_blob: FindBlob) -> tuple[Medium, ...]:
    if embed is None:
        return ()
    kind = _typed(embed, "$.embed")
    if kind == "app.bsky.embed.images":
        images = _array(embed.get("images"), "$.embed.images", MAX_IMAGES)
        return tuple(_check_image(image, f"$.embed.images[{n}]", find_blob) for n, image in enumerate(images))
    if kind == "app.bsky.embed.external":
        _check_external(_object(embed, "external", "$.embed"), find_blob)
        return ()
    if kind == "app.bsky.embed.record":
        _check_reference(_object(embed, "record", "$.embed"), "$.embed.record")
        return ()
    if kind == "app.bsky.embed.video":
        return (_check_video(embed, find_blob),)
    raise _invalid(f"Unknown $type {kind} at $.embed (this stand-in knows images, video, external and record)")


def _check_image(image: Any, path: str, find_blob: FindBlob) -> Medium:
    upload = _check_blob(_object(image, "image", path), f"{path}.image", find_blob)
    alt = _string(image, "alt", path)
    _check_shape(image, path)
    return Medium(upload.native_id, upload.mime, upload.size, upload.sha256, alt, upload.width, upload.height)


def _check_shape(medium: dict[str, Any], path: str) -> None:
    if medium.get("aspectRatio") is not None:
        ratio = _object(medium, "aspectRatio", path)
        if min(_integer(ratio, side, f"{path}.aspectRatio") for side in ("width", "height")) < 1:
            raise _invalid(f"Expected at least 1 at {path}.aspectRatio")


def _check_video(embed: dict[str, Any], find_blob: FindBlob) -> Medium:
    path = "$.embed"
    upload = _check_blob(_object(embed, "video", path), f"{path}.video", find_blob, "video/mp4", MAX_VIDEO_BYTES)
    alt = _string(embed, "alt", path) if "alt" in embed else ""
    _check_shape(embed, path)
    for n, caption in enumerate(_array(embed.get("captions", []), f"{path}.captions", MAX_CAPTIONS)):
        where = f"{path}.captions[{n}]"
        if not LANGUAGE.fullmatch(_string(caption, "lang", where)):
            raise _invalid(f"Invalid language tag at {where}.lang")
        _check_blob(_object(caption, "file", where), f"{where}.file", find_blob, "text/vtt", MAX_CAPTION_BYTES)
    return Medium(upload.native_id, upload.mime, upload.size, upload.sha256, alt, upload.width, upload.height)


def _check_external(external: dict[str, Any], find_blob: FindBlob) -> None:
    if not URI.fullmatch(_string(external, "uri", "$.embed.external")):
        raise _invalid("Invalid URI at $.embed.external.uri")
    for name in ("title", "description"):
        _string(external, name, "$.embed.external")
    if external.get("thumb") is not None:
        _check_blob(_object(external, "thumb", "$.embed.external"), "$.embed.external.thumb", find_blob)


def _check_blob(
    blob: dict[str, Any], path: str, find_blob: FindBlob, kind: str = "image/*", most: int = MAX_IMAGE_BYTES
) -> Upload:
    if blob.get("$type") != "blob":
        raise _invalid(f"Expected blob value type at {path}")
    cid, mime = _string(_object(blob, "ref", path), "$link", f"{path}.ref"), _string(blob, "mimeType", path)
    size = _integer(blob, "size", path)
    if not mime.startswith(kind.removesuffix("*")):
        raise _refused("InvalidMimeType", f"Wrong type of file. It is {mime} but it must match {kind}.")
    if size > most:
        message = f"This file is too large. It is {size} bytes but the maximum size is {most} bytes."
        raise _refused("BlobTooLarge", message)
    upload = find_blob(cid)
    if upload is None:
        raise _refused("BlobNotFound", f"Could not find blob: {cid}")
    if upload.mime != mime:
        message = f"Referenced MimeType does not match stored blob. Expected: {upload.mime}, Got: {mime}"
        raise _refused("InvalidMimeType", message)
    if upload.size != size:
        message = f"Referenced Size does not match stored blob. Expected: {upload.size}, Got: {size}"
        raise _refused("InvalidSize", message)
    return upload


# The shapes


def _object(holder: Any, name: str, path: str) -> dict[str, Any]:
    value = _member(holder, name, path)
    if not isinstance(value, dict):
        raise _invalid(f"Expected object value type at {path}.{name}")
    return value


def _string(holder: Any, name: str, path: str) -> str:
    value = _member(holder, name, path)
    if not isinstance(value, str):
        raise _invalid(f"Expected string value type at {path}.{name}")
    return value


def _integer(holder: Any, name: str, path: str) -> int:
    value = _member(holder, name, path)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _invalid(f"Expected integer value type at {path}.{name}")
    return value


def _member(holder: Any, name: str, path: str) -> Any:
    if not isinstance(holder, dict):
        raise _invalid(f"Expected object value type at {path}")
    if name not in holder:
        raise _invalid(f'Missing required key "{name}" at {path}')
    return holder[name]


def _array(value: Any, path: str, most: int | None = None) -> list[Any]:
    if not isinstance(value, list):
        raise _invalid(f"Expected array value type at {path}")
    if most is not None and len(value) > most:
        raise _invalid(f"array too big (maximum {most}, got {len(value)}) at {path}")
    return value


def _typed(value: Any, path: str) -> str:
    return _string(value, "$type", path)


def _limit(text: str, path: str, *, max_bytes: int, max_graphemes: int) -> None:
    size = len(text.encode())
    if size > max_bytes:
        raise _invalid(f"string too big (maximum {max_bytes}, got {size}) at {path}")
    graphemes = count_graphemes(text)
    if graphemes > max_graphemes:
        raise _invalid(f"grapheme too big (maximum {max_graphemes}, got {graphemes}) at {path}")


def _invalid(why: str, prefix: str = f"Invalid {COLLECTION} record: ") -> ApiError:
    return _refused("InvalidRequest", prefix + why)


def _refused(error: str, message: str) -> ApiError:
    return ApiError(400, {"error": error, "message": message})
