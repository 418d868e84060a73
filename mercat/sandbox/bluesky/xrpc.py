"""The XRPC calls. Answers and refusals follow a PDS as measured; see docs/reference/sandbox.md."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mercat.sandbox.bluesky import feed, record, tokens
from mercat.sandbox.bluesky.ids import RECORD_KEY, TID, blob_cid, record_cid, tid
from mercat.sandbox.fields import BadBody, read_json
from mercat.sandbox.films import inspect as inspect_film
from mercat.sandbox.models import Account, Post, Upload
from mercat.sandbox.pages import picture
from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import ApiError, ByHand, World, base_url, hidden_after

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
LEXICON_KEY = "https://atproto.com/specs/record-key"


class Xrpc:
    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store

    # Sessions

    async def create_session(self, request: Request) -> Response:
        fields = await read_input(request, "identifier", "password")
        account = self.store.account(self.world.slug, fields["identifier"].removeprefix("@"))
        if account is None or account.secret != fields["password"]:
            raise ApiError(401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"})
        return JSONResponse({**tokens.new_session(self.world, account), **_told(account)})

    async def refresh_session(self, request: Request) -> Response:
        claims = tokens.claims_of(self.world, request.headers.get("authorization"), tokens.REFRESH)
        account = self.account(claims["sub"])
        with self.store.transaction():
            tokens.end_session(self.world, claims)
            session = tokens.new_session(self.world, account)
        return JSONResponse({**session, **_told(account)})

    async def get_session(self, request: Request) -> Response:
        return JSONResponse(_told(self.signed_in(request)))

    async def delete_session(self, request: Request) -> Response:
        claims = tokens.claims_of(self.world, request.headers.get("authorization"), tokens.REFRESH)
        tokens.end_session(self.world, claims)
        return Response()

    async def describe_server(self, request: Request) -> Response:
        return JSONResponse(
            {"did": tokens.SERVER, "availableUserDomains": [".bluesky.test"], "inviteCodeRequired": True,
             "links": {}, "contact": {}}
        )  # fmt: skip

    async def resolve_handle(self, request: Request) -> Response:
        account = self.store.account(self.world.slug, param(request, "handle"))
        if account is None:
            raise invalid("Unable to resolve handle")
        return JSONResponse({"did": account.native_id})

    # Writing

    async def upload_blob(self, request: Request) -> Response:
        account, data = self.signed_in(request), await request.body()
        if not data:
            raise invalid("A request body is expected but none was provided")
        if len(data) > MAX_UPLOAD_BYTES:
            raise ApiError(413, {"error": "PayloadTooLarge", "message": "request entity too large"})
        if "content-type" not in request.headers:
            raise invalid("Request encoding (Content-Type) required but not provided")
        upload = new_upload(account, data, request)
        self.store.add_upload(upload, data)
        blob = {"$type": "blob", "ref": {"$link": upload.native_id}, "mimeType": upload.mime, "size": upload.size}
        return JSONResponse({"blob": blob})

    async def create_record(self, request: Request) -> Response:
        account = self.signed_in(request)
        fields = await self._write_input(request, account, "repo", "collection")
        key = fields.get("rkey")
        key = _record_key(key) if key is not None else self._fresh_key()
        post = self._post(request.state.received_at, account, key, fields.get("record"))
        if self.store.post(self.world.slug, post.native_id):
            # As measured on a PDS: the repository refuses the second record of a key, and nothing translates that.
            raise ApiError(500, {"error": "InternalServerError", "message": "Internal Server Error"})
        self._keep(post)
        return JSONResponse(self._written(post, commit=True))

    async def put_record(self, request: Request) -> Response:
        account = self.signed_in(request)
        fields = await self._write_input(request, account, "repo", "collection", "rkey")
        post = self._post(request.state.received_at, account, _record_key(fields["rkey"]), fields.get("record"))
        known = self.store.post(self.world.slug, post.native_id)
        changed = known is None or known.body["cid"] != post.body["cid"]
        if changed and known and "swapRecord" in fields:
            raise ApiError(400, {"error": "InvalidSwap", "message": f"Record was at {known.body['cid']}"})
        if changed:
            self._keep(post)
        return JSONResponse(self._written(post, commit=changed))

    async def delete_record(self, request: Request) -> Response:
        account = self.signed_in(request)
        fields = await self._write_input(request, account, "repo", "collection", "rkey")
        uri = _uri(account, _record_key(fields["rkey"]))
        if self.store.post(self.world.slug, uri) is None:
            return JSONResponse({})
        self.store.remove_post(self.world.slug, uri)
        return JSONResponse({"commit": self._commit(uri)})

    # Reading

    async def get_record(self, request: Request) -> Response:
        repo, collection, key = (param(request, name) for name in ("repo", "collection", "rkey"))
        uri = f"at://{self.account(repo).native_id}/{collection}/{key}"
        post = self.store.post(self.world.slug, uri, hidden_after(request))
        if post is None or request.query_params.get("cid", post.body["cid"]) != post.body["cid"]:
            raise ApiError(400, {"error": "RecordNotFound", "message": f"Could not locate record: {uri}"})
        return JSONResponse(feed.record_view(post))

    async def list_records(self, request: Request) -> Response:
        account, collection = self.account(param(request, "repo")), param(request, "collection")
        if collection != record.COLLECTION:
            return JSONResponse({"records": []})
        limit, cursor = limit_of(request), request.query_params.get("cursor")
        reverse = request.query_params.get("reverse") == "true"
        bound = {"above" if reverse else "below": _uri(account, cursor)} if cursor else {}
        posts = self.store.posts_by_id(
            self.world.slug, account.native_id, ascending=reverse, until=hidden_after(request), **bound
        )
        wanted = (post for post in posts if "passes_on" not in post.body)  # reposts are a collection of their own
        records = [feed.record_view(post) for post in islice(wanted, limit)]
        more = {"cursor": records[-1]["uri"].rpartition("/")[2]} if len(records) == limit else {}
        return JSONResponse({"records": records, **more})

    async def get_blob(self, request: Request) -> Response:
        account = self.account(param(request, "did"))
        upload = self.store.upload(self.world.slug, param(request, "cid"), account.native_id)
        if upload is None:
            raise ApiError(400, {"error": "BlobNotFound", "message": "Blob not found"})
        return picture(self.store.bytes_of(upload.sha256), upload.mime)

    async def get_profile(self, request: Request) -> Response:
        account = self.store.account(self.world.slug, param(request, "actor"))
        if account is None:
            raise invalid("Profile not found")
        view = feed.profile_view(self.world, account, base_url(request, self.world.slug))
        posts = self.store.count_posts(self.world.slug, account.native_id)
        return JSONResponse({**view, "postsCount": posts, "followersCount": 0, "followsCount": 0})

    async def get_author_feed(self, request: Request) -> Response:
        account = self.store.account(self.world.slug, param(request, "actor"))
        if account is None:
            raise invalid("Profile not found")
        limit, cursor = limit_of(request), request.query_params.get("cursor", "")
        posts = self.store.posts(
            self.world.slug,
            account.native_id,
            until=hidden_after(request),
            older_than=int(cursor) if cursor.isdecimal() else None,
            limit=limit,
        )
        base = base_url(request, self.world.slug)
        more = {"cursor": str(posts[-1].seq)} if len(posts) == limit else {}
        views = [feed.item_view(self.world, account, post, base) for post in posts]
        return JSONResponse({"feed": views, **more})

    async def get_posts(self, request: Request) -> Response:
        uris = request.query_params.getlist("uris")
        if not 1 <= len(uris) <= 25:
            raise invalid("Error: uris must have between 1 and 25 elements")
        base, views = base_url(request, self.world.slug), []
        for uri in uris:
            post = self.store.post(self.world.slug, uri, hidden_after(request))
            if post and "passes_on" not in post.body:
                views.append(feed.post_view(self.world, self.account(post.account), post, base))
        return JSONResponse({"posts": views})

    async def unknown(self, request: Request) -> Response:
        raise ApiError(501, {"error": "MethodNotImplemented", "message": "Method Not Implemented"})

    # Parts

    def signed_in(self, request: Request) -> Account:
        claims = tokens.claims_of(self.world, request.headers.get("authorization"), tokens.ACCESS)
        return self.account(claims["sub"])

    def account(self, name: str) -> Account:
        account = self.store.account(self.world.slug, name)
        if account is None:
            raise invalid(f"Could not find repo: {name}")
        return account

    async def _write_input(self, request: Request, account: Account, *required: str) -> dict[str, Any]:
        fields = await read_input(request, *required)
        account_input(account, fields)
        if fields["collection"] != record.COLLECTION:
            raise invalid(f"Lexicon not found: lex:{fields['collection']}")
        if "swapCommit" in fields or fields.get("swapRecord") is not None:
            raise invalid("This stand-in swaps nothing: swapRecord may only be null, and swapCommit left out")
        return fields

    def by_hand(self, account: Account, given: ByHand) -> Post:
        """As an app of Bluesky's writes it. A repost is a record of its own kind, and stands in no list of posts."""
        now = self.world.clock()
        record_at = feed.iso(now)
        if given.passes_on and not given.words:
            return self._repost(account, given.passes_on, now)
        content: dict[str, Any] = {"text": given.words, "createdAt": record_at}
        if above := given.answers:
            parent = _reference(above)
            content["reply"] = {"root": above.body["record"].get("reply", {}).get("root", parent), "parent": parent}
        if given.passes_on:
            content["embed"] = {"$type": "app.bsky.embed.record", "record": _reference(given.passes_on)}
        post = self._post(now, account, self._fresh_key(), content)
        self._keep(post)
        return post

    def _repost(self, account: Account, other: Post, now: float) -> Post:
        content = {"$type": feed.REPOST, "subject": _reference(other), "createdAt": feed.iso(now)}
        body = {"cid": record_cid(content), "record": content, "passes_on": other.native_id}
        uri = f"at://{account.native_id}/{feed.REPOST}/{self._fresh_key()}"
        made_at = str(content["createdAt"])
        post = Post(self.world.slug, account.native_id, uri, other.text, body, (), made_at, now)
        self.store.put_post(post)
        return post

    def _keep(self, post: Post) -> None:
        self.store.put_post(post)
        feed.link_all(self.world, post)

    def _fresh_key(self) -> str:
        return tid(self.world.clock(), self.store.count_posts(self.world.slug) % 1024)

    def _post(self, received_at: float, account: Account, key: str, content: Any) -> Post:
        media = record.check(content, lambda cid: self.store.upload(self.world.slug, cid, account.native_id))
        content = {"$type": record.COLLECTION, **content}
        try:
            cid = record_cid(content)
        except (ValueError, RecursionError) as error:
            raise invalid(f"Invalid record: {error}") from error
        return Post(
            network=self.world.slug,
            account=account.native_id,
            native_id=_uri(account, key),
            text=content["text"],
            body={"cid": cid, "record": content, "reply_to": _answered(content)},
            media=media,
            created_at=content["createdAt"],
            received_at=received_at,
        )

    def _written(self, post: Post, *, commit: bool) -> dict[str, Any]:
        answer = {"uri": post.native_id, "cid": post.body["cid"], "validationStatus": "valid"}
        return {**answer, "commit": self._commit(post.native_id)} if commit else answer

    def _commit(self, uri: str) -> dict[str, str]:
        rev = tid(self.world.clock())
        return {"cid": record_cid([uri, rev]), "rev": rev}


