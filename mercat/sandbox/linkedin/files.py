"""Pictures and documents: announced, handed over in one piece, processed.

Sources: learn.microsoft.com/linkedin/marketing/community-management/shares, images-api and documents-api. Of the kinds
of documents this stand-in takes PDF alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox import documents
from mercat.sandbox.linkedin.api import READ, WRITE, Api, denied, illegal, ms, not_found, object_of, only, read, urn_of
from mercat.sandbox.models import Account, Upload
from mercat.sandbox.pages import picture
from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import ApiError, base_url
from mercat.sandbox.store import sha256_hex

MIMES = ("image/jpeg", "image/png", "image/gif")
PIXELS = 36_152_320  # a picture has fewer
MOST_PAGES, MOST_BYTES = 300, 100_000_000  # of a document
DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """What bytes proved to be. `mime` is empty where LinkedIn would not take them."""

    mime: str
    width: int = 0
    height: int = 0


def _a_picture(data: bytes) -> Seen:
    found = inspect(data)
    if found is None:
        return Seen("")
    good = found.mime in MIMES and found.width * found.height < PIXELS
    return Seen(found.mime if good else "", found.width, found.height)


def _a_document(data: bytes) -> Seen:
    found = documents.inspect(data)
    if found is None or found.pages > MOST_PAGES or len(data) > MOST_BYTES:
        return Seen("")
    return Seen(documents.MIME, found.width, found.height)


class Files:
    """`kind` is "image" or "document", as names at LinkedIn have it."""

    def __init__(self, calls: Api, kind: str) -> None:
        self.calls, self.world, self.store, self.kind = calls, calls.world, calls.store, kind
        looks: dict[str, Callable[[bytes], Seen]] = {"image": _a_picture, "document": _a_document}
        self.look = looks[kind]

    async def initialize(self, request: Request) -> Response:
        account = self.calls.signed_in(request, WRITE)
        only(request, "action")
        if request.query_params.get("action") != "initializeUpload":
            raise illegal("action must be initializeUpload")
        asked = object_of(object_of(await read(request)).get("initializeUploadRequest"))
        if set(asked) != {"owner"} or asked["owner"] != urn_of(account):
            raise denied(f"{self.kind}s.ACTION-initializeUpload")
        number = f"D4E10AQ{secrets.token_urlsafe(12)}"
        self.store.keep(self.world.slug, self.kind, number, {"owner": account.native_id})
        ticket, ends = secrets.token_urlsafe(16), self.world.clock() + DAY
        self.store.keep(self.world.slug, "ticket", number, ticket, ends)
        host = base_url(request, self.world.slug)
        place = f"{host}/dms-uploads/{number}/uploaded-{self.kind}/0?sync=0&v=beta&ut={ticket}"
        value = {"uploadUrl": place, "uploadUrlExpiresAt": ms(ends), self.kind: f"urn:li:{self.kind}:{number}"}
        return JSONResponse({"value": value})

    async def receive(self, request: Request) -> Response:
        """The bytes. What they are is looked at later, as processing."""
        account = self.calls.caller(request)
        number = request.path_params["number"]
        ticket = self.store.kept(self.world.slug, "ticket", number, self.world.clock())
        known = self.store.kept(self.world.slug, self.kind, number, self.world.clock())
        good = ticket is not None and known is not None and ticket == request.query_params.get("ut")
        if not good or known["owner"] != account.native_id:
            raise ApiError(400, {"status": 400, "message": "The upload address is not valid, or has been used"})
        data = await request.body()
        if not data:
            raise ApiError(400, {"status": 400, "message": "The upload holds nothing"})
        self.store.forget(self.world.slug, "ticket", number)
        self.store.add_upload(self._upload(account, number, data, request.state.received_at), data)
        return Response(status_code=201)

    async def state(self, request: Request) -> Response:
        account = self.calls.signed_in(request, WRITE, READ)
        urn = request.path_params["urn"]
        number = urn.removeprefix(f"urn:li:{self.kind}:")
        known = self.store.kept(self.world.slug, self.kind, number, self.world.clock())
        if known is None or not urn.startswith(f"urn:li:{self.kind}:") or known["owner"] != account.native_id:
            raise not_found(urn)
        status = self.calls.status_of(self.store.upload(self.world.slug, urn, account.native_id))
        view = {"id": urn, "owner": urn_of(account), "status": status}
        if status == "AVAILABLE":
            view["downloadUrl"] = f"{base_url(request, self.world.slug)}/media/{number}"
        return JSONResponse(view)

    def _upload(self, account: Account, number: str, data: bytes, received_at: float) -> Upload:
        seen, slow = self.look(data), self.world.faults.standing("image_processing")
        return Upload(
            network=account.network,
            native_id=f"urn:li:{self.kind}:{number}",
            account=account.native_id,
            sha256=sha256_hex(data),
            mime=seen.mime,
            size=len(data),
            width=seen.width,
            height=seen.height,
            alt="",
            polls_left=int(slow.options["polls"]) if slow else 0,
            attached_to=None,
            received_at=received_at,
        )


class Shown:
    """What a browser loads to show a page."""

    def __init__(self, calls: Api) -> None:
        self.world, self.store = calls.world, calls.store

    async def file(self, request: Request) -> Response:
        upload = self._found(request)
        return picture(self.store.bytes_of(upload.sha256), upload.mime)

    async def first_page(self, request: Request) -> Response:
        """Of a document, as a picture."""
        upload = self._found(request)
        if upload.mime != documents.MIME:
            raise not_found("document")
        return picture(documents.first_page(self.store.bytes_of(upload.sha256)), "image/png")

    def _found(self, request: Request) -> Upload:
        names = (f"urn:li:{kind}:{request.path_params['number']}" for kind in ("image", "video", "document"))
        upload = next((one for name in names if (one := self.store.upload(self.world.slug, name))), None)
        if upload is None or upload.polls_left or not upload.mime:
            raise not_found("image")
        return upload
