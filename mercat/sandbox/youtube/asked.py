"""Reads what a caller asks for, and refuses what YouTube's discovery document (v3, revision 20261104) does not have."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from mercat.sandbox.fields import BadBody, read_json
from mercat.sandbox.models import Account
from mercat.sandbox.standin import World
from mercat.sandbox.youtube import oauth
from mercat.sandbox.youtube.problems import invalid, problem, unauthorized

VIDEO_SNIPPET: dict[str, Any] = {
    **dict.fromkeys(("title", "description", "categoryId", "defaultLanguage", "defaultAudioLanguage"), str),
    "tags": list,
}
VIDEO_STATUS: dict[str, Any] = {
    **dict.fromkeys(("privacyStatus", "license", "publishAt"), str),
    **dict.fromkeys(("selfDeclaredMadeForKids", "containsSyntheticMedia", "embeddable", "publicStatsViewable"), bool),
}
VIDEO: dict[str, Any] = {"id": str, "snippet": VIDEO_SNIPPET, "status": VIDEO_STATUS}
CAPTION: dict[str, Any] = {"snippet": {"videoId": str, "language": str, "name": str, "isDraft": bool}}
CHANNEL: dict[str, Any] = {
    "id": str,
    "brandingSettings": {
        "channel": dict.fromkeys(("title", "description", "keywords", "country", "defaultLanguage"), str),
        "image": {"bannerExternalUrl": str},
    },
}
THREAD: dict[str, Any] = {
    "snippet": {"channelId": str, "videoId": str, "topLevelComment": {"snippet": {"textOriginal": str}}}
}
BROADCAST: dict[str, Any] = {
    "id": str,
    "snippet": dict.fromkeys(("title", "description", "scheduledStartTime"), str),
    "status": {"privacyStatus": str, "selfDeclaredMadeForKids": bool},
    "contentDetails": {
        **dict.fromkeys(("enableAutoStart", "enableAutoStop", "enableDvr", "recordFromStart"), bool),
        "monitorStream": {"enableMonitorStream": bool},
    },
}
STREAM: dict[str, Any] = {
    "snippet": {"title": str},
    "cdn": dict.fromkeys(("frameRate", "ingestionType", "resolution"), str),
    "contentDetails": {"isReusable": bool},
}


def signed_in(world: World, request: Request) -> Account:
    """Raises ApiError where the token is no good."""
    grant = oauth.grant_of(world, request)
    account = world.store.account(world.slug, grant["account"]) if grant else None
    if grant is None or account is None:
        raise unauthorized()
    if oauth.ALL not in grant["scope"].split() and request.method != "GET":
        raise problem(403, "insufficientPermissions", "Request had insufficient authentication scopes.", "global")
    return account


def query(request: Request, needed: str, more: str = "") -> dict[str, str]:
    """The query, each parameter once. Raises ApiError for what is unknown, missing or there twice."""
    given = request.query_params.multi_items()
    names, must = [name for name, _ in given], needed.split()
    if unknown := set(names) - {*must, *more.split()}:
        raise invalid("unexpectedParameter", f"Unknown name “{min(unknown)}”: cannot bind query parameter.")
    if len(set(names)) < len(names):
        raise invalid("invalidParameter", "A parameter is given twice.")
    if missing := [name for name in must if not request.query_params.get(name)]:
        raise invalid("missingRequiredParameter", f"Missing required parameter: {missing[0]}")
    return dict(given)


def parts(asked: dict[str, str], known: str) -> list[str]:
    """The parts asked for. Raises ApiError for one that this resource does not have."""
    wanted = asked["part"].split(",")
    if unknown := [one for one in wanted if one not in known.split()]:
        raise invalid("unknownPart", f"'{unknown[0]}'")
    return wanted


def most(asked: dict[str, str], limit: int, default: int) -> int:
    value = asked.get("maxResults", str(default))
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:6]) <= limit):
        raise invalid("invalidValue", f"maxResults must be between 1 and {limit}.")
    return int(value)


async def body(request: Request, shape: dict[str, Any]) -> dict[str, Any]:
    """A JSON object of this shape. Raises ApiError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise invalid("parseError", "The body must be application/json.")
    try:
        given = await read_json(request)
    except BadBody as error:
        raise invalid("parseError", "Parse Error") from error
    return members(given, shape, "$")


def members(given: Any, shape: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid("invalid", f"Invalid value at {where}.")
    for name, value in given.items():
        kind = shape.get(name)
        if kind is None:
            raise invalid("invalid", f"Invalid JSON payload received. Unknown name “{name}” at {where}.")
        if isinstance(kind, dict):
            members(value, kind, f"{where}.{name}")
        elif not isinstance(value, kind):
            raise invalid("invalid", f"Invalid value at {where}.{name}.")
    return given


def related(content: bytes, kind: str) -> tuple[Any, bytes, str]:
    """The two parts of a multipart/related body: JSON about a file, the file, and its kind. Raises ApiError."""
    mime, _, border = kind.partition("boundary=")
    marker = b"--" + border.strip().strip('"').encode()
    pieces = content.split(marker)
    if not mime.startswith("multipart/related") or not border or len(pieces) != 4 or pieces[3].strip() != b"--":
        raise invalid("badContent", "The body must be multipart/related with two parts.")
    (head, about), (file_head, file) = (piece.strip(b"\r\n").partition(b"\r\n\r\n")[::2] for piece in pieces[1:3])
    if b"application/json" not in head.lower():
        raise invalid("badContent", "The first part must be application/json.")
    try:
        return json.loads(about), file, file_head.decode("latin-1").lower()
    except ValueError as error:
        raise invalid("parseError", "Parse Error") from error