def account_input(account: Account, fields: dict[str, Any]) -> None:
    """Writes only to the own repository. Raises ApiError."""
    if fields["repo"].lower() not in (account.native_id, account.handle):
        raise ApiError(401, {"error": "AuthenticationRequired", "message": "Authentication Required"})


async def read_input(request: Request, *required: str) -> dict[str, Any]:
    """The JSON input, with these members as strings. Raises ApiError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise invalid(f"Wrong request encoding (Content-Type): {kind or 'none'}")
    try:
        fields = await read_json(request)
    except BadBody as error:
        raise invalid(str(error)) from error
    if not isinstance(fields, dict):
        raise invalid("A request body is expected but none was provided")
    for name in required:
        if name not in fields:
            raise invalid(f'Input must have the property "{name}"')
        if not isinstance(fields[name], str):
            raise invalid(f"Input/{name} must be a string")
    return fields


def new_upload(account: Account, data: bytes, request: Request) -> Upload:
    """A PDS believes the bytes first, and the caller's content type only where it does not know them."""
    seen = inspect(data) or inspect_film(data)
    given = request.headers["content-type"].partition(";")[0].strip().lower()
    mime, width, height = (seen.mime, seen.width, seen.height) if seen else (given, 0, 0)
    digest = hashlib.sha256(data)
    cid, received_at = blob_cid(digest.digest()), request.state.received_at
    return Upload(
        network=account.network,
        native_id=cid,
        account=account.native_id,
        sha256=digest.hexdigest(),
        mime=mime,
        size=len(data),
        width=width,
        height=height,
        alt="",
        polls_left=0,
        attached_to=None,
        received_at=received_at,
    )


