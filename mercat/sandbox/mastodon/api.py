"""The API calls. Refusals are worded and numbered as Mastodon's; see docs/reference/sandbox.md."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mercat.sandbox.films import inspect as inspect_film
from mercat.sandbox.mastodon import entities, oauth, text
from mercat.sandbox.mastodon.oauth import fields_of
from mercat.sandbox.models import Account, Medium, Post, Upload
from mercat.sandbox.pages import picture
from mercat.sandbox.pictures import inspect
from mercat.sandbox.standin import ApiError, BadPost, ByHand, World, base_url, hidden_after
from mercat.sandbox.store import sha256_hex

IDEMPOTENCY_SECONDS = 3600
SMALLEST_ID = 10**17  # all ids have 18 digits, so that they sort as text too
VISIBILITIES = ("public", "unlisted")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
NOT_HELD = ("scheduled_at", "poll", "quoted_status_id")


class Api:
    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.store

    # Accounts and the server

    async def verify_credentials(self, request: Request) -> Response:
        account, _ = self._signed_in(request, "profile", "read:accounts")
        return JSONResponse({**self._account_view(request, account), **entities.own_view(self.world, account)})

    async def account(self, request: Request) -> Response:
        return JSONResponse(self._account_view(request, self._account(request)))

    async def lookup(self, request: Request) -> Response:
        name, _, host = request.query_params.get("acct", "").removeprefix("@").partition("@")
        account = self.store.account(self.world.slug, name)
        if account is None or account.handle != name.lower() or host not in ("", request.url.netloc):
            raise not_found()
        return JSONResponse(self._account_view(request, account))

    async def instance(self, request: Request) -> Response:
        return JSONResponse(entities.instance(base_url(request, self.world.slug)))

    async def instance_v1(self, request: Request) -> Response:
        return JSONResponse(entities.instance_v1(base_url(request, self.world.slug)))

    # Media

    async def upload(self, request: Request) -> Response:
        account, _ = self._signed_in(request, "write:media")
        fields = await fields_of(request)
        data = fields.get("file")
        if not isinstance(data, bytes):
            raise invalid("File can't be blank")
        upload = self._checked_upload(account, data, description_of(fields), request.state.received_at)
        self.store.add_upload(upload, data)
        ready = upload.polls_left == 0
        return JSONResponse(self._attachment(request, upload), 200 if ready else 202)

    async def medium(self, request: Request) -> Response:
        """206 as many times as the switch media_processing said, then 200; of a video once without it."""
        upload = self._own_upload(request)
        if upload.mime == entities.VIDEO and self.world.faults.standing("video_fails"):
            raise ApiError(422, {"error": "Error processing thumbnail for uploaded media"})
        if upload.polls_left > 0:
            self.store.change_upload(upload, alt=upload.alt, polls_left=upload.polls_left - 1, attached_to=None)
            return JSONResponse(self._attachment(request, upload), 206)
        return JSONResponse(self._attachment(request, upload))

    async def describe_medium(self, request: Request) -> Response:
        upload, fields = self._own_upload(request), await fields_of(request)
        alt = description_of(fields) if "description" in fields else upload.alt
        self.store.change_upload(upload, alt=alt, polls_left=upload.polls_left, attached_to=None)
        return JSONResponse(self._attachment(request, self._own_upload(request)))

    async def file(self, request: Request) -> Response:
        upload = self.store.upload(self.world.slug, request.path_params["id"])
        if upload is None or upload.polls_left > 0:
            raise not_found()
        return picture(self.store.bytes_of(upload.sha256), upload.mime)

    # Statuses

    async def publish(self, request: Request) -> Response:
        account, grant = self._signed_in(request, "write:statuses")
        fields = await fields_of(request)
        key = request.headers.get("idempotency-key")
        known = self._published_before(account, key)
        if known is None:
            known = self._new_status(account, fields, grant["application"], request.state.received_at, key)
            self._notify(known, base_url(request, self.world.slug))
        return JSONResponse(self._status_view(request, account, known))

    async def status(self, request: Request) -> Response:
        post = self._post(request.path_params["id"], hidden_after(request))
        return JSONResponse(self._status_view(request, self._author(post), post))

    async def remove(self, request: Request) -> Response:
        account, _ = self._signed_in(request, "write:statuses")
        post = self._post(request.path_params["id"])
        if post.account != account.native_id:
            raise not_found()
        view = self._status_view(request, account, post)
        self.store.remove_post(self.world.slug, post.native_id)
        return JSONResponse({**view, "text": post.text})

    async def statuses(self, request: Request) -> Response:
        """Newest first; with min_id the oldest after it, still newest first."""
        account, params = self._account(request), request.query_params
        posts = self.store.posts_by_id(
            self.world.slug,
            account.native_id,
            ascending="min_id" in params,
            above=_id(params.get("min_id") or params.get("since_id")),
            below=_id(params.get("max_id")),
            until=hidden_after(request),
        )
        limit = page_limit(params.get("limit"))
        page = list(islice((post for post in posts if _wanted(post, params)), limit))
        page.sort(key=lambda post: post.native_id, reverse=True)
        views = [self._status_view(request, account, post) for post in page]
        return JSONResponse(views, headers=_links(request, page) if page else None)

    async def unknown(self, request: Request) -> Response:
        """Mastodon does not mind a slash at the end of an address, and some clients send one."""
        if request.url.path.endswith("/"):
            return RedirectResponse(request.url.replace(path=request.url.path.rstrip("/")), 308)
        raise ApiError(404, {"error": "The page you were looking for doesn't exist."})

    # Parts

    def _signed_in(self, request: Request, *scopes: str) -> tuple[Account, dict[str, Any]]:
        token = oauth.bearer(request)
        grant = self.store.kept(self.world.slug, "token", token, self.world.clock()) if token else None
        if grant is None:
            raise token_refused()
        if not oauth.allows(grant["scopes"], scopes):
            raise ApiError(403, {"error": "This action is outside the authorized scopes"})
        account = self.store.account(self.world.slug, grant["account"]) if grant["account"] else None
        if account is None:
            raise ApiError(422, {"error": "This method requires an authenticated user"})
        return account, grant

    def _account(self, request: Request) -> Account:
        account = self.store.account(self.world.slug, request.path_params["id"])
        if account is None or account.native_id != request.path_params["id"]:
            raise not_found()
        return account

    def _author(self, post: Post) -> Account:
        account = self.store.account(self.world.slug, post.account)
        assert account is not None
        return account

    def _post(self, native_id: str, until: float | None = None) -> Post:
        post = self.store.post(self.world.slug, native_id, until)
        if post is None:
            raise not_found()
        return post

    def _own_upload(self, request: Request) -> Upload:
        """Not yet attached: afterwards Mastodon knows it only through its status."""
        account, _ = self._signed_in(request, "write:media")
        upload = self.store.upload(self.world.slug, request.path_params["id"], account.native_id)
        if upload is None or upload.attached_to:
            raise not_found()
        return upload

    def _checked_upload(self, account: Account, data: bytes, alt: str, received_at: float) -> Upload:
        seen = inspect(data) or inspect_film(data)
        if seen is None or seen.mime not in (*entities.MIMES, entities.VIDEO):
            raise invalid("File content type is invalid, File is invalid")
        is_video = seen.mime == entities.VIDEO
        if len(data) > (entities.MAX_VIDEO_BYTES if is_video else entities.MAX_IMAGE_BYTES):
            raise invalid(f"File file size must be less than {'99' if is_video else '16'} MB")
        if seen.width * seen.height > (entities.MAX_VIDEO_PIXELS if is_video else entities.MAX_PIXELS):
            raise invalid(f"{seen.width}x{seen.height} {'videos' if is_video else 'images'} are not supported")
        processing = self.world.faults.standing("media_processing")
        polls = int(processing.options["polls"]) if processing else int(is_video)  # a video is never ready at once
        return Upload(
            network=account.network,
            native_id=self._next_id(received_at),
            account=account.native_id,
            sha256=sha256_hex(data),
            mime=seen.mime,
            size=len(data),
            width=seen.width,
            height=seen.height,
            alt=alt,
            polls_left=polls,
            attached_to=None,
            received_at=received_at,
        )

    def _published_before(self, account: Account, key: str | None) -> Post | None:
        if not key or self.world.faults.standing("ignores_idempotency_key"):
            return None
        native_id = self.store.kept(self.world.slug, "idempotency", f"{account.native_id}:{key}", self.world.clock())
        return self._post(native_id) if native_id else None

    def _new_status(
        self, account: Account, fields: dict[str, Any], application: str, received_at: float, key: str | None
    ) -> Post:
        words, media = str(fields.get("status") or ""), self._attachable(account, fields)
        body = self._checked_body(fields, words, media, application)
        with self.store.transaction():
            post = Post(
                network=self.world.slug,
                account=account.native_id,
                native_id=self._next_id(received_at),
                text=words,
                body=body,
                media=tuple(map(medium_of, media)),
                created_at=entities.iso(received_at),
                received_at=received_at,
            )
            self.store.put_post(post)
            for upload in media:
                self.store.change_upload(upload, alt=upload.alt, polls_left=0, attached_to=post.native_id)
            if key:
                until = received_at + IDEMPOTENCY_SECONDS
                self.store.keep(self.world.slug, "idempotency", f"{account.native_id}:{key}", post.native_id, until)
        return post

    def by_hand(self, account: Account, given: ByHand) -> Post:
        """A status made on the server's own pages; one that passes on another without words boosts it."""
        if given.passes_on and given.words:
            raise BadPost("This stand-in's statuses quote no others: pass it on without words.")
        now = self.world.clock()
        if given.passes_on is None:
            fields = {"status": given.words, "in_reply_to_id": given.answers.native_id if given.answers else None}
            post = self._new_status(account, fields, "Web", now, None)
            self._notify(post, f"/{self.world.slug}")
            return post
        body = {**given.passes_on.body, "in_reply_to_id": None, "passes_on": given.passes_on.native_id}
        made_at, words = entities.iso(now), given.passes_on.text
        post = Post(self.world.slug, account.native_id, self._next_id(now), words, body, (), made_at, now)
        self.store.put_post(post)
        return post

    def _notify(self, post: Post, base: str) -> None:
        """Whoever is named hears of it, and a status of its replies."""
        for named in entities.known_mentions(self.world, post.text, base):
            entities.link(self.world, "mentions", named.native_id, post.native_id)
        if post.body["in_reply_to_id"]:
            entities.link(self.world, "replies", post.body["in_reply_to_id"], post.native_id)

    def _attachable(self, account: Account, fields: dict[str, Any], status: str | None = None) -> list[Upload]:
        """The pictures named, if they are free, or stand on the status that is edited."""
        given = fields.get("media_ids") or []
        ids = [str(one) for one in given] if isinstance(given, list) else [str(given)]
        if len(ids) > entities.MAX_MEDIA:
            raise ApiError(422, {"error": "Validation failed: Cannot attach more than 4 files"})
        uploads = [self.store.upload(self.world.slug, one, account.native_id) for one in ids]
        if len(uploads) > 1 and any(upload and upload.mime == entities.VIDEO for upload in uploads):
            raise invalid("Cannot attach a video to a post that already contains images")
        found = [upload for upload in uploads if upload and upload.attached_to in (None, status)]
        missing = sorted(set(ids) - {upload.native_id for upload in found})
        if missing:
            raise invalid(f"Media {', '.join(missing)} not found or already attached to another post")
        if any(upload.polls_left for upload in found):
            raise invalid("Cannot attach files that have not finished processing. Try again in a moment!")
        return found

    def _checked_body(
        self, fields: dict[str, Any], words: str, media: list[Upload], application: str
    ) -> dict[str, Any]:
        """What a status has besides text and pictures."""
        warning, visibility = str(fields.get("spoiler_text") or ""), fields.get("visibility") or "public"
        language, reply_to = str(fields.get("language") or "en"), fields.get("in_reply_to_id") or None
        for name in NOT_HELD:
            if fields.get(name):
                raise invalid(f"This stand-in does not take {name}")
        if not words.strip() and not media:
            raise invalid("Text can't be blank")
        if text.count(words, warning) > entities.MAX_CHARACTERS:
            raise invalid(f"Text character limit of {entities.MAX_CHARACTERS} exceeded")
        if visibility not in VISIBILITIES:
            raise invalid("Visibility is not included in the list (this stand-in knows public and unlisted)")
        if not LANGUAGE.fullmatch(language):
            raise invalid("Language is invalid")
        if reply_to is not None:
            self._post(str(reply_to))
        sensitive = fields.get("sensitive") in (True, "true", "1", "on") or bool(warning)
        return {
            "spoiler_text": warning, "visibility": visibility, "language": language, "sensitive": sensitive,
            "in_reply_to_id": reply_to and str(reply_to), "application": application,
        }  # fmt: skip

    def _next_id(self, now: float) -> str:
        """Grows with time, as Mastodon's do; never given twice, also not after a removal."""
        last = self.store.kept(self.world.slug, "counter", "id", now) or 0
        number = max(SMALLEST_ID + (int(now * 1000) << 16), last + 1)
        self.store.keep(self.world.slug, "counter", "id", number)
        return str(number)

    def _account_view(self, request: Request, account: Account) -> dict[str, Any]:
        return entities.account_view(self.world, account, base_url(request, self.world.slug))

    def _status_view(self, request: Request, account: Account, post: Post) -> dict[str, Any]:
        return entities.status_view(self.world, account, post, base_url(request, self.world.slug))

    def _attachment(self, request: Request, upload: Upload) -> dict[str, Any]:
        return entities.attachment(upload, base_url(request, self.world.slug), ready=upload.polls_left == 0)


