"""Instagram as the sandbox sees it: routes, limits and faults."""

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
from mercat.sandbox.graph import CALLS, VERSION, Timed, error
from mercat.sandbox.graph_login import Login
from mercat.sandbox.graph_text import paragraphs
from mercat.sandbox.instagram.api import Api
from mercat.sandbox.instagram.nodes import path_of
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import HERE, Timelines
from mercat.sandbox.standin import ApiError, BadAccount, ByHand, World

SCOPES = (
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "instagram_manage_insights",
    "instagram_manage_contents",
    "pages_show_list",
    "pages_read_engagement",
    "business_management",
)
HANDLE = re.compile(r"[a-z0-9_](?:[a-z0-9._]{0,28}[a-z0-9_])?")


class Instagram:
    slug = "instagram"
    name = "Instagram"
    counters: Sequence[str] = ("likes", "comments")
    secret_name = "token"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({"client_id": graph.CLIENT_ID, "client_secret": graph.CLIENT_SECRET})
    faults: Sequence[FaultKind] = (
        *graph_containers.FAULTS,
        FaultKind(
            "spam_suspicion",
            "Suspect spam",
            "Refuses to publish, as Instagram does where it takes a post for spam (error 4, 2207051).",
            lasting=True,
        ),
        FaultKind(
            "version_sunset",
            "End the version",
            "Answers every call that this version of the interface has ended (error 2635).",
            on="any",
            lasting=True,
        ),
        FaultKind(
            "rate_limits",
            "Count the limits",
            "Counts and enforces an account's limit of 4,800 calls in 24 hours.",
            on="any",
            lasting=True,
        ),
    )

    def routes(self, world: World) -> Sequence[BaseRoute]:
        login = Login(world, self, SCOPES, "Accounts")
        calls, timelines = Api(world, login), Timelines(self, world)
        timed = Timed(self, world.clock, "instagram")

        def route(method: str, path: str, endpoint: Endpoint, on: str = "read") -> Route:
            return call(timed, world, method, f"/{VERSION}/{path}", graph.unless_ended(world, current(endpoint)), on=on)

        def current(endpoint: Endpoint) -> Endpoint:
            """The same, once stories whose day is over are gone."""

            async def answer(request: Request) -> Response:
                calls.end_stories()
                return await endpoint(request)

            return answer

        async def everyone(request: Request) -> Response:
            return timelines.everyone(request)

        async def tagged(request: Request) -> Response:
            return timelines.tagged(request, request.path_params["tag"])

        async def profile(request: Request) -> Response:
            return timelines.profile(request, request.path_params["name"])

        async def one_post(request: Request) -> Response:
            post = world.store.post(self.slug, request.path_params["id"])
            return timelines.post(post.account if post else "", request.path_params["id"])

        async def avatar(request: Request) -> Response:
            return FileResponse(HERE / "static" / "avatar.svg")

        return [
            Route(f"/{VERSION}/dialog/oauth", login.ask, methods=["GET"]),
            Route(f"/{VERSION}/dialog/oauth", login.decide, methods=["POST"]),
            route("GET", "oauth/access_token", login.token, "session"),
            route("POST", "oauth/access_token", login.token, "session"),
            route("GET", "debug_token", login.debug_token, "session"),
            route("POST", "debug_token", login.debug_token, "session"),
            route("GET", "me", calls.me, "session"),
            route("GET", "me/accounts", calls.accounts, "session"),
            route("POST", "{id}/media", calls.make, "upload"),
            route("POST", "{id}/media_publish", calls.publish, "publish"),
            route("POST", "{id}/comments", calls.add_comment),
            route("GET", "{id}/content_publishing_limit", calls.publishing_limit),
            route("GET", "{id}/media", calls.media),
            route("GET", "{id}/stories", calls.stories),
            route("GET", "{id}/tags", calls.tags),
            route("GET", "{id}/comments", calls.comments),
            route("GET", "{id}/insights", calls.insights),
            route("GET", "{id}", calls.node),
            route("DELETE", "{id}", calls.remove, "remove"),
            # What a browser loads to show a page is no call of the API: no fault may break the timeline page.
            Route("/media/{id}", calls.file),
            Route("/avatar.svg", avatar),
            Route("/", current(everyone)),
            Route("/explore/tags/{tag}", current(tagged)),
            Route("/p/{id}", current(one_post)),
            Route("/stories/{name}/{id}", current(one_post)),
            Route("/{name}", current(profile)),
            *graph.unknown_routes(),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        name = handle.lower().removeprefix("@")
        if not HANDLE.fullmatch(name) or ".." in name or re.fullmatch(r"v\d+\.\d+", name):
            raise BadAccount(
                f"{handle!r} is no name on Instagram: at most 30 letters a to z, digits, dots and underscores."
            )
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:5], "big")
        return name, str(17_841_400_000_000_000 + number % 90_000_000_000)

    def new_secret(self) -> str:
        return "EAAP" + secrets.token_urlsafe(40)

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Its token is that of its page, with every permission and without an end."""
        graph.admit(world, account, before, "page", SCOPES)

    async def caller(self, world: World, request: Request) -> Account | None:
        return graph.caller_of(world, request)

    def by_hand(self, world: World, account: Account, given: ByHand) -> Post:
        return Api(world, Login(world, self, SCOPES, "Accounts")).by_hand(account, given)

    def profile_path(self, account: Account) -> str:
        return f"/{account.handle}"

    def post_path(self, account: Account, post: Post) -> str:
        return path_of(account, post)

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        def profile(name: str) -> str | None:
            return f"/{self.slug}/{name.lower()}" if world.store.account(self.slug, name) else None

        return paragraphs(post.text, f"/{self.slug}/explore/tags", profile)

    def media_path(self, post: Post, upload: str) -> str:
        return f"/media/{upload}"

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        """Told with the world's clock: see `graph.Timed`."""
        return {}

    def rate_limited(self) -> ApiError:
        return error(
            80002, "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again."
        )

    def expired_token(self) -> ApiError:
        return graph.token_expired()

    def out_of_order(self, status: int) -> ApiError:
        return graph.out_of_order(status)

    def default_bucket(self, on: str) -> Bucket:
        return CALLS