def _record_key(key: Any) -> str:
    if not isinstance(key, str) or not RECORD_KEY.fullmatch(key):
        raise invalid("Invalid record key: see " + LEXICON_KEY)
    if not TID.fullmatch(key):
        raise invalid(f"Invalid record key: {record.COLLECTION} takes TIDs, see {LEXICON_KEY}")
    return key


def _answered(content: dict[str, Any]) -> str:
    return content["reply"]["parent"]["uri"] if content.get("reply") else ""


def _reference(post: Post) -> dict[str, str]:
    return {"uri": post.native_id, "cid": post.body["cid"]}


def _uri(account: Account, key: str) -> str:
    return f"at://{account.native_id}/{record.COLLECTION}/{key}"


def param(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise invalid(f'Error: Params must have the property "{name}"')
    return value


def limit_of(request: Request, default: str = "50") -> int:
    given = request.query_params.get("limit", default)
    if not given.isdecimal() or not 1 <= int(given) <= 100:
        raise invalid("Error: limit must be between 1 and 100")
    return int(given)


def _told(account: Account) -> dict[str, Any]:
    return {"did": account.native_id, "handle": account.handle, "active": True}


def invalid(message: str) -> ApiError:
    return ApiError(400, {"error": "InvalidRequest", "message": message})