def token_refused() -> ApiError:
    description = 'Bearer realm="Doorkeeper", error="invalid_token", error_description="The access token is invalid"'
    return ApiError(401, {"error": "The access token is invalid"}, {"www-authenticate": description})


def not_found() -> ApiError:
    return ApiError(404, {"error": "Record not found"})


def invalid(why: str) -> ApiError:
    return ApiError(422, {"error": f"Validation failed: {why}"})


def description_of(fields: dict[str, Any]) -> str:
    alt = str(fields.get("description") or "")
    if len(alt) > entities.MAX_DESCRIPTION:
        raise invalid(f"Description is too long (maximum is {entities.MAX_DESCRIPTION} characters)")
    return alt


def medium_of(upload: Upload) -> Medium:
    return Medium(upload.native_id, upload.mime, upload.size, upload.sha256, upload.alt, upload.width, upload.height)


def page_limit(given: str | None, most: int = 40, default: int = 20) -> int:
    return min(int(given), most) if given and given.isdecimal() and int(given) > 0 else default


def _id(given: str | None) -> str | None:
    return given.zfill(18) if given else None


def _wanted(post: Post, params: QueryParams) -> bool:
    def on(name: str) -> bool:
        return params.get(name) in ("true", "1")

    if on("pinned") or (on("exclude_replies") and post.body["in_reply_to_id"]):
        return False
    if on("exclude_reblogs") and post.body.get("passes_on"):
        return False
    return bool(post.media) or not on("only_media")


def _links(request: Request, page: list[Post]) -> dict[str, str]:
    older = request.url.remove_query_params(["since_id", "min_id"]).include_query_params(max_id=page[-1].native_id)
    newer = request.url.remove_query_params(["since_id", "max_id"]).include_query_params(min_id=page[0].native_id)
    return {"link": f'<{older}>; rel="next", <{newer}>; rel="prev"'}
