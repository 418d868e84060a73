"""What LinkedIn checks in the body of a post (Posts API, MultiImage API). Refusals are worded as Rest.li words them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mercat.sandbox.linkedin import little
from mercat.sandbox.linkedin.little import Little
from mercat.sandbox.models import Medium, Upload
from mercat.sandbox.standin import ApiError

MAX_TEXT = 3_000  # units of UTF-16
MAX_ALT = 4_086
FIELDS = {
    "author": str, "commentary": str, "visibility": str, "distribution": dict, "lifecycleState": str,
    "content": dict, "isReshareDisabledByAuthor": bool,
}  # fmt: skip
OPTIONAL = {"content", "isReshareDisabledByAuthor"}

VIDEO, DOCUMENT = "urn:li:video:", "urn:li:document:"
MAX_TITLE = 58  # units of UTF-16 of a document's; of LinkedIn's own composer, by third parties

FindImage = Callable[[str], Upload | None]


def post(given: Any, find_image: FindImage) -> tuple[Little, tuple[Medium, ...]]:
    """The text and the pictures of a good body. Raises ApiError."""
    fields = _object(given, "")
    _known(fields, FIELDS, "")
    for name, kind in FIELDS.items():
        if name not in fields and name not in OPTIONAL:
            raise invalid(f"/{name}", "field is required but not found and has no default value")
        if name in fields and not isinstance(fields[name], kind):
            raise invalid(f"/{name}", f"{fields[name]!r} cannot be coerced to {kind.__name__}")
    if fields["visibility"] != "PUBLIC" or fields["lifecycleState"] != "PUBLISHED":
        raise invalid("/visibility", "this stand-in holds posts that are PUBLIC and PUBLISHED alone")
    _distribution(fields["distribution"])
    media = _content(fields.get("content"), find_image)
    return text(fields["commentary"], media), media


def text(commentary: Any, media: tuple[Medium, ...]) -> Little:
    if not isinstance(commentary, str):
        raise invalid("/commentary", f"{commentary!r} cannot be coerced to str")
    read = little.read(commentary)
    if len(read.plain.encode("utf-16-le", "surrogatepass")) // 2 > MAX_TEXT:
        raise too_long("/commentary")
    if not read.plain.strip() and not media:
        raise invalid("/commentary", "a post needs a text or content")
    return read


def patch(given: Any) -> Any:
    """The new commentary of a partial update."""
    fields = _object(given, "")
    _known(fields, {"patch"}, "")
    change = _object(fields.get("patch"), "/patch")
    _known(change, {"$set"}, "/patch")
    new = _object(change.get("$set"), "/patch/$set")
    _known(new, {"commentary"}, "/patch/$set")
    if "commentary" not in new:
        raise invalid("/patch/$set/commentary", "field is required but not found and has no default value")
    return new["commentary"]


def _distribution(given: Mapping[str, Any]) -> None:
    _known(given, {"feedDistribution", "targetEntities", "thirdPartyDistributionChannels"}, "/distribution")
    if given.get("feedDistribution") != "MAIN_FEED":
        raise invalid("/distribution/feedDistribution", "this stand-in knows MAIN_FEED alone")
    for name in ("targetEntities", "thirdPartyDistributionChannels"):
        if given.get(name, []) != []:
            raise invalid(f"/distribution/{name}", "this stand-in takes an empty list alone")


def _content(given: Any, find_image: FindImage) -> tuple[Medium, ...]:
    if given is None:
        return ()
    _known(given, {"media", "multiImage"}, "/content")
    if len(given) != 1:
        raise invalid("/content", "exactly one kind of content is wanted")
    if "media" in given:
        return (_image(given["media"], "/content/media", find_image),)
    many = _object(given["multiImage"], "/content/multiImage")
    _known(many, {"images"}, "/content/multiImage")
    images = many.get("images")
    if not isinstance(images, list) or not 2 <= len(images) <= 20:
        raise invalid("/content/multiImage/images", "a multi-image post has 2 to 20 images")
    return tuple(_image(one, f"/content/multiImage/images/{n}", find_image) for n, one in enumerate(images))


def _image(given: Any, path: str, find_image: FindImage) -> Medium:
    fields = _object(given, path)
    _known(fields, {"id", "altText", "title"}, path)
    alt, title, urn = fields.get("altText", ""), fields.get("title"), fields.get("id")
    if not isinstance(alt, str) or len(alt) > MAX_ALT:
        raise too_long(f"{path}/altText")
    upload = find_image(urn) if isinstance(urn, str) else None
    if upload is None:
        raise invalid(f"{path}/id", f"{urn!r} is nothing of this author's, or has not been uploaded")
    if upload.native_id.startswith(DOCUMENT):
        return _document(upload, alt, title, path)
    if title is not None:
        raise invalid(f"{path}/title", "this stand-in takes titles of documents alone")
    if upload.native_id.startswith(VIDEO) and (alt or "multiImage" in path):
        raise invalid(path, "a video stands alone, and has no altText")
    return Medium(upload.native_id, upload.mime, upload.size, upload.sha256, alt, upload.width, upload.height)


def _document(upload: Upload, alt: str, title: Any, path: str) -> Medium:
    """It is told by its title, which stands where a picture has its description."""
    if alt or "multiImage" in path:
        raise invalid(path, "a document stands alone, and has no altText")
    if not isinstance(title, str) or not title.strip():
        raise invalid(f"{path}/title", "field is required for documents but not found and has no default value")
    if len(title.encode("utf-16-le", "surrogatepass")) // 2 > MAX_TITLE or not title.isprintable():
        raise too_long(f"{path}/title")
    return Medium(upload.native_id, upload.mime, upload.size, upload.sha256, title, upload.width, upload.height)


def _object(given: Any, path: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid(path or "/", "an object is wanted")
    return given


def _known(fields: Mapping[str, Any], names: Any, path: str) -> None:
    for name in fields:
        if name not in names:
            raise invalid(f"{path}/{name}", "unrecognized field found but not allowed")


def invalid(path: str, why: str) -> ApiError:
    return ApiError(422, {"status": 422, "message": f"ERROR :: {path} :: {why}\n"})


def too_long(path: str) -> ApiError:
    error = {"code": "FIELD_LENGTH_TOO_LONG", "description": "too long", "input": {"inputPath": {"fieldPath": path}}}
    return bad_request(422, f"{path} exceeds the maximum length", error)


def duplicate(urn: str) -> ApiError:
    error = {"code": "DUPLICATE_POST", "description": "Duplicate post is detected", "input": {}}
    return bad_request(422, f"Content is a duplicate of {urn}", error)


def bad_request(status: int, message: str, error: dict[str, Any]) -> ApiError:
    said = f"com.linkedin.content.common.exception.BadRequestResponseException: {message}"
    kind, details = "com.linkedin.common.error.BadRequest", {"inputErrors": [error]}
    return ApiError(status, {"status": status, "errorDetailType": kind, "message": said, "errorDetails": details})
