"""Facebook Pages as the sandbox sees them: routes, limits and faults."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from mercat.sandbox import graph
from mercat.sandbox.calls import Call, Endpoint, call
from mercat.sandbox.facebook.api import Api
from mercat.sandbox.facebook.videos import Videos, phase_of
from mercat.sandbox.faults import FaultKind, Option
from mercat.sandbox.graph import CALLS, VERSION, Timed, error
from mercat.sandbox.graph_login import Login
from mercat.sandbox.graph_text import card, paragraphs
from mercat.sandbox.limits import Allowance, Bucket
from mercat.sandbox.models import Account, Post
from mercat.sandbox.pages import HERE, Timelines
from mercat.sandbox.standin import ApiError, BadAccount, ByHand, World

SCOPES = (
    "pages_show_list",
    "pages_manage_posts",
    "pages_manage_engagement",
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_read_user_content",
    "read_insights",
    "business_management",
)
HANDLE = re.compile(r"[a-z0-9][a-z0-9.]{4,49}")


class Facebook:
    slug = "facebook"
    name = "Facebook"
    counters: Sequence[str] = ("reactions", "comments", "shares")
    secret_name = "token"  # noqa: S105 - the name of a field
    app: Mapping[str, str] = MappingProxyType({"client_id": graph.CLIENT_ID, "client_secret": graph.CLIENT_SECRET})
    faults: Sequence[FaultKind] = (
        FaultKind(
            "duplicate_refusal",
            "Refuse as duplicates",
            "Refuses every post as identical to the last (error 506), though it is not.",
            lasting=True,
        ),
        FaultKind(
            "policy_block",
            "Hold the page back",
            "Refuses every post for a breach of the rules (error 368).",
            lasting=True,
        ),
        FaultKind(
            "video_processing",
            "Process videos slowly",
            "A video is processed for as many looks, and then stands there or has failed.",
            on="upload",
            options=(
                Option("polls", "How many times to look before it is done", 2),
                Option("fails", "Fail in the end", False),
            ),
            lasting=True,
        ),
        FaultKind(
            "upload_ends",
            "End uploads of videos",
            "Knows no upload of a video any longer (error 1363033).",
            on="upload",
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
            "Counts and enforces a page's limit of 4,800 calls in 24 hours.",
            on="any",
            lasting=True,
        ),
    )

    def routes(self, world: World) -> Sequence[BaseRoute]:
        login = Login(world, self, SCOPES, "Pages")
        calls, timelines = Api(world, login), Timelines(self, world)
        videos = Videos(calls)
        timed = Timed(self, world.clock, "pages")

        def route(method: str, path: str, endpoint: Endpoint, on: str = "read") -> Route:
            return call(timed, world, method, f"/{VERSION}/{path}", graph.unless_ended(world, endpoint), on=on)

        uploading, publishing = (
            Call(timed, world, graph.unless_ended(world, videos.edge), on, CALLS, 1) for on in ("upload", "publish")
        )

        async def video(request: Request) -> Response:
            """Ending an upload publishes; what comes before hands over."""
            ends = await phase_of(request) == "finish"
            return await (publishing if ends else uploading)(request)

        async def everyone(request: Request) -> Response:
            return timelines.everyone(request)

        async def tagged(request: Request) -> Response:
            return timelines.tagged(request, request.path_params["tag"])

        async def profile(request: Request) -> Response:
            return timelines.profile(request, request.path_params["name"])

        async def one_post(request: Request) -> Response:
            name = request.path_params["name"]
            account = world.store.account(self.slug, name)
            native_id = f"{account.native_id}_{request.path_params['id']}" if account else ""
            return timelines.post(name, native_id)

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
            route("POST", "{id}/photos", calls.photo, "upload"),
            Route(f"/{VERSION}/{{id}}/videos", video, methods=["POST"]),
            route("POST", "{id}/captions", videos.caption, "upload"),
            route("POST", "{id}/picture", calls.picture, "upload"),
            route("POST", "{id}/feed", calls.publish, "publish"),
            route("POST", "{id}/comments", calls.add_comment),
            route("GET", "{id}/published_posts", calls.published_posts),
            route("GET", "{id}/video_reels", calls.video_reels),
            route("GET", "{id}/tagged", calls.tagged),
            route("GET", "{id}/comments", calls.comments),
            route("GET", "{id}/insights", calls.insights),
            route("GET", "{id}", videos.node),
            route("POST", "{id}", calls.update, "publish"),
            call(timed, world, "DELETE", f"/{VERSION}/{{id}}", graph.unless_ended(world, calls.remove), on="remove"),
            # What a browser loads to show a page is no call of the API: no fault may break the timeline page.
            Route("/media/{id}", calls.file),
            Route("/avatar.svg", avatar),
            Route("/", everyone),
            Route("/hashtag/{tag}", tagged),
            Route("/{name}", profile),
            Route("/{name}/posts/{id}", one_post),
            *graph.unknown_routes(),
        ]

    def identify(self, handle: str) -> tuple[str, str]:
        name = handle.lower().removeprefix("@")
        if not HANDLE.fullmatch(name) or re.fullmatch(r"v\d+\.\d+", name):
            raise BadAccount(f"{handle!r} is no name of a page: at least 5 letters a to z, digits and dots.")
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:5], "big")
        return name, str(104_000_000_000_000 + number % 900_000_000_000)

    def new_secret(self) -> str:
        return "EAAP" + secrets.token_urlsafe(40)

    def admit(self, world: World, account: Account, before: Account | None) -> None:
        """Its token is the page's own, with every permission and without an end."""
        graph.admit(world, account, before, "page", SCOPES)

    async def caller(self, world: World, request: Request) -> Account | None:
        return graph.caller_of(world, request)

    def by_hand(self, world: World, account: Account, given: ByHand) -> Post:
        return Api(world, Login(world, self, SCOPES, "Pages")).by_hand(account, given)

    def profile_path(self, account: Account) -> str:
        return f"/{account.handle}"

    def post_path(self, account: Account, post: Post) -> str:
        return f"/{account.handle}/posts/{post.native_id.partition('_')[2]}"

    def paragraphs(self, world: World, account: Account, post: Post) -> str:
        def profile(name: str) -> str | None:
            return f"/{self.slug}/{name.lower()}" if world.store.account(self.slug, name) else None

        return paragraphs(post.text, f"/{self.slug}/hashtag", profile) + card(post.body["link"])

    def media_path(self, post: Post, upload: str) -> str:
        return f"/media/{upload}"

    def rate_headers(self, allowance: Allowance) -> Mapping[str, str]:
        """Told with the world's clock: see `graph.Timed`."""
        return {}

    def rate_limited(self) -> ApiError:
        return error(80001, "(#80001) There have been too many calls to this Page account. Wait a bit and try again.")

    def expired_token(self) -> ApiError:
        return graph.token_expired()

    def out_of_order(self, status: int) -> ApiError:
        return graph.out_of_order(status)

    def default_bucket(self, on: str) -> Bucket:
        return CALLS
