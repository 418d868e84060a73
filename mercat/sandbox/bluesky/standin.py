"""Bluesky as the sandbox sees it: its routes, limits and faults."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mercat.sandbox.bluesky import feed, record, richtext, tokens
from mercat.sandbox.bluesky.community import Community
from mercat.sandbox.bluesky.ids import HANDLE, did_of
from mercat.sandbox.bluesky.videos import Videos
from mercat.sandbox.calls import Endpoint, call
from mercat.sandbox.faults import FaultKind, Option
from mercat.sandbox.fields import BadBody, read_json
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import Timelines
from mercat.sandbox.standin import ApiError, BadAccount, ByHand, World

# Source of the numbers: docs.bsky.app/docs/advanced-guides/rate-limits.
REQUESTS = Bucket("requests", 3000, 300)
SIGN_INS = Bucket("sign-ins", 30, 300)
WRITES = Bucket("writes", 5000, 3600)
CREATE, UPDATE, DELETE = 3, 2, 1


class Bluesky:
    slug = "bluesky"
    name = "Bluesky"
    counters: Sequence[str] = ("replies", "reposts", "likes")
    secret_name = "password"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({})
    faults: Sequence[FaultKind] = (
        FaultKind(
            "video_processing",
            "Process videos slowly",
            "A video's job has to be asked for until it is completed or has failed.",
            on="upload",
            options=(
                Option("polls", "How many times to ask before it is done", 2),
                Option("fails", "Fail in the end", False),
            ),
            lasting=True,
        ),
        FaultKind(
            "no_videos",
            "Take no videos",
            "Says of every account that its e-mail is not confirmed, so that it may hand over none.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "videos_used_up",
            "Use up a day's videos",
            "Says of every account that it has handed over a day's videos.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "video_service_gone",
            "Be a server without videos",
            "Answers the calls about videos 501, as a server outside the public network does.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "rate_limits",
            "Count the limits",
            "Counts and enforces the real limits: 30 sign-ins in 5 minutes, 5,000 points of writing an hour,"
            " 3,000 requests in 5 minutes.",
            on="any",
            lasting=True,
        ),
    )

    def routes(self, world: World) -> Sequence[BaseRoute]:
        xrpc, timelines = Community(world), Timelines(self, world)
        videos = Videos(xrpc)

        def get(name: str, endpoint: Endpoint, on: str = "read") -> Route:
            return call(self, world, "GET", f"/xrpc/{name}", endpoint, on=on)

        def post(name: str, endpoint: Endpoint, on: str, bucket: Bucket = REQUESTS, cost: int = 1) -> Route:
            return call(self, world, "POST", f"/xrpc/{name}", endpoint, on=on, bucket=bucket, cost=cost)

        async def everyone(request: Request) -> Response:
            return timelines.everyone(request)

        async def profile(request: Request) -> Response:
            return timelines.profile(request, request.path_params["name"])

        async def one_post(request: Request) -> Response:
            account = world.store.account(self.slug, request.path_params["name"])
            did = account.native_id if account else ""
            return timelines.post(did, f"at://{did}/{record.COLLECTION}/{request.path_params['key']}")

        async def short(request: Request) -> Response:
            return RedirectResponse(f"/{self.slug}/profile/{request.path_params['name']}")

        return [
            post("com.atproto.server.createSession", xrpc.create_session, "session", SIGN_INS),
            post("com.atproto.server.refreshSession", xrpc.refresh_session, "session"),
            get("com.atproto.server.getSession", xrpc.get_session, "session"),
            post("com.atproto.server.deleteSession", xrpc.delete_session, "session"),
            get("com.atproto.server.describeServer", xrpc.describe_server, "session"),
            get("com.atproto.identity.resolveHandle", xrpc.resolve_handle, "session"),
            post("com.atproto.repo.uploadBlob", xrpc.upload_blob, "upload"),
            get("com.atproto.server.getServiceAuth", videos.service_auth, "upload"),
            get("app.bsky.video.getUploadLimits", videos.limits, "upload"),
            post("app.bsky.video.uploadVideo", videos.upload, "upload"),
            get("app.bsky.video.getJobStatus", videos.status, "upload"),
            post("com.atproto.repo.createRecord", xrpc.create_record, "publish", WRITES, CREATE),
            post("com.atproto.repo.putRecord", xrpc.put_record, "publish", WRITES, UPDATE),
            post("com.atproto.repo.deleteRecord", xrpc.delete_record, "remove", WRITES, DELETE),
            get("com.atproto.repo.getRecord", xrpc.get_record),
            get("com.atproto.repo.listRecords", xrpc.list_records),
            get("app.bsky.actor.getProfile", xrpc.get_profile),
            get("app.bsky.feed.getAuthorFeed", xrpc.get_author_feed),
            get("app.bsky.feed.getPosts", xrpc.get_posts),
            get("app.bsky.feed.getPostThread", xrpc.thread),
            get("app.bsky.notification.listNotifications", xrpc.notifications),
            get("app.bsky.actor.searchActors", xrpc.search),
            post("com.atproto.moderation.createReport", xrpc.report, "read"),
            # What a browser loads to show a page is no call of the API: no fault may break the timeline page.
            Route("/xrpc/com.atproto.sync.getBlob", xrpc.get_blob),
            get("{unknown}", xrpc.unknown),
            post("{unknown}", xrpc.unknown, "read"),
            Route("/", everyone),
            Route("/profile/{name}", profile),
            Route("/profile/{name}/post/{key}", one_post),
            Route("/@{name}", short),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        """A handle without a dot gets .bluesky.test."""
        full = handle.lower().removeprefix("@")
        full = full if "." in full else f"{full}.bluesky.test"
        if not HANDLE.fullmatch(full):
            raise BadAccount(f"{handle!r} is no Bluesky handle: a domain name is wanted, like station.example.test.")
        return full, did_of(full)

    def new_secret(self) -> str:
        """In the form of an app password."""
        return "-".join(secrets.token_hex(2) for _ in range(4))

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """createSession compares the password; nothing else needs to know it."""

    async def caller(self, world: World, request: Request) -> Account | None:
        header = request.headers.get("authorization")
        if header:
            claims = tokens.read(world, header)
            return world.store.account(self.slug, claims["sub"]) if claims else None
        if not request.url.path.endswith(".createSession"):
            return None
        try:
            fields = await read_json(request)
        except BadBody:
            return None
        identifier = fields.get("identifier") if isinstance(fields, dict) else None
        return world.store.account(self.slug, identifier) if isinstance(identifier, str) else None

    def by_hand(self, world: World, account: Account, given: ByHand) -> Post:
        return Community(world).by_hand(account, given)

    def profile_path(self, account: Account) -> str:
        return f"/profile/{account.handle}"

    def post_path(self, account: Account, post: Post) -> str:
        return f"/profile/{account.handle}/post/{post.native_id.rpartition('/')[2]}"

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        content = post.body["record"]
        return richtext.to_html(post.text, content.get("facets", [])) + richtext.card(content.get("embed"))

    def media_path(self, post: Post, upload: str) -> str:
        return feed.blob_path(post.account, upload)

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        bucket = allowance.bucket
        return {
            "ratelimit-limit": str(bucket.points),
            "ratelimit-remaining": str(allowance.remaining),
            "ratelimit-reset": str(int(allowance.reset)),
            "ratelimit-policy": f"{bucket.points};w={bucket.seconds}",
        }

    def rate_limited(self) -> ApiError:
        return ApiError(429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"})

    def expired_token(self) -> ApiError:
        return tokens.expired()

    def out_of_order(self, status: int) -> ApiError:
        if status == 503:
            return ApiError(503, {"error": "NotEnoughResources", "message": "Service Unavailable"})
        return ApiError(500, {"error": "InternalServerError", "message": "Internal Server Error"})

    def default_bucket(self, on: str) -> Bucket:
        return REQUESTS
