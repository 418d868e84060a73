"""The calls of the REST API that a publisher needs, checked as its description says; see docs/reference/sandbox.md.

A message is kept apart until it is sent: only then does it stand on the profile's public page. What is scheduled is
sent when the sandbox's clock has passed its time and anything is asked of the stand-in.
"""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.fields import BadBody, read_json
from mercat.sandbox.hootsuite import oauth
from mercat.sandbox.models import Account, Medium, Post, Upload
from mercat.sandbox.pages import picture
from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import ApiError, World, base_url, hidden_after
from mercat.sandbox.store import sha256_hex

MIMES = frozenset({"video/mp4", "image/gif", "image/jpeg", "image/jpg", "image/png"})
FIELDS = frozenset({"text", "socialProfileIds", "scheduledSendTime", "media", "emailNotification", "tags"})
STATES = frozenset({"PENDING_APPROVAL", "REJECTED", "SENT", "SCHEDULED", "SEND_FAILED_PERMANENTLY"})
LEAD = 5 * 60  # seconds that a time must lie ahead, as third parties tell
FOUR_WEEKS = 28 * 86_400
TEXTS = {"TWITTER": 280, "INSTAGRAMBUSINESS": 2_200, "LINKEDINCOMPANY": 3_000, "THREADS": 500, "TIKTOKBUSINESS": 2_200}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def type_of(account: Account) -> str:
    """A handle that begins with a type and a full stop is of that type; any other is a page of Facebook."""
    kind = account.handle.partition(".")[0].upper()
    return kind if kind in TEXTS else "FACEBOOKPAGE"


