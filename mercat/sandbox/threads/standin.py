"""Threads as the sandbox sees it: routes, limits and faults."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from mercat.sandbox import graph, graph_containers
from mercat.sandbox.calls import Endpoint, call
from mercat.sandbox.faults import FaultKind
from mercat.sandbox.graph import Timed, error
from mercat.sandbox.graph_text import paragraphs
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import HERE, Timelines
from mercat.sandbox.standin import ApiError, BadAccount, ByHand, World
from mercat.sandbox.threads.api import Api
from mercat.sandbox.threads.oauth import ThreadsLogin

VERSION = "v1.0"
CALLS = Bucket("calls", 48_000, 86_400)  # 4,800 a day and impression, of which ten are counted at least
SCOPES = (
    "threads_basic",
    "threads_content_publish",
    "threads_delete",
    "threads_read_replies",
    "threads_manage_replies",
    "threads_manage_mentions",
    "threads_manage_insights",
    "threads_keyword_search",
    "threads_profile_discovery",
)
HANDLE = re.compile(r"[a-z0-9_](?:[a-z0-9._]{0,28}[a-z0-9_])?")


class Threads:
    slug = "threads"
    name = "Threads"
    counters: Sequence[str] = ("replies", "reposts", "likes")
    secret_name = "token"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({"client_id": graph.CLIENT_ID, "client_secret": graph.CLIENT_SECRET})
    faults: Sequence[FaultKind] = (
        *graph_containers.FAULTS,
        FaultKind(
            "policy_block",
            "Hold the account back",
            "Refuses every post for a breach of the rules (error 368).",
            lasting=True,
        ),
        FaultKind(
            "rate_limits",
            "Count the limits",
            "Counts and enforces an account's limit of 48,000 calls in 24 hours.",
            on="any",
            lasting=True,
        ),
    )

    def routes(self, world: World) -> Sequence[BaseRoute]:
        login, calls, timelines = ThreadsLogin(world, self, SCOPES, "Account"), Api(world), Timelines(self, world)
        timed = Timed(self, world.clock, "threads")

        def bare(method: str, path: str, endpoint: Endpoint) -> Route:
            return call(timed, world, method, f"/{path}", endpoint, on="session")

        def route(method: str, path: str, endpoint: Endpoint, on: str = "read") -> Route:
            return call(timed, world, method, f"/{VERSION}/{path}", endpoint, on=on)

        async def everyone(request: Request) -> Response:
            return timelines.everyone(request)

        async def tagged(request: Request) -> Response:
            return timelines.tagged(request, request.path_params["tag"])

        async def profile(request: Request) -> Response:
            return timelines.profile(request, request.path_params["name"])

        async def one_post(request: Request) -> Response:
            return timelines.post(request.path_params["name"], request.path_params["id"])

        async def avatar(request: Request) -> Response:
            return FileResponse(HERE / "static" / "avatar.svg")

        return [
            Route("/oauth/authorize", login.ask, methods=["GET"]),
            Route("/oauth/authorize", login.decide, methods=["POST"]),
            bare("POST", "oauth/access_token", login.token),
            bare("GET", "access_token", login.exchange),
            bare("POST", "access_token", login.exchange),
            bare("GET", "refresh_access_token", login.refresh),
            route("GET", "me", calls.me, "session"),
            route("GET", "profile_lookup", calls.lookup),
            route("POST", "{id}/threads", calls.make, "upload"),
            route("POST", "{id}/threads_publish", calls.publish, "publish"),
            route("GET", "{id}/threads_publishing_limit", calls.publishing_limit),
            route("GET", "{id}/threads", calls.posts),
            route("GET", "{id}/mentions", calls.mentions),
            route("GET", "{id}/replies", calls.replies),
            route("GET", "{id}/insights", calls.insights),
            route("GET", "{id}", calls.node),
            route("DELETE", "{id}", calls.remove, "remove"),
            # What a browser loads to show a page is no call of the API: no fault may break the timeline page.
            Route("/media/{id}", calls.file),
            Route("/avatar.svg", avatar),
            Route("/", everyone),
            Route("/tags/{tag}", tagged),
            Route("/@{name}", profile),
            Route("/@{name}/post/{id}", one_post),
            *graph.unknown_routes(),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        name = handle.lower().removeprefix("@")
        if not HANDLE.fullmatch(name) or ".." in name:
            raise BadAccount(
                f"{handle!r} is no name on Threads: at most 30 letters a to z, digits, dots and underscores."
            )
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:5], "big")
        return name, str(25_600_000_000_000_000 + number % 90_000_000_000)

    def new_secret(self) -> str:
        return "TH" + secrets.token_urlsafe(40)

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Its token has every permission and no end."""
        graph.admit(world, account, before, "user", SCOPES)

    async def caller(self, world: World, request: Request) -> Account | None:
        return graph.caller_of(world, request)

    def by_hand(self, world: World, account: Account, given: ByHand) -> Post:
        return Api(world).by_hand(account, given)

    def profile_path(self, account: Account) -> str:
        return f"/@{account.handle}"

    def post_path(self, account: Account, post: Post) -> str:
        return f"/@{account.handle}/post/{post.native_id}"

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        def profile(name: str) -> str | None:
            return f"/{self.slug}/@{name.lower()}" if world.store.account(self.slug, name) else None

        return paragraphs(post.text, f"/{self.slug}/tags", profile)

    def media_path(self, post: Post, upload: str) -> str:
        return f"/media/{upload}"

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        """Told with the world's clock: see `graph.Timed`."""
        return {}

    def rate_limited(self) -> ApiError:
        return error(4, "(#4) Application request limit reached", status=403, transient=True)

    def expired_token(self) -> ApiError:
        return graph.token_expired()

    def out_of_order(self, status: int) -> ApiError:
        return graph.out_of_order(status)

    def default_bucket(self, on: str) -> Bucket:
        return CALLS
