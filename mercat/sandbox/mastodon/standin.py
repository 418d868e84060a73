"""Mastodon as the sandbox sees it: its routes, limits and faults."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mercat.sandbox.calls import Endpoint, call
from mercat.sandbox.faults import FaultKind, Option
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.mastodon import api, community, entities, oauth
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import HERE, Timelines
from mercat.sandbox.standin import ApiError, BadAccount, ByHand, World

# Source of the numbers: docs.joinmastodon.org/api/rate-limits.
ACCOUNT = Bucket("account", 300, 300)
MEDIA = Bucket("media", 30, 1800)
REMOVALS = Bucket("removals", 30, 1800)
USERNAME = re.compile(r"[a-z0-9_]{1,30}")


class Mastodon:
    slug = "mastodon"
    name = "Mastodon"
    counters: Sequence[str] = ("replies", "boosts", "favourites")
    secret_name = "token"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({})  # any may register
    faults: Sequence[FaultKind] = (
        FaultKind(
            "ignores_idempotency_key",
            "Ignore idempotency keys",
            "Publishes again when asked again, as GoToSocial does.",
            lasting=True,
        ),
        FaultKind(
            "media_processing",
            "Process media slowly",
            "Answers an upload with 202, and has to be asked until it is ready.",
            on="upload",
            options=(Option("polls", "How many times to ask before it is ready", 2),),
            lasting=True,
        ),
        FaultKind(
            "video_fails",
            "Fail to process videos",
            "A video is taken, and when it is asked for it could not be processed (422).",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "rate_limits",
            "Count the limits",
            "Counts and enforces the real limits: 300 calls in 5 minutes, 30 uploads and 30 removals in 30 minutes.",
            on="any",
            lasting=True,
        ),
    )

    def routes(self, world: World) -> Sequence[BaseRoute]:
        calls, tokens, timelines = community.Community(world), oauth.OAuth(world, self), Timelines(self, world)

        def get(path: str, endpoint: Endpoint, on: str = "read") -> Route:
            return call(self, world, "GET", path, endpoint, on=on)

        def post(path: str, endpoint: Endpoint, on: str, bucket: Bucket = ACCOUNT) -> Route:
            return call(self, world, "POST", path, endpoint, on=on, bucket=bucket)

        async def everyone(request: Request) -> Response:
            return timelines.everyone(request)

        async def profile(request: Request) -> Response:
            return timelines.profile(request, request.path_params["name"])

        async def one_post(request: Request) -> Response:
            return timelines.post(request.path_params["name"], request.path_params["id"])

        async def tagged(request: Request) -> Response:
            return timelines.tagged(request, request.path_params["tag"])

        async def by_uri(request: Request) -> Response:
            return RedirectResponse(f"/{self.slug}/@{request.path_params['name']}/{request.path_params['id']}")

        async def avatar(request: Request) -> Response:
            return FileResponse(HERE / "static" / "avatar.svg")

        return [
            post("/api/v1/apps", tokens.register, "session"),
            Route("/oauth/authorize", tokens.ask, methods=["GET"]),
            Route("/oauth/authorize", tokens.decide, methods=["POST"]),
            post("/oauth/token", tokens.token, "session"),
            post("/oauth/revoke", tokens.revoke, "session"),
            get("/api/v1/accounts/verify_credentials", calls.verify_credentials, "session"),
            call(self, world, "PATCH", "/api/v1/accounts/update_credentials", calls.update_credentials, on="session"),
            get("/api/v2/instance", calls.instance, "session"),
            get("/api/v1/instance", calls.instance_v1, "session"),
            post("/api/v2/media", calls.upload, "upload", MEDIA),
            get("/api/v1/media/{id}", calls.medium, "upload"),
            call(self, world, "PUT", "/api/v1/media/{id}", calls.describe_medium, on="upload"),
            post("/api/v1/statuses", calls.publish, "publish"),
            get("/api/v1/statuses/{id}", calls.status),
            call(self, world, "DELETE", "/api/v1/statuses/{id}", calls.remove, on="remove", bucket=REMOVALS),
            call(self, world, "PUT", "/api/v1/statuses/{id}", calls.edit, on="publish"),
            get("/api/v1/statuses/{id}/context", calls.context),
            post("/api/v1/statuses/{id}/favourite", calls.favourite, "read"),
            get("/api/v1/notifications", calls.notifications),
            get("/api/v2/search", calls.search),
            post("/api/v1/reports", calls.report, "read"),
            get("/api/v1/accounts/lookup", calls.lookup),
            get("/api/v1/accounts/{id}", calls.account),
            get("/api/v1/accounts/{id}/statuses", calls.statuses),
            get("/api/{path:path}", calls.unknown),
            post("/api/{path:path}", calls.unknown, "read"),
            # What a browser loads to show a page is no call of the API: no fault may break the timeline page.
            Route("/media_attachments/{id}", calls.file),
            Route("/avatar.svg", avatar),
            Route("/", everyone),
            Route("/tags/{tag}", tagged),
            Route("/users/{name}/statuses/{id}", by_uri),
            Route("/@{name}", profile),
            Route("/@{name}/{id}", one_post),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        name = handle.lower().removeprefix("@")
        if not USERNAME.fullmatch(name):
            raise BadAccount(
                f"{handle!r} is no name on a Mastodon server: at most 30 letters a to z, digits and underscores."
            )
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
        return name, str(109_000_000_000_000_000 + number)

    def new_secret(self) -> str:
        return secrets.token_urlsafe(32)

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Its token has every scope, as one made on a real server under Preferences, Development."""
        known = world.store.kept(self.slug, "token", account.secret, world.clock())
        if known and known["account"] != account.native_id:
            raise BadAccount("That token already belongs to another account.")
        if before and before.secret != account.secret:
            world.store.forget(self.slug, "token", before.secret)
        if known is None:
            oauth.grant(world, account, oauth.ALL_SCOPES, "Stand-in", account.secret)

    async def caller(self, world: World, request: Request) -> Account | None:
        token = oauth.bearer(request)
        grant = world.store.kept(self.slug, "token", token, world.clock()) if token else None
        return world.store.account(self.slug, grant["account"]) if grant and grant["account"] else None

    def by_hand(self, world: World, account: Account, given: ByHand) -> Post:
        return api.Api(world).by_hand(account, given)

    def profile_path(self, account: Account) -> str:
        return f"/@{account.handle}"

    def post_path(self, account: Account, post: Post) -> str:
        return f"/@{account.handle}/{post.native_id}"

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        words, warning = entities.content(world, post, f"/{self.slug}"), post.body["spoiler_text"]
        return f"<details><summary>{escape(warning)}</summary>{words}</details>" if warning else words

    def media_path(self, post: Post, upload: str) -> str:
        return f"/media_attachments/{upload}"

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        reset = datetime.fromtimestamp(allowance.reset, UTC).isoformat(timespec="microseconds")
        return {
            "x-ratelimit-limit": str(allowance.bucket.points),
            "x-ratelimit-remaining": str(allowance.remaining),
            "x-ratelimit-reset": reset.replace("+00:00", "Z"),
        }

    def rate_limited(self) -> ApiError:
        return ApiError(429, {"error": "Too many requests"})

    def expired_token(self) -> ApiError:
        return api.token_refused()

    def out_of_order(self, status: int) -> ApiError:
        if status == 503:
            return ApiError(503, {"error": "Remote data could not be fetched"})
        return ApiError(500, {"error": "We're sorry, but something went wrong on our end."})

    def default_bucket(self, on: str) -> Bucket:
        return ACCOUNT