class Api:
    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store

    # Media

    async def create_media(self, request: Request) -> Response:
        account = self._member(request)
        asked = await _json(request)
        size, mime = asked.get("sizeBytes"), asked.get("mimeType")
        if set(asked) != {"sizeBytes", "mimeType"} or not isinstance(size, int) or size < 1 or mime not in MIMES:
            raise failed(4000, "sizeBytes and mimeType are needed, and the mimeType one that is supported")
        media_id = secrets.token_urlsafe(24)
        ticket = secrets.token_urlsafe(16)
        known = {"owner": account.native_id, "size": size, "mime": mime, "ticket": ticket}
        self.store.keep(self.world.slug, "media", media_id, known)
        place = f"{base_url(request, self.world.slug)}/uploads/{media_id}?Signature={ticket}"
        return _data({"id": media_id, "uploadUrl": place, "uploadUrlDurationSeconds": 1_799})

    async def receive(self, request: Request) -> Response:
        """The file, at an address that is its own permission. A second file is taken and forgotten."""
        media_id = request.path_params["id"]
        known = self._kept("media", media_id)
        if known is None or known["ticket"] != request.query_params.get("Signature"):
            return Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403, media_type="application/xml")
        data = await request.body()
        if len(data) != known["size"] or request.headers.get("content-type") != known["mime"]:
            return Response("<Error><Code>InvalidRequest</Code></Error>", 400, media_type="application/xml")
        if self.store.upload(self.world.slug, media_id) is None:
            self.store.add_upload(self._upload(media_id, known, data, request.state.received_at), data)
        return Response()

    def _upload(self, media_id: str, known: dict[str, Any], data: bytes, received_at: float) -> Upload:
        slow, seen = self.world.faults.standing("media_processing"), inspect(data)
        return Upload(
            network=self.world.slug,
            native_id=media_id,
            account=known["owner"],
            sha256=sha256_hex(data),
            mime=known["mime"],
            size=len(data),
            width=seen.width if seen else 0,
            height=seen.height if seen else 0,
            alt="",
            polls_left=int(slow.options["polls"]) if slow else 0,
            attached_to=None,
            received_at=received_at,
        )

    async def media(self, request: Request) -> Response:
        account, media_id = self._member(request), request.path_params["id"]
        known = self._kept("media", media_id)
        if known is None or known["owner"] != account.native_id:
            raise not_found()
        upload = self.store.upload(self.world.slug, media_id)
        if upload is None:
            return _data({"id": media_id, "state": "QUEUED"})
        if upload.polls_left:
            self.store.change_upload(upload, alt="", polls_left=upload.polls_left - 1, attached_to=None)
            return _data({"id": media_id, "state": "QUEUED"})
        address = f"{base_url(request, self.world.slug)}/media/{media_id}"
        return _data({"id": media_id, "state": "READY", "downloadUrl": address, "downloadUrlDurationSeconds": 1_799})

    async def file(self, request: Request) -> Response:
        upload = self.store.upload(self.world.slug, request.path_params["id"])
        if upload is None:
            return Response(status_code=404)
        return picture(self.store.bytes_of(upload.sha256), upload.mime)

    # Messages

    async def publish(self, request: Request) -> Response:
        account = self._member(request)
        asked = await _json(request)
        files = self._checked(asked, account)
        if self.world.faults.standing("scheduled_limit"):
            raise failed(40025, "Scheduled message limit reached")
        now = request.state.received_at
        at = _seconds(asked["scheduledSendTime"]) if asked.get("scheduledSendTime") else None
        number = (self._kept("counter", "message") or 4_950_000_000) + 1
        self.store.keep(self.world.slug, "counter", "message", number)
        slow = self.world.faults.standing("slow_sending")
        message = {
            "id": str(number),
            "account": account.native_id,
            "text": asked.get("text", ""),
            "media": [file.native_id for file in files],
            "made": now,
            "at": at if at is not None else now,
            "state": "SCHEDULED",
            "polls": int(slow.options["polls"]) if slow else 0,
            "address": base_url(request, self.world.slug),
        }
        if self.world.faults.standing("needs_approval"):
            message["state"] = "PENDING_APPROVAL"
        self.store.keep(self.world.slug, "message", message["id"], message)
        self.store.keep(self.world.slug, "messages", "all", [*self._numbers(), message["id"]])
        self.send_due()
        return _data([self._shown(self._message(message["id"]))])

    def _checked(self, asked: dict[str, Any], account: Account) -> list[Upload]:
        """The files of a message. Raises where anything about it is wrong."""
        if unknown := set(asked) - FIELDS:
            raise failed(4000, f"Schema validation failed: {', '.join(sorted(unknown))}")
        text, profiles, media = asked.get("text", ""), asked.get("socialProfileIds"), asked.get("media", [])
        if not isinstance(text, str) or not isinstance(media, list) or not (text.strip() or media):
            raise failed(4000, "Schema validation failed: text")
        if not isinstance(profiles, list) or len(profiles) != 1 or not isinstance(profiles[0], str):
            raise failed(4000, "This stand-in takes exactly one of socialProfileIds, as text")
        if profiles[0] != account.native_id:
            raise failed(4001, "Resource not found", resource={"type": "socialProfile", "id": profiles[0]})
        if len(text) > TEXTS.get(type_of(account), 63_206):
            raise failed(4000, "The message is too long for its social network")
        self._check_time(asked.get("scheduledSendTime"))
        return [self._file(one, account) for one in media]

    def _check_time(self, given: Any) -> None:
        if given is None:
            return
        if not isinstance(given, str) or not TIME.fullmatch(given):
            raise failed(4000, "scheduledSendTime must be in UTC and end with 'Z'")
        if _seconds(given) < self.world.clock() + LEAD:
            raise failed(4000, "scheduledSendTime must be at least 5 minutes in the future")

    def _file(self, asked: Any, account: Account) -> Upload:
        media_id = asked.get("id") if isinstance(asked, dict) and set(asked) == {"id"} else None
        if not isinstance(media_id, str) or not self._kept("media", media_id):
            raise failed(4000, "Schema validation failed: media")
        upload = self.store.upload(self.world.slug, media_id, account.native_id)
        if upload is None or upload.polls_left:
            raise failed(40021, "Uploaded media is not yet ready to be used (further processing required)")
        return upload

    def send_due(self) -> None:
        """Sends what is scheduled and whose time has passed."""
        for number in self._numbers():
            message = self._kept("message", number)
            due = message["at"] <= self.world.clock() or self.world.faults.standing("hurry")
            if message["state"] == "SCHEDULED" and due and not message["polls"]:
                self._send(message)

    def _send(self, message: dict[str, Any]) -> None:
        fails = self.world.faults.standing("sending_fails")
        message["state"] = "SEND_FAILED_PERMANENTLY" if fails else "SENT"
        self.store.keep(self.world.slug, "message", message["id"], message)
        if fails:
            return
        uploads = [self.store.upload(self.world.slug, media_id) for media_id in message["media"]]
        media = tuple(
            Medium(one.native_id, one.mime, one.size, one.sha256, "", one.width, one.height) for one in uploads if one
        )
        self.store.put_post(
            Post(
                network=self.world.slug,
                account=message["account"],
                native_id=message["id"],
                text=message["text"],
                body={},
                media=media,
                created_at=_iso(self.world.clock()),
                received_at=message["made"],
            )
        )

    async def messages(self, request: Request) -> Response:
        account = self._member(request)
        asked = request.query_params
        start, end = (_time_asked(request, name) for name in ("startTime", "endTime"))
        if not 0 <= end - start <= FOUR_WEEKS:
            raise failed(40020, "Specified date range is too large")
        if asked.get("state", "SENT") not in STATES:
            raise failed(40019, "Message state filter not supported")
        if asked.get("includeUnscheduledReviewMsgs", "false") not in ("true", "false"):
            raise failed(40022, "Invalid boolean for includeUnscheduledReviewMsgs flag")
        limit, first = _number(request, "limit", 50), _number(request, "cursor", 0)
        if not 1 <= limit <= 100:
            raise failed(4000, "limit must be 1 to 100")
        until, wanted = hidden_after(request), asked.getlist("socialProfileIds") or [account.native_id]
        told = [
            message
            for message in map(self._message, self._numbers())
            if message["account"] == account.native_id
            and message["account"] in wanted
            and start <= message["at"] <= end
            and (until is None or message["made"] <= until)
            and asked.get("state", message["state"]) == message["state"]
        ]
        told.sort(key=lambda message: message["at"])
        following = str(first + limit) if len(told) > first + limit else None
        shown = [self._shown(message) for message in told[first : first + limit]]
        return JSONResponse({"data": shown, "metadata": {"cursor": {"next": following, "previous": None}}})

    async def message(self, request: Request) -> Response:
        message = self._own(request)
        if message["polls"]:
            message["polls"] -= 1
            self.store.keep(self.world.slug, "message", message["id"], message)
        elif message["state"] == "SCHEDULED":
            self.send_due()
        return _data(self._shown(self._message(message["id"])))

    async def remove(self, request: Request) -> Response:
        message = self._own(request)
        if message["state"] == "SENT":
            raise failed(40003, "You have attempted to delete a message that cannot be deleted in its current state")
        self.store.forget(self.world.slug, "message", message["id"])
        left = [number for number in self._numbers() if number != message["id"]]
        self.store.keep(self.world.slug, "messages", "all", left)
        return _data({})

    async def approve(self, request: Request) -> Response:
        return await self._reviewed(request, "SCHEDULED", {"sequenceNumber"})

    async def reject(self, request: Request) -> Response:
        return await self._reviewed(request, "REJECTED", {"sequenceNumber", "reason"})

    async def _reviewed(self, request: Request, state: str, fields: set[str]) -> Response:
        message, asked = self._own(request), await _json(request)
        if set(asked) != fields or message["state"] != "PENDING_APPROVAL":
            raise failed(4000, f"Needed are {', '.join(sorted(fields))}, of a message that waits for approval")
        self.store.keep(self.world.slug, "message", message["id"], {**message, "state": state})
        self.send_due()
        return _data({})

    # Profiles and members

    async def profiles(self, request: Request) -> Response:
        return _data([self._profile(self._member(request))])

    async def profile(self, request: Request) -> Response:
        account = self._member(request)
        if request.path_params["id"] != account.native_id:
            raise not_found()
        return _data(self._profile(account))

    async def me(self, request: Request) -> Response:
        account = self._member(request)
        name = f"Member for {account.display_name}"
        return _data({"id": "15240789", "email": "member@example.org", "isActive": True, "fullName": name})

    async def unknown(self, request: Request) -> Response:
        self._member(request)
        raise not_found()

    def _profile(self, account: Account) -> dict[str, Any]:
        of_x = type_of(account) == "TWITTER"
        return {
            "id": account.native_id,
            "type": type_of(account),
            "socialNetworkId": f"1{account.native_id}",
            "socialNetworkUsername": None if of_x else account.handle,
            "avatarUrl": None,
            "owner": "ORGANIZATION",
            "ownerId": "2147516921",
            "isReauthRequired": int(self.world.faults.standing("profile_disconnected") is not None),
        }

    # Parts

    def _member(self, request: Request) -> Account:
        grant = self._kept("token", oauth.bearer(request) or "")
        account = self.store.account(self.world.slug, grant["account"]) if grant else None
        if account is None:
            raise token_refused()
        self.send_due()
        return account

    def _kept(self, kind: str, key: str) -> Any:
        return self.store.kept(self.world.slug, kind, key, self.world.clock())

    def _numbers(self) -> list[str]:
        return self._kept("messages", "all") or []

    def _message(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = self._kept("message", number)
        return found

    def _own(self, request: Request) -> dict[str, Any]:
        account, until = self._member(request), hidden_after(request)
        message = self._kept("message", request.path_params["id"])
        hidden = message is not None and until is not None and message["made"] > until
        if message is None or hidden or message["account"] != account.native_id:
            raise not_found()
        found: dict[str, Any] = message
        return found

    def _shown(self, message: dict[str, Any]) -> dict[str, Any]:
        sent, account = message["state"] == "SENT", self.store.account(self.world.slug, message["account"])
        told = sent and account and type_of(account) in ("FACEBOOKPAGE", "LINKEDINCOMPANY")
        nothing = ("mediaUrls", "webhookUrls", "tags", "targeting", "privacy", "location", "reviewers")
        return {
            "id": message["id"],
            "state": message["state"],
            "text": message["text"],
            "scheduledSendTime": _iso(message["at"]),
            "socialProfile": {"id": message["account"]},
            "media": [{"id": media_id} for media_id in message["media"]] or None,
            "emailNotification": False,
            "postUrl": f"{message['address']}/posts/{message['id']}" if told else None,
            "postId": f"9{message['id']}" if sent else None,
            "sequenceNumber": 1 if message["state"] == "PENDING_APPROVAL" else None,
            **dict.fromkeys(nothing),
        }


def _data(told: Any) -> Response:
    return JSONResponse({"data": told})


def _iso(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _seconds(given: str) -> float:
    try:
        return datetime.fromisoformat(given).timestamp()
    except ValueError:
        raise failed(4000, "That is no time") from None


def _time_asked(request: Request, name: str) -> float:
    given = request.query_params.get(name, "")
    if not TIME.fullmatch(given):
        raise failed(4000, f"{name} is needed, in UTC and ending with 'Z'")
    return _seconds(given)


def _number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name, str(default))
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise failed(3020 if name == "cursor" else 4000, f"{name} is not valid")
    return int(given)


async def _json(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise failed(1100, "The content type must be application/json;charset=utf-8")
    try:
        given = await read_json(request)
    except BadBody as wrong:
        raise failed(1100, str(wrong)) from wrong
    if not isinstance(given, dict):
        raise failed(1100, "Invalid JSON schema")
    return given


def failed(code: int, message: str, status: int = 400, resource: dict[str, str] | None = None) -> ApiError:
    error: dict[str, Any] = {"code": code, "message": message, "id": str(uuid.uuid4())}
    return ApiError(status, {"errors": [{**error, **({"resource": resource} if resource else {})}]})


def not_found() -> ApiError:
    return failed(4001, "Resource not found", 404)


def token_refused() -> ApiError:
    return failed(1001, "Invalid access token", 401)
