"""X as the sandbox sees it: its routes, limits and faults."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mercat.sandbox.calls import Endpoint, call
from mercat.sandbox.faults import FaultKind, Option
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import HERE, Timelines
from mercat.sandbox.standin import ApiError, BadAccount, ByHand, World
from mercat.sandbox.x import oauth, text
from mercat.sandbox.x.api import Api
from mercat.sandbox.x.media import Media
from mercat.sandbox.x.problems import problem, unauthorized
from mercat.sandbox.x.signed import Ids

# Source of the numbers: docs.x.com, “Rate limits”, of one user in a quarter of an hour.
QUARTER = 900
POSTS = Bucket("posts", 100, QUARTER)
REMOVALS = Bucket("removals", 50, QUARTER)
PIECES = Bucket("pieces", 1_875, QUARTER)
POLLS = Bucket("polls", 1_000, QUARTER)
DESCRIPTIONS = Bucket("descriptions", 500, QUARTER)
LOOK_UPS = Bucket("look-ups", 900, QUARTER)
LISTS = Bucket("lists", 300, QUARTER)
SELF = Bucket("self", 75, QUARTER)
TOKENS = Bucket("tokens", 300, QUARTER)  # X names no limit here

HANDLE = re.compile(r"[a-z0-9_]{1,15}")
RESERVED = {"2", "i", "hashtag", "media", "home", "search", "explore", "settings", "login", "about"}


class X:
    slug = "x"
    name = "X"
    counters: Sequence[str] = ("replies", "reposts", "likes", "views")
    secret_name = "token"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({"client_id": oauth.CLIENT_ID, "client_secret": oauth.CLIENT_SECRET})
    faults: Sequence[FaultKind] = (
        FaultKind(
            "duplicate_refused",
            "Refuse as duplicate",
            "Refuses every post as if the account had said the same already.",
            lasting=True,
        ),
        FaultKind(
            "credits_used_up",
            "Credits used up",
            "Answers 402 to everything, as when nobody has paid.",
            on="any",
            lasting=True,
        ),
        FaultKind(
            "media_processing",
            "Process media slowly",
            "Says at the end of an upload that it is pending, and has to be asked until it is ready or has failed.",
            on="upload",
            options=(
                Option("polls", "How many times to ask before it is done", 2),
                Option("fails", "Fail in the end", False),
            ),
            lasting=True,
        ),
        FaultKind(
            "segments_lost",
            "Lose pieces",
            "Says that it took each piece of a picture, and has none of them at the end.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "token_ends_in_upload",
            "Token ends in an upload",
            "Refuses the access token from the moment an upload has begun with it.",
            on="upload",
            lasting=True,
        ),
        FaultKind(
            "refresh_keeps",
            "Refresh without a new token",
            "Renews the access token without giving a new refresh token; the old one goes on working.",
            on="session",
            lasting=True,
        ),
        FaultKind(
            "rate_limits",
            "Count the limits",
            "Counts and enforces the real limits of a quarter of an hour: 100 posts, 50 removals, 900 look-ups,"
            " 300 lists of what others wrote.",
            on="any",
            lasting=True,
        ),
    )

    def routes(self, world: World) -> Sequence[BaseRoute]:
        ids = Ids(world)
        media = Media(world, ids)
        calls, tokens = Api(world, media, ids), oauth.OAuth(world, self)

        def get(path: str, endpoint: Endpoint, bucket: Bucket = LOOK_UPS, on: str = "read") -> Route:
            return call(self, world, "GET", path, endpoint, on=on, bucket=bucket)

        def post(path: str, endpoint: Endpoint, bucket: Bucket, on: str) -> Route:
            return call(self, world, "POST", path, endpoint, on=on, bucket=bucket)

        return [
            Route("/i/oauth2/authorize", tokens.ask, methods=["GET"]),
            Route("/i/oauth2/authorize", tokens.decide, methods=["POST"]),
            post("/2/oauth2/token", tokens.token, TOKENS, "session"),
            post("/2/oauth2/revoke", tokens.revoke, TOKENS, "session"),
            get("/2/users/me", calls.me, SELF, "session"),
            post("/2/media/upload/initialize", media.initialize, PIECES, "upload"),
            post("/2/media/upload/{id}/append", media.append, PIECES, "upload"),
            post("/2/media/upload/{id}/finalize", media.finalize, PIECES, "upload"),
            get("/2/media/upload", media.status, POLLS, "upload"),
            post("/2/media/metadata", media.describe, DESCRIPTIONS, "upload"),
            post("/2/media/subtitles", media.subtitle, DESCRIPTIONS, "upload"),
            post("/2/tweets", calls.publish, POSTS, "publish"),
            get("/2/tweets/search/recent", calls.search, LISTS),
            get("/2/tweets/{id}", calls.post),
            call(self, world, "DELETE", "/2/tweets/{id}", calls.remove, on="remove", bucket=REMOVALS),
            get("/2/users/search", calls.accounts),
            get("/2/users/{id}/tweets", calls.own),
            get("/2/users/{id}/mentions", calls.mentions, LISTS),
            get("/2/{path:path}", calls.unknown),
            post("/2/{path:path}", calls.unknown, LOOK_UPS, "read"),
            *self._pages(world, media),
        ]

    def _pages(self, world: World, media: Media) -> list[Route]:
        """What a browser loads to show a page is no call of the API: no fault may break the timeline page."""
        timelines = Timelines(self, world)

        async def everyone(request: Request) -> Response:
            return timelines.everyone(request)

        async def profile(request: Request) -> Response:
            return timelines.profile(request, request.path_params["name"])

        async def one_post(request: Request) -> Response:
            return timelines.post(request.path_params["name"], request.path_params["id"])

        async def tagged(request: Request) -> Response:
            return timelines.tagged(request, request.path_params["tag"])

        async def by_id(request: Request) -> Response:
            found = world.store.post(self.slug, request.path_params["id"])
            account = world.store.account(self.slug, found.account) if found else None
            name = account.handle if account else "i"
            return RedirectResponse(f"/{self.slug}/{name}/status/{request.path_params['id']}")

        async def avatar(request: Request) -> Response:
            return FileResponse(HERE / "static" / "avatar.svg")

        return [
            Route("/media/{id}", media.file),
            Route("/avatar.svg", avatar),
            Route("/", everyone),
            Route("/hashtag/{tag}", tagged),
            Route("/i/web/status/{id}", by_id),
            Route("/{name}", profile),
            Route("/{name}/status/{id}", one_post),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        name = handle.lower().removeprefix("@")
        if not HANDLE.fullmatch(name) or name in RESERVED:
            raise BadAccount(f"{handle!r} is no name on X: at most 15 letters a to z, digits and underscores.")
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
        return name, str(1_000_000_000_000_000_000 + number)

    def new_secret(self) -> str:
        return secrets.token_urlsafe(48)

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Its token has every scope and no end; only tokens from the consent page lapse and are renewed."""
        known = world.store.kept(self.slug, "token", account.secret, world.clock())
        if known and known["account"] != account.native_id:
            raise BadAccount("That token already belongs to another account.")
        if before and before.secret != account.secret:
            world.store.forget(self.slug, "token", before.secret)
        if known is None:
            oauth.grant(world, account.native_id, " ".join(oauth.ALL_SCOPES.split()), account.secret)

    async def caller(self, world: World, request: Request) -> Account | None:
        grant = oauth.grant_of(world, request)
        return world.store.account(self.slug, grant["account"]) if grant else None

    def by_hand(self, world: World, account: Account, given: ByHand) -> Post:
        ids = Ids(world)
        return Api(world, Media(world, ids), ids).by_hand(account, given)

    def profile_path(self, account: Account) -> str:
        return f"/{account.handle}"

    def post_path(self, account: Account, post: Post) -> str:
        return f"/{account.handle}/status/{post.native_id}"

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        return text.to_html(post.text, f"/{self.slug}", lambda name: bool(world.store.account(self.slug, name)))

    def media_path(self, post: Post, upload: str) -> str:
        return f"/media/{upload}"

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        return {
            "x-rate-limit-limit": str(allowance.bucket.points),
            "x-rate-limit-remaining": str(allowance.remaining),
            "x-rate-limit-reset": str(int(allowance.reset)),
        }

    def rate_limited(self) -> ApiError:
        return problem(429, "Too Many Requests", "Too Many Requests")

    def expired_token(self) -> ApiError:
        return unauthorized()

    def out_of_order(self, status: int) -> ApiError:
        if status == 503:
            return problem(503, "Service Unavailable", "Service Unavailable")
        return problem(500, "Internal Server Error", "Something is broken.", "internal-error")

    def default_bucket(self, on: str) -> Bucket:
        return LOOK_UPS
